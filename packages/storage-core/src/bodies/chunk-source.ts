import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { plainBytes } from './buffered-body.ts';

/** Chunks one after another; `undefined` at the end. */
export interface ChunkSource {
  next(): Promise<Uint8Array | undefined>;
  /** Lets go of what is behind it. May be called at any time, and again. */
  cancel(reason: unknown): Promise<void>;
}

/** Whether a value is a `Uint8Array` of its own memory, of any realm. */
export function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return (
    ArrayBuffer.isView(value) &&
    tagOf(value) === 'Uint8Array' &&
    tagOf(value.buffer) === 'ArrayBuffer'
  );
}

/** What a value says it is: `Uint8Array`, `ArrayBuffer`, `Blob`, `ReadableStream` … */
export function tagOf(value: object): unknown {
  return (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
}

/** Reads a web stream from the first `next` on. */
export function streamSource(stream: ReadableStream<Uint8Array>): ChunkSource {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return {
    async next() {
      reader ??= stream.getReader();
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    cancel: (reason) => (reader ?? stream).cancel(reason),
  };
}

/** Reads any async iterable, Node streams included, from the first `next` on. */
export function iterableSource(iterable: AsyncIterable<Uint8Array>): ChunkSource {
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let ended = false;
  return {
    async next() {
      if (ended) return undefined;
      iterator ??= iterable[Symbol.asyncIterator]();
      const { done, value } = await iterator.next();
      if (done) ended = true;
      return done ? undefined : value;
    },
    async cancel() {
      if (ended) return;
      ended = true;
      // A Node stream that waits for its next chunk is let go of by `destroy` alone.
      (iterable as { destroy?(): void }).destroy?.();
      await iterator?.return?.();
    },
  };
}

/**
 * Checks what comes out of a source: every chunk is bytes, and all of them together are as many
 * as was declared. Leaves out empty chunks. On a failure the source is cancelled.
 */
export function checkedSource(source: ChunkSource, sizeBytes: number | undefined): ChunkSource {
  let count = 0;
  let failure: StorageError | undefined;

  function fail(error: StorageError): StorageError {
    failure = error;
    source.cancel(error).catch(() => {});
    return error;
  }

  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (failure !== undefined) throw failure;
      let chunk: Uint8Array | undefined;
      try {
        chunk = await source.next();
      } catch (error) {
        throw failure ?? fail(sourceFailure(error));
      }
      if (failure !== undefined) throw failure;
      if (chunk === undefined) {
        if (sizeBytes === undefined || count === sizeBytes) return undefined;
        throw fail(wrongSize(`${count} came`, sizeBytes));
      }
      if (!isBytes(chunk)) throw fail(notBytes());
      count += chunk.byteLength;
      if (sizeBytes !== undefined && count > sizeBytes)
        throw fail(wrongSize('more came', sizeBytes));
      if (chunk.byteLength > 0) return plainBytes(chunk);
    }
  }

  return {
    next,
    async cancel(reason) {
      failure ??= new StorageError('aborted', 'the content was let go of before it was read.', {
        cause: reason,
        outcome: 'not-applied',
      });
      await source.cancel(reason);
    },
  };
}

/** A stream that asks its source for a chunk only when it is read. */
export function sourceStream(source: ChunkSource): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await source.next();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

const FIRST_CAPACITY = 64 * 1024;
/** A declared size is believed so far before the bytes have come. Units: bytes. */
const BELIEVED_BYTES = 64 * 1024 * 1024;

/**
 * All bytes of a source in a buffer of their own. Every chunk is copied as it comes, so a source
 * may use its buffer again, and tiny chunks are not kept one by one.
 */
export async function collect(
  source: ChunkSource,
  sizeBytes: number | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = new Uint8Array(Math.min(sizeBytes ?? FIRST_CAPACITY, BELIEVED_BYTES));
  let length = 0;
  for (;;) {
    const chunk = await source.next();
    if (chunk === undefined) break;
    if (length + chunk.byteLength > bytes.byteLength) {
      const doubled = Math.min(bytes.byteLength * 2, sizeBytes ?? Number.POSITIVE_INFINITY);
      const grown = new Uint8Array(Math.max(doubled, length + chunk.byteLength));
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    bytes.set(chunk, length);
    length += chunk.byteLength;
  }
  return length === bytes.byteLength ? bytes : bytes.slice(0, length);
}

/** What a declared size that the content does not have fails with. */
export function wrongSize(what: string, sizeBytes: number): StorageError {
  return new StorageError(
    'invalid-argument',
    `the content was said to have ${sizeBytes} bytes, but ${what}.`,
    { outcome: 'not-applied' },
  );
}

function notBytes(): StorageError {
  return new StorageError('invalid-argument', 'a chunk of the content is not a Uint8Array.', {
    outcome: 'not-applied',
    hint: 'Encode text with a TextEncoder (or TextEncoderStream) first.',
  });
}

function sourceFailure(error: unknown): StorageError {
  if (isStorageError(error)) return error.with({ outcome: 'not-applied' });
  return new StorageError('unknown', 'the source of the content failed.', {
    cause: error,
    outcome: 'not-applied',
    hint: 'See the cause.',
  });
}
