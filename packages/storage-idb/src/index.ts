export type { LargeObjectNotice, LargeObjectOptions } from './idb-large.ts';
export {
  deleteIndexedDB,
  type EvictedEvent,
  type Persistence,
  type PersistenceOptions,
  requestPersistence,
} from './idb-persistence.ts';
export {
  createIndexedDB,
  type IndexedDBNative,
  type IndexedDBOptions,
} from './idb-provider.ts';
export type { CleanupResult, QuotaEvent, QuotaOptions } from './idb-quota.ts';
