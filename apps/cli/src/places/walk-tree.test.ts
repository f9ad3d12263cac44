import { type ListItem, type StorageEngine, StorageError } from '@granary/storage-core';
import { expect, test } from 'vitest';
import { type WalkSettings, walkTree } from './walk-tree.ts';

/** A store whose listing has these sizes, and whose infos are told or fail. */
function treeOf(items: Record<string, number | undefined>, info: () => Promise<unknown>) {
  async function* list() {
    for (const [key, size] of Object.entries(items)) {
      yield { key: `below/${key}`, ...(size !== undefined && { size }) } as ListItem;
    }
  }
  return { store: { list, stat: info } as unknown as StorageEngine, prefix: 'below/' };
}

async function walked(
  tree: Parameters<typeof walkTree>[0],
  settings: Partial<WalkSettings>,
): Promise<readonly Partial<ListItem>[]> {
  const { signal } = new AbortController();
  return Array.fromAsync(walkTree(tree, { signal, ...settings }));
}

const failing = (code: 'not-found' | 'corrupted') => async () => {
  throw new StorageError(code, 'it fails.');
};

test('asks for what a listing does not tell, and leaves out marks of folders', async () => {
  const tree = treeOf({ '': 0, 'folder/': 0, a: 1, b: undefined }, async () => ({ size: 7 }));
  expect(await walked(tree, { need: ['size'] })).toEqual([
    { key: 'a', size: 1 },
    { key: 'b', size: 7 },
  ]);
  expect(await walked(tree, { filter: (key) => key === 'b' })).toEqual([{ key: 'b' }]);
});

test('leaves out what is gone, and passes by what cannot be read where that is asked for', async () => {
  const need = ['size'] as const;
  expect(await walked(treeOf({ a: undefined }, failing('not-found')), { need })).toEqual([]);
  const damaged = treeOf({ a: undefined }, failing('corrupted'));
  expect(await walked(damaged, { need, passesUnreadable: true })).toEqual([{ key: 'a' }]);
  await expect(walked(damaged, { need })).rejects.toMatchObject({ code: 'corrupted' });
});
