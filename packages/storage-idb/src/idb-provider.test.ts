import { openStorage } from '@granary/storage-core';
import { toBody } from '@granary/storage-core/provider';
import { expect, test, vi } from 'vitest';
import { fakeProfile, put } from '../test/fake.ts';
import { createIndexedDB, type IndexedDBNative, type IndexedDBOptions } from './index.ts';

test('opens what the seeds write, without any I/O', () => {
  const storage = createIndexedDB({ dbName: 'atomiton-storage', version: 1 });
  expect(storage.getInfo()).toMatchObject({ provider: 'idb' });
});

test.each<IndexedDBOptions>([
  { dbName: '' },
  { version: 0 },
  { version: 1.5 },
  { blockedTimeoutMs: -1 },
  { indexes: ['a.b'] },
  { indexes: ['with space'] },
  { indexes: [''] },
])('refuses %j', (options) => {
  expect(() => createIndexedDB(options)).toThrow(
    expect.objectContaining({ code: 'invalid-config' }),
  );
});

const directory = async () => ({}) as FileSystemDirectoryHandle;

test.each<readonly [string, unknown, string]>([
  ['dbName', 5, 'a text'],
  ['version', '1', 'whole number'],
  ['durability', 'Strict', "'strict' or 'relaxed'"],
  ['indexes', 'stars', "['stars']"],
  ['indexes', [5], 'letters'],
  ['blockedTimeoutMs', '5', 'number of ms'],
  ['evictable', true, 'a function'],
  ['onQuota', 'x', 'a function'],
  ['onEvicted', {}, 'a function'],
  ['largeObjects', true, 'directory'],
  ['largeObjects', null, 'directory'],
  ['largeObjects', {}, 'directory'],
  ['largeObjects', { directory: {} }, 'directory'],
  ['largeObjects', { directory, fromBytes: -1 }, 'fromBytes'],
  ['largeObjects', { directory, fromBytes: 1.5 }, 'fromBytes'],
  ['largeObjects', { directory, fromBytes: Number.NaN }, 'fromBytes'],
  ['largeObjects', { directory, onNotice: 'x' }, 'onNotice'],
])('refuses what plain JavaScript passes as %s: %o', (name, value, allowed) => {
  const options = { [name]: value } as IndexedDBOptions;
  expect(() => createIndexedDB(options)).toThrow(
    expect.objectContaining({
      code: 'invalid-config',
      message: expect.stringMatching(new RegExp(`${name}.*${escaped(allowed)}|letters`)),
    }),
  );
});

test('has a URL, and other names', () => {
  const { backend } = createIndexedDB;
  expect(backend).toMatchObject({
    name: 'idb',
    aliases: ['indexeddb'],
    schemes: ['idb', 'indexeddb'],
  });
  const storage = openStorage('idb://notes?version=2&durability=strict&indexes=stars,color', {
    backends: [createIndexedDB],
  });
  expect(storage.getInfo()).toMatchObject({ provider: 'idb' });
  expect(() => openStorage('idb://notes?durability=none', { backends: [createIndexedDB] })).toThrow(
    expect.objectContaining({ code: 'invalid-config' }),
  );
});

test('tells how many objects there are, that it is healthy, and its own database', async () => {
  const provider = fakeProfile().open();
  expect(provider.storeId).toBeUndefined();
  await put(provider, 'a', 'x');
  await put(provider, 'b', 'x');
  expect(await provider.usage?.({})).toMatchObject({ objects: 2 });
  expect(await provider.health?.({})).toMatchObject({ ok: true });
  expect(provider.storeId).toMatch(/^[0-9a-f]{24}$/);
  expect(provider.native).toMatchObject({ db: { name: 'granary' }, evicted: undefined });
  await provider.close?.();
  await expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'closed' });
});

test('tells the application when the store is full, and deletes what it may', async () => {
  const told: unknown[] = [];
  const marked: string[] = [];
  const provider = fakeProfile().open(
    {
      evictable: (info) => info.tags?.includes('cache') === true,
      onQuota: (event) => void told.push(event.key),
      onEvicted: () => void told.push('evicted'),
    },
    {
      marks: { localStorage: memoryStorage(marked) },
      watch: { setTimeout: () => 0, clearTimeout() {} },
    },
  );
  await put(provider, 'kept', 'x');
  await provider.put('cached', toBody('x'), { tags: ['cache'] });
  const { db } = provider.native as IndexedDBNative;
  const table = db?.table('infos') ?? expect.unreachable();
  const full = vi.spyOn(Object.getPrototypeOf(table), 'bulkPut').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  await expect(put(provider, 'new', 'x')).rejects.toMatchObject({
    code: 'quota-exceeded',
    outcome: 'not-applied',
  });
  full.mockRestore();
  expect(told).toEqual(['new']);
  expect(marked).not.toEqual([]);
  const keys = (await drain(provider.list({}))).flatMap(({ entries }) => entries);
  expect(keys.map(({ key }) => key)).toEqual(['kept']);
  await provider.close?.();
});

test('ends a search and an upload by their signal', async () => {
  const provider = fakeProfile().open();
  await provider.put('a', toBody('x'), { tags: ['t'] });
  const { signal } = new AbortController();
  const pages = await drain(provider.candidates?.({ tags: ['t'] }, { signal }) ?? []);
  expect(pages.flatMap(({ entries }) => entries.map(({ key }) => key))).toEqual(['a']);
  const session = await provider.upload?.('u', { writeId: 'w1', signal });
  await session?.write(0, new Uint8Array(3));
  expect(await session?.complete()).toMatchObject({ writeId: 'w1', size: 3 });
  const aborted = AbortSignal.abort('why');
  const search = provider.candidates?.({ tags: ['t'] }, { signal: aborted }) ?? [];
  await expect(drain(search)).rejects.toMatchObject({ code: 'aborted' });
  await provider.close?.();
});

function escaped(text: string): string {
  return text.replace(/[[\]().]/g, '\\$&');
}

async function drain<Page>(pages: AsyncIterable<Page> | Iterable<Page>): Promise<Page[]> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

function memoryStorage(marked: string[]) {
  const items = new Map<string, string>();
  return {
    getItem: (name: string) => items.get(name) ?? null,
    setItem(name: string, value: string) {
      marked.push(name);
      items.set(name, value);
    },
    removeItem: (name: string) => void items.delete(name),
  };
}
