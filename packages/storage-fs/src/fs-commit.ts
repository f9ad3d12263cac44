import {
  type CompanionRecord,
  type CompanionSide,
  isEmptySide,
  isStorageError,
  meetWriteConditions,
  nextCompanion,
  type ObjectInfo,
  StorageError,
  type WriteConditions,
} from '@granary/storage-core/provider';
import type { Backups } from './fs-backup.ts';
import { codeOf } from './fs-calls.ts';
import { checkAborted, withOutcome } from './fs-errors.ts';
import { etagOf, fingerprintOf, infoOf } from './fs-info.ts';
import { claimOf } from './fs-keys.ts';
import type { Lock } from './fs-lock.ts';
import { makeNewer } from './fs-newer.ts';
import type { Found, Place, Resolver } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import { STRAY_START, unlinkIfThere } from './fs-temp.ts';
import { closeTemp, type TempFile } from './fs-temp-file.ts';

/** What changes while a write goes on: others make and remove folders. */
export const RACES: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST', 'EXDEV'],
]);
const MAX_ATTEMPTS = 32;

/** A file that is written and is going to be an object. */
export interface NewObject {
  readonly key: string;
  readonly file: TempFile;
  /** Ends when its content is on the disk as far as the storage promises; not given when it is already. */
  readonly synced?: Promise<void> | undefined;
  /** What is said about it; the fingerprint is added here. */
  readonly side: CompanionSide;
  /** Hash of the content, when it is known. */
  readonly sha256?: string | undefined;
  readonly conditions: WriteConditions;
  readonly signal?: AbortSignal | undefined;
}

/** Where an object goes and what is there now. */
export interface Target extends Place {
  readonly existing: Found | undefined;
  readonly record: CompanionRecord | undefined;
  readonly lock: Lock;
}

/** Makes files objects. */
export interface Committer {
  /** Waits for the lock of the key, then makes the file the object, all at once. */
  commit(object: NewObject): Promise<ObjectInfo>;
  /** The same for whoever has the lock already. */
  commitLocked(object: NewObject, lock: Lock): Promise<ObjectInfo>;
  /** What the companion of a file says. A broken one says nothing when it is the object's own. */
  recordOf(place: Place, key: string): Promise<CompanionRecord | undefined>;
}

export function committer(store: Store, resolve: Resolver, backups?: Backups): Committer {
  const { calls, companions, folders, locks, temps, durability } = store;

  async function recordOf(
    { folder, name }: Place,
    key: string,
  ): Promise<CompanionRecord | undefined> {
    const companion = companions.nameOf(name);
    if (companion === undefined) return undefined;
    try {
      return companions.record(await companions.text(folder.at(companion)), key);
    } catch (error) {
      // A manifest speaks of other objects too; it is not written over.
      if (companions.layout === 'manifest' || !isStorageError(error, 'corrupted')) throw error;
      return { next: { attributes: {} } };
    }
  }

  async function commitLocked(object: NewObject, lock: Lock): Promise<ObjectInfo> {
    const { key, conditions } = object;
    let { file } = object;
    let isCommitted = false;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const existing = await resolve.find(key);
        let place: Place | undefined = existing;
        try {
          meetWriteConditions(existing && etagOf(existing.stats), conditions);
          place ??= await resolve.place(key);
          const record = await recordOf(place, key);
          const target = { ...place, existing, record, lock };
          return await replace({ ...object, file }, target, () => {
            isCommitted = true;
          });
        } catch (error) {
          const code = codeOf(error);
          if (isCommitted || !RACES.has(code) || attempt === MAX_ATTEMPTS) throw error;
          if (calls.fstatSync(file.fd).nlink === 0) throw lostFile();
          if (code === 'EXDEV' && place !== undefined) {
            if (file !== object.file) await closeTemp(calls, file, false);
            file = object.file;
            file = await importInto(place.path, file);
          }
        } finally {
          place?.folder.release();
        }
      }
    } catch (error) {
      throw withOutcome(error, isCommitted ? 'unknown' : 'not-applied');
    } finally {
      if (file !== object.file) {
        await closeTemp(calls, file, isCommitted);
        // The object is a copy of it, and whoever made it takes it for the object.
        if (isCommitted) await unlinkIfThere(calls, object.file.path).catch(() => {});
      }
    }
  }

  async function replace(
    { key, file, synced, side, sha256, signal }: NewObject,
    target: Target,
    committed: () => void,
  ): Promise<ObjectInfo> {
    const { folder, name, existing, record, lock } = target;
    const { fd, path, mode } = file;
    let stats = await calls.fstat(fd);
    if (existing !== undefined) {
      stats = await makeNewer(calls, fd, stats, existing.stats.mtimeMs);
    }
    const wantedMode = (existing?.stats.mode ?? mode) & 0o777;
    if ((stats.mode & 0o777) !== wantedMode) await calls.fchmod(fd, wantedMode);

    const next = nextCompanion({
      current: record,
      currentFingerprint: existing && fingerprintOf(existing.stats),
      next: { ...side, fingerprint: fingerprintOf(stats) },
    });
    checkAborted(signal);
    const backup = await backups?.prepare(key, file, stats, sha256);
    const change = { folder, file: name, key, lock, mode: wantedMode };
    let isDescribed = false;
    try {
      if (next !== undefined) await companions.write({ ...change, record: next });
      isDescribed = next !== undefined;
      await synced;
      await folder.confirm();
      checkAborted(signal);
      lock.check();
      await calls.rename(path, folder.at(name));
    } catch (error) {
      await backup?.cancel();
      if (isDescribed && existing === undefined) {
        await companions.write({ ...change, record: undefined }).catch(() => {});
      }
      throw error;
    }
    committed();
    await backup?.finish();
    stats = await calls.fstat(fd);
    if (next !== undefined && isEmptySide(next.next)) {
      // What it says of this object is nothing already; it only lies about.
      await companions.write({ ...change, record: undefined }).catch(() => {});
    }
    if (durability === 'full') await folder.sync();
    await folder.confirm();
    return infoOf(key, stats, side);
  }

  /** A copy of the file on the device of a folder, where a rename cannot take it. */
  async function importInto(folderPath: string, file: TempFile): Promise<TempFile> {
    const { atimeMs, mtimeMs } = await calls.fstat(file.fd);
    const folder = await folders.open(folderPath);
    const path = folder.at(STRAY_START + temps.next());
    let fd: number | undefined;
    try {
      await temps.sweep(folder);
      await calls.copyFile(file.path, path, 0);
      await calls.chmod(path, 0o600);
      fd = await temps.openAgain(path);
      await calls.futimes(fd, atimeMs / 1000, mtimeMs / 1000);
      if (durability !== 'none') await calls.fsync(fd);
      return { fd, folder, path, mode: file.mode };
    } catch (error) {
      if (fd !== undefined) calls.closeSync(fd);
      await unlinkIfThere(calls, path);
      folder.release();
      throw error;
    }
  }

  return {
    recordOf,
    commitLocked,
    commit: (object) =>
      locks.exclusively(claimOf(object.key, object.signal), (lock) => commitLocked(object, lock)),
  };
}

/** The conditions among options, without those that are not given. */
export function writeConditionsOf({ ifMatch, ifNoneMatch }: WriteConditions): WriteConditions {
  return {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
  };
}

function lostFile(): StorageError {
  return new StorageError('conflict', 'the temporary file of this write was removed.', {
    hint: 'Try again. Nothing but Granary should remove files in the folder .granary.',
  });
}
