import type { S3Client } from '@aws-sdk/client-s3';
import { type Body, StorageError } from '@granary/storage-core/provider';

/** Bodies up to this are held in memory, which lets them be hashed and signed. Units: bytes. */
const MAX_HELD_BYTES = 1024 * 1024;
/** Most that is held of content whose length nobody knows. Units: bytes. */
export const MAX_UNKNOWN_BYTES: number = 16 * 1024 * 1024;
/** Units: bytes read ahead of a stream that is sent. */
const CHUNK_BYTES = 256 * 1024;

/** The part of Node's `Readable` that is used. */
export interface NodeReadable {
  push(chunk: Uint8Array | null): boolean;
  destroy(): void;
}

interface NodeStreams {
  readonly Readable: new (options: {
    readonly highWaterMark: number;
    read(this: NodeReadable): void;
    destroy(this: NodeReadable, error: unknown, done: () => void): void;
  }) => NodeReadable;
}

/** What a request sends. */
export interface SentBody {
  readonly content: Uint8Array | NodeReadable;
  /** Units: bytes. */
  readonly size: number;
  /** Ends with the caller's signal, and when the source fails: the SDK would wait for the rest of it. */
  readonly signal: AbortSignal | undefined;
  /** What the source failed with, if it did. */
  failure(): { readonly error: unknown } | undefined;
  /** Lets go of what was not read, and of the caller's signal. */
  release(): void;
}

/**
 * A body as the SDK sends it: a stream where Node sends the requests and the length is known, else
 * bytes. Errors: `invalid-argument` for more bytes of unknown length than fit in memory.
 */
export async function sentBody(
  client: S3Client,
  body: Body,
  signal: AbortSignal | undefined,
): Promise<SentBody> {
  const { size } = body;
  const streams = nodeStreams(client);
  if (body.buffered === undefined && streams !== undefined && (size ?? 0) > MAX_HELD_BYTES) {
    return streamedBody(streams, body.stream(), size ?? 0, signal);
  }
  const content = body.buffered ?? (await heldBytes(body, signal));
  return { content, size: content.byteLength, signal, failure: () => undefined, release() {} };
}

function streamedBody(
  { Readable }: NodeStreams,
  stream: ReadableStream<Uint8Array>,
  size: number,
  signal: AbortSignal | undefined,
): SentBody {
  const reader = stream.getReader();
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  let failure: { readonly error: unknown } | undefined;

  const content = new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      reader.read().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: unknown) => {
          failure = { error };
          controller.abort(error);
        },
      );
    },
    destroy(_error, done) {
      reader.cancel().catch(() => {});
      done();
    },
  });
  return {
    content,
    size,
    signal: controller.signal,
    failure: () => failure,
    release() {
      signal?.removeEventListener('abort', abort);
      content.destroy();
    },
  };
}

/**
 * Content in memory. The engine sends what is long, and of unknown length, in parts.
 * Errors: `invalid-argument` where it is handed over all the same.
 */
export async function heldBytes(body: Body, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const { size } = body;
  if (size !== undefined) return untilAborted(body.bytes(), signal);
  const reader = body.stream().getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  for (;;) {
    const { done, value } = await untilAborted(reader.read(), signal);
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(value as Uint8Array<ArrayBuffer>);
    held += value.byteLength;
    if (held <= MAX_UNKNOWN_BYTES) continue;
    const error = new StorageError(
      'invalid-argument',
      'the content is long, and its length is not known.',
      { outcome: 'not-applied', hint: 'Give { size }, or send it up in parts with upload().' },
    );
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** Waits for a source, unless the caller gives up first. */
export function untilAborted<Value>(
  waiting: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return waiting;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Node's own streams, where requests are sent by Node's own client. */
function nodeStreams(client: S3Client): NodeStreams | undefined {
  const { metadata } = client.config.requestHandler as {
    readonly metadata?: { readonly handlerProtocol?: string };
  };
  if (metadata?.handlerProtocol === undefined) return undefined;
  const { process } = globalThis as {
    readonly process?: { getBuiltinModule?(name: string): unknown };
  };
  return process?.getBuiltinModule?.('node:stream') as NodeStreams | undefined;
}
