import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  type ListField,
  measureHealth,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import type { Dexie } from 'dexie';
import { findCandidates } from './idb-candidates.ts';
import { type ChangeLogSettings, changeLog } from './idb-changes.ts';
import { chunkStore } from './idb-chunks.ts';
import type { IdbContext } from './idb-commit.ts';
import { indexedDBFromConfig } from './idb-config.ts';
import { toIdbError } from './idb-errors.ts';
import { checkLargeObjects, fileBodies, type LargeObjectOptions } from './idb-large.ts';
import { listObjects } from './idb-list.ts';
import {
  type MovedLargeObjects,
  type MoveLargeObjectsOptions,
  moveLargeObjects,
} from './idb-move-large.ts';
import {
  type EvictedEvent,
  type EvictionSettings,
  type PersistenceOptions,
  watchEviction,
} from './idb-persistence.ts';
import { type Locks, writerPresence } from './idb-presence.ts';
import { putObjects } from './idb-put-many.ts';
import { estimateUsage, type QuotaOptions, quotaGuard } from './idb-quota.ts';
import { getObject, getObjects, statObject, statObjects } from './idb-read.ts';
import { idbStore } from './idb-store.ts';
import { sweepLeftovers } from './idb-sweep.ts';
import { openUpload, pendingUploads } from './idb-upload.ts';
import {
  copyObject,
  deleteObject,
  deleteObjects,
  moveObject,
  putObject,
  setAttributes,
} from './idb-write.ts';

const BLOCKED_TIMEOUT_MS = 10_000;
const ID_BYTES = 12;

const LIST_FIELDS: readonly ListField[] = [
  'size',
  'etag',
  'modifiedAt',
  'createdAt',
  'contentType',
  'metadata',
  'tags',
  'expiresAt',
  'checksums',
];

const CAPABILITIES: Capabilities = {
  rangeReads: true,
  readConditions: true,
  createIfAbsent: true,
  replaceIfMatch: true,
  deleteIfMatch: true,
  copyIfMatch: true,
  copyIfAbsent: true,
  uploadConditions: true,
  setMetadataIfMatch: true,
  attributes: 'native',
  atomicAttributes: true,
  checksum: true,
  uploadChecksum: true,
  writeIds: true,
  etagCovers: 'attributes',
  listFields: LIST_FIELDS,
  listAttributes: true,
  listOrder: 'utf8',
  delimiter: 'any',
  candidates: true,
  putMany: true,
  getMany: true,
  statMany: true,
  deleteMany: true,
  atomicBatch: true,
  copy: true,
  move: true,
  setMetadata: true,
  upload: true,
  uploads: true,
  watch: true,
  changes: true,
  usage: true,
  health: true,
  fileAndFolder: true,
  caseSensitive: true,
  durable: true,
};

/** Options of {@link createIndexedDB}. */
export interface IndexedDBOptions extends QuotaOptions, PersistenceOptions {
  /** Name of the database in IndexedDB; nothing else may use it. Default: `granary`. */
  readonly dbName?: string;
  /**
   * Version of the application's own data, a whole number from 1 on. When it rises, tabs with an older
   * one are told to let go, and fail with `unsupported` until they are reloaded. The format of the
   * database has a version of its own. Default: 1.
   */
  readonly version?: number;
  /**
   * `strict`: a write resolves when it is on the disk. `relaxed`: when the operating system has it,
   * which survives a crash of the browser, but maybe not of the machine. Default: `relaxed`, as in browsers.
   */
  readonly durability?: 'strict' | 'relaxed';
  /**
   * Names of metadata fields that searches ask for often: each gets an index. One that was asked for
   * once stays. Default: none. Tags, type, times and size always have one.
   */
  readonly indexes?: readonly string[];
  /** Keeps large content in files, in OPFS or in a folder, in the place of IndexedDB. Default: off. */
  readonly largeObjects?: LargeObjectOptions;
  /** How long opening waits for other tabs that hold the database open in an older version. Units: ms. Default: 10,000. */
  readonly blockedTimeoutMs?: number;
}

