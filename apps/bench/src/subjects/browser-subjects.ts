import { defineSubject } from '../harness/subject.ts';
import type { PageSubject } from '../page/page-store.ts';

/*
 * Named here and opened in a page, where each is loaded when it is opened. What a subject keeps is the
 * same for all: a value, two tags and three metadata fields; where they go is the note.
 */

const IN_VALUE = 'tags and metadata in the value, no index, no info';

/** In IndexedDB, Granary's way. */
const granaryIdb = defineSubject<PageSubject>({
  id: 'granary-idb',
  title: 'Granary IndexedDB',
  kind: 'granary',
  durability: 'B',
  note: 'info, etag and change feed; 7 indexes',
  open: async (name) => (await import('../page/stores/granary-idb.ts')).openGranaryIdb(name, {}),
});

/** The same with every commit on the disk. */
const granaryIdbStrict = defineSubject<PageSubject>({
  ...granaryIdb,
  id: 'granary-idb-strict',
  title: 'Granary IndexedDB, strict',
  durability: 'C',
  open: async (name) =>
    (await import('../page/stores/granary-idb.ts')).openGranaryIdb(name, { durability: 'strict' }),
});

/** What Granary's backend stands on. */
const rawDexie = defineSubject<PageSubject>({
  id: 'raw-dexie',
  title: 'Dexie 4, the same rows',
  kind: 'raw',
  durability: 'B',
  note: 'info and content apart, 7 indexes',
  open: async (name) => (await import('../page/stores/raw-dexie.ts')).openRawDexie(name, 'relaxed'),
});

const rawDexieStrict = defineSubject<PageSubject>({
  ...rawDexie,
  id: 'raw-dexie-strict',
  title: 'Dexie 4, the same rows, strict',
  durability: 'C',
  open: async (name) => (await import('../page/stores/raw-dexie.ts')).openRawDexie(name, 'strict'),
});

const oneTable = defineSubject<PageSubject>({
  id: 'raw-dexie-one',
  title: 'Dexie 4, one table',
  kind: 'raw',
  durability: 'B',
  note: 'documents as they are, 2 indexes, no info',
  open: async (name) => (await import('../page/stores/raw-dexie.ts')).openOneTable(name),
});

const rawIdb = defineSubject<PageSubject>({
  id: 'raw-idb',
  title: 'IndexedDB, the same rows',
  kind: 'raw',
  durability: 'B',
  note: 'info and content apart, 7 indexes',
  open: async (name) => (await import('../page/stores/raw-idb.ts')).openRawIdb(name),
});

const idbPeers: readonly PageSubject[] = [
  defineSubject<PageSubject>({
    id: 'idb-keyval',
    title: 'idb-keyval 6.3',
    kind: 'peer',
    durability: 'B',
    note: IN_VALUE,
    open: async (name) => (await import('../page/stores/idb-keyval.ts')).openIdbKeyval(name),
  }),
  defineSubject<PageSubject>({
    id: 'localforage',
    title: 'localforage 1.10',
    kind: 'peer',
    durability: 'B',
    note: `${IN_VALUE}; many are calls at once`,
    open: async (name) =>
      (await import('../page/stores/localforage.ts')).openLocalforage(name, 'INDEXEDDB'),
  }),
  defineSubject<PageSubject>({
    id: 'unstorage',
    title: 'unstorage 1.17 indexedb',
    kind: 'peer',
    durability: 'B',
    note: `over idb-keyval; ${IN_VALUE}; many are calls at once`,
    open: async (name) =>
      (await import('../page/stores/unstorage.ts')).openUnstorageIndexedDB(name),
  }),
  defineSubject<PageSubject>({
    id: 'rxdb',
    title: 'RxDB 17.6, Dexie storage',
    kind: 'peer',
    durability: 'B',
    readsFromMemory: true,
    note: 'revisions; an index for the author; what was read or written before comes from memory',
    open: async (name) => (await import('../page/stores/rxdb.ts')).openRxdb(name),
  }),
  defineSubject<PageSubject>({
    id: 'pouchdb',
    title: 'PouchDB 9',
    kind: 'peer',
    durability: 'B',
    note: 'revisions, of which a save has to know the last; no index',
    open: async (name) => (await import('../page/stores/pouchdb.ts')).openPouchdb(name),
  }),
];

/** Everybody who keeps notes in IndexedDB. */
export const idbSubjects: readonly PageSubject[] = [
  granaryIdb,
  rawDexie,
  oneTable,
  rawIdb,
  ...idbPeers,
];

/** The same, and those who wait for the disk. */
export const idbSaveSubjects: readonly PageSubject[] = [
  ...idbSubjects,
  granaryIdbStrict,
  rawDexieStrict,
];

/** Everybody who keeps notes in localStorage, which Chromium writes to the disk later. */
export const localStorageSubjects: readonly PageSubject[] = [
  defineSubject<PageSubject>({
    id: 'granary-localstorage',
    title: 'Granary localStorage',
    kind: 'granary',
    note: 'info and etag; under Web Locks',
    open: async (name) =>
      (await import('../page/stores/granary-localstorage.ts')).openGranaryLocalStorage(name),
  }),
  defineSubject<PageSubject>({
    id: 'raw-localstorage',
    title: 'localStorage',
    kind: 'raw',
    note: IN_VALUE,
    open: async (name) =>
      (await import('../page/stores/raw-localstorage.ts')).openRawLocalStorage(name),
  }),
  defineSubject<PageSubject>({
    id: 'unstorage',
    title: 'unstorage 1.17 localstorage',
    kind: 'peer',
    note: IN_VALUE,
    open: async (name) =>
      (await import('../page/stores/unstorage.ts')).openUnstorageLocalStorage(name),
  }),
  defineSubject<PageSubject>({
    id: 'localforage',
    title: 'localforage 1.10 localStorage',
    kind: 'peer',
    note: IN_VALUE,
    open: async (name) =>
      (await import('../page/stores/localforage.ts')).openLocalforage(name, 'LOCALSTORAGE'),
  }),
];

/** Everybody who keeps notes in the origin's private file system. */
export const opfsSubjects: readonly PageSubject[] = [
  defineSubject<PageSubject>({
    id: 'granary-opfs',
    title: 'Granary OPFS',
    kind: 'granary',
    durability: 'B',
    note: 'info and etag',
    open: async (name) => (await import('../page/stores/granary-opfs.ts')).openGranaryOpfs(name),
  }),
  defineSubject<PageSubject>({
    id: 'raw-opfs',
    title: 'OPFS, createWritable',
    kind: 'raw',
    durability: 'B',
    note: IN_VALUE,
    open: async (name) => (await import('../page/stores/raw-opfs.ts')).openRawOpfs(name),
  }),
];
