import type { Stats } from 'node:fs';
import {
  attributeBeyondName,
  type Body,
  type CompanionSide,
  type ObjectInfo,
  type PutOptions,
  pickAttributes,
} from '@granary/storage-core/provider';
import { attributesFor } from './fs-attributes.ts';
import { codeOf, isMissing } from './fs-calls.ts';
import { type Committer, writeConditionsOf } from './fs-commit.ts';
import { checkAborted, withOutcome } from './fs-errors.ts';
import { beside, type Folder } from './fs-folder.ts';
import { sha256Hasher } from './fs-hash.ts';
import { infoOf } from './fs-info.ts';
import { lockNameOf } from './fs-keys.ts';
import { lockFileOf } from './fs-lock.ts';
import { makeNewer } from './fs-newer.ts';
import { splitPath } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import { unlinkIfThere } from './fs-temp.ts';
import { closeTemp, openTemp, type TempFile } from './fs-temp-file.ts';
import { writeAll, writeBody } from './fs-transfer.ts';

/** With more writes at once, names are looked up by other threads, so that this one does not wait for them. */
const FEW_WRITES = 2;
/** What a quick write stumbles over when others change folders or take its file away. */
const OBSTACLES: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST', 'EXDEV', 'ELOOP'],
]);

/** Writes objects. */
export interface Writer {
  put(key: string, body: Body, options: PutOptions): Promise<ObjectInfo>;
}

export interface WriterSettings {
  readonly store: Store;
  readonly committer: Committer;
  /** Hashes all that is written. */
  readonly alwaysHash: boolean;
}

