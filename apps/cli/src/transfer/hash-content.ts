import { createHash } from 'node:crypto';
import type { StorageEngine } from '@granary/storage-core';

/** What reading an object found. */
export interface ContentHash {
  /** As `<algorithm>-<base64>`. */
  readonly checksum: string;
  /** Units: bytes that came. */
  readonly size: number;
}

/** Reads an object whole and computes a checksum of its content. */
export async function hashContent(
  from: { readonly store: StorageEngine; readonly key: string },
  algorithm: string,
  settings: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<ContentHash> {
  const { signal, onBytes } = settings;
  await using object = await from.store.get(from.key, { signal });
  const hash = createHash(algorithm);
  let size = 0;
  for await (const chunk of object.stream()) {
    hash.update(chunk);
    size += chunk.byteLength;
    onBytes(size);
  }
  return { checksum: `${algorithm}-${hash.digest('base64')}`, size };
}
