import {
  type ChangeEvent,
  type Checksums,
  meetWriteConditions,
  type ObjectAttributes,
  type ObjectInfo,
  type ObjectTags,
  StorageError,
  type WriteConditions,
} from '@granary/storage-core/provider';
import type { MemoryObject, Mutable } from './memory-info.ts';
import { keyIndex } from './memory-keys.ts';

/** What a write stores. Bytes and attributes are the store's own from here on. */
export interface MemoryWrite {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly attributes: ObjectAttributes;
  readonly checksums?: Checksums | undefined;
  readonly writeId?: string | undefined;
  readonly objectTags?: ObjectTags | undefined;
  /** The key that the content moves away from. */
  readonly movedFrom?: string | undefined;
}

export interface MemoryStoreSettings {
  readonly versioning: boolean;
  readonly quotaBytes: number;
  readonly now: () => number;
  readonly publish: (event: ChangeEvent) => void;
}

/** The state of one memory storage. Each function runs to its end at once, so nobody sees half a write. */
export interface MemoryStore {
  readonly objects: ReadonlyMap<string, MemoryObject>;
  /** Random, so that an etag or a cursor of another store is never taken for one of this. */
  readonly id: string;
  /** Units: bytes of content, with old versions and the parts of uploads. */
  readonly heldBytes: number;
  sortedKeys(): readonly string[];
  /** Stored versions of a key, oldest first. */
  versions(key: string): readonly MemoryObject[];
  get(key: string, version?: string): MemoryObject | undefined;
  /** As `get`. Errors: `not-found`. */
  find(key: string, version?: string): MemoryObject;
  /** Errors: as `write`, for content of this size. */
  check(key: string, sizeBytes: number, conditions: WriteConditions): void;
  /** Errors: `precondition-failed`; `quota-exceeded`. */
  write(key: string, write: MemoryWrite, conditions: WriteConditions): MemoryObject;
  /** Gives an object other tags; it stays the same write. Errors: `not-found`. */
  tag(key: string, tags: ObjectTags): void;
  /** Whether there was something to remove. */
  remove(key: string, version?: string): boolean;
  /** Runs writes as one: when it throws, none of them has happened, and nobody hears of them. */
  together<Result>(run: () => Result): Result;
  /** Counts bytes that are held outside of objects; negative ones are given back. Errors: `quota-exceeded`. */
  reserve(key: string, sizeBytes: number): void;
}

interface Transaction {
  readonly undo: (() => void)[];
  readonly events: ChangeEvent[];
}

