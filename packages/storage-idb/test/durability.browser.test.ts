import { afterEach, expect, test, vi } from 'vitest';
import { createIndexedDB, deleteIndexedDB, type IndexedDBOptions } from '../src/index.ts';

const dbName = `durability-${crypto.randomUUID()}`;

afterEach(async () => {
  vi.restoreAllMocks();
  await deleteIndexedDB(dbName);
});

/** The durability of each transaction that wrote, as the browser has it. */
async function durabilityOfWrites(options: IndexedDBOptions): Promise<readonly string[]> {
  const spy = vi.spyOn(IDBDatabase.prototype, 'transaction');
  const storage = createIndexedDB({ dbName, ...options });
  await storage.save('a', 1);
  await storage.put('large', new Uint8Array(3 * 1024 * 1024));
  await storage.saveMany([{ key: 'b', value: 2 }], { atomic: true });
  await storage.delete('a');
  await storage.close();
  return spy.mock.results.flatMap(({ value }) =>
    value.mode === 'readwrite' ? [value.durability] : [],
  );
}

test.each([
  ['strict', { durability: 'strict' }],
  ['relaxed', { durability: 'relaxed' }],
  ['relaxed', {}],
] as const)('every transaction that writes is %s with %o', async (expected, options) => {
  const seen = await durabilityOfWrites(options);
  expect(seen.length).toBeGreaterThan(3);
  expect(new Set(seen)).toEqual(new Set([expected]));
});
