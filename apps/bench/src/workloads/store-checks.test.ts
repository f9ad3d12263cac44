import { describe, expect, test } from 'vitest';
import type { Store } from '../harness/subject.ts';
import { checkListing, checkObjects, isolationOf } from './store-checks.ts';

/** A store in a map, with one thing wrong. */
function storeWith(
  overrides: (objects: Map<string, Uint8Array>) => Partial<Store> = () => ({}),
): Store {
  const objects = new Map<string, Uint8Array>();
  return {
    async put(key, bytes) {
      objects.set(key, new Uint8Array(bytes));
    },
    async get(key) {
      const bytes = objects.get(key);
      if (bytes === undefined) throw new Error('missing');
      return new Uint8Array(bytes);
    },
    async delete(key) {
      objects.delete(key);
    },
    stat: async (key) => objects.get(key)?.length ?? -1,
    async list(visit) {
      for (const key of objects.keys()) visit(key);
    },
    ...overrides(objects),
  };
}

describe('checkObjects', () => {
  test('accepts a store that works, also one that answers null', async () => {
    await checkObjects(storeWith(), 1024);
    const answersNull = storeWith((objects) => ({
      get: async (key) => (objects.get(key)?.slice() ?? null) as Uint8Array,
    }));
    await checkObjects(answersNull, 1);
  });

  test.each<[string, (objects: Map<string, Uint8Array>) => Partial<Store>, string]>([
    [
      'changes a byte',
      (objects) => ({
        get: async (key) => (objects.get(key) ?? new Uint8Array()).map((byte) => byte ^ 1),
      }),
      'put, then get: the bytes differ',
    ],
    [
      'keeps the end of the old object',
      (objects) => ({
        async put(key, bytes) {
          const old = objects.get(key) ?? new Uint8Array();
          const all = new Uint8Array(Math.max(old.length, bytes.length));
          all.set(old);
          all.set(bytes);
          objects.set(key, all);
        },
      }),
      'replaced, then get: the length differs',
    ],
    ['tells another size', () => ({ stat: async () => 5 }), 'stat tells another size'],
    ['does not delete', () => ({ delete: async () => {} }), 'still there after it was deleted'],
  ])('refuses a store that %s', async (_, broken, message) => {
    await expect(checkObjects(storeWith(broken), 1024)).rejects.toThrow(message);
  });
});

describe('isolationOf', () => {
  test('knows a store that copies', async () => {
    expect(await isolationOf(storeWith())).toBe('copies');
  });

  test("knows a store that keeps the caller's buffer", async () => {
    const keeps = storeWith((objects) => ({
      put: async (key, bytes) => void objects.set(key, bytes),
    }));
    expect(await isolationOf(keeps)).toBe('aliases');
  });

  test('knows a store that hands out its own buffer, also as a Buffer', async () => {
    const handsOut = storeWith((objects) => ({
      get: async (key) => Buffer.from((objects.get(key) as Uint8Array<ArrayBuffer>).buffer),
    }));
    expect(await isolationOf(handsOut)).toBe('aliases');
  });
});

describe('checkListing', () => {
  async function filled(overrides?: (objects: Map<string, Uint8Array>) => Partial<Store>) {
    const store = storeWith(overrides);
    for (const key of ['b', 'a/x', 'c']) await store.put(key, new Uint8Array(1));
    return store;
  }

  test('accepts the keys in any order', async () => {
    await checkListing(await filled(), ['a/x', 'b', 'c']);
  });

  test('refuses a listing that is too short or has another key', async () => {
    await expect(checkListing(await filled(), ['a/x', 'b', 'c', 'd'])).rejects.toThrow(
      'another number of keys',
    );
    await expect(checkListing(await filled(), ['a/x', 'b', 'z'])).rejects.toThrow(
      'has "c" for "z"',
    );
  });

  test('refuses a store that cannot list', async () => {
    const { list: _, ...rest } = await filled();
    await expect(checkListing(rest, [])).rejects.toThrow('cannot list');
  });
});