/** What `native` of the backend is. */
export interface IndexedDBNative {
  /** While the database is open. Its tables are the backend's own business: look, and change nothing. */
  readonly db: Dexie | undefined;
  /** Since this storage was opened, the browser was found to have deleted what was stored. */
  readonly evicted: EvictedEvent | undefined;
  /**
   * Brings large objects to where `largeObjects` puts them now: out of another directory, and out of the
   * database; without `largeObjects`, out of a directory into the database. One after another, each
   * copied, compared and only then removed; a move that was interrupted is gone on with by calling it
   * again. Readers and writers need not wait.
   * Errors: `permission-denied`, `unavailable` and `unsupported` for a directory that can't be used;
   * `quota-exceeded`; `aborted`. What was moved before stays moved, and nothing is lost.
   */
  moveLargeObjects(options?: MoveLargeObjectsOptions): Promise<MovedLargeObjects>;
}

/** What the backend takes from the runtime. Default: its globals. */
export interface IdbPlatform {
  readonly indexedDB?: IDBFactory;
  readonly keyRange?: typeof IDBKeyRange;
  readonly locks?: Locks | undefined;
  readonly watch?: ChangeLogSettings['platform'];
  readonly marks?: EvictionSettings['platform'];
  /** Units: ms since 1970. */
  readonly now?: () => number;
}

/** The provider behind {@link createIndexedDB}, before core puts its half of the contract around it. */
export function idbProvider(
  options: IndexedDBOptions,
  platform: IdbPlatform = {},
): StorageProvider {
  const { dbName = 'granary', version = 1, durability = 'relaxed', indexes = [] } = options;
  const { evictable, onQuota, onEvicted, largeObjects } = options;
  const { blockedTimeoutMs = BLOCKED_TIMEOUT_MS } = options;
  const { now = Date.now } = platform;
  const locks = 'locks' in platform ? platform.locks : globalLocks();
  checkOptions({ ...options, dbName, version, durability, indexes, blockedTimeoutMs });
  const writer = randomId();
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `${writer}-${ids.toString(36)}`;
  };

  const store = idbStore({
    dbName,
    appVersion: version,
    durability,
    fields: indexes,
    writer,
    newStoreId: randomId,
    indexedDB: platform.indexedDB,
    keyRange: platform.keyRange,
    blockedTimeoutMs,
  });
  const eviction = watchEviction(store, {
    ...(onEvicted && { onEvicted }),
    ...(platform.marks && { platform: platform.marks }),
  });
  const changes = changeLog(store, { now, ...(platform.watch && { platform: platform.watch }) });
  const quota = quotaGuard({
    provider: () => provider,
    withoutRecord: changes.withoutRecord,
    now,
    ...(evictable && { evictable }),
    ...(onQuota && { onQuota }),
  });
  const presence = writerPresence(dbName, writer, locks);
  const chunks = chunkStore({ store, quota, presence, now, newId });
  const files =
    largeObjects && fileBodies({ ...largeObjects, store, quota, presence, chunks, now, newId });
  const context: IdbContext = { store, changes, quota, presence, chunks, files, now, newId };
  let sweeping: Promise<void> | undefined;

  async function sweep(): Promise<void> {
    try {
      await sweepLeftovers(context);
      await files?.sweep();
    } catch {
      // What is left over does no harm, and the next opening finds it.
    }
  }

  const native: IndexedDBNative = {
    get db() {
      return store.dexie;
    },
    get evicted() {
      return eviction.evicted;
    },
    async moveLargeObjects(moving = {}) {
      try {
        await store.open();
        return await moveLargeObjects(context, moving);
      } catch (error) {
        throw toIdbError(error).with({ provider: 'idb', operation: 'moveLargeObjects' });
      }
    },
  };

  const provider: StorageProvider = {
    specVersion: 1,
    name: 'idb',
    capabilities: CAPABILITIES,
    native,

    async open() {
      await store.open();
      await eviction.settled();
      sweeping ??= sweep();
      return undefined;
    },

    get: (key, options) => getObject(context, key, options),
    put: (key, body, options) => putObject(context, key, body, options),
    stat: (key) => statObject(context, key),
    delete: (key, options) => deleteObject(context, key, options),
    list: (options) => listObjects(store, options),
    candidates: (query, options) => findCandidates(store, query, options),

    putMany: (entries, options) => putObjects(context, entries, options),
    getMany: (keys) => getObjects(context, keys),
    statMany: (keys) => statObjects(context, keys),
    deleteMany: (keys) => deleteObjects(context, keys),

    copy: (from, to, options) => copyObject(context, from, to, options),
    move: (from, to, options) => moveObject(context, from, to, options),
    setMetadata: (key, patch, options) => setAttributes(context, key, patch, options),

    upload: (key, options) => openUpload(context, key, options),
    uploads: ({ prefix = '' }) => pendingUploads(context, prefix),

    watch: (options) => changes.watch(options),
    changes: (options) => changes.changes(options),

    async usage() {
      const [usage, objects] = await Promise.all([
        estimateUsage(),
        store.read(['infos'], (tx) => tx.table('infos').count()),
      ]);
      return { ...usage, objects };
    },
    health: () => measureHealth(() => store.read(['meta'], (tx) => tx.table('meta').count())),

    async close() {
      await sweeping;
      await changes.close();
      await eviction.close();
      presence.close();
      await store.close();
    },
  };
  // Not known before the database has been opened.
  return Object.defineProperty(provider, 'storeId', {
    enumerable: true,
    get: () => store.storeId,
  });
}

