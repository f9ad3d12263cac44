import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemory } from '@granary/storage-memory';
import { expect, test } from 'vitest';
import { granaryStore, granaryStoreInParts } from './granary-store.ts';

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

test('deletes many keys, and fails when one could not be deleted', async () => {
  const storage = createMemory();
  const store = granaryStore(storage);
  await store.put('a', new Uint8Array(1));
  await store.put('b', new Uint8Array(1));
  await store.deleteMany?.(['a', 'b']);
  expect(await storage.list()).toEqual([]);
  await expect(store.deleteMany?.(['not/../a/key'])).rejects.toThrow();
});

test('moves files in parts as it moves them whole', async () => {
  const root = await mkdtemp(join(tmpdir(), 'granary-parts-'));
  try {
    const [source, target] = [join(root, 'source'), join(root, 'target')];
    await writeFile(source, 'content');
    for (const open of [granaryStore, granaryStoreInParts]) {
      const store = open(createMemory());
      await store.putFile?.('key', source);
      await store.getFile?.('key', target);
      expect(await readFile(target, 'utf8')).toBe('content');
    }
  } finally {
    await rm(root, { recursive: true });
  }
});
