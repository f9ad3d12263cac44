import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import {
  deleteIndexedDB,
  type EvictedEvent,
  type MarkPlatform,
  requestPersistence,
  watchEviction,
} from './idb-persistence.ts';
import { idbStore } from './idb-store.ts';

/** What one origin keeps outside of IndexedDB. */
function origin() {
  const local = new Map<string, string>();
  const cached = new Map<string, string>();
  const caches: MarkPlatform['caches'] = {
    open: async () =>
      ({
        put: async (url: string, response: Response) => void cached.set(url, await response.text()),
        match: async (url: string) => {
          const text = cached.get(url);
          return text === undefined ? undefined : new Response(text);
        },
      }) as unknown as Cache,
  };
  const worker: MarkPlatform = { caches, location: { origin: 'https://app.example' } };
  const page: MarkPlatform = {
    ...worker,
    localStorage: {
      getItem: (name) => local.get(name) ?? null,
      setItem: (name, value) => void local.set(name, value),
      removeItem: (name) => void local.delete(name),
    },
  };
  return { local, cached, page, worker, indexedDB: new IDBFactory() };
}

let stores = 0;

/** Opens the database in a new tab, and tells what it was told. */
async function visit(
  { indexedDB }: { readonly indexedDB: IDBFactory },
  platform: MarkPlatform,
): Promise<{ readonly storeId: string; readonly evicted: readonly EvictedEvent[] }> {
  const tab = openTab(indexedDB, platform);
  await tab.store.open();
  await tab.watch.settled();
  const { storeId = '' } = tab.store;
  await tab.watch.close();
  await tab.store.close();
  expect(tab.watch.evicted).toEqual(tab.evicted.at(-1));
  return { storeId, evicted: tab.evicted };
}

function openTab(indexedDB: IDBFactory, platform: MarkPlatform) {
  stores += 1;
  const store = idbStore({
    dbName: 'granary',
    appVersion: 1,
    durability: 'relaxed',
    fields: [],
    writer: `writer-${stores}`,
    newStoreId: () => {
      stores += 1;
      return `store-${stores}`;
    },
    indexedDB,
    keyRange: IDBKeyRange,
    blockedTimeoutMs: 1000,
  });
  const evicted: EvictedEvent[] = [];
  const watch = watchEviction(store, { platform, onEvicted: (event) => void evicted.push(event) });
  return { store, watch, evicted };
}

function clearDatabase(indexedDB: IDBFactory): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase('granary');
    request.onsuccess = resolve;
    request.onerror = reject;
  });
}

describe('watchEviction', () => {
  test('says nothing on first use, nor when the store is still there', async () => {
    const site = origin();
    for (const platform of [site.page, site.worker, site.page, site.worker]) {
      expect((await visit(site, platform)).evicted).toEqual([]);
    }
  });

  test('tells a page and a worker, once each, of a store that came back empty', async () => {
    for (const [first, second] of [
      ['page', 'worker'],
      ['worker', 'page'],
      ['page', 'page'],
      ['worker', 'worker'],
    ] as const) {
      const site = origin();
      const before = await visit(site, site[first]);
      await clearDatabase(site.indexedDB);
      const after = await visit(site, site[second]);
      expect(after.evicted).toEqual([
        { dbName: 'granary', previousStoreId: before.storeId, storeId: after.storeId },
      ]);
      expect((await visit(site, site[second])).evicted).toEqual([]);
    }
  });

  test('sees it by localStorage when the browser has evicted the caches too', async () => {
    const site = origin();
    await visit(site, site.page);
    await clearDatabase(site.indexedDB);
    site.cached.clear();
    expect((await visit(site, site.page)).evicted).toHaveLength(1);
  });

  test('says nothing when all of the origin is gone: there is nothing left to tell by', async () => {
    const site = origin();
    await visit(site, site.page);
    await clearDatabase(site.indexedDB);
    site.cached.clear();
    site.local.clear();
    expect((await visit(site, site.page)).evicted).toEqual([]);
  });

  test('tells of a database that was cleared while it was open', async () => {
    const site = origin();
    for (const platform of [{}, site.page]) {
      const tab = openTab(site.indexedDB, platform);
      await tab.store.open();
      const previousStoreId = tab.store.storeId;
      await clearDatabase(site.indexedDB);
      await tab.store.open();
      await tab.watch.settled();
      const { storeId } = tab.store;
      expect(storeId).not.toBe(previousStoreId);
      expect(tab.evicted).toEqual([{ dbName: 'granary', previousStoreId, storeId }]);
      await tab.store.close();
      await clearDatabase(site.indexedDB);
    }
  });

  test('goes on where marks are refused or broken', async () => {
    const site = origin();
    const refusing: MarkPlatform = {
      get localStorage(): never {
        throw new DOMException('no', 'SecurityError');
      },
      caches: { open: () => Promise.reject(new DOMException('no', 'SecurityError')) },
    };
    expect((await visit(site, refusing)).evicted).toEqual([]);
    expect((await visit(site, {})).evicted).toEqual([]);
    for (const broken of ['', 'null', '[]', '{"storeId":1,"deleted":[1]}']) {
      site.cached.set('https://app.example/granary-idb/granary', broken);
      expect((await visit(site, site.worker)).evicted).toEqual([]);
    }
  });
});