export function memoryStore(settings: MemoryStoreSettings): MemoryStore {
  const { versioning, quotaBytes, now, publish } = settings;
  const objects = new Map<string, MemoryObject>();
  const history = new Map<string, MemoryObject[]>();
  const keys = keyIndex((key) => objects.has(key));
  let id: string | undefined;
  let heldBytes = 0;
  let writes = 0;
  let transaction: Transaction | undefined;

  /** Has a transaction that fails bring back what is about to change. */
  function remember(key: string): void {
    if (transaction === undefined) return;
    const object = objects.get(key);
    const versions = history.get(key)?.slice();
    const bytesBefore = heldBytes;
    transaction.undo.push(() => {
      if (object === undefined) objects.delete(key);
      else objects.set(key, object);
      if (versions === undefined) history.delete(key);
      else history.set(key, versions);
      heldBytes = bytesBefore;
      keys.touch(key);
    });
  }

  function announce(event: ChangeEvent): void {
    if (transaction === undefined) publish(event);
    else transaction.events.push(event);
  }

  /** What is freed when the object is replaced or deleted. With versioning it stays as an old version. */
  function sizeToFree(key: string | undefined): number {
    if (versioning || key === undefined) return 0;
    return objects.get(key)?.info.size ?? 0;
  }

  function checkQuota(key: string, moreBytes: number): void {
    if (moreBytes <= 0 || heldBytes + moreBytes <= quotaBytes) return;
    throw new StorageError(
      'quota-exceeded',
      `${moreBytes} bytes more do not fit: ${heldBytes} of ${quotaBytes} are in use.`,
      { key, hint: 'Delete objects or raise quotaBytes.' },
    );
  }

  function keepVersion(key: string, object: MemoryObject): void {
    const versions = history.get(key);
    if (versions === undefined) history.set(key, [object]);
    else versions.push(object);
  }

  function dropVersion(key: string, version: string): MemoryObject | undefined {
    const versions = history.get(key) ?? [];
    const place = versions.findIndex(({ info }) => info.version === version);
    return place < 0 ? undefined : versions.splice(place, 1)[0];
  }

  const store: MemoryStore = {
    objects,
    // Asked for late, because some runtimes have no randomness while a module loads.
    get id() {
      id ??= crypto.randomUUID();
      return id;
    },
    get heldBytes() {
      return heldBytes;
    },
    sortedKeys: keys.sorted,
    versions: (key) => history.get(key) ?? [],

    get(key, version) {
      if (version === undefined) return objects.get(key);
      return history.get(key)?.find(({ info }) => info.version === version);
    },

    find(key, version) {
      const object = store.get(key, version);
      if (object !== undefined) return object;
      const what = version === undefined ? 'object' : `version "${version}" of this object`;
      throw new StorageError('not-found', `there is no such ${what}.`, { key });
    },

    check(key, sizeBytes, conditions) {
      meetWriteConditions(objects.get(key)?.info.etag, conditions, key);
      checkQuota(key, sizeBytes - sizeToFree(key));
    },

    write(key, write, conditions) {
      const { bytes, attributes, checksums, writeId, movedFrom, objectTags = {} } = write;
      const before = objects.get(key)?.info;
      meetWriteConditions(before?.etag, conditions, key);
      checkQuota(key, bytes.byteLength - sizeToFree(key) - sizeToFree(movedFrom));

      remember(key);
      const modifiedAt = new Date(Math.max(now(), before?.modifiedAt.getTime() ?? 0));
      writes += 1;
      const info: Mutable<ObjectInfo> = {
        key,
        size: bytes.byteLength,
        etag: `${store.id}-${writes}`,
        modifiedAt,
        createdAt: before?.createdAt ?? modifiedAt,
        ...attributes,
      };
      if (checksums !== undefined) info.checksums = checksums;
      if (writeId !== undefined) info.writeId = writeId;
      if (versioning) info.version = String(writes);
      const object: MemoryObject = { bytes, info, objectTags: { ...objectTags } };
      heldBytes += bytes.byteLength - sizeToFree(key);
      objects.set(key, object);
      if (before === undefined) keys.touch(key);
      if (versioning) keepVersion(key, object);
      announce({ type: 'put', key, etag: object.info.etag });
      if (movedFrom !== undefined) store.remove(movedFrom);
      return object;
    },

    tag(key, tags) {
      const object = store.find(key);
      const tagged: MemoryObject = { ...object, objectTags: { ...tags } };
      objects.set(key, tagged);
      const versions = history.get(key) ?? [];
      const place = versions.indexOf(object);
      if (place >= 0) versions[place] = tagged;
    },

    remove(key, version) {
      remember(key);
      const object = version === undefined ? objects.get(key) : dropVersion(key, version);
      if (object === undefined) return false;
      if (version !== undefined || !versioning) heldBytes -= object.info.size;
      if (objects.get(key) === object) {
        objects.delete(key);
        keys.touch(key);
        announce({ type: 'delete', key });
      }
      return true;
    },

    together(run) {
      const current: Transaction = { undo: [], events: [] };
      transaction = current;
      try {
        const result = run();
        current.events.forEach(publish);
        return result;
      } catch (error) {
        for (const step of current.undo.reverse()) step();
        throw error;
      } finally {
        transaction = undefined;
      }
    },

    reserve(key, sizeBytes) {
      checkQuota(key, sizeBytes);
      heldBytes += sizeBytes;
    },
  };
  return store;
}
