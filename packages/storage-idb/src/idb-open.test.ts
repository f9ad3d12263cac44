import { expect, test } from 'vitest';
import { dexieOf, fakeProfile, put, text } from '../test/fake.ts';
import { FORMAT_VERSION } from './idb-schema.ts';

/** Opens a database without Dexie. */
function openRaw(
  indexedDB: IDBFactory,
  version?: number,
  upgrade: (database: IDBDatabase, tx: IDBTransaction) => void = () => {},
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request: IDBOpenDBRequest = indexedDB.open('granary', version);
    request.onupgradeneeded = () => {
      if (request.transaction !== null) upgrade(request.result, request.transaction);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Everything in the database, for comparing. */
async function contentOf(indexedDB: IDBFactory): Promise<unknown> {
  const database = await openRaw(indexedDB);
  const names = Array.from(database.objectStoreNames);
  const rows = names.map(
    (name) =>
      new Promise((resolve) => {
        const request = database.transaction(name).objectStore(name).getAll();
        request.onsuccess = () => resolve([name, request.result]);
      }),
  );
  const content = { version: database.version, rows: await Promise.all(rows) };
  database.close();
  return content;
}

test('makes nothing before the first operation', async () => {
  const { indexedDB, open } = fakeProfile();
  open();
  expect(await indexedDB.databases()).toEqual([]);
});

test('refuses a database of a later format and changes nothing in it', async () => {
  const { indexedDB, open } = fakeProfile();
  const first = open();
  await put(first, 'a', 'text');
  await dexieOf(first)
    .table('meta')
    .put({ name: 'format', value: FORMAT_VERSION + 1 });
  await first.close?.();
  const before = await contentOf(indexedDB);

  const old = open();
  await expect(old.get('a', {})).rejects.toMatchObject({
    code: 'invalid-data',
    hint: expect.stringContaining('Reload'),
  });
  await expect(put(old, 'b', 'x')).rejects.toMatchObject({ code: 'invalid-data' });
  await old.close?.();
  expect(await contentOf(indexedDB)).toEqual(before);
});

test('refuses a database that something else has made', async () => {
  const { indexedDB, open } = fakeProfile();
  (await openRaw(indexedDB, 3, (database) => database.createObjectStore('theirs'))).close();
  await expect(put(open(), 'a', 'x')).rejects.toMatchObject({ code: 'invalid-config' });
  (await openRaw(indexedDB, 4, (database) => database.createObjectStore('meta'))).close();
  await expect(put(open(), 'a', 'x')).rejects.toMatchObject({ code: 'invalid-config' });
  expect(await contentOf(indexedDB)).toMatchObject({ version: 4 });
});

test('fills a database that is there and empty', async () => {
  const { indexedDB, open } = fakeProfile();
  (await openRaw(indexedDB)).close();
  const provider = open();
  await put(provider, 'a', 'text');
  expect(await text(provider, 'a')).toBe('text');
});

test('tells tabs with an older version of the app to let go, and refuses them then', async () => {
  const { open } = fakeProfile();
  const old = open({ version: 1 });
  await put(old, 'a', 'text');
  const young = open({ version: 2 });
  expect(await text(young, 'a')).toBe('text');
  await expect(text(old, 'a')).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining('Reload'),
  });
  await put(young, 'a', 'new');
  expect(await text(open({ version: 2 }), 'a')).toBe('new');
});

test('adds an index that is asked for later, and keeps those that others asked for', async () => {
  const { open } = fakeProfile();
  const first = open({ indexes: ['stars'] });
  await put(first, 'a', '');
  const { storeId } = first;
  const second = open({ indexes: ['color'] });
  await second.stat('a', {});
  const names = () => Array.from(dexieOf(second).table('infos').schema.indexes, ({ name }) => name);
  expect(names()).toEqual(expect.arrayContaining(['metadata.stars', 'metadata.color']));
  expect(second.storeId).toBe(storeId);
  // The first one was told to let go, and opens again by itself.
  expect(await text(first, 'a')).toBe('');
});

test('is made once when many open at the same time', async () => {
  const { open } = fakeProfile();
  const providers = Array.from({ length: 8 }, (_, index) =>
    open({ indexes: index % 2 === 0 ? ['stars'] : [] }),
  );
  await Promise.all(providers.map((provider, index) => put(provider, `key-${index}`, `${index}`)));
  const [first] = providers;
  for (const [index, provider] of providers.entries()) {
    expect(await text(provider, `key-${7 - index}`)).toBe(`${7 - index}`);
    expect(provider.storeId).toBe(first?.storeId);
  }
});