describe('deleteIndexedDB', () => {
  test('deletes the database without an alarm, in pages and workers', async () => {
    for (const [deleter, next] of [
      ['page', 'page'],
      ['page', 'worker'],
      ['worker', 'page'],
      ['worker', 'worker'],
    ] as const) {
      const site = origin();
      const before = await visit(site, site.page);
      await deleteIndexedDB('granary', { ...site[deleter], indexedDB: site.indexedDB });
      expect(await site.indexedDB.databases()).toEqual([]);
      const after = await visit(site, site[next]);
      expect(after.storeId).not.toBe(before.storeId);
      expect(after.evicted).toEqual([]);
      expect((await visit(site, site.page)).evicted).toEqual([]);
      await clearDatabase(site.indexedDB);
      expect((await visit(site, site.page)).evicted).toHaveLength(1);
    }
  });
});

test('deleteIndexedDB says why it cannot, and fails as the browser does', async () => {
  await expect(deleteIndexedDB('granary', {})).rejects.toMatchObject({ code: 'unsupported' });
  const request = { error: new DOMException('no', 'SecurityError') };
  const refusing = {
    deleteDatabase() {
      queueMicrotask(() => (request as unknown as IDBOpenDBRequest).onerror?.(new Event('error')));
      return request;
    },
  } as unknown as IDBFactory;
  await expect(deleteIndexedDB('granary', { indexedDB: refusing })).rejects.toMatchObject({
    code: 'permission-denied',
  });
});

describe('requestPersistence', () => {
  const estimate = async () => ({ usage: 1, quota: 2 });
  const usage = { usedBytes: 1, totalBytes: 2 };

  test('asks once, and says what came of it', async () => {
    const persist = vi.fn(async () => true);
    const granted = { estimate, persisted: async () => false, persist };
    expect(await requestPersistence(granted)).toEqual({ persisted: true, usage });
    expect(await requestPersistence({ ...granted, persisted: async () => true })).toEqual({
      persisted: true,
      usage,
    });
    expect(persist).toHaveBeenCalledTimes(1);
    expect(await requestPersistence({ estimate, persist: async () => false })).toEqual({
      persisted: false,
      reason: 'refused',
      usage,
    });
  });

  test('says where there is no such thing', async () => {
    const unsupported = { persisted: false, reason: 'unsupported' };
    expect(await requestPersistence()).toEqual({ ...unsupported, usage: {} });
    expect(await requestPersistence({ estimate })).toEqual({ ...unsupported, usage });
    const persist = () => Promise.reject(new TypeError('opaque origin'));
    expect(await requestPersistence({ estimate, persist })).toEqual({ ...unsupported, usage });
  });
});
