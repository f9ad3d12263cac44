import { openStorage } from '@granary/storage-core';
import { expect, test } from 'vitest';
import { fakeProfile, put } from '../test/fake.ts';
import { createIndexedDB, type IndexedDBOptions } from './index.ts';

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
