import { describe, expect, test } from 'vitest';
import { mapProvider } from '../../test/map-provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { createStorage } from './create-storage.ts';

async function setup() {
  const provider = mapProvider();
  const storage = createStorage(provider);
  for (const key of ['a', 'b/1', 'b/2', 'c', 'd']) await storage.put(key, key);
  provider.calls.length = 0;
  return { provider, storage };
}

const keysOf = (entries: readonly { readonly key: string }[]) => entries.map(({ key }) => key);

describe('a listing', () => {
  test('is awaited for an array', async () => {
    const { storage } = await setup();
    expect(keysOf(await storage.list())).toEqual(['a', 'b/1', 'b/2', 'c', 'd']);
    expect(keysOf(await storage.list('b'))).toEqual(['b/1', 'b/2']);
    expect(keysOf(await storage.list({ prefix: 'b/' }))).toEqual(['b/1', 'b/2']);
    expect(await storage.list('nothing')).toEqual([]);
  });

  test('streams with for await, and lets go when it is left', async () => {
    const { storage, provider } = await setup();
    const keys: string[] = [];
    for await (const { key } of storage.list()) {
      keys.push(key);
      if (key === 'b/1') break;
    }
    expect(keys).toEqual(['a', 'b/1']);
    expect(provider.calls).toEqual(['list']);
  });

  test('pages, each with a cursor but the last', async () => {
    const { storage } = await setup();
    const pages: unknown[] = [];
    let cursor = '';
    for await (const page of storage.list().pages()) {
      pages.push(keysOf(page.entries));
      cursor ||= page.cursor ?? '';
    }
    expect(pages).toEqual([
      ['a', 'b/1', 'b/2'],
      ['c', 'd'],
    ]);
    expect(keysOf(await storage.list({ cursor }))).toEqual(['c', 'd']);
  });

  test('holds no results: each use is a new walk', async () => {
    const { storage } = await setup();
    const listing = storage.list();
    expect(await listing).toHaveLength(5);
    await storage.delete('a');
    expect(await listing).toHaveLength(4);
    expect(keysOf(await Promise.all([listing]).then(([entries]) => entries))).toHaveLength(4);
    const [one, two] = await Promise.all([listing, listing]);
    expect(one).toEqual(two);
  });

  test('groups by a delimiter', async () => {
    const { storage } = await setup();
    expect(await storage.list({ delimiter: '/' })).toMatchObject([
      { kind: 'item', key: 'a' },
      { kind: 'prefix', key: 'b/' },
      { kind: 'item', key: 'c' },
      { kind: 'item', key: 'd' },
    ]);
  });

  test('does what a promise does', async () => {
    const { storage } = await setup();
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    expect(await storage.list('c').finally(over)).toHaveLength(1);
    expect(isOver).toBe(true);
    expect(await storage.list('c').then((entries) => entries.length)).toBe(1);
    expect(await storage.list({ limit: 0 }).catch((error) => error)).toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('that fails in the middle fails as a whole', async () => {
    const provider = mapProvider({
      before: (operation) => {
        if (operation === 'page') throw new StorageError('unavailable', 'down.');
      },
    });
    const storage = createStorage(provider);
    for (const key of ['a', 'b', 'c', 'd', 'e']) await storage.put(key, key);
    await expect(storage.list()).rejects.toMatchObject({ code: 'unavailable', operation: 'list' });
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const { key } of storage.list()) seen.push(key);
      })(),
    ).rejects.toMatchObject({ code: 'unavailable' });
    expect(seen).toEqual(['a', 'b', 'c']);
  });
});
