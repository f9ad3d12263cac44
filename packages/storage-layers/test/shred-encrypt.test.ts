import { createStorage } from '@granary/storage-core';
import type { StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { expect, test } from 'vitest';
import { createEncrypted } from '../src/encrypt.ts';
import { createShredding, type ShredReport } from '../src/shred.ts';

test('an encrypted object loses its header before it is deleted, and no version of it is left', async () => {
  const memory = createMemory.provider({ versioning: true });
  const heads: string[] = [];
  const { put } = memory;
  const spied: StorageProvider = Object.create(memory, {
    put: {
      value: async (key: string, ...rest: readonly [never, never]) => {
        const info = await put(key, ...rest);
        const bytes = await (await memory.get(key, {})).bytes();
        heads.push(bytes.subarray(0, 256).join());
        return info;
      },
    },
  });
  const key = crypto.getRandomValues(new Uint8Array(32));
  const reports: ShredReport[] = [];
  const storage = createShredding({
    underlying: createEncrypted({ underlying: spied, key }),
    onShred: (report) => void reports.push(report),
  });
  await storage.put('secret', 'the plans '.repeat(100));
  expect(await (await storage.get('secret')).text()).toContain('the plans');
  await storage.delete('secret');
  expect(heads).toHaveLength(2);
  expect(new Set(heads).size).toBe(2);
  expect(reports).toMatchObject([{ overwritten: 'replaced', encrypted: true, versions: 2 }]);
  expect(await createStorage(memory).versions.list('secret')).toEqual([]);
  expect(await memory.usage?.({})).toMatchObject({ usedBytes: 0, objects: 0 });
});

test('what is damaged, or whose key is gone, goes with all its versions', async () => {
  const memory = createMemory.provider({ versioning: true });
  const key = (byte: number) => new Uint8Array(32).fill(byte);
  const gone = createEncrypted({ underlying: memory, key: key(1) });
  const reports: ShredReport[] = [];
  const storage = createShredding({
    underlying: createEncrypted({ underlying: memory, key: key(2) }),
    onShred: (report) => void reports.push(report),
  });
  for (const name of ['keyless', 'pinned']) {
    await gone.save(name, 1, { tags: ['old'] });
    await gone.save(name, 2, { tags: ['new'] });
  }
  await storage.save('damaged', 1);
  await createStorage(memory).put('damaged', 'no encrypted object');
  const { etag } = await createStorage(memory).stat('pinned');
  await expect(storage.stat('keyless')).rejects.toMatchObject({ code: 'permission-denied' });
  await expect(storage.stat('damaged')).rejects.toMatchObject({ code: 'corrupted' });
  await expect(storage.delete('pinned', { ifMatch: `${etag}x` })).rejects.toMatchObject({
    code: 'precondition-failed',
  });
  await storage.delete('pinned', { ifMatch: etag });
  for (const name of ['keyless', 'damaged']) await storage.delete(name);
  expect(reports).toMatchObject(
    ['pinned', 'keyless', 'damaged'].map((name) => ({
      ...{ key: name, existed: true, overwritten: 'none', versions: 2 },
    })),
  );
  expect(await memory.usage?.({})).toMatchObject({ usedBytes: 0, objects: 0 });
});
