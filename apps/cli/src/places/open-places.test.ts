import type { StorageEngine } from '@granary/storage-core';
import { StorageError, type StorageUrl } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import type { Backends } from '../backends/find-backend.ts';
import { lookUp } from './look-up.ts';
import { openPlaces } from './open-places.ts';
import { parsePlace } from './parse-place.ts';

const at = (text: string) => parsePlace(text, '/home/kim');

/** Backends whose stores are told apart by their URL; `leastDepth` segments of a path name a store. */
function backends(
  leastDepth = 0,
): Pick<Backends, 'open'> & { readonly opened: string[]; closed: number } {
  const state = {
    opened: [] as string[],
    closed: 0,
    async open({ scheme, host, path }: StorageUrl): Promise<StorageEngine> {
      const depth = path.split('/').filter(Boolean).length;
      if (depth < leastDepth) throw new StorageError('invalid-config', 'a container is missing.');
      if (scheme === 'flat' && depth > 0) {
        throw new StorageError('invalid-config', 'there are no folders.');
      }
      if (scheme === 'down') throw new StorageError('unavailable', 'nobody answers.');
      state.opened.push(`${scheme}:${host}${path}`);
      const store = createMemory();
      const { close } = store;
      return Object.assign(store, {
        async close() {
          state.closed += 1;
          await close();
        },
      });
    },
  };
  return state;
}

describe('openPlaces', () => {
  test('opens the folder that an object is in', async () => {
    const found = backends();
    const { key } = await openPlaces(found).spot(at('acme://bucket/a/b.txt'));
    expect({ key, opened: found.opened }).toEqual({ key: 'b.txt', opened: ['acme:bucket/a'] });
  });

  test('opens a tree at its own point', async () => {
    const found = backends();
    const { prefix } = await openPlaces(found).tree(at('acme://bucket/a/b'));
    expect({ prefix, opened: found.opened }).toEqual({ prefix: '', opened: ['acme:bucket/a/b'] });
  });

  test('takes the path for the key where a backend has no folders', async () => {
    const places = openPlaces(backends());
    expect((await places.spot(at('flat:a/b.txt'))).key).toBe('a/b.txt');
    expect((await places.tree(at('flat:a/b'))).prefix).toBe('a/b/');
  });

  test('says what is wrong where that does not help', async () => {
    const places = openPlaces(backends(1));
    await expect(places.spot(at('acme:x'))).rejects.toThrow('a container is missing.');
    await expect(places.spot(at('flat:x/y'))).rejects.toThrow('there are no folders.');
    await expect(places.tree(at('down://h/x'))).rejects.toThrow('nobody answers.');
  });

  test('refuses a store for an object', async () => {
    await expect(openPlaces(backends()).spot(at('acme://bucket'))).rejects.toMatchObject({
      code: 'invalid-config',
    });
  });

  test('opens a store once and closes all', async () => {
    const found = backends();
    const places = openPlaces(found);
    const one = await places.spot(at('acme://bucket/a/b'));
    const other = await places.spot(at('acme://bucket/a/c'));
    await places.spot(at('acme://bucket/z/c'));
    await places.spot(at('down://x/y')).catch(() => {});
    expect(one.store).toBe(other.store);
    await places.close();
    expect(found.closed).toBe(2);
    expect(found.opened).toHaveLength(2);
  });

  test('opens two places at the deepest point that they share', async () => {
    const found = backends();
    const places = openPlaces(found);
    const [one, other] = await places.spots(at('acme://b/x/y/1'), at('acme://b/x/z/2'));
    expect([one.key, other.key, found.opened]).toEqual(['y/1', 'z/2', ['acme:b/x']]);
    expect(one.store).toBe(other.store);
    const [from, to] = await places.trees(at('acme://b/x/y'), at('acme://b/x/y/z'));
    expect([from.prefix, to.prefix]).toEqual(['', 'z/']);
    expect(from.store).toBe(to.store);
  });

  test('opens each by itself where what they share can be no store', async () => {
    const found = backends(1);
    const [one, other] = await openPlaces(found).spots(at('acme://b/x/1'), at('acme://b/y/2'));
    expect([one.key, other.key, found.opened]).toEqual(['1', '2', ['acme:b/x', 'acme:b/y']]);
  });

  test('opens each by itself in other stores', async () => {
    const found = backends();
    await openPlaces(found).trees(at('acme://b/x'), at('acme://c/x'));
    expect(found.opened).toEqual(['acme:b/x', 'acme:c/x']);
    await expect(openPlaces(found).trees(at('down://b/x'), at('down://b/y'))).rejects.toMatchObject(
      { code: 'unavailable' },
    );
  });
});

describe('lookUp', () => {
  const signal = new AbortController().signal;

  test('finds an object before a folder of its name, and the folder where there is none', async () => {
    const found = backends();
    const places = openPlaces(found);
    const { store } = await places.tree(at('flat:'));
    await store.put('both', 'object');
    await store.put('both/x', 'below');
    await store.put('folder/x', 'below');
    expect((await lookUp(places, at('flat:both'), signal)).kind).toBe('object');
    expect((await lookUp(places, at('flat:both/'), signal)).kind).toBe('tree');
    expect((await lookUp(places, at('flat:folder'), signal)).kind).toBe('tree');
    await expect(lookUp(places, at('flat:none'), signal)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('takes a store for a tree where what it is in can be none', async () => {
    const places = openPlaces(backends(1));
    const { store } = await places.tree(at('acme:container'));
    await store.put('x', 'below');
    expect((await lookUp(places, at('acme:container'), signal)).kind).toBe('tree');
    await expect(lookUp(openPlaces(backends(2)), at('acme:x'), signal)).rejects.toMatchObject({
      code: 'invalid-config',
    });
  });

  test('lets other trouble through', async () => {
    await expect(lookUp(openPlaces(backends()), at('down:x'), signal)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
