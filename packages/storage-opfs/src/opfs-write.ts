import {
  type AttributesPatch,
  abortedError,
  type Body,
  type CompanionSide,
  type DeleteOptions,
  type DeleteResult,
  isEmptySide,
  meetWriteConditions,
  nextCompanion,
  type ObjectInfo,
  type PutOptions,
  patchAttributes,
  type SetMetadataOptions,
  StorageError,
  selectAttributes,
  type WriteConditions,
} from '@granary/storage-core/provider';
import type { Companions } from './opfs-companion.ts';
import { isMissing, nameOf, notFound, withOutcome } from './opfs-errors.ts';
import { fillFile } from './opfs-fill.ts';
import { attributesFor, etagOf, type FileStamp, infoOf } from './opfs-info.ts';
import { foldedKey } from './opfs-keys.ts';
import type { Locks } from './opfs-locks.ts';
import { quietly } from './opfs-patience.ts';
import type { FoundFile, Place, Store } from './opfs-store.ts';
import { clockPast, type TempFile, type Temps } from './opfs-temp.ts';
import type { Publish } from './opfs-watch.ts';

/** The clock of a file system may be this much behind that of the page. Units: ms. */
const CLOCK_TICK_MS = 10;

/** What is written and becomes an object. */
export interface NewObject {
  readonly key: string;
  readonly temp: TempFile;
  readonly side: CompanionSide;
  readonly conditions: WriteConditions;
  readonly signal?: AbortSignal | undefined;
  /** The content was written before the lock was there, so its time may be of before others' writes. */
  readonly isLate: boolean;
}

/** What writers are made of. */
export interface WriterParts {
  readonly store: Store;
  readonly temps: Temps;
  readonly locks: Locks;
  readonly companions: Companions;
  readonly publish: Publish;
  readonly now: () => number;
}

