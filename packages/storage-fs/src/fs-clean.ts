import { isStorageError } from '@granary/storage-core/provider';
import { etagOf } from './fs-info.ts';
import type { Lister } from './fs-list.ts';
import type { Remover } from './fs-remove.ts';

/** So often, in parts of `maxBytes` written, it is looked whether too much is there. */
const LOOKS_PER_FILLING = 8;

export interface CleanerSettings {
  readonly lister: Lister;
  readonly remover: Remover;
  /** Units: ms. */
  readonly maxAgeMs: number | undefined;
  /** Units: bytes. */
  readonly maxBytes: number | undefined;
  readonly now: () => number;
}

/** Keeps a store of what can be made again small. */
export interface Cleaner {
  /** Removes what is too old, and the oldest of what is too much. Returns how many objects. */
  clean(): Promise<number>;
  /** Counts what was written; cleans in the background when that is enough to look. Units: bytes. */
  wrote(bytes: number): void;
}

/**
 * An object is as old as its last use: its last reading as far as the file system writes that down
 * (most do so once a day), or its last writing. One that is written over just then stays.
 */
export function cleaner(
  settings: CleanerSettings,
  inBackground: (work: () => Promise<unknown>) => void,
): Cleaner {
  const { lister, remover, maxAgeMs = Number.POSITIVE_INFINITY, now } = settings;
  const { maxBytes = Number.POSITIVE_INFINITY } = settings;
  let written = 0;
  let cleaning: Promise<number> | undefined;

  async function run(): Promise<number> {
    const kept: { key: string; etag: string; size: number; usedAtMs: number }[] = [];
    let total = 0;
    let removed = 0;
    for await (const { key, stats } of lister.files()) {
      const { size } = stats;
      const usedAtMs = Math.max(stats.atimeMs, stats.mtimeMs);
      const etag = etagOf(stats);
      if (now() - usedAtMs > maxAgeMs) {
        if (await removeIfSame(key, etag)) removed += 1;
      } else {
        total += size;
        kept.push({ key, etag, size, usedAtMs });
      }
    }
    if (total <= maxBytes) return removed;
    kept.sort((a, b) => a.usedAtMs - b.usedAtMs);
    for (const { key, etag, size } of kept) {
      if (total <= maxBytes) break;
      if (await removeIfSame(key, etag)) removed += 1;
      total -= size;
    }
    return removed;
  }

  async function removeIfSame(key: string, ifMatch: string): Promise<boolean> {
    try {
      await remover.remove(key, { ifMatch });
      return true;
    } catch (error) {
      if (isStorageError(error, 'precondition-failed')) return false;
      throw error;
    }
  }

  function clean(): Promise<number> {
    cleaning ??= run().finally(() => {
      cleaning = undefined;
    });
    return cleaning;
  }

  return {
    clean,
    wrote(bytes) {
      written += bytes;
      if (written * LOOKS_PER_FILLING < maxBytes) return;
      written = 0;
      inBackground(clean);
    },
  };
}
