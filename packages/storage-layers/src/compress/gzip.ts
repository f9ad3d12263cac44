import type { ChunkSource } from '@granary/storage-core/provider';
import { joinChunks, takeChunks } from './chunks.ts';
import { corrupted } from './header.ts';

/** Content that is fed at once. A piece can make 1,032 times as much. Units: bytes. */
const PIECE_BYTES = 64 * 1024;
/** Of content on its way up, so that a bomb is noticed while it is small. Units: bytes. */
const GUNZIP_PIECE_BYTES = 16 * 1024;

/** Content as gzip, chunk by chunk. */
export function gzipped(source: ChunkSource): ChunkSource {
  return throughCodec(source, new CompressionStream('gzip'), PIECE_BYTES, (error) => error);
}

/**
 * What gzip holds, which must be just as much as is said. Errors: `corrupted` for anything else, as
 * soon as it shows.
 */
export function gunzipped(source: ChunkSource, plainSize: number): ChunkSource {
  const tail = lastBytes(source, 4);
  const toError = (error: unknown) => corrupted('it is damaged or incomplete', error);
  const plain = throughCodec(tail, new DecompressionStream('gzip'), GUNZIP_PIECE_BYTES, toError);
  let count = 0;

  async function next(): Promise<Uint8Array | undefined> {
    const chunk = await plain.next();
    count += chunk?.byteLength ?? 0;
    if (count > plainSize) throw corrupted(`more than the ${plainSize} bytes came that it says`);
    if (chunk !== undefined) return chunk;
    if (count < plainSize) throw corrupted(`${count} of ${plainSize} bytes came`);
    // The size stands at the end of gzip, too: what is appended does not pass where the platform lets it.
    if (new DataView(tail.last().buffer).getUint32(0, true) !== plainSize % 2 ** 32) {
      throw corrupted('something else follows it');
    }
    return undefined;
  }

  return {
    async next() {
      try {
        return await next();
      } catch (error) {
        plain.cancel(error).catch(() => {});
        throw error;
      }
    },
    cancel: (reason) => plain.cancel(reason),
  };
}

/** Bytes as gzip. */
export async function gzipBytes(bytes: Uint8Array): Promise<Uint8Array> {
  return allOf(gzipped(sourceOf(bytes)));
}

/** What gzip in memory holds. Errors: `corrupted`. */
export async function gunzipBytes(bytes: Uint8Array, plainSize: number): Promise<Uint8Array> {
  return allOf(gunzipped(sourceOf(bytes), plainSize));
}

async function allOf(source: ChunkSource): Promise<Uint8Array> {
  return joinChunks((await takeChunks(source, Number.POSITIVE_INFINITY)).chunks);
}

function sourceOf(bytes: Uint8Array): ChunkSource {
  let isOver = false;
  return {
    async next() {
      if (isOver) return undefined;
      isOver = true;
      return bytes;
    },
    async cancel() {},
  };
}

interface TailedSource extends ChunkSource {
  /** The last bytes that passed, with zeros before them where there were fewer. */
  last(): Uint8Array<ArrayBuffer>;
}

function lastBytes(source: ChunkSource, length: number): TailedSource {
  const kept = new Uint8Array(length);
  return {
    async next() {
      const chunk = await source.next();
      if (chunk === undefined) return undefined;
      const tail = chunk.subarray(Math.max(0, chunk.byteLength - length));
      kept.copyWithin(0, tail.byteLength);
      kept.set(tail, length - tail.byteLength);
      return chunk;
    },
    cancel: (reason) => source.cancel(reason),
    last: () => kept,
  };
}

/**
 * Content through a codec of the platform, fed as it is asked for. `pipeThrough` would lose the
 * source's own error on some platforms, and leave rejections behind.
 */
function throughCodec(
  source: ChunkSource,
  codec: GenericTransformStream,
  pieceBytes: number,
  toError: (error: unknown) => unknown,
): ChunkSource {
  const writer = (codec.writable as WritableStream<Uint8Array>).getWriter();
  const reader = (codec.readable as ReadableStream<Uint8Array>).getReader();
  writer.closed.catch(() => {});
  reader.closed.catch(() => {});
  let isFeeding = false;
  /** What ends the read that waits. */
  let interrupt: ((error: unknown) => void) | undefined;
  let failure: { readonly error: unknown } | undefined;

  function fail(error: unknown): void {
    failure ??= { error };
    interrupt?.(failure.error);
    writer.abort(error).catch(() => {});
    reader.cancel(error).catch(() => {});
  }

  async function feed(): Promise<void> {
    for (;;) {
      let chunk: Uint8Array | undefined;
      try {
        chunk = await source.next();
      } catch (error) {
        return fail(error);
      }
      if (failure !== undefined) return;
      try {
        if (chunk === undefined) return await writer.close();
        for (let from = 0; from < chunk.byteLength; from += pieceBytes) {
          await writer.ready;
          await writer.write(chunk.subarray(from, from + pieceBytes));
        }
      } catch {
        // The reading side tells of it.
        return;
      }
    }
  }

  return {
    async next() {
      if (failure !== undefined) throw failure.error;
      if (!isFeeding) void feed();
      isFeeding = true;
      const read = await new Promise<ReadableStreamReadResult<Uint8Array>>((resolve, reject) => {
        interrupt = reject;
        reader.read().then(resolve, (error: unknown) => {
          reject(failure === undefined ? toError(error) : failure.error);
        });
      });
      return read.done ? undefined : read.value;
    },
    async cancel(reason) {
      fail(reason);
      await source.cancel(reason);
    },
  };
}
