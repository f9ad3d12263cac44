import { constants } from 'node:fs';
import {
  type CompanionSide,
  type CopyOptions,
  contentTypeOf,
  isEmptySide,
  meetWriteConditions,
  nextCompanion,
  type ObjectInfo,
  patchAttributes,
  StorageError,
  selectAttributes,
  type WriteConditions,
} from '@granary/storage-core/provider';
import { type AttributeSetter, attributesFor } from './fs-attributes.ts';
import type { Backups } from './fs-backup.ts';
import { codeOf } from './fs-calls.ts';
import { type Committer, RACES } from './fs-commit.ts';
import { checkAborted, notFound, withOutcome } from './fs-errors.ts';
import { etagOf, fingerprintOf, infoOf } from './fs-info.ts';
import { claimOf } from './fs-keys.ts';
import type { Lock } from './fs-lock.ts';
import type { OpenObject, Reader } from './fs-read.ts';
import type { Remover } from './fs-remove.ts';
import type { Found, Place, Resolver } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import { unlinkIfThere } from './fs-temp.ts';
import { closeTemp, type TempFile } from './fs-temp-file.ts';
import { copyBytes } from './fs-transfer.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants;
const MAX_ATTEMPTS = 32;

/** Copies and moves objects inside a store. */
export interface Copier {
  copy(from: string, to: string, options: CopyOptions): Promise<ObjectInfo>;
  move(from: string, to: string, options: CopyOptions): Promise<ObjectInfo>;
}

export interface CopierSettings {
  readonly store: Store;
  readonly resolve: Resolver;
  readonly reader: Reader;
  readonly committer: Committer;
  readonly remover: Remover;
  readonly setAttributes: AttributeSetter;
  readonly backups: Backups | undefined;
}

