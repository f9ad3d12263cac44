import { createHash } from 'node:crypto';
import type { FsCalls } from './fs-calls.ts';
import { readAll } from './fs-transfer.ts';

const READ_BYTES = 512 * 1024;

/** A SHA-256 that is fed piece by piece. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** `sha256-<base64>` of all that came. */
  digest(): string;
}

export function sha256Hasher(): Hasher {
  const hash = createHash('sha256');
  return {
    update(bytes) {
      hash.update(bytes);
    },
    digest: () => `sha256-${hash.digest('base64')}`,
  };
}

/** The hash of the beginning of an open file. */
export async function hashFile(calls: FsCalls, fd: number, size: number): Promise<string> {
  const hasher = sha256Hasher();
  for (let position = 0; position < size; ) {
    const bytes = await readAll(calls, fd, position, Math.min(READ_BYTES, size - position));
    if (bytes.byteLength === 0) break;
    hasher.update(bytes);
    position += bytes.byteLength;
  }
  return hasher.digest();
}
