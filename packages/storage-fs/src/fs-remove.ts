import {
  type DeleteOptions,
  type DeleteResult,
  meetWriteConditions,
} from '@granary/storage-core/provider';
import type { Backups } from './fs-backup.ts';
import { codeOf, isMissing } from './fs-calls.ts';
import { checkAborted, withOutcome } from './fs-errors.ts';
import { beside, type Folder } from './fs-folder.ts';
import { etagOf } from './fs-info.ts';
import { claimOf, lockNameOf } from './fs-keys.ts';
import { type Lock, lockFileOf } from './fs-lock.ts';
import { type Found, joinPath, type Resolver, splitPath } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import { unlinkIfThere } from './fs-temp.ts';

/** Removes objects and the folders that become empty by it. */
export interface Remover {
  remove(key: string, options: DeleteOptions): Promise<DeleteResult>;
  /**
   * Removes a file of an object that has been moved or hidden, with its companion. Releases its
   * folder. Calls `removed` as soon as the file is gone.
   */
  removeFile(key: string, file: Found, lock: Lock, removed?: () => void): Promise<void>;
  /** Removes the companion of an object whose file is gone, and the folders that are empty then. */
  tidy(key: string, file: Found, lock: Lock): Promise<void>;
}

export function remover(store: Store, resolve: Resolver, backups?: Backups): Remover {
  const { calls, companions, folders, locks, temps, durability } = store;

  async function tidy(
    key: string,
    { folder, name, path, stats }: Found,
    lock: Lock,
  ): Promise<void> {
    const companion = companions.nameOf(name);
    if (companion !== undefined && (await store.look(folder.at(companion))) !== undefined) {
      const { mode } = stats;
      await companions.write({ folder, file: name, key, record: undefined, lock, mode });
    }
    if (durability === 'full') await folder.sync();
    await prune(path);
  }

  /** Removes folders from this one up while they are empty. Writers make theirs again. */
  async function prune(path: string): Promise<void> {
    for (let rest = path; rest !== ''; ) {
      const [parent, name] = splitPath(rest);
      try {
        const folder = await folders.open(parent);
        try {
          await calls.rmdir(folder.at(name));
          if (durability === 'full') await folder.sync();
        } finally {
          folder.release();
        }
      } catch (error) {
        // It has something in it, or is gone, or is not ours to remove: an empty folder is no harm.
        if (isMissing(error) || KEPT.has(codeOf(error))) return;
        throw error;
      }
      rest = parent;
    }
  }

  /** Whether the object is a file by its first name, with nothing said about it and no other name. */
  async function isQuick(key: string, { path, name }: Found): Promise<boolean> {
    return (
      store.canAnnounce &&
      backups === undefined &&
      store.names.isPlain(key) &&
      key === joinPath(path, name) &&
      !(await store.mayHaveSeconds())
    );
  }

  /**
   * Removes the file without the lock, as a quick write replaces it: an empty file announces it to
   * whoever takes the lock. `undefined`: something is in the way that needs the lock.
   */
  async function quickly(key: string, { folder, name, path }: Found): Promise<boolean | undefined> {
    const work = store.keptWork() ?? (await store.hidden('work'));
    let isGone = false;
    try {
      const lock = lockNameOf(key);
      const announcement = work.at(temps.nextQuick(lock));
      try {
        calls.closeSync(await temps.create(announcement, 0o600));
      } catch (error) {
        // Its folder was removed by hand.
        if (isMissing(error)) return undefined;
        throw error;
      }
      try {
        if (await isThere(work, lockFileOf(lock))) return undefined;
        const companion = companions.nameOf(name);
        if (companion !== undefined && (await isThere(folder, companion))) return undefined;
        if (!(await unlinkIfThere(calls, folder.at(name)))) return false;
        isGone = true;
      } finally {
        await unlinkIfThere(calls, announcement);
      }
      if (durability === 'full') await folder.sync();
      await prune(path);
      return true;
    } catch (error) {
      throw isGone ? withOutcome(error, 'unknown') : error;
    } finally {
      work.release();
    }
  }

  async function isThere(folder: Folder, name: string): Promise<boolean> {
    return (await store.look(beside(folder, name))) !== undefined;
  }

  async function removeFile(
    key: string,
    file: Found,
    lock: Lock,
    removed?: () => void,
  ): Promise<void> {
    try {
      lock.check();
      await unlinkIfThere(calls, file.folder.at(file.name));
      removed?.();
      await tidy(key, file, lock);
    } finally {
      file.folder.release();
    }
  }

  return {
    tidy,
    removeFile,
    async remove(key, { ifMatch, signal }) {
      // Without an object there is nothing to lock, and no store to make for it.
      const found = await resolve.find(key);
      if (found === undefined) {
        meetWriteConditions(undefined, { ifMatch });
        return { existed: false };
      }
      try {
        if (ifMatch === undefined && (await isQuick(key, found))) {
          checkAborted(signal);
          const existed = await quickly(key, found);
          if (existed !== undefined) return { existed };
        }
      } finally {
        found.folder.release();
      }
      return locks.exclusively(claimOf(key, signal, 'remove'), async (lock) => {
        const files = await resolve.findAll(key);
        let next = 0;
        let isGone = false;
        try {
          meetWriteConditions(files[0] && etagOf(files[0].stats), { ifMatch });
          for (const file of files) {
            next += 1;
            await removeFile(key, file, lock, () => {
              isGone = true;
            });
          }
          await backups?.forget(key);
        } catch (error) {
          throw isGone ? withOutcome(error, 'unknown') : error;
        } finally {
          for (const file of files.slice(next)) file.folder.release();
        }
        return { existed: files.length > 0 };
      });
    },
  };
}

const KEPT: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EACCES', 'EPERM']);
