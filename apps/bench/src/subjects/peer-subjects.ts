import { defineSubject, type StoreAbility, type StoreSubject } from '../harness/subject.ts';

/*
 * Peers are loaded when they are opened: a process that measures one of them holds no other.
 */

const STREAMS_AND_LISTS: readonly StoreAbility[] = ['stat', 'list', 'listFolders', 'streams'];

const filesSdkFs: StoreSubject = defineSubject({
  id: 'files-sdk',
  title: 'files-sdk 2.6 fs',
  kind: 'peer',
  durability: 'B',
  note: 'sidecar per object; SHA-1 of every write',
  can: [...STREAMS_AND_LISTS, 'firstPage', 'range'],
  listing: 'stats',
  open: async (folder) => (await import('../peers/files-sdk.ts')).openFilesSdkFs(folder),
});

const unstorageFs: StoreSubject = defineSubject({
  id: 'unstorage-1',
  title: 'unstorage 1.17 fs',
  kind: 'peer',
  durability: 'A',
  note: 'torn writes',
  can: ['stat', 'list'],
  open: async (folder) => (await import('../peers/unstorage.ts')).openUnstorageFs(folder),
});

const unstorageNextFs: StoreSubject = defineSubject({
  id: 'unstorage-2',
  title: 'unstorage 2 alpha fs',
  kind: 'peer',
  durability: 'A',
  note: 'torn writes',
  can: ['stat', 'list'],
  open: async (folder) =>
    (await import('../peers/unstorage.ts')).openUnstorageNextFs(folder, false),
});

const unstorageNextAtomicFs: StoreSubject = defineSubject({
  id: 'unstorage-2-atomic',
  title: 'unstorage 2 alpha fs, atomic',
  kind: 'peer',
  durability: 'B',
  can: ['stat', 'list'],
  open: async (folder) => (await import('../peers/unstorage.ts')).openUnstorageNextFs(folder, true),
});

const flydriveFs: StoreSubject = defineSubject({
  id: 'flydrive',
  title: 'flydrive 2.1 fs',
  kind: 'peer',
  durability: 'A',
  note: 'torn writes',
  can: STREAMS_AND_LISTS,
  open: async (folder) => (await import('../peers/flydrive.ts')).openFlydriveFs(folder),
});

const flystorageFs: StoreSubject = defineSubject({
  id: 'flystorage',
  title: 'flystorage 1.2 local-fs',
  kind: 'peer',
  durability: 'A',
  note: 'torn writes',
  can: STREAMS_AND_LISTS,
  open: async (folder) => (await import('../peers/flystorage.ts')).openFlystorageFs(folder),
});

const opendalFs: StoreSubject = defineSubject({
  id: 'opendal',
  title: 'opendal 0.49 fs, atomic_write_dir',
  kind: 'peer',
  durability: 'C',
  note: 'native code; the folder is not synced',
  can: [...STREAMS_AND_LISTS, 'firstPage', 'range'],
  open: async (folder) => (await import('../peers/opendal.ts')).openOpendalFs(folder),
});

const opendalFsInPlace: StoreSubject = defineSubject({
  id: 'opendal-in-place',
  title: 'opendal 0.49 fs',
  kind: 'peer',
  durability: 'A',
  note: 'native code; torn writes, yet synced',
  can: ['stat'],
  open: async (folder) => (await import('../peers/opendal.ts')).openOpendalFsInPlace(folder),
});

const keyvFile: StoreSubject = defineSubject({
  id: 'keyv-file',
  title: 'keyv 6 + keyv-file',
  kind: 'peer',
  durability: 'A',
  note: 'torn writes; base64 in JSON',
  can: [],
  open: async (folder) => (await import('../peers/keyv.ts')).openKeyvFile(folder),
});

/** Peers that keep files in a folder. */
export const fsPeers: readonly StoreSubject[] = [
  filesSdkFs,
  unstorageFs,
  unstorageNextFs,
  unstorageNextAtomicFs,
  flydriveFs,
  flystorageFs,
  opendalFs,
  opendalFsInPlace,
  keyvFile,
];

/** Peers that keep objects in memory. */
export const memoryPeers: readonly StoreSubject[] = [
  defineSubject({
    id: 'files-sdk-memory',
    title: 'files-sdk 2.6 memory',
    kind: 'peer',
    durability: 'memory',
    note: 'hashes every write byte by byte',
    can: ['stat'],
    isolation: 'copies',
    open: async () => (await import('../peers/files-sdk.ts')).openFilesSdkMemory(),
  }),
  defineSubject({
    id: 'unstorage-1-memory',
    title: 'unstorage 1.17 memory',
    kind: 'peer',
    durability: 'memory',
    can: [],
    isolation: 'aliases',
    open: async () => (await import('../peers/unstorage.ts')).openUnstorageMemory(),
  }),
  defineSubject({
    id: 'unstorage-2-memory',
    title: 'unstorage 2 alpha memory',
    kind: 'peer',
    durability: 'memory',
    can: [],
    isolation: 'aliases',
    open: async () => (await import('../peers/unstorage.ts')).openUnstorageNextMemory(),
  }),
  defineSubject({
    id: 'flystorage-memory',
    title: 'flystorage 1.1 in-memory',
    kind: 'peer',
    durability: 'memory',
    can: [],
    isolation: 'copies',
    open: async () => (await import('../peers/flystorage.ts')).openFlystorageMemory(),
  }),
  defineSubject({
    id: 'opendal-memory',
    title: 'opendal 0.49 memory',
    kind: 'peer',
    durability: 'memory',
    note: 'native code',
    can: ['stat'],
    isolation: 'copies',
    open: async () => (await import('../peers/opendal.ts')).openOpendalMemory(),
  }),
  defineSubject({
    id: 'keyv-memory',
    title: 'keyv 6, Map',
    kind: 'peer',
    durability: 'memory',
    note: 'base64 in JSON',
    can: [],
    isolation: 'copies',
    open: async () => (await import('../peers/keyv.ts')).openKeyvMemory(),
  }),
];