/**
 * A storage in the browser's IndexedDB, for pages and workers, which tabs of a site share: objects of
 * any size, with attributes, indexes, batches and events. A write is one transaction, so that readers
 * and killed tabs see the old object or the new one, whole. The browser may delete all of it when
 * the disk is full, unless `requestPersistence()` was granted.
 * Errors: `quota-exceeded`, with `usage`; `unsupported` without IndexedDB and in tabs with older code
 * than has opened the database; `conflict` while other tabs keep an older version open.
 */
export const createIndexedDB: BackendFactory<IndexedDBOptions> = /* @__PURE__ */ defineBackend({
  name: 'idb',
  aliases: ['indexeddb'],
  schemes: ['idb', 'indexeddb'],
  provider: idbProvider,
  fromConfig: indexedDBFromConfig,
});

/** Also of what plain JavaScript passes: an option that is not understood is never taken for another. Errors: `invalid-config`. */
function checkOptions(options: Readonly<Partial<Record<keyof IndexedDBOptions, unknown>>>): void {
  const { dbName, version, durability, indexes, blockedTimeoutMs, largeObjects } = options;
  if (typeof dbName !== 'string' || dbName === '') throw invalid('dbName is a text, not empty.');
  if (!Number.isSafeInteger(version) || Number(version) < 1) {
    throw invalid('version is a whole number from 1 on.');
  }
  if (durability !== 'strict' && durability !== 'relaxed') {
    throw invalid("durability is 'strict' or 'relaxed'.");
  }
  if (typeof blockedTimeoutMs !== 'number' || !(blockedTimeoutMs >= 0)) {
    throw invalid('blockedTimeoutMs is a number of ms, 0 or more.');
  }
  if (!Array.isArray(indexes)) {
    throw invalid("indexes is an array of names of metadata fields, such as ['stars'].");
  }
  for (const name of indexes) {
    // What IndexedDB takes in a key path, https://www.w3.org/TR/IndexedDB/#valid-key-path (read 2026-11-21).
    if (typeof name === 'string' && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) continue;
    throw invalid(
      `${JSON.stringify(name)} is no metadata field that can have an index: it is made of letters, digits, "$" and "_".`,
    );
  }
  for (const name of ['evictable', 'onQuota', 'onEvicted'] as const) {
    const value = options[name];
    if (value !== undefined && typeof value !== 'function') throw invalid(`${name} is a function.`);
  }
  if (largeObjects !== undefined) checkLargeObjects(largeObjects);
}

function invalid(reason: string): StorageError {
  return new StorageError('invalid-config', reason);
}

/** Absent on insecure origins and in Safari before 15.4. */
function globalLocks(): Locks | undefined {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: Locks } };
  return navigator?.locks;
}

/** Web Crypto's `randomUUID` is not there on insecure origins. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
