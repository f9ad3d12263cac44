import {
  type ChunkSource,
  type ObjectInfo,
  StorageError,
  sha256,
  sha256Hasher,
} from '@granary/storage-core/provider';

/** Longest content that is hashed in one piece, which is quicker. Units: bytes. */
export const HELD_BYTES: number = 1024 * 1024;

const SHA256 = /^sha256-[A-Za-z0-9+/]{43}=$/;

/** The SHA-256 that an object is said to have, if any. */
export function expectedOf({ checksums }: Pick<ObjectInfo, 'checksums'>): string | undefined {
  const sum = checksums?.['sha256'];
  return sum !== undefined && SHA256.test(sum) ? sum : undefined;
}

/** The error of content that is not what was written. */
export function damaged(expected: string, actual: string | undefined): StorageError {
  const has = actual === undefined ? 'it cannot be read whole' : `it has ${actual}`;
  return new StorageError(
    'corrupted',
    `the content is not what was written: its checksum is ${expected}, and ${has}.`,
    { hint: 'Restore it from a copy; with repair: { from }, that happens by itself.' },
  );
}

/**
 * Content that is compared with its checksum as it passes. The last chunk is held back until all of
 * it is known to be right. `onMismatch` gives the error to end with.
 */
export function checkedSource(
  source: ChunkSource,
  expected: string,
  onMismatch: (actual: string) => Promise<unknown>,
): ChunkSource {
  const summed = summedSource(source);
  let held: Uint8Array | undefined;
  let isOver = false;

  return {
    async next() {
      for (;;) {
        const chunk = isOver ? undefined : await summed.next();
        const ready = held;
        if (chunk === undefined && !isOver) {
          isOver = true;
          const actual = await summed.sum();
          if (actual !== expected) throw await onMismatch(actual);
        }
        held = chunk;
        if (chunk === undefined || ready !== undefined) return ready;
      }
    },
    cancel: (reason) => source.cancel(reason),
  };
}

/** A source that knows the SHA-256 of what has passed. */
export interface SummedSource extends ChunkSource {
  /** `sha256-<base64>` of all that came. */
  sum(): Promise<string>;
}

export function summedSource(source: ChunkSource): SummedSource {
  const hasher = sha256Hasher();
  hasher.catch(() => {});
  return {
    async next() {
      const chunk = await source.next();
      if (chunk !== undefined) (await hasher).update(chunk);
      return chunk;
    },
    cancel: (reason) => source.cancel(reason),
    sum: async () => (await hasher).digest(),
  };
}

/** The SHA-256 of everything in a source. */
export async function sumOf(source: ChunkSource): Promise<string> {
  const summed = summedSource(source);
  while ((await summed.next()) !== undefined);
  return summed.sum();
}

/** The SHA-256 of an object's content, in constant memory. It takes the body. */
export async function sumOfObject(
  size: number,
  bytes: () => Promise<Uint8Array>,
  chunks: () => ChunkSource,
): Promise<string> {
  return size <= HELD_BYTES ? sha256(await bytes()) : sumOf(chunks());
}
