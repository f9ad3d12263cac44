import { constants } from 'node:fs';
import { codeOf, type FsCalls, isMissing } from './fs-calls.ts';
import type { Folder } from './fs-folder.ts';
import type { Liveness, Owner } from './fs-owner.ts';

const OPEN = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
const CREATE = OPEN | constants.O_CREAT | constants.O_EXCL;
/** Before the name of one that lies beside an object, because that is on another device. */
export const STRAY_START = '.granary-';
/** A temporary file of an unknown process is a leftover when nothing has touched it for so long. Units: ms. */
const LEFTOVER_AFTER_MS = 24 * 3_600_000;

/**
 * Temporary files are named `w.<owner>.<number>`; those of a quick write
 * `q.<lock>.<owner>.<number>`, so that whoever takes the lock of a key sees who is about to write it.
 */
export interface Temps {
  next(): string;
  nextQuick(lock: string): string;
  /** Makes the file, which must be new. Returns its descriptor. */
  create(path: string, mode: number): Promise<number>;
  /** Opens one that others made. */
  openAgain(path: string): Promise<number>;
  /** Names of the quick writes of a key that are under way. */
  quickOnes(folder: Folder, lock: string): Promise<string[]>;
  /** Removes those of one owner, so that it cannot rename them any more. */
  disown(folder: Folder, id: string): Promise<void>;
  /** Removes what processes left that run no more. Returns how many files. */
  sweep(folder: Folder): Promise<number>;
}

export function temporaryFiles(calls: FsCalls, owner: Owner): Temps {
  let count = 0;

  return {
    next() {
      count += 1;
      return `w.${owner.id}.${count}`;
    },

    nextQuick(lock) {
      count += 1;
      return `q.${lock}.${owner.id}.${count}`;
    },

    create: (path, mode) => calls.open(path, CREATE, mode),
    openAgain: (path) => calls.open(path, OPEN),

    async quickOnes(folder, lock) {
      const start = `q.${lock}.`;
      const entries = await calls.readdir(folder.at(''));
      return entries.map(({ name }) => name).filter((name) => name.startsWith(start));
    },

    async disown(folder, id) {
      for (const { name } of await calls.readdir(folder.at(''))) {
        if (ownerOf(name) === id) await unlinkIfThere(calls, folder.at(name));
      }
    },

    async sweep(folder) {
      const known = new Map<string, Liveness>([[owner.id, 'alive']]);
      let removed = 0;
      for (const { name } of await calls.readdir(folder.at(''))) {
        const id = ownerOf(name.startsWith(STRAY_START) ? name.slice(STRAY_START.length) : name);
        if (id === undefined) continue;
        const liveness = known.get(id) ?? (await owner.livenessOf(id));
        known.set(id, liveness);
        const isLeftover =
          liveness === 'dead' || (liveness === 'unknown' && (await isOld(folder.at(name))));
        if (isLeftover && (await unlinkIfThere(calls, folder.at(name)))) removed += 1;
      }
      return removed;
    },
  };

  async function isOld(path: string): Promise<boolean> {
    try {
      const { mtimeMs } = await calls.lstat(path);
      return Date.now() - mtimeMs > LEFTOVER_AFTER_MS;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}

/** The owner in the name of a temporary file; `undefined` for another file. */
export function ownerOf(name: string): string | undefined {
  const parts = name.split('.');
  if (parts[0] === 'w' && parts.length === 3) return parts[1];
  return parts[0] === 'q' && parts.length === 4 ? parts[2] : undefined;
}

/** Returns whether there was something. */
export async function unlinkIfThere(calls: FsCalls, path: string): Promise<boolean> {
  try {
    await calls.unlink(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
