import { describe, expect, test } from 'vitest';
import { createSupabase } from './index.ts';

const AT = '2026-11-21T10:00:00.000Z';

interface Query {
  readonly prefix?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly with_delimiter?: boolean;
}

/** A bucket that lists, with requests written down. */
function bucket(names: readonly string[], answer?: (query: Query) => unknown) {
  const queries: Query[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (!String(input).includes('/list-v2/')) {
      return Response.json({ statusCode: '404', code: 'NoSuchKey' }, { status: 400 });
    }
    const query = JSON.parse(String(init?.body)) as Query;
    queries.push(query);
    if (answer) return Response.json(answer(query));
    const { prefix = '', limit = 1000, cursor = '', with_delimiter: grouped } = query;
    const found = names.filter((name) => name.startsWith(prefix) && name > cursor);
    const folders = new Set<string>();
    const objects: string[] = [];
    for (const name of found) {
      const slash = grouped ? name.indexOf('/', prefix.length) : -1;
      if (slash < 0) objects.push(name);
      else folders.add(name.slice(0, slash + 1));
    }
    const page = objects.slice(0, limit);
    const hasNext = objects.length + folders.size > limit;
    return Response.json({
      hasNext,
      ...(hasNext && { nextCursor: page.at(-1) }),
      folders: [...folders].map((name) => ({ name })),
      objects: page.map((name) => ({ name, id: name, updated_at: AT, metadata: {} })),
    });
  };
  const url = 'https://xyz.supabase.co';
  const storage = createSupabase({ url, key: 'k', bucket: 'photos', fetch, retry: false });
  const keys = async (options: Exclude<Parameters<typeof storage.list>[0], string> = {}) =>
    (await storage.list(options)).map(({ key }) => key);
  return { storage, queries, keys };
}

const many = (count: number, start = '') =>
  Array.from({ length: count }, (_, index) => `${start}${String(index).padStart(5, '0')}`);

describe('list', () => {
  test('asks once for each thousand', async () => {
    const { keys, queries } = bucket(many(2500));
    expect(await keys()).toEqual(many(2500));
    expect(queries).toHaveLength(3);
  });

  test('asks for no more than the limit', async () => {
    const { storage, queries } = bucket(many(50));
    const pages = [];
    for await (const page of storage.list({ limit: 10 }).pages()) pages.push(page);
    expect(pages.map(({ entries }) => entries.length)).toEqual([10]);
    expect(pages[0]?.cursor).toBeDefined();
    expect(queries).toEqual([{ prefix: '', limit: 10 }]);
  });

  test('lets the service group what fits one page', async () => {
    const { keys, queries } = bucket(['a', 'a-b', 'b/1', 'b/2', 'c']);
    expect(await keys({ delimiter: '/' })).toEqual(['a', 'a-b', 'b/', 'c']);
    expect(queries).toEqual([{ prefix: '', with_delimiter: true, limit: 400 }]);
    expect(await keys({ prefix: 'none/', delimiter: '/' })).toEqual([]);
  });

  test('groups by itself what does not', async () => {
    const names = [...many(900, 'a/'), ...many(900, 'b/'), ...many(500, 'c')];
    const { keys } = bucket(names);
    expect(await keys({ delimiter: '/' })).toEqual(['a/', 'b/', ...many(500, 'c')]);
  });

  test('goes on behind a group, and ends where all that is left is of the last one', async () => {
    const names = ['a', ...many(1500, 'b/'), 'c'];
    const { storage } = bucket(names);
    const walk = async (limit: number, cursor?: string) => {
      for await (const page of storage
        .list({ delimiter: '/', limit, ...(cursor && { cursor }) })
        .pages()) {
        return { keys: page.entries.map(({ key }) => key), cursor: page.cursor };
      }
      return undefined;
    };
    const first = await walk(2);
    expect(first?.keys).toEqual(['a', 'b/']);
    expect((await walk(2, first?.cursor))?.keys).toEqual(['c']);
    const { storage: whole } = bucket(names.slice(0, -1));
    for await (const page of whole.list({ delimiter: '/', limit: 2 }).pages()) {
      expect(page).toEqual({ entries: expect.any(Array) });
    }
  });

  test('finds keys by a prefix whose names are escaped in two ways', async () => {
    const { keys } = bucket(['a!', 'a!21!25', 'a!2125', 'a!b', 'b']);
    expect(await keys({ prefix: 'a!' })).toEqual(['a!', 'a!%', 'a!25', 'a!b']);
    expect(await keys({ prefix: 'a!2' })).toEqual(['a!25']);
    expect(await keys({ prefix: 'a!', delimiter: '/' })).toHaveLength(4);
  });

  test('refuses a cursor of something else, and a page without the place of the next', async () => {
    const { keys, storage } = bucket(many(3));
    const pages = storage.list({ limit: 1, prefix: '0' }).pages();
    for await (const { cursor = '' } of pages) {
      await expect(keys({ cursor })).rejects.toMatchObject({ code: 'invalid-argument' });
    }
    const odd = bucket([], () => ({ hasNext: true, objects: [], folders: [] }));
    await expect(odd.keys()).rejects.toMatchObject({ code: 'unavailable' });
  });
});