/** Writes objects. Writes of one key are one after another, between tabs too. */
export interface Writer {
  put(key: string, body: Body, options: PutOptions): Promise<ObjectInfo>;
  remove(key: string, options: DeleteOptions): Promise<DeleteResult>;
  setMetadata(
    key: string,
    patch: AttributesPatch,
    options: SetMetadataOptions,
  ): Promise<ObjectInfo>;
  /** Waits for the locks of keys. */
  locked<Result>(
    keys: readonly string[],
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result>;
  /** Makes a file the object, under the key's lock. */
  commit(object: NewObject): Promise<ObjectInfo>;
  /** Removes an object, under the key's lock. */
  removeLocked(key: string, found: FoundFile): Promise<void>;
}

export function openWriter(parts: WriterParts): Writer {
  const { store, temps, locks, companions, publish, now } = parts;

  const locked: Writer['locked'] = (keys, signal, work) =>
    locks.exclusively(
      keys.map((key) => `${store.space}:key:${foldedKey(key)}`),
      signal,
      work,
    );

  async function commit(object: NewObject): Promise<ObjectInfo> {
    const { key, temp, side, conditions, signal, isLate } = object;
    let isCommitted = false;
    try {
      const existing = await store.find(key);
      const currentFingerprint = existing && etagOf(existing.file);
      meetWriteConditions(currentFingerprint, conditions);
      const file = await temp.finish(existing?.file.lastModified, isLate);
      const fingerprint = etagOf(file);
      const move = async (place: Place) => {
        const next = nextCompanion({
          current: await companions.readForWrite(place, key),
          currentFingerprint,
          next: { ...side, fingerprint },
        });
        if (signal?.aborted) throw abortedError(signal);
        if (next !== undefined) await companions.write(place, key, next);
        try {
          await moveInto(temp, place);
        } catch (error) {
          if (next !== undefined && existing === undefined) {
            await quietly(companions.write(place, key, undefined));
          }
          throw error;
        }
        isCommitted = true;
        if (next !== undefined && isEmptySide(next.next)) {
          // What it says of this object is nothing already; it only lies about.
          await quietly(companions.write(place, key, undefined));
        }
        return place;
      };
      // A file keeps the name that a person gave it.
      const place = await (existing === undefined
        ? store.again(key, move)
        : move(existing).catch((error: unknown) => {
            if (isCommitted || !isMissing(error)) throw error;
            return store.again(key, move);
          }));
      const stored = await settle(key, place, file, side);
      const info = infoOf(key, stored, side);
      publish({ type: 'put', key, etag: info.etag });
      return info;
    } catch (error) {
      throw withOutcome(error, isCommitted ? 'unknown' : 'not-applied');
    }
  }

  async function moveInto(temp: TempFile, place: Place): Promise<void> {
    try {
      await temp.moveTo(place);
    } catch (error) {
      if (nameOf(error) !== 'InvalidModificationError') throw error;
      await store.clear(place);
      await temp.moveTo(place);
    }
  }

  let keepsTimes = false;

  /** The file as it is now. Where a rename gives it another time, the companion has to know. */
  async function settle(
    key: string,
    { folder, name }: Place,
    file: FileStamp,
    side: CompanionSide,
  ): Promise<FileStamp> {
    if (keepsTimes) return file;
    const stored = await (await folder.getFileHandle(name)).getFile();
    keepsTimes = etagOf(stored) === etagOf(file);
    if (!keepsTimes && !isEmptySide(side)) {
      const next = { ...side, fingerprint: etagOf(stored) };
      await companions.write({ folder, name }, key, { next });
    }
    return stored;
  }

  async function removeLocked(key: string, found: FoundFile): Promise<void> {
    const { lastModified } = found.file;
    try {
      await store.remove(key, found);
    } catch (error) {
      if (!isMissing(error)) throw withOutcome(error, 'not-applied');
    }
    publish({ type: 'delete', key });
    await companions.write(found, key, undefined);
    // The next write of the key must have a later time, and nothing is left to compare it with.
    await clockPast(lastModified + CLOCK_TICK_MS, now);
  }

  return {
    locked,
    commit,
    removeLocked,

    async put(key, body, options) {
      const { signal } = options;
      const conditions = writeConditionsOf(options);
      const write = async (
        isLate: boolean,
        commitIt: (object: NewObject) => Promise<ObjectInfo>,
      ) => {
        const temp = await createTemp(temps, body.size).catch(async (error: unknown) => {
          await body.cancel(error);
          throw error;
        });
        try {
          const side = await fillFile(temp, key, body, options);
          return await commitIt({ key, temp, side, conditions, signal, isLate });
        } catch (error) {
          throw withOutcome(error, 'not-applied');
        } finally {
          await temp.discard();
        }
      };
      // What is in memory is written under the lock; what is still to come may wait for others.
      if (body.buffered !== undefined) {
        return locked([key], signal, async () => {
          const existing = hasConditions(conditions) ? await store.find(key) : undefined;
          if (hasConditions(conditions))
            meetWriteConditions(existing && etagOf(existing.file), conditions);
          return write(false, commit);
        });
      }
      return write(true, (object) => locked([key], signal, () => commit(object)));
    },

    remove: (key, { ifMatch, signal }) =>
      locked([key], signal, async () => {
        const found = await store.find(key);
        meetWriteConditions(found && etagOf(found.file), { ifMatch });
        if (found === undefined) {
          await store.checkThere();
          return { existed: false };
        }
        if (signal?.aborted) throw abortedError(signal);
        await removeLocked(key, found);
        return { existed: true };
      }),

    setMetadata: (key, patch, { ifMatch, signal }) =>
      locked([key], signal, async () => {
        const found = await store.find(key);
        if (found === undefined) {
          await store.checkThere();
          throw notFound();
        }
        meetWriteConditions(etagOf(found.file), { ifMatch });
        const fingerprint = etagOf(found.file);
        const record = await companions.readForWrite(found, key);
        const { matched: _matched, ...known } =
          record === undefined
            ? { matched: 'neither', attributes: {} }
            : selectAttributes(record, fingerprint);
        const attributes = attributesFor(key, patchAttributes(known.attributes, patch));
        const next: CompanionSide = { ...known, attributes, fingerprint };
        if (signal?.aborted) throw abortedError(signal);
        await companions.write(found, key, isEmptySide(next) ? undefined : { next });
        publish({ type: 'put', key, etag: fingerprint });
        return infoOf(key, found.file, next);
      }),
  };
}

/** Errors: `store-not-found`, retryable, when the storage was cleared away; nothing was read then. */
export async function createTemp(temps: Temps, size: number | undefined): Promise<TempFile> {
  try {
    return await temps.create(size);
  } catch (error) {
    // The latter is what Chromium says of handles whose storage was cleared.
    const isLost = isMissing(error) || nameOf(error) === 'InvalidStateError';
    if (!isLost) throw withOutcome(error, 'not-applied');
    throw new StorageError('store-not-found', 'the folder of the storage is not there any more.', {
      retryable: true,
      outcome: 'not-applied',
      hint: 'It was moved or deleted. Choose it again with chooseDirectory().',
      cause: error,
    });
  }
}

/** The conditions among options, without those that are not given. */
export function writeConditionsOf({ ifMatch, ifNoneMatch }: WriteConditions): WriteConditions {
  return {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
  };
}

function hasConditions({ ifMatch, ifNoneMatch }: WriteConditions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined;
}
