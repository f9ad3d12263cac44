import { createMemory } from '@granary/storage-memory';
import { expect, test } from 'vitest';
import { granaryStore } from './granary-store.ts';

test('counts the first page across pages, and knows folders from items', async () => {
  const storage = createMemory();
  const store = granaryStore(storage);
  await storage.saveMany(
    Array.from({ length: 1500 }, (_, index) => ({
      key: `folder/${index}.bin`,
      value: new Uint8Array(1),
    })),
  );
  await store.put('top.bin', new Uint8Array(1));
  expect(await store.firstPage?.(1000)).toBe(1000);
  expect(await store.firstPage?.(1400)).toBe(1400);
  expect(await store.firstPage?.(5000)).toBe(1501);
  expect(await store.listFolders?.()).toEqual(['folder/']);
  await store.close?.();
});
