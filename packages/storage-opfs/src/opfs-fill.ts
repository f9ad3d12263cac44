import {
  abortedError,
  type Body,
  type CompanionSide,
  type PutOptions,
  pickAttributes,
  sha256Hasher,
} from '@granary/storage-core/provider';
import { attributesFor } from './opfs-info.ts';
import { quietly } from './opfs-patience.ts';
import type { TempFile } from './opfs-temp.ts';

/** Small chunks are gathered up to this size. Units: bytes. */
const BLOCK_BYTES = 1024 * 1024;

/** Writes the body and returns what is to be said about it. */
export async function fillFile(
  temp: TempFile,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<CompanionSide> {
  const { checksum, signal } = options;
  const hasher = checksum === undefined ? undefined : await sha256Hasher();
  let size = 0;
  const append = async (bytes: Uint8Array) => {
    hasher?.update(bytes);
    await temp.append(bytes);
    size += bytes.byteLength;
  };
  if (body.buffered !== undefined) await append(body.buffered);
  else await pump(body, append, signal);
  if (signal?.aborted) throw abortedError(signal);
  const attributes = attributesFor(key, pickAttributes(options));
  const sha256 = hasher?.digest();
  return { attributes, ...(sha256 !== undefined && { size, checksums: { sha256 } }) };
}

async function pump(
  body: Body,
  append: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reader = body.stream().getReader();
  const stop = () => void quietly(reader.cancel(signal?.reason));
  signal?.addEventListener('abort', stop);
  let block = new Uint8Array(0);
  let filled = 0;
  const flush = async () => {
    const full = block.subarray(0, filled);
    filled = 0;
    if (full.byteLength > 0) await append(full);
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal?.aborted) throw abortedError(signal);
      if (done) break;
      if (filled + value.byteLength > BLOCK_BYTES) await flush();
      if (value.byteLength > BLOCK_BYTES / 2) {
        await flush();
        await append(value);
        continue;
      }
      if (block.byteLength === 0) block = new Uint8Array(BLOCK_BYTES);
      block.set(value, filled);
      filled += value.byteLength;
    }
    await flush();
  } catch (error) {
    await quietly(reader.cancel(error));
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