export function copier(settings: CopierSettings): Copier {
  const { store, resolve, reader, committer, remover, setAttributes, backups } = settings;
  const { calls, companions, locks, temps, durability } = store;

  /** The content of an open object in a file of its own; shares the blocks where the disk can. */
  async function duplicate({ fd, stats }: OpenObject): Promise<TempFile> {
    const folder = await store.hidden('work');
    const path = folder.at(temps.next());
    let copy: number | undefined;
    try {
      if (store.descriptors !== undefined) {
        await calls.copyFile(`${store.descriptors}/${fd}`, path, COPYFILE_EXCL | COPYFILE_FICLONE);
        // It has the source's rights, which may be none to write.
        await calls.chmod(path, 0o600);
        copy = await temps.openAgain(path);
      } else {
        copy = await temps.create(path, 0o600);
        await copyBytes(calls, fd, copy, stats.size);
      }
      const after = await calls.fstat(fd);
      if (after.mtimeMs !== stats.mtimeMs || after.size !== stats.size) throw changed();
      if (durability !== 'none') await calls.fsync(copy);
      return { fd: copy, folder, path, mode: stats.mode };
    } catch (error) {
      if (copy !== undefined) calls.closeSync(copy);
      await unlinkIfThere(calls, path);
      folder.release();
      throw error;
    }
  }

  /** Copies under the key's lock, when that is held already. */
  async function copyTo(
    object: OpenObject,
    from: string,
    to: string,
    options: CopyOptions,
    lock?: Lock,
  ): Promise<ObjectInfo> {
    const { stats, described } = object;
    const { ifMatch, conditions } = conditionsOf(options);
    meetWriteConditions(etagOf(stats), ifMatch);
    let isCommitted = false;
    const file = await duplicate(object);
    try {
      checkAborted(options.signal);
      const side = carried(from, to, described ?? { attributes: {} }, options);
      const copy = { key: to, file, side, conditions, signal: options.signal };
      const info = await (lock === undefined
        ? committer.commit(copy)
        : committer.commitLocked(copy, lock));
      isCommitted = true;
      return info;
    } finally {
      await closeTemp(calls, file, isCommitted);
    }
  }

  async function moveLocked(
    from: string,
    to: string,
    options: CopyOptions,
    source: Found,
    [lockFrom, lockTo]: readonly [Lock, Lock],
  ): Promise<ObjectInfo> {
    const { ifMatch, conditions } = conditionsOf(options);
    meetWriteConditions(etagOf(source.stats), ifMatch);
    const fingerprint = fingerprintOf(source.stats);
    const described = selectAttributes(await committer.recordOf(source, from), fingerprint);
    const side = { ...carried(from, to, described, options), fingerprint };

    for (let attempt = 1; ; attempt += 1) {
      const existing = await resolve.find(to);
      let place: Place | undefined = existing;
      try {
        meetWriteConditions(existing && etagOf(existing.stats), conditions);
        // What is moved must be newer than what it replaces, and gets no other time by itself. A
        // backup is made by copying anyway.
        if (backups !== undefined) break;
        if (existing !== undefined && source.stats.mtimeMs <= existing.stats.mtimeMs) break;
        place ??= await resolve.place(to);
        return await rename(
          from,
          to,
          source,
          { ...place, existing },
          side,
          lockFrom,
          lockTo,
          options,
        );
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EXDEV') break;
        if (!RACES.has(code) || attempt === MAX_ATTEMPTS) throw error;
        if ((await store.look(source.folder.at(source.name))) === undefined) throw notFound(from);
      } finally {
        place?.folder.release();
      }
    }
    return moveByCopy(from, to, options, [lockFrom, lockTo]);
  }

  async function rename(
    from: string,
    to: string,
    source: Found,
    target: Place & { readonly existing: Found | undefined },
    side: CompanionSide,
    lockFrom: Lock,
    lockTo: Lock,
    { signal }: CopyOptions,
  ): Promise<ObjectInfo> {
    const { folder, name, existing } = target;
    const { mode } = source.stats;
    const record = await committer.recordOf(target, to);
    const next = nextCompanion({
      current: record,
      currentFingerprint: existing && fingerprintOf(existing.stats),
      next: side,
    });
    checkAborted(signal);
    const change = { folder, file: name, key: to, lock: lockTo, mode };
    if (next !== undefined) await companions.write({ ...change, record: next });
    try {
      await source.folder.confirm();
      await folder.confirm();
      lockFrom.check();
      lockTo.check();
      await calls.rename(source.folder.at(source.name), folder.at(name));
    } catch (error) {
      if (next !== undefined && existing === undefined) {
        await companions.write({ ...change, record: undefined }).catch(() => {});
      }
      throw error;
    }
    try {
      const stats = await calls.lstat(folder.at(name));
      if (next !== undefined && isEmptySide(next.next)) {
        await companions.write({ ...change, record: undefined });
      }
      if (durability === 'full') await folder.sync();
      await remover.tidy(from, source, lockFrom);
      await removeHidden(from, lockFrom);
      return infoOf(to, stats, side);
    } catch (error) {
      throw withOutcome(error, 'unknown');
    }
  }

  async function moveByCopy(
    from: string,
    to: string,
    options: CopyOptions,
    [lockFrom, lockTo]: readonly [Lock, Lock],
  ): Promise<ObjectInfo> {
    const object = await reader.open(from);
    let info: ObjectInfo;
    try {
      info = await copyTo(object, from, to, options, lockTo);
    } finally {
      calls.closeSync(object.fd);
    }
    try {
      await removeHidden(from, lockFrom);
      await backups?.forget(from);
    } catch (error) {
      throw withOutcome(error, 'unknown');
    }
    return info;
  }

  /** Changes what is said about the object, if that is asked for, and nothing else. */
  async function moveOntoItself(key: string, options: CopyOptions): Promise<ObjectInfo> {
    const { ifMatch, conditions } = conditionsOf(options);
    const { fd, stats, described } = await reader.open(key);
    calls.closeSync(fd);
    meetWriteConditions(etagOf(stats), ifMatch);
    meetWriteConditions(etagOf(stats), conditions);
    if (options.attributes === undefined) return infoOf(key, stats, described);
    return setAttributes(key, options.attributes, {
      ifMatch: etagOf(stats),
      ...(options.signal && { signal: options.signal }),
    });
  }

  /** Removes every file that the key still has. */
  async function removeHidden(key: string, lock: Lock): Promise<void> {
    for (const file of await resolve.findAll(key)) await remover.removeFile(key, file, lock);
  }

  return {
    async copy(from, to, options) {
      const object = await reader.open(from);
      try {
        return await copyTo(object, from, to, options);
      } finally {
        calls.closeSync(object.fd);
      }
    },

    async move(from, to, options) {
      const { signal } = options;
      if (from === to) return moveOntoItself(from, options);
      const first = await resolve.find(from);
      if (first === undefined) throw notFound(from);
      first.folder.release();
      const [claimFrom, claimTo] = [claimOf(from, signal), claimOf(to, signal)];
      async function run(first: Lock, second: Lock): Promise<ObjectInfo> {
        const source = await resolve.find(from);
        if (source === undefined) throw notFound(from);
        try {
          return await moveLocked(from, to, options, source, [first, second]);
        } finally {
          source.folder.release();
        }
      }
      if (claimFrom.name === claimTo.name) {
        return locks.exclusively(claimFrom, (lock) => run(lock, lock));
      }
      // Always in the same order, so that two moves never wait for each other.
      const isFirst = claimFrom.name < claimTo.name;
      return locks.exclusively(isFirst ? claimFrom : claimTo, (one) =>
        locks.exclusively(isFirst ? claimTo : claimFrom, (other) =>
          isFirst ? run(one, other) : run(other, one),
        ),
      );
    },
  };
}

function conditionsOf({ sourceIfMatch, ifNoneMatch }: CopyOptions): {
  readonly ifMatch: WriteConditions;
  readonly conditions: WriteConditions;
} {
  return {
    ifMatch: sourceIfMatch === undefined ? {} : { ifMatch: sourceIfMatch },
    conditions: ifNoneMatch === undefined ? {} : { ifNoneMatch },
  };
}

/** What is said about the target: as about the source, also where the source's name said it. */
function carried(
  from: string,
  to: string,
  { attributes, size, checksums, createdAt }: CompanionSide,
  { attributes: patch }: CopyOptions,
): CompanionSide {
  const contentType = attributes.contentType ?? contentTypeOf(from);
  const all = patchAttributes(
    { ...attributes, ...(contentType !== undefined && { contentType }) },
    patch,
  );
  return {
    attributes: attributesFor(to, all),
    ...(size !== undefined && { size }),
    ...(checksums !== undefined && { checksums }),
    ...(createdAt !== undefined && { createdAt }),
  };
}

function changed(): StorageError {
  return new StorageError('conflict', 'the source was changed while it was copied.', {
    outcome: 'not-applied',
    hint: 'Try again.',
  });
}
