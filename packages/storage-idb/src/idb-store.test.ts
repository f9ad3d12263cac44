import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { expect, test } from 'vitest';
import { dexieOf, fakeProfile, put, text } from '../test/fake.ts';
import { type IdbStore, idbStore, type OpenedDatabase, type StoreSettings } from './idb-store.ts';

function openStore(settings: Partial<StoreSettings> = {}): IdbStore {
  let stores = 0;
  return idbStore({
    dbName: 'granary',
    appVersion: 1,
    durability: 'relaxed',
    fields: [],
    writer: 'writer',
    newStoreId() {
      stores += 1;
      return `store-${stores}`;
    },
    indexedDB: new IDBFactory(),
    keyRange: IDBKeyRange,
    blockedTimeoutMs: 200,
    ...settings,
  });
}

const fact = (value: string) => ({ name: 'test', value });

test('undoes all of a transaction whose work fails, with the error as it was', async () => {
  const store = openStore();
  const failure = new TypeError('mine');
  const write = store.write(['meta'], async (tx) => {
    await tx.table('meta').put(fact('x'));
    throw failure;
  });
  await expect(write).rejects.toMatchObject({ code: 'unknown', cause: failure });
  expect(await store.read(['meta'], (tx) => tx.table('meta').get('test'))).toBeUndefined();
});

test('gives native promises, and leaves the global one alone', async () => {
  const store = openStore();
  const promise = store.read(['meta'], (tx) => tx.table('meta').count());
  expect(Object.getPrototypeOf(promise)).toBe(Promise.prototype);
  expect(store.open()).toBeInstanceOf(Promise);
  await promise;
  expect(globalThis.Promise).toBe((async () => {})().constructor);
});

test('runs a transaction again, once, when the connection is lost under it', async () => {
  const store = openStore();
  const runs: boolean[] = [];
  const lose = async (times: number) => {
    runs.length = 0;
    return await store.write(['meta'], async (tx, isReplay) => {
      runs.push(isReplay);
      if (runs.length <= times) {
        throw new DOMException('Connection to Indexed Database server lost', 'UnknownError');
      }
      await tx.table('meta').put(fact('kept'));
      return 'done';
    });
  };
  expect(await lose(1)).toBe('done');
  expect(runs).toEqual([false, true]);
  await expect(lose(2)).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  expect(runs).toEqual([false, true]);
  expect(await store.read(['meta'], (tx) => tx.table('meta').get('test'))).toEqual(fact('kept'));
});

test('opens again after the browser has closed the connection', async () => {
  const { open } = fakeProfile();
  const provider = open();
  await put(provider, 'a', 'text');
  const first = dexieOf(provider);
  first.backendDB().onclose?.call(first.backendDB(), new Event('close'));
  expect(await text(provider, 'a')).toBe('text');
  expect(dexieOf(provider)).not.toBe(first);
  dexieOf(provider).backendDB().close();
  expect(await text(provider, 'a')).toBe('text');
  // As when another tab upgrades it.
  dexieOf(provider).close();
  expect(await text(provider, 'a')).toBe('text');
});

test('tells of each opening, and of another store id when the database was deleted', async () => {
  const indexedDB = new IDBFactory();
  const store = openStore({ indexedDB });
  const openings: OpenedDatabase[] = [];
  const stop = store.onOpened((opened) => openings.push(opened));
  await store.open();
  await store.open();
  await new Promise((resolve) => {
    indexedDB.deleteDatabase('granary').onsuccess = resolve;
  });
  expect(store.dexie).toBeUndefined();
  await store.read(['meta'], (tx) => tx.table('meta').count());
  expect(openings).toEqual([
    { storeId: 'store-1', isNew: true, previousStoreId: undefined },
    { storeId: 'store-2', isNew: true, previousStoreId: 'store-1' },
  ]);
  stop();
  store.dexie?.close();
  await store.open();
  expect(openings).toHaveLength(2);
  expect(store.storeId).toBe('store-2');
});

test('fails with conflict while another tab blocks, and goes on when it lets go', async () => {
  const indexedDB = new IDBFactory();
  const first = openStore({ indexedDB });
  await first.open();
  await first.close();
  // A tab that hangs: it does not close when it is told to.
  const blocking = await new Promise<IDBDatabase>((resolve) => {
    const request: IDBOpenDBRequest = indexedDB.open('granary');
    request.onsuccess = () => resolve(request.result);
  });
  const store = openStore({ indexedDB, appVersion: 2 });
  const reads = [1, 2].map(() => store.read(['meta'], (tx) => tx.table('meta').count()));
  for (const read of reads) {
    await expect(read).rejects.toMatchObject({ code: 'conflict', retryable: true });
  }
  await expect(store.open()).rejects.toMatchObject({ code: 'conflict' });
  blocking.close();
  expect(await store.read(['meta'], (tx) => tx.table('meta').get('appVersion'))).toMatchObject({
    value: 2,
  });
});

test('fails with closed after it was closed, also when it was opening then', async () => {
  const store = openStore();
  const opening = store.open();
  await store.close();
  await expect(opening).rejects.toMatchObject({ code: 'closed' });
  await expect(store.open()).rejects.toMatchObject({ code: 'closed' });
  expect(store.dexie).toBeUndefined();
});

test('says what is missing where there is no IndexedDB', async () => {
  const store = openStore({ indexedDB: undefined, keyRange: undefined });
  await expect(store.open()).rejects.toMatchObject({ code: 'unsupported' });
});

test('says who refuses where a frame may not use IndexedDB', async () => {
  const indexedDB = new IDBFactory();
  indexedDB.open = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  const store = openStore({ indexedDB });
  await expect(store.open()).rejects.toMatchObject({ code: 'permission-denied' });
});
