import type { Stats } from 'node:fs';
import type { CompanionRecord, CompanionSide, JsonValue } from '@granary/storage-core/provider';

/**
 * Companions together, before the first ones are let go: some 35,000 small ones. What is kept of
 * them takes about a quarter more of memory. Units: bytes of text.
 */
const MAX_BYTES = 16 * 1024 * 1024;
/** Counted for each companion besides its text. Units: bytes. */
const BYTES_EACH = 256;
/** So long a companion is held to that was of use, when there is room for no more. Units: ms. */
const KEPT_FOR_MS = 60_000;
/**
 * A time stamp tells later changes apart only when it is older than this: file systems count time
 * in steps, of 2 s at most (FAT), and a change within the same step leaves the stamp as it is.
 * Units: ms.
 */
const SETTLED_AFTER_MS = 3000;

/** What of a file or folder differs after every change. Nobody can set `ctimeMs` back. */
export type Stamp = Pick<Stats, 'ctimeMs' | 'mtimeMs' | 'ino' | 'dev' | 'size'>;

/** Whether a change that comes after this moment gives another stamp. Units: ms since 1970. */
export function isSettled({ ctimeMs }: Stamp, nowMs: number): boolean {
  return ctimeMs + SETTLED_AFTER_MS < nowMs;
}

/** Whether nothing was changed between two looks, the first of them at a settled state. */
export function isSame(before: Stamp, after: Stamp): boolean {
  return (
    before.ctimeMs === after.ctimeMs &&
    before.mtimeMs === after.mtimeMs &&
    before.ino === after.ino &&
    before.dev === after.dev &&
    before.size === after.size
  );
}

/** A companion that was read. */
export interface KnownCompanion {
  readonly record: CompanionRecord;
  /** Taken before the content was read. */
  readonly stamp: Stamp;
}

/** What the companions of one folder said. Records are shared: copy what is handed out. */
export interface FolderCompanions {
  /** Holds as long as the file is the same, see {@link isSame}. */
  get(name: string): KnownCompanion | undefined;
  /**
   * Keeps it when every change after it was read will show in the stamp. `readAtMs` is a moment
   * before it was read. Units: ms since 1970.
   */
  keep(name: string, companion: KnownCompanion, readAtMs: number): void;
  /** Lets go of what is not there any more, when more is kept than there is. */
  prune(there: ReadonlySet<string>): void;
}

/** What companions said, as long as their files are the same. */
export interface CompanionCache {
  /** Of a folder by its absolute path. */
  in(folder: string): FolderCompanions;
}

interface Kept {
  readonly companions: Map<string, KnownCompanion>;
  usedAtMs: number;
}

export interface CompanionCacheSettings {
  /** Units: ms since 1970. */
  readonly now: () => number;
  /** Units: bytes. Default: 16 MiB. */
  readonly maxBytes?: number;
}

/**
 * Keeps companions in memory. The folders that were not used for the longest time go first; none
 * goes that was used a moment ago, so that going through more than there is room for, again and
 * again, finds what fits.
 */
export function companionCache({
  now,
  maxBytes = MAX_BYTES,
}: CompanionCacheSettings): CompanionCache {
  const folders = new Map<string, Kept>();
  let bytes = 0;

  /** Whether there is room for so many bytes, made by letting go of folders. */
  function makeRoom(wanted: number, own: string, nowMs: number): boolean {
    for (const [path, { companions, usedAtMs }] of folders) {
      if (bytes + wanted <= maxBytes || nowMs - usedAtMs < KEPT_FOR_MS) break;
      if (path === own) continue;
      folders.delete(path);
      for (const companion of companions.values()) bytes -= sizeOf(companion);
    }
    return bytes + wanted <= maxBytes;
  }

  function forget(companions: Map<string, KnownCompanion>, name: string): void {
    const companion = companions.get(name);
    if (companion === undefined) return;
    companions.delete(name);
    bytes -= sizeOf(companion);
  }

  return {
    in(path) {
      const found = folders.get(path);
      if (found !== undefined) {
        found.usedAtMs = now();
        folders.delete(path);
        folders.set(path, found);
      }
      return {
        get: (name) => found?.companions.get(name),

        keep(name, companion, readAtMs) {
          const nowMs = now();
          const { companions } = folders.get(path) ?? { companions: new Map() };
          forget(companions, name);
          const size = sizeOf(companion);
          if (!isSettled(companion.stamp, readAtMs) || !makeRoom(size, path, nowMs)) return;
          const { ctimeMs, mtimeMs, ino, dev } = companion.stamp;
          const stamp = { ctimeMs, mtimeMs, ino, dev, size: companion.stamp.size };
          companions.set(name, { record: companion.record, stamp });
          bytes += size;
          folders.delete(path);
          folders.set(path, { companions, usedAtMs: nowMs });
        },

        prune(there) {
          if (found === undefined || found.companions.size <= there.size) return;
          for (const name of found.companions.keys()) {
            if (!there.has(name)) forget(found.companions, name);
          }
        },
      };
    },
  };
}

function sizeOf({ stamp }: KnownCompanion): number {
  return stamp.size + BYTES_EACH;
}

/** Nobody who changes what one listing gave changes what the next one gives. */
export function copyOfSide<Side extends CompanionSide>(side: Side): Side {
  const { attributes, createdAt, checksums } = side;
  const { metadata, tags, expiresAt } = attributes;
  return {
    ...side,
    attributes: {
      ...attributes,
      ...(metadata !== undefined && { metadata: copyOfFields(metadata) }),
      ...(tags !== undefined && { tags: [...tags] }),
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
    },
    ...(createdAt !== undefined && { createdAt: new Date(createdAt) }),
    ...(checksums !== undefined && { checksums: { ...checksums } }),
  };
}

/** Spreading defines each field, so that `__proto__` is a name like any other. */
function copyOfFields<Fields extends { readonly [name: string]: JsonValue }>(
  fields: Fields,
): Fields {
  const copy = { ...fields } as { [name: string]: JsonValue };
  for (const name of Object.keys(copy)) {
    const value = copy[name];
    if (typeof value === 'object' && value !== null) {
      Object.defineProperty(copy, name, { value: copyOfValue(value) });
    }
  }
  return copy as Fields;
}

function copyOfValue(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOfValue);
  return copyOfFields(value as { readonly [name: string]: JsonValue });
}
