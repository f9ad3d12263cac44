export { type DirectorySource, directoryOf, type RememberedDirectory } from './idb-folder.ts';
export type { LargeObjectNotice, LargeObjectOptions } from './idb-large.ts';
export type {
  MovedLargeObjects,
  MoveLargeObjectsOptions,
  MoveLargeProgress,
} from './idb-move-large.ts';
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
