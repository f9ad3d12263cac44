import {
  type Body,
  type ObjectInfo,
  type PutOptions,
  pickAttributes,
  StorageError,
  sha256,
  sha256Hasher,
  toStorageError,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { toNative, writeConditions, writtenInfo } from './azure-attributes.ts';
import { type AzureStore, blobOf, send } from './azure-client.ts';
import { toName } from './azure-keys.ts';
import { serviceFields } from './azure-native.ts';

/** Bodies up to this are sent out of memory. Units: bytes. */
const SMALL_BYTES = 1024 * 1024;
/** What is held of a body that goes up in parts. Units: bytes. */
const PART_BYTES = 8 * 1024 * 1024;

/** What the SDK takes for a body. */
type Content = Uint8Array | Blob | (() => unknown);

/** Begins an upload in parts. */
export type BeginUpload = (key: string, options: PutOptions) => Promise<UploadSession>;

/**
 * Writes an object in one request. What the source of the content fails with comes first. A body that
 * is hashed, but can be read only once, goes up in parts: the hash travels with the last request.
 */
export async function writeObject(
  store: AzureStore,
  key: string,
  body: Body,
  options: PutOptions,
  beginUpload: BeginUpload,
): Promise<ObjectInfo> {
  const { size } = body;
  try {
    const isSmall = size !== undefined && size <= SMALL_BYTES;
    const whole = body.buffered ?? (isSmall ? await fromSource(body.bytes(), options) : undefined);
    if (whole !== undefined) {
      const hash = options.checksum === undefined ? undefined : await sha256(whole);
      return await sendContent(store, key, whole.byteLength, options, hash, () => whole);
    }
    const isReadOnce = options.checksum !== undefined && (!body.replayable || body.varies);
    if (size === undefined || isReadOnce) return await writeParts(key, body, options, beginUpload);
    const hash =
      options.checksum === undefined ? undefined : await fromSource(hashOf(body.stream()), options);
    return await writeStream(store, key, body, size, options, hash);
  } catch (error) {
    await body.cancel(error);
    throw error;
  }
}

async function writeStream(
  store: AzureStore,
  key: string,
  body: Body,
  size: number,
  options: PutOptions,
  hash: string | undefined,
): Promise<ObjectInfo> {
  const streams = nodeStreams();
  const watched = await watch(body.stream(), hash);
  try {
    if (streams === undefined) {
      const blob = await new Response(watched.stream).blob();
      return await sendContent(store, key, size, options, hash, () => blob);
    }
    const readable = streams.Readable.fromWeb(watched.stream);
    readable.on('error', () => {});
    try {
      return await sendContent(store, key, size, options, hash, () => () => readable);
    } finally {
      readable.destroy();
    }
  } catch (error) {
    if (watched.error === undefined || options.signal?.aborted) throw error;
    throw toStorageError(watched.error, { outcome: 'not-applied' }, options.signal);
  }
}

async function sendContent(
  store: AzureStore,
  key: string,
  size: number,
  options: PutOptions,
  hash: string | undefined,
  content: () => Content,
): Promise<ObjectInfo> {
  const { signal, writeId, objectTags, native: service } = options;
  const native = toNative(options, { writeId, sha256: hash });
  const conditions = writeConditions(options);
  const answer = await send(signal, (abortSignal) =>
    blobOf(store, toName(key)).upload(content() as Uint8Array, size, {
      ...native,
      ...serviceFields(service),
      conditions,
      abortSignal,
      ...(objectTags && { tags: { ...objectTags } }),
    }),
  );
  return writtenInfo(key, size, native, answer);
}

/** Sends parts one after the other; the session leaves nothing behind when it fails. */
async function writeParts(
  key: string,
  body: Body,
  options: PutOptions,
  beginUpload: BeginUpload,
): Promise<ObjectInfo> {
  const { ifMatch, ifNoneMatch, signal } = options;
  const session = await beginUpload(key, options);
  const step = signal === undefined ? {} : { signal };
  try {
    let offset = 0;
    for await (const part of partsOf(body.stream(), options)) {
      await session.write(offset, part, step);
      offset += part.byteLength;
    }
    return await session.complete({
      ...step,
      ...(ifMatch !== undefined && { ifMatch }),
      ...(ifNoneMatch !== undefined && { ifNoneMatch }),
    });
  } catch (error) {
    await session.abort().catch(() => undefined);
    throw error;
  }
}

async function* partsOf(
  stream: ReadableStream<Uint8Array>,
  options: PutOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  let part = new Uint8Array(PART_BYTES);
  let filled = 0;
  try {
    for (;;) {
      const { done, value } = await fromSource(reader.read(), options);
      if (done) break;
      for (let taken = 0; taken < value.byteLength; ) {
        const some = value.subarray(taken, taken + PART_BYTES - filled);
        part.set(some, filled);
        filled += some.byteLength;
        taken += some.byteLength;
        if (filled < PART_BYTES) continue;
        yield part;
        part = new Uint8Array(PART_BYTES);
        filled = 0;
      }
    }
    if (filled > 0) yield part.subarray(0, filled);
  } finally {
    reader.releaseLock();
  }
}

/** A stream with the error that it broke with, which the SDK hides behind one of its own. */
interface Watched {
  readonly stream: ReadableStream<Uint8Array>;
  error: unknown;
}

/**
 * Passes a stream on, the last chunk only when the end has come as it should: the service stores what
 * has the right length. Errors the stream with `conflict` when another hash comes than before.
 */
async function watch(
  stream: ReadableStream<Uint8Array>,
  hash: string | undefined,
): Promise<Watched> {
  const hasher = hash === undefined ? undefined : await sha256Hasher();
  const reader = stream.getReader();
  let held: Uint8Array | undefined;

  /** The next chunk that is not empty; undefined at an end that is as it should be. */
  async function next(): Promise<Uint8Array | undefined> {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done && hasher !== undefined && hasher.digest() !== hash) throw changed();
        if (done) return undefined;
        hasher?.update(value);
        if (value.byteLength > 0) return value;
      }
    } catch (error) {
      watched.error = error;
      throw error;
    }
  }

  const watched: Watched = {
    error: undefined,
    stream: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          held ??= await next();
          const chunk = held;
          held = chunk && (await next());
          if (chunk !== undefined) controller.enqueue(chunk);
          if (held === undefined) controller.close();
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    ),
  };
  return watched;
}