export function writer({ store, committer, alwaysHash }: WriterSettings): Writer {
  const { calls, companions, folders, look, temps, durability } = store;
  /** Quick writes at this moment. */
  let underWay = 0;

  /** Whether the write needs no lock: the key is its own path, and nothing is said about the object. */
  function isQuick(key: string, options: PutOptions): boolean {
    return (
      store.canAnnounce &&
      !alwaysHash &&
      options.ifMatch === undefined &&
      options.ifNoneMatch === undefined &&
      options.checksum === undefined &&
      store.names.isPlain(key) &&
      attributeBeyondName(key, options) === undefined
    );
  }

  /**
   * Writes a file and renames it into place. Nobody else's lock is there while it does: its file's
   * name shows whoever takes the lock that a write is under way, and it looks for a lock once that
   * file is there. `undefined`: something is in the way that needs the lock.
   */
  async function quickly(
    key: string,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<ObjectInfo | undefined> {
    const [path, name] = splitPath(key);
    const work = store.keptWork() ?? (await store.hidden('work'));
    let folder: Folder | undefined;
    underWay += 1;
    try {
      // The first write of a store finds out whether names are folded.
      if (store.isFolding) return undefined;
      folder = folders.kept(path) ?? (await plainFolder(path));
      if (folder === undefined) return undefined;
      const lock = lockNameOf(key);
      const temp = work.at(temps.nextQuick(lock));
      let fd: number;
      try {
        fd = await temps.create(temp, 0o666);
      } catch (error) {
        // Its folder was removed by hand.
        if (isMissing(error)) return undefined;
        throw error;
      }
      let isRenamed = false;
      try {
        const companion = companions.nameOf(name);
        const [existing, described, locked] = await lookWhile(
          writeAll(calls, fd, bytes, 0),
          beside(folder, name),
          companion === undefined ? undefined : beside(folder, companion),
          beside(work, lockFileOf(lock)),
        );
        if (locked !== undefined || described !== undefined) return undefined;
        if (existing !== undefined) {
          if (!existing.isFile()) return undefined;
          const stats = await makeNewer(calls, fd, calls.fstatSync(fd), existing.mtimeMs);
          const mode = existing.mode & 0o777;
          if ((stats.mode & 0o777) !== mode) await calls.fchmod(fd, mode);
        }
        if (durability !== 'none') await calls.fsync(fd);
        checkAborted(signal);
        await calls.rename(temp, folder.at(name));
        isRenamed = true;
        const info = infoOf(key, calls.fstatSync(fd), undefined);
        if (durability === 'full') await folder.sync();
        return info;
      } catch (error) {
        if (!isRenamed && OBSTACLES.has(codeOf(error))) return undefined;
        throw withOutcome(error, isRenamed ? 'unknown' : 'not-applied');
      } finally {
        calls.closeSync(fd);
        if (!isRenamed) await unlinkIfThere(calls, temp);
      }
    } finally {
      underWay -= 1;
      folder?.release();
      work.release();
    }
  }

  /** Looks at three paths while a file is being written; none of that is left running. */
  async function lookWhile(
    writing: Promise<void>,
    ...paths: readonly (string | undefined)[]
  ): Promise<readonly (Stats | undefined)[]> {
    const isBusy = durability !== 'none' && underWay > FEW_WRITES;
    // It may fail before anybody waits for it, which must not end the process.
    writing.catch(() => {});
    try {
      const found = paths.map((path) => (path === undefined ? undefined : look(path, isBusy)));
      return await Promise.all(found);
    } finally {
      await writing;
    }
  }

  /** The folder by its first name, made when no other of its names can be there. */
  async function plainFolder(path: string): Promise<Folder | undefined> {
    try {
      return await folders.open(path);
    } catch (error) {
      if (!isMissing(error) || (await store.mayHaveSeconds())) return undefined;
    }
    try {
      return await folders.make(path);
    } catch (error) {
      if (OBSTACLES.has(codeOf(error))) return undefined;
      throw withOutcome(error, 'not-applied');
    }
  }

  /** Writes a file aside, then waits for the lock of the key to make it the object. */
  async function carefully(
    key: string,
    content: Uint8Array | Body,
    options: PutOptions,
  ): Promise<ObjectInfo> {
    const { signal } = options;
    let file: TempFile | undefined;
    let synced: Promise<void> | undefined;
    let isCommitted = false;
    try {
      file = await openTemp(calls, temps, await store.hidden('work'));
      const { side, sha256 } = await fill(file.fd, key, content, options);
      // While it goes on, the lock is taken and the companion written.
      if (durability !== 'none') synced = calls.fsync(file.fd);
      synced?.catch(() => {});
      checkAborted(signal);
      const conditions = writeConditionsOf(options);
      const info = await committer.commit({ key, file, synced, side, sha256, conditions, signal });
      isCommitted = true;
      return info;
    } catch (error) {
      throw withOutcome(error, 'not-applied');
    } finally {
      await synced?.catch(() => {});
      if (file !== undefined) await closeTemp(calls, file, isCommitted);
    }
  }

  async function fill(
    fd: number,
    key: string,
    content: Uint8Array | Body,
    options: PutOptions,
  ): Promise<{ readonly side: CompanionSide; readonly sha256: string | undefined }> {
    const isAsked = options.checksum !== undefined;
    const hasher = isAsked || alwaysHash ? sha256Hasher() : undefined;
    let size: number;
    if (content instanceof Uint8Array) {
      hasher?.update(content);
      size = content.byteLength;
      await writeAll(calls, fd, content, 0);
    } else {
      size = await writeBody(calls, fd, content, { signal: options.signal, taster: hasher });
    }
    const sha256 = hasher?.digest();
    const attributes = attributesFor(key, pickAttributes(options));
    const isKept = isAsked && sha256 !== undefined;
    return { side: { attributes, ...(isKept && { size, checksums: { sha256 } }) }, sha256 };
  }

  return {
    async put(key, body, options) {
      const { buffered } = body;
      if (buffered !== undefined && isQuick(key, options)) {
        const info = await quickly(key, buffered, options.signal);
        if (info !== undefined) return info;
      }
      return carefully(key, buffered ?? body, options);
    },
  };
}
