import { StorageError, type Usage } from '@granary/storage-core/provider';
import { toIdbError } from './idb-errors.ts';
import { estimateUsage, type StorageManagerLike, storageManager } from './idb-quota.ts';
import type { IdbStore, OpenedDatabase } from './idb-store.ts';

/** The cache that holds a mark for each database, for pages and workers alike. */
const CACHE_NAME = 'granary-idb';
/** Ids of stores that were deleted on purpose and that a mark remembers. */
const MAX_DELETED_IDS = 20;

/** What {@link requestPersistence} has reached. */
export interface Persistence {
  /** The browser deletes nothing of this origin by itself, as long as nobody clears the site's data. */
  readonly persisted: boolean;
  /** Why not: the browser or the person has refused, or there is no such thing here. */
  readonly reason?: 'refused' | 'unsupported';
  /** What the browser says of the whole origin. */
  readonly usage?: Usage;
}

/**
 * Asks the browser to keep what this origin stores, also when the disk gets full. Firefox asks the
 * person, so call it when they do something that shows why; Chromium and Safari decide by themselves.
 * It may be called again. Never rejects.
 */
export async function requestPersistence(
  manager: StorageManagerLike | undefined = storageManager(),
): Promise<Persistence> {
  const usage = await estimateUsage(manager);
  if (manager?.persist === undefined) return { persisted: false, reason: 'unsupported', usage };
  try {
    const persisted = (await manager.persisted?.()) === true || (await manager.persist());
    return { persisted, ...(!persisted && { reason: 'refused' }), usage };
  } catch {
    // An opaque origin, https://storage.spec.whatwg.org/#dom-storagemanager-persist (read 2026-11-21)
    return { persisted: false, reason: 'unsupported', usage };
  }
}

/** A store was there, and came back as another, empty one. */
export interface EvictedEvent {
  readonly dbName: string;
  /** The `storeId` that was known. */
  readonly previousStoreId: string;
  readonly storeId: string;
}

/** Options of the backend about data that the browser has deleted. */
export interface PersistenceOptions {
  /**
   * Told when the store is another one than was there before: the browser has evicted it, has made a
   * broken database anew, or somebody has cleared it. Not after {@link deleteIndexedDB}.
   */
  readonly onEvicted?: (event: EvictedEvent) => void;
}

/** The globals that keep databases and marks, where they exist. */
export interface MarkPlatform {
  readonly indexedDB?: IDBFactory;
  readonly localStorage?: {
    getItem(name: string): string | null;
    setItem(name: string, value: string): void;
    removeItem(name: string): void;
  };
  readonly caches?: Pick<CacheStorage, 'open'>;
  readonly location?: { readonly origin: string };
}

/** What {@link watchEviction} works with. */
export interface EvictionSettings extends PersistenceOptions {
  /** Default: the globals of the page or worker. */
  readonly platform?: MarkPlatform;
}