async function hashOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hasher = await sha256Hasher();
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return hasher.digest();
    hasher.update(value);
  }
}

/** What the source gives or fails with; an abort does not wait for it. */
async function fromSource<Value>(reading: Promise<Value>, { signal }: PutOptions): Promise<Value> {
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([reading, aborted]);
  } catch (error) {
    throw toStorageError(error, { outcome: 'not-applied' }, signal);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Attributes and facts of a put, as an upload in parts takes them. */
export function uploadOptionsOf(options: PutOptions): UploadOptions {
  const { writeId, checksum, objectTags, native, signal } = options;
  return {
    attributes: pickAttributes(options),
    ...(writeId !== undefined && { writeId }),
    ...(checksum !== undefined && { checksum }),
    ...(objectTags !== undefined && { objectTags }),
    ...(native !== undefined && { native }),
    ...(signal !== undefined && { signal }),
  };
}

interface NodeReadable {
  on(event: 'error', listener: () => void): unknown;
  destroy(): unknown;
}

interface NodeStreams {
  readonly Readable: { fromWeb(stream: ReadableStream<Uint8Array>): NodeReadable };
}

/** Node's streams, which the SDK takes there; elsewhere it takes Blobs. */
function nodeStreams(): NodeStreams | undefined {
  const { process } = globalThis as {
    readonly process?: { getBuiltinModule?(name: string): unknown };
  };
  return process?.getBuiltinModule?.('node:stream') as NodeStreams | undefined;
}

function changed(): StorageError {
  return new StorageError('conflict', 'the content changed while it was read.', {
    outcome: 'not-applied',
  });
}
