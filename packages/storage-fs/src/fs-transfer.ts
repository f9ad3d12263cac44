import { abortedError, type Body } from '@granary/storage-core/provider';
import type { FsCalls } from './fs-calls.ts';

/** What is gathered before it is written. Two of them are in use at once. Units: bytes. */
const BLOCK_BYTES = 512 * 1024;
/** A chunk from this size on is written as it is: copying it costs more than waiting for it. Units: bytes. */
const LARGE_CHUNK_BYTES = 128 * 1024;
/**
 * What a stream reads at once, between the speed of large chunks (those of 1 MiB take 0.85 of the time) and the
 * memory of small ones (those of 64 KiB take half of it, and up to twice the time). Units: bytes.
 */
const CHUNK_BYTES = 256 * 1024;

/** One call of the system reads and writes less than 2 GiB. Units: bytes. */
const MAX_CALL_BYTES = 1024 ** 3;

/** Is fed the content on its way. */
export interface Taster {
  update(bytes: Uint8Array): void;
}

/** Writes all bytes, however few the system takes at once. */
export async function writeAll(
  calls: FsCalls,
  fd: number,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const left = Math.min(bytes.byteLength - done, MAX_CALL_BYTES);
    done += await calls.write(fd, bytes, done, left, position + done);
  }
}

/** The bytes of a part of a file; fewer when the file ends before. */
export async function readAll(
  calls: FsCalls,
  fd: number,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = newBytes(length);
  let done = 0;
  while (done < length) {
    const left = Math.min(length - done, MAX_CALL_BYTES);
    const count = await calls.read(fd, bytes, done, left, position + done);
    if (count === 0) return bytes.slice(0, done);
    done += count;
  }
  return bytes;
}

/**
 * Writes a body from its stream and returns its size. Small chunks are gathered, which copies them:
 * their source may use its buffer again while they are being written. Large ones are written before
 * the next is asked for.
 */
export async function writeBody(
  calls: FsCalls,
  fd: number,
  body: Body,
  {
    signal,
    taster,
  }: { readonly signal?: AbortSignal | undefined; readonly taster?: Taster | undefined },
): Promise<number> {
  const reader = body.stream().getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop);
  let block = newBytes(BLOCK_BYTES);
  let spare = newBytes(BLOCK_BYTES);
  let filled = 0;
  let written = 0;
  let writing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    if (writing !== undefined) await writing;
    const full = filled === BLOCK_BYTES ? block : block.subarray(0, filled);
    writing = writeAll(calls, fd, full, written);
    // Whoever waits for it next is told.
    writing.catch(() => {});
    written += filled;
    filled = 0;
    [block, spare] = [spare, block];
  }

  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal?.aborted) throw abortedError(signal);
      if (done) break;
      taster?.update(value);
      if (value.byteLength >= LARGE_CHUNK_BYTES) {
        if (filled > 0) await flush();
        await writing;
        await writeAll(calls, fd, value, written);
        written += value.byteLength;
        continue;
      }
      for (let start = 0; start < value.byteLength; ) {
        const piece = value.subarray(start, start + BLOCK_BYTES - filled);
        block.set(piece, filled);
        filled += piece.byteLength;
        start += piece.byteLength;
        if (filled === BLOCK_BYTES) await flush();
      }
    }
    if (filled > 0) await flush();
    await writing;
    return written;
  } catch (error) {
    // The descriptor is closed next; nothing may be writing then.
    await writing?.catch(() => {});
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** Copies the beginning of a file into another one. */
export async function copyBytes(
  calls: FsCalls,
  from: number,
  to: number,
  length: number,
): Promise<void> {
  for (let position = 0; position < length; ) {
    const bytes = await readAll(calls, from, position, Math.min(CHUNK_BYTES, length - position));
    if (bytes.byteLength === 0) return;
    await writeAll(calls, to, bytes, position);
    position += bytes.byteLength;
  }
}

/** What a stream over a file reads by. */
export interface FileSource {
  /** Fills the bytes from a position; returns how many came. */
  read(bytes: Uint8Array, position: number): Promise<number>;
  /** Called when all has been read. */
  end(): Promise<void>;
  /** Called at any end, maybe more than once. */
  release(): void;
}

/** A part of a file as a stream that reads one chunk ahead. */
export function readStream(
  part: { readonly offset: number; readonly length: number },
  source: FileSource,
): ReadableStream<Uint8Array> {
  let position = part.offset;
  let left = part.length;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const bytes = newBytes(Math.min(CHUNK_BYTES, left));
          const count = left === 0 ? 0 : await source.read(bytes, position);
          position += count;
          left -= count;
          if (count === 0 || left === 0) await source.end();
          if (count > 0) {
            controller.enqueue(count === bytes.byteLength ? bytes : bytes.slice(0, count));
          }
          if (count > 0 && left > 0) return;
          source.release();
          controller.close();
        } catch (error) {
          source.release();
          throw error;
        }
      },
      cancel: source.release,
    },
    { highWaterMark: 1 },
  );
}

/** Memory of its own that is not cleared first: every byte of it is written, or cut off. */
function newBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer, 0, length);
}