/** Finds out whether the store is the one that was there before. */
export interface EvictionWatch {
  /** The last time that it was not. */
  readonly evicted: EvictedEvent | undefined;
  /** Resolves when the last opening has been looked at. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Compares the store's id at each opening with the mark that is kept outside of IndexedDB: in
 * localStorage, which Chromium leaves when it evicts the rest, and in a cache, which workers reach too.
 * Where a browser deletes all of an origin at once, nothing is left that could tell.
 */
export function watchEviction(store: IdbStore, settings: EvictionSettings = {}): EvictionWatch {
  const { onEvicted, platform = globalThis as MarkPlatform } = settings;
  const marks = storeMarks(platform, store.dbName);
  let evicted: EvictedEvent | undefined;
  let settling: Promise<void> = Promise.resolve();

  async function look({ storeId, previousStoreId }: OpenedDatabase): Promise<void> {
    const near = marks.near();
    // The usual case in a page takes no time.
    if (near === storeId && (previousStoreId ?? storeId) === storeId) return;
    const far = await marks.far();
    const known = [previousStoreId, near, far.storeId].find(
      (id) => id !== undefined && id !== storeId && !far.deleted.includes(id),
    );
    await marks.set(storeId, far);
    if (known === undefined) return;
    evicted = { dbName: store.dbName, previousStoreId: known, storeId };
    onEvicted?.(evicted);
  }

  const stop = store.onOpened((opened) => {
    settling = settling.then(() => look(opened)).catch(() => {});
  });

  return {
    get evicted() {
      return evicted;
    },
    settled: () => settling,
    async close() {
      stop();
      await settling;
    },
  };
}

/**
 * Deletes a database with all that is in it, for good, without an alarm at the next opening. Storages
 * over it that are open in this tab or in others let go of it and find an empty one with their next
 * operation: close them first. Files of `largeObjects` stay.
 * Errors: `unsupported` without IndexedDB; those of the browser.
 */
export async function deleteIndexedDB(
  dbName: string,
  platform: MarkPlatform = globalThis as MarkPlatform,
): Promise<void> {
  const { indexedDB } = platform;
  if (indexedDB === undefined) throw new StorageError('unsupported', 'there is no IndexedDB here.');
  const marks = storeMarks(platform, dbName);
  const near = marks.near();
  const far = await marks.far();
  // Marked first: a store that goes without a mark looks evicted, a mark without effect harms nothing.
  await marks.setDeleted([near, far.storeId], far);
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(dbName);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(toIdbError(request.error));
  });
}

/** What the cache knows of a database. */
interface FarMark {
  readonly storeId?: string;
  /** Stores that were deleted on purpose, the newest last. */
  readonly deleted: readonly string[];
}

interface StoreMarks {
  /** The store's id by localStorage. */
  near(): string | undefined;
  far(): Promise<FarMark>;
  set(storeId: string, far: FarMark): Promise<void>;
  setDeleted(storeIds: readonly (string | undefined)[], far: FarMark): Promise<void>;
}

/** Every access may be refused or fail, as in private windows: then there is no mark. */
function storeMarks(platform: MarkPlatform, dbName: string): StoreMarks {
  const name = `granary:idb:${dbName}:store`;
  const url = `${platform.location?.origin}/granary-idb/${encodeURIComponent(dbName)}`;

  function quietly<Result>(action: () => Result): Result | undefined {
    try {
      return action();
    } catch {
      return undefined;
    }
  }

  async function write(mark: FarMark): Promise<void> {
    try {
      const cache = await platform.caches?.open(CACHE_NAME);
      await cache?.put(url, new Response(JSON.stringify(mark)));
    } catch {
      // As without a cache.
    }
  }

  return {
    near: () => quietly(() => platform.localStorage?.getItem(name)) ?? undefined,

    async far() {
      try {
        const cache = await platform.caches?.open(CACHE_NAME);
        const mark: unknown = await (await cache?.match(url))?.json();
        return toFarMark(mark);
      } catch {
        return { deleted: [] };
      }
    },

    async set(storeId, far) {
      quietly(() => platform.localStorage?.setItem(name, storeId));
      if (far.storeId !== storeId) await write({ storeId, deleted: far.deleted });
    },

    async setDeleted(storeIds, far) {
      quietly(() => platform.localStorage?.removeItem(name));
      const ids = storeIds.filter((id) => id !== undefined);
      const deleted = [...new Set([...far.deleted, ...ids])].slice(-MAX_DELETED_IDS);
      await write({ deleted });
    },
  };
}

function toFarMark(mark: unknown): FarMark {
  const { storeId, deleted } = (mark ?? {}) as { storeId?: unknown; deleted?: unknown };
  return {
    ...(typeof storeId === 'string' && { storeId }),
    deleted: Array.isArray(deleted) ? deleted.filter((id) => typeof id === 'string') : [],
  };
}
