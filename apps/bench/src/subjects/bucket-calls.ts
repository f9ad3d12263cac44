import type { Readable } from 'node:stream';

/** Size of the pieces in which files are read and written. Units: bytes. */
export const PIECE_BYTES: number = 1024 * 1024;

/** Reads a stream of Node to its end. */
export async function bytesOf(stream: NodeJS.ReadableStream | Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) {
    if (typeof chunk === 'string') throw new TypeError('The stream has text, not bytes.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Keys of a page where a listing has to be told. */
export const PAGE_KEYS = 1000;

/**
 * Deletes keys in batches of a size that the service takes, one after the other.
 * Errors: an `Error` when a batch tells that keys could not be deleted.
 */
export async function deletedInBatches(
  keys: readonly string[],
  batchSize: number,
  remove: (batch: readonly string[]) => Promise<number>,
): Promise<void> {
  for (let from = 0; from < keys.length; from += batchSize) {
    const failed = await remove(keys.slice(from, from + batchSize));
    if (failed > 0) throw new Error(`${failed} keys could not be deleted.`);
  }
}
