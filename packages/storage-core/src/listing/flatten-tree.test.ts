import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyKey, anyKeys, isIn, treeOf } from '../../test/key-lists.ts';
import { compareKeys } from '../keys/compare-keys.ts';
import { type FlattenTreeSettings, flattenTree } from './flatten-tree.ts';
import type { SeekFrom } from './list-ordered.ts';

describe('flattenTree', () => {
  async function walk(all: readonly string[], from: SeekFrom, settings?: FlattenTreeSettings) {
    const { read, readFolder } = treeOf(all);
    const found = await Array.fromAsync(flattenTree(readFolder, from, settings));
    return { read, keys: found.flat().map((item) => item.key) };
  }

  test('yields keys in the order of their bytes, not of their folders', async () => {
    const all = ['a/b', 'a-b', 'a0', 'a', 'a/b/c', 'a/b-c'];
    const { keys: found } = await walk(all, { prefix: '' });
    expect(found).toEqual(['a', 'a-b', 'a/b', 'a/b-c', 'a/b/c', 'a0']);
  });

  test('yields from any position what the model yields', async () => {
    const positions = fc.record(
      { prefix: fc.oneof(fc.constant(''), anyKey), after: anyKey, atOrAfter: anyKey },
      { requiredKeys: ['prefix'] },
    );
    await fc.assert(
      fc.asyncProperty(anyKeys, positions, fc.nat(3), async (all, from, readAhead) => {
        const { keys: found } = await walk(all, from, { readAhead });
        expect(found).toEqual(all.filter((name) => isIn(name, from)).sort(compareKeys));
      }),
      { numRuns: 500 },
    );
  });

  test('reads no folder that lies before the position or outside the prefix', async () => {
    const all = ['a/1', 'b/x/1', 'b/y/1', 'b/z', 'c/1'];
    expect((await walk(all, { prefix: 'b/' })).read).toEqual(['b', 'b/x', 'b/y']);
    expect((await walk(all, { prefix: 'b/y' })).read).toEqual(['b', 'b/y']);
    expect((await walk(all, { prefix: '', after: 'b/x/1' })).read).toEqual([
      '',
      'b',
      'b/x',
      'b/y',
      'c',
    ]);
    expect((await walk(all, { prefix: '', atOrAfter: 'c' })).read).toEqual(['', 'c']);
  });

  test('jumps to a later position that it is told', async () => {
    const { read, readFolder } = treeOf(['a/1', 'a/2', 'b/1', 'c/1']);
    const tree = flattenTree(readFolder, { prefix: '' });
    expect((await tree.next()).value).toMatchObject([{ key: 'a/1' }, { key: 'a/2' }]);
    const jumped = await tree.next({ prefix: '', atOrAfter: 'c' });
    expect(jumped.value).toMatchObject([{ key: 'c/1' }]);
    expect(read).toEqual(['', 'a', 'c']);
  });

  test('yields files that follow one another together, a bounded number of them', async () => {
    const all = Array.from({ length: 600 }, (_, index) => `a/${String(index).padStart(3, '0')}`);
    const { readFolder } = treeOf([...all, 'a/300/x', 'b']);
    const sizes: number[] = [];
    for await (const files of flattenTree(readFolder, { prefix: '' })) sizes.push(files.length);
    expect(sizes).toEqual([301, 1, 299, 1]);
    const many = Array.from({ length: 1025 }, (_, index) => `${index}`);
    const lengths: number[] = [];
    for await (const files of flattenTree(treeOf(many).readFolder, { prefix: '' })) {
      lengths.push(files.length);
    }
    expect(lengths).toEqual([512, 512, 1]);
  });

  test('reads ahead more and more, so far as it may', async () => {
    const all = Array.from({ length: 9 }, (_, index) => `${index}/x`);
    const { read, readFolder } = treeOf(all);
    const tree = flattenTree(readFolder, { prefix: '' }, { readAhead: 2 });
    const counts: number[] = [];
    for await (const _files of tree) counts.push(read.length);
    expect(counts).toEqual([2, 4, 6, 7, 8, 9, 10, 10, 10]);
    expect(read).toEqual(['', ...all.map((key) => key.slice(0, 1))]);
  });

  test('jumps over folders that it has read ahead', async () => {
    const { readFolder } = treeOf(['a/1', 'b/1', 'c/1', 'd/1', 'e/1']);
    const tree = flattenTree(readFolder, { prefix: '' }, { readAhead: 3 });
    await tree.next();
    expect((await tree.next()).value).toMatchObject([{ key: 'b/1' }]);
    const jumped = await tree.next({ prefix: '', atOrAfter: 'd' });
    expect(jumped.value).toMatchObject([{ key: 'd/1' }]);
    expect((await tree.next()).value).toMatchObject([{ key: 'e/1' }]);
  });

  test('given up, it ends when nothing is being read any more', async () => {
    const { readFolder } = treeOf(['a/1', 'b/1', 'c/1']);
    const gate = Promise.withResolvers<void>();
    let reading = 0;
    const tree = flattenTree(
      async (path) => {
        reading += 1;
        if (path === 'c') await gate.promise;
        const entries = await readFolder(path);
        reading -= 1;
        return entries;
      },
      { prefix: '' },
      { readAhead: 1 },
    );
    await tree.next();
    await tree.next();
    expect(reading).toBe(1);
    const ended = tree.return().then(() => reading);
    gate.resolve();
    expect(await ended).toBe(0);
  });

  test('a folder that fails while it is read ahead fails the walk when its turn comes', async () => {
    const { readFolder } = treeOf(['a/1', 'b/1', 'c/1']);
    const tree = flattenTree(
      (path) => (path === 'c' ? Promise.reject(new Error('no disk')) : readFolder(path)),
      { prefix: '' },
      { readAhead: 2 },
    );
    expect((await tree.next()).value).toMatchObject([{ key: 'a/1' }]);
    expect((await tree.next()).value).toMatchObject([{ key: 'b/1' }]);
    await expect(tree.next()).rejects.toThrow('no disk');
  });

  test('finds nothing in a folder that is not there', async () => {
    expect((await walk(['a/1'], { prefix: 'x/y/' })).keys).toEqual([]);
  });
});
