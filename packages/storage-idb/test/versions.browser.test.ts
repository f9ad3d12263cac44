import { createStorage } from '@granary/storage-core';
import { expect, test } from 'vitest';
import { createIndexedDB, type IndexedDBOptions } from '../src/index.ts';

let names = 0;
const freshName = () => {
  names += 1;
  return `versions-${names}-${crypto.randomUUID()}`;
};

function openRaw(dbName: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(dbName);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function contentOf(dbName: string): Promise<unknown> {
  const database = await openRaw(dbName);
  const content: unknown[] = [database.version];
  for (const name of database.objectStoreNames) {
    const table = database.transaction(name).objectStore(name);
    content.push(name, [...table.indexNames], await done(table.getAll()));
  }
  database.close();
  return content;
}

test('two versions of the app at once: the older one is told to let go, and nothing is lost', async () => {
  const dbName = freshName();
  const old = createIndexedDB({ dbName, version: 1 });
  await old.save('a', 'from the old one');
  const young = createIndexedDB({ dbName, version: 2 });
  const saves = Array.from({ length: 20 }, (_, at) => old.save(`old/${at}`, at));
  expect(await young.load('a')).toBe('from the old one');
  const settled = await Promise.allSettled(saves);
  for (const [at, save] of settled.entries()) {
    if (save.status === 'fulfilled') expect(await young.load(`old/${at}`)).toBe(at);
    else expect(save.reason).toMatchObject({ code: 'unsupported' });
  }
  await expect(old.load('a')).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining('Reload the page'),
  });
  await young.save('a', 'from the young one');
  expect(await createIndexedDB({ dbName, version: 2 }).load('a')).toBe('from the young one');
});

test('two schemas at once: both go on, with the indexes of both', async () => {
  const dbName = freshName();
  const one = createIndexedDB({ dbName, indexes: ['stars'] });
  await one.save('a', 1, { metadata: { stars: 5 } });
  const two = createIndexedDB({ dbName, indexes: ['color'] });
  await two.save('b', 2, { metadata: { color: 'red', stars: 3 } });
  await one.save('c', 3, { metadata: { color: 'red' } });
  const found = await two.search({ metadata: { color: 'red' } });
  expect(found.map(({ key }) => key)).toEqual(['b', 'c']);
  expect(await one.search({ metadata: { stars: { gte: 4 } } })).toHaveLength(1);
});

test('a database of a later format is refused, and left as it is', async () => {
  const dbName = freshName();
  const storage = createIndexedDB({ dbName });
  await storage.save('a', 1);
  await storage.close();
  const database = await openRaw(dbName);
  await done(
    database
      .transaction('meta', 'readwrite')
      .objectStore('meta')
      .put({ name: 'format', value: 99 }),
  );
  database.close();
  const before = await contentOf(dbName);
  const old = createIndexedDB({ dbName, indexes: ['stars'], version: 7 });
  await expect(old.load('a')).rejects.toMatchObject({ code: 'invalid-data' });
  await expect(old.save('a', 2)).rejects.toMatchObject({ code: 'invalid-data' });
  expect(await contentOf(dbName)).toEqual(before);
});

test('a tab that hangs blocks an upgrade: it fails with conflict, and works when the tab is gone', async () => {
  const dbName = freshName();
  const options: IndexedDBOptions = { dbName, blockedTimeoutMs: 1000 };
  const first = createIndexedDB(options);
  await first.save('a', 1);
  await first.close();
  const hanging = await openRaw(dbName);
  const storage = createIndexedDB({ ...options, version: 2 });
  await expect(storage.load('a')).rejects.toMatchObject({
    code: 'conflict',
    retryable: true,
    hint: expect.stringContaining('other tabs'),
  });
  hanging.close();
  expect(await storage.load('a')).toBe(1);
});

test('a database that is deleted under us is made anew, with another id', async () => {
  const dbName = freshName();
  const provider = createIndexedDB.provider({ dbName });
  const storage = createStorage(provider);
  await storage.save('a', 1);
  const { storeId } = provider;
  await done(indexedDB.deleteDatabase(dbName));
  expect(await storage.exists('a')).toBe(false);
  await storage.save('b', 2);
  expect(await storage.load('b')).toBe(2);
  expect(provider.storeId).not.toBe(storeId);
});

test('writes nothing to the console', async () => {
  const said: unknown[] = [];
  const { warn } = console;
  console.warn = (...words) => void said.push(words);
  try {
    const dbName = freshName();
    const one = createIndexedDB({ dbName });
    await one.save('a', 1);
    await createIndexedDB({ dbName, version: 2 }).load('a');
    await done(indexedDB.deleteDatabase(dbName));
  } finally {
    console.warn = warn;
  }
  expect(said).toEqual([]);
});
