import { defineSubject } from '../harness/subject.ts';
import type { LeftOut } from '../harness/workload.ts';
import type { StreamSubject } from '../page/page-store.ts';

/** Everybody who takes content as a stream in a page and gives it back as one. */
export const streamSubjects: readonly StreamSubject[] = [
  defineSubject<StreamSubject>({
    id: 'granary-idb',
    title: 'Granary IndexedDB',
    kind: 'granary',
    durability: 'B',
    over: 'IndexedDB',
    openStream: async (name) =>
      (await import('../page/stores/granary-idb.ts')).openGranaryIdbStream(name),
  }),
  defineSubject<StreamSubject>({
    id: 'raw-idb',
    title: 'IndexedDB, rows of 1 MiB',
    kind: 'raw',
    durability: 'B',
    over: 'IndexedDB',
    note: 'a transaction for each piece',
    openStream: async (name) =>
      (await import('../page/stores/raw-idb-stream.ts')).openRawIdbStream(name),
  }),
  defineSubject<StreamSubject>({
    id: 'granary-opfs',
    title: 'Granary OPFS',
    kind: 'granary',
    durability: 'B',
    over: 'OPFS',
    openStream: async (name) =>
      (await import('../page/stores/granary-opfs.ts')).openGranaryOpfsStream(name),
  }),
  defineSubject<StreamSubject>({
    id: 'raw-opfs',
    title: 'OPFS, createWritable',
    kind: 'raw',
    durability: 'B',
    over: 'OPFS',
    openStream: async (name) =>
      (await import('../page/stores/raw-opfs.ts')).openRawOpfsStream(name),
  }),
  defineSubject<StreamSubject>({
    id: 'raw-opfs-sync',
    title: 'OPFS, sync handle in a worker',
    kind: 'raw',
    durability: 'A',
    over: 'OPFS',
    note: 'in place; one piece after the other',
    openStream: async (name) =>
      (await import('../page/stores/raw-sync-handle.ts')).openSyncHandleStream(name),
  }),
];

/** Who has no streams, and why. */
export const streamLeftOut: readonly LeftOut[] = [
  {
    title: 'idb-keyval, localforage, unstorage, RxDB, PouchDB',
    reason: 'they have no streams: all of a value is in memory.',
  },
];
