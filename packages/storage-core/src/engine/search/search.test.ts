import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BARE, type MapSettings, mapProvider } from '../../../test/map-provider.ts';
import type { SearchIndex, StorageItem, StorageQuery } from '../../contract/listing.ts';
import { StorageError } from '../../errors/storage-error.ts';
import { compareKeys } from '../../keys/compare-keys.ts';
import { createStorage } from '../create-storage.ts';
import { valueAt } from './match-item.ts';

const DAY = 86_400_000;

async function setup(settings: MapSettings = {}) {
  const clock = { ms: 0 };
  const provider = mapProvider({ ...settings, now: () => clock.ms });
  const storage = createStorage(provider, { now: () => clock.ms });
  const find = async (query: StorageQuery) => (await storage.search(query)).map(({ key }) => key);
  return { clock, provider, storage, find };
}

async function photos(settings: MapSettings = {}) {
  const all = await setup(settings);
  const { storage, clock } = all;
  const add = async (key: string, iso: number, tags: string[], metadata: object, size: number) => {
    clock.ms += DAY;
    await storage.put(key, new Uint8Array(size), {
      metadata: { camera: { iso, lens: ['50mm', `${iso}`] }, ...metadata },
      tags,
    });
  };
  await add('p/cat.png', 100, ['cat', 'home'], { title: 'Müde Katze', rating: 5 }, 10);
  await add('p/dog.jpg', 400, ['dog'], { title: 'Dog', rating: null }, 30);
  await add('p/both.png', 800, ['cat', 'dog'], { 'a.b': 1, rating: '5' }, 20);
  await add('q/none', 50, [], {}, 40);
  all.provider.calls.length = 0;
  return all;
}

describe('search with an index of the provider', () => {
  const INDEXED: MapSettings = { capabilities: { candidates: true, listAttributes: false } };

  test('looks at the candidates alone, and matches them', async () => {
    const { find, provider } = await photos(INDEXED);
    expect(await find({ tags: ['cat'], prefix: 'p/', metadata: { rating: 5 } })).toEqual([
      'p/cat.png',
    ]);
    expect(provider.calls).toEqual(['candidates prefix,tags,metadata']);
  });

  test('finds in pages and in another order', async () => {
    const { storage, find } = await photos(INDEXED);
    const query: StorageQuery = { size: { min: 10 }, limit: 2 };
    const pages = [];
    for await (const page of storage.search(query).pages()) pages.push(page);
    expect(pages.at(-1)?.entries.map(({ key }) => key)).toEqual(['p/both.png', 'p/cat.png']);
    const cursor = pages.at(-1)?.cursor ?? '';
    expect(await find({ ...query, cursor })).toEqual(['p/dog.jpg', 'q/none']);
    expect(await find({ size: { min: 20 }, sort: { by: 'size', order: 'desc' } })).toEqual([
      'q/none',
      'p/dog.jpg',
      'p/both.png',
    ]);
  });

  test('lists where an index leaves nothing out', async () => {
    const { find, provider } = await photos({ capabilities: { candidates: true } });
    await find({ prefix: 'p/', text: 'katze' });
    expect(provider.calls[0]).toBe('list p/');
  });

  test('needs leave for text in values', async () => {
    const { find } = await photos(INDEXED);
    const query: StorageQuery = { tags: ['cat'], text: 'x', textIn: ['value'] };
    await expect(find(query)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('search by scan', () => {
  const CASES: readonly (readonly [title: string, query: StorageQuery, keys: readonly string[]])[] =
    [
      ['everything, by key', {}, ['p/both.png', 'p/cat.png', 'p/dog.jpg', 'q/none']],
      ['a prefix', { prefix: 'p/' }, ['p/both.png', 'p/cat.png', 'p/dog.jpg']],
      ['all tags', { tags: ['cat', 'dog'] }, ['p/both.png']],
      ['any tag', { anyTags: ['home', 'dog'] }, ['p/both.png', 'p/cat.png', 'p/dog.jpg']],
      ['a plain metadata value', { metadata: { rating: 5 } }, ['p/cat.png']],
      ['a string that looks like it', { metadata: { rating: '5' } }, ['p/both.png']],
      ['null', { metadata: { rating: null } }, ['p/dog.jpg']],
      ['a nested value', { metadata: { 'camera.iso': { gte: 400 } } }, ['p/both.png', 'p/dog.jpg']],
      ['a name with a dot', { metadata: { 'a.b': 1 } }, ['p/both.png']],
      ['an element by its place', { metadata: { 'camera.lens.1': '100' } }, ['p/cat.png']],
      ['an open range', { metadata: { 'camera.iso': { gt: 100, lt: 800 } } }, ['p/dog.jpg']],
      [
        'a closed range',
        { metadata: { 'camera.iso': { gte: 50, lte: 100 } } },
        ['p/cat.png', 'q/none'],
      ],
      ['strings in a range', { metadata: { title: { gte: 'E' } } }, ['p/cat.png']],
      ['another value', { metadata: { rating: { ne: 5 } } }, ['p/both.png', 'p/dog.jpg', 'q/none']],
      ['one of', { metadata: { 'camera.iso': { in: [50, 800] } } }, ['p/both.png', 'q/none']],
      ['a part of a text', { metadata: { title: { contains: 'Katze' } } }, ['p/cat.png']],
      ['an element', { metadata: { 'camera.lens': { contains: '400' } } }, ['p/dog.jpg']],
      ['a whole list', { metadata: { 'camera.lens': { eq: ['50mm', '50'] } } }, ['q/none']],
      [
        'a whole object',
        { metadata: { camera: { eq: { lens: ['50mm', '50'], iso: 50 } } } },
        ['q/none'],
      ],
      ['that is there', { metadata: { title: { exists: true } } }, ['p/cat.png', 'p/dog.jpg']],
      ['that is not there', { metadata: { rating: { exists: false } } }, ['q/none']],
      ['nothing of a prototype', { metadata: { 'camera.constructor': { exists: true } } }, []],
      ['no length of a list', { metadata: { 'camera.lens.length': { exists: true } } }, []],
      ['nothing inside a text', { metadata: { 'title.0': { exists: true } } }, []],
      ['a size', { size: { min: 20, max: 30 } }, ['p/both.png', 'p/dog.jpg']],
      ['a content type', { contentType: 'image/png' }, ['p/both.png', 'p/cat.png']],
      ['any image', { contentType: 'image/*' }, ['p/both.png', 'p/cat.png', 'p/dog.jpg']],
      ['from a date on', { modifiedAt: { after: new Date(3 * DAY) } }, ['p/both.png', 'q/none']],
      ['up to a date', { createdAt: { before: new Date(2 * DAY) }, scan: true }, ['p/cat.png']],
      ['words anywhere', { text: 'KATZE home' }, ['p/cat.png']],
      ['words in another form', { text: 'mu\u0308de' }, ['p/cat.png']],
      ['words in keys', { text: 'DOG', textIn: ['key'] }, ['p/dog.jpg']],
      ['words in tags', { text: 'dog', textIn: ['tags'] }, ['p/both.png', 'p/dog.jpg']],
      ['numbers in metadata', { text: '800', textIn: ['metadata'] }, ['p/both.png']],
      [
        'descending',
        { sort: { by: 'key', order: 'desc' } },
        ['q/none', 'p/dog.jpg', 'p/cat.png', 'p/both.png'],
      ],
      ['by size', { sort: { by: 'size' } }, ['p/cat.png', 'p/both.png', 'p/dog.jpg', 'q/none']],
      [
        'newest first',
        { sort: { by: 'modifiedAt', order: 'desc' }, limit: 2 },
        ['q/none', 'p/both.png'],
      ],
      [
        'by metadata, missing ones last',
        { sort: { by: 'metadata.title' } },
        ['p/dog.jpg', 'p/cat.png', 'p/both.png', 'q/none'],
      ],
      [
        'downwards, missing ones last',
        { sort: { by: 'metadata.title', order: 'desc' } },
        ['p/cat.png', 'p/dog.jpg', 'p/both.png', 'q/none'],
      ],
      [
        'numbers before strings',
        { sort: { by: 'metadata.rating' } },
        ['p/cat.png', 'p/both.png', 'p/dog.jpg', 'q/none'],
      ],
      ['the first ones', { limit: 2 }, ['p/both.png', 'p/cat.png']],
    ];

  test.each(CASES)('finds %s', async (_title, query, keys) => {
    const { find } = await photos();
    expect(await find(query)).toEqual(keys);
  });

  test.each(CASES)('finds %s without an order of listings', async (_title, query, keys) => {
    const { find } = await photos({ capabilities: { listOrder: 'none' } });
    expect(await find(query)).toEqual(keys);
  });

  test.each(CASES)('finds %s by a request per key', async (_title, query, keys) => {
    const { find } = await photos({ capabilities: { listAttributes: false, listFields: [] } });
    expect(await find({ ...query, scan: true })).toEqual(keys);
  });

  test('gives back what it knows of each item', async () => {
    const { storage } = await photos();
    const [item] = await storage.search({ tags: ['home'] });
    expect(item).toMatchObject({ kind: 'item', size: 10, tags: ['cat', 'home'] });
  });

  test('asks for attributes only where the query looks at them', async () => {
    const { find, provider } = await photos();
    await find({ size: { min: 1 } });
    expect(provider.calls.filter((call) => call.startsWith('stat'))).toEqual([]);
    const { storage } = await photos();
    const [plain] = await storage.search({ prefix: 'p/' });
    expect(plain).not.toHaveProperty('tags');
  });

  test.each<[string, StorageQuery]>([
    ['tags', { tags: ['x'] }],
    ['metadata', { metadata: { a: 1 } }],
    ['createdAt', { createdAt: { after: new Date(0) } }],
    ['text in values', { text: 'x', textIn: ['key', 'value'] }],
    ['contentType', { contentType: 'image/png' }],
    ['metadata', { sort: { by: 'metadata.a' } }],
    ['tags', { text: 'x' }],
  ])('that needs %s per key must be allowed', async (field, query) => {
    const { find, provider } = await photos({ capabilities: { listAttributes: false } });
    await expect(find(query)).rejects.toMatchObject({
      code: 'unsupported',
      operation: 'search',
      message: expect.stringContaining(field),
      hint: expect.stringContaining('scan: true'),
    });
    expect(provider.calls).toEqual([]);
    await expect(find({ ...query, scan: true })).resolves.toBeInstanceOf(Array);
  });

  test('needs no attributes of a store that keeps none', async () => {
    const { find, storage } = await setup({ capabilities: BARE });
    await storage.put('a.png', 'x');
    expect(await find({ tags: ['x'] })).toEqual([]);
    expect(await find({ text: 'png' })).toEqual(['a.png']);
    expect(await find({ contentType: 'image/png' })).toEqual(['a.png']);
  });

  test('leaves out what has expired, where that is told', async () => {
    const { storage, find, clock } = await setup();
    await storage.save('a', 1, { tags: ['x'], expiration: new Date(5) });
    await storage.save('b', 1, { tags: ['x'] });
    clock.ms = 5;
    expect(await find({ tags: ['x'] })).toEqual(['b']);
  });
});

describe('search for text in values', () => {
  test('reads every candidate that may still match, as what it is', async () => {
    const { storage, find, provider } = await setup();
    await storage.save('a', { title: 'Hello', list: [{ n: 42 }], deep: { x: ['World'] } });
    await storage.save('b.txt', 'hello there');
    await storage.save('c.bin', new TextEncoder().encode('hello'));
    await storage.save('hello', 1);
    provider.calls.length = 0;
    const query = { text: 'hello', textIn: ['key', 'value'], scan: true } as const;
    expect(await find(query)).toEqual(['a', 'b.txt', 'hello']);
    expect(provider.calls).not.toContain('get hello');
    expect(await find({ ...query, text: 'HELLO 42 world' })).toEqual(['a']);
    expect(await find({ ...query, text: 'title' })).toEqual([]);
    expect(provider.openBodies.size).toBe(0);
  });

  test('finds nothing in what is gone or cannot be read, and surfaces other errors', async () => {
    const { storage, find } = await setup({
      before: (operation, key, entries) => {
        if (operation === 'get' && key === 'gone') entries.delete(key);
        if (operation === 'get' && key === 'z') throw new StorageError('permission-denied', 'no.');
      },
    });
    await storage.put('broken', '{"a": hello');
    await storage.save('gone', 'hello');
    await storage.save('here', 'hello');
    const query = { text: 'hello', textIn: ['value'], scan: true } as const;
    expect(await find(query)).toEqual(['here']);
    await storage.save('z', 'hello');
    await expect(find(query)).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('looks into what codecs make', async () => {
    const { textOf } = await import('./match-item.ts');
    expect(textOf(new Map<unknown, unknown>([['a', new Set(['b', 1n])]]))).toMatch(/b/);
    expect(textOf(undefined)).toBe('');
  });
});

describe('search by stat', () => {
  test('leaves out what is gone meanwhile, and surfaces other errors', async () => {
    const state = { fail: false };
    const { storage, find } = await setup({
      capabilities: { listFields: [], listAttributes: false },
      before: (operation, key, entries) => {
        if (operation !== 'stat') return;
        if (state.fail) throw new StorageError('unavailable', 'down.');
        if (key === 'a') entries.delete('a');
      },
    });
    await storage.put('a', 'x');
    await storage.put('b', 'x');
    expect(await find({ size: { min: 1 }, scan: true })).toEqual(['b']);
    state.fail = true;
    await expect(find({ size: { min: 1 }, scan: true })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('pages of a search', () => {
  async function walk(
    storage: ReturnType<typeof createStorage>,
    query: StorageQuery,
    each: () => Promise<unknown> = async () => {},
  ) {
    const items: StorageItem[] = [];
    let cursor: string | undefined;
    let rounds = 0;
    do {
      rounds += 1;
      const asked = JSON.parse(JSON.stringify({ cursor })) as { cursor?: string };
      let last: string | undefined;
      for await (const page of storage.search({ ...query, ...asked }).pages()) {
        items.push(...page.entries);
        last = page.cursor;
      }
      cursor = last;
      await each();
    } while (cursor !== undefined);
    return { keys: items.map(({ key }) => key), rounds };
  }

  test('join to the whole, whatever the limit, the order and the size of listing pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[a-c]{1,3}$/), { maxLength: 14 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom<StorageQuery>(
          {},
          { prefix: 'a' },
          { sort: { by: 'key', order: 'desc' } },
          { sort: { by: 'size' } },
          { sort: { by: 'metadata.n', order: 'desc' } },
          { text: 'b' },
        ),
        fc.constantFrom<'utf8' | 'none'>('utf8', 'none'),
        async (keys, limit, pageSize, query, listOrder) => {
          const { storage } = await setup({ pageSize, capabilities: { listOrder } });
          for (const [index, key] of keys.entries()) {
            await storage.put(key, 'x'.repeat(index % 3), {
              ...(index % 2 === 0 && { metadata: { n: index % 4 } }),
            });
          }
          const whole = (await storage.search(query)).map(({ key }) => key);
          const paged = await walk(storage, { ...query, limit });
          expect(paged.keys).toEqual(whole);
          expect(paged.rounds).toBe(Math.max(1, Math.ceil(whole.length / limit)));
          const matching = keys.filter((key) =>
            query.prefix ? key.startsWith('a') : query.text ? key.includes('b') : true,
          );
          expect(whole.toSorted(compareKeys)).toEqual(matching.toSorted(compareKeys));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('repeat and skip nothing while others write', async () => {
    const { storage } = await setup();
    for (const key of ['b', 'd', 'f', 'h']) await storage.put(key, key);
    let round = 0;
    const paged = await walk(
      storage,
      { limit: 1, sort: { by: 'key', order: 'desc' } },
      async () => {
        round += 1;
        await storage.delete(['h', 'x'][round - 1] ?? 'x');
        await storage.put(`z${round}`, 'x');
      },
    );
    expect(paged.keys).toEqual(['h', 'f', 'd', 'b']);
  });

  test('hold no more than the limit asks for', async () => {
    const { selectFirst, orderOf } = await import('./order-items.ts');
    const selection = selectFirst(orderOf({}), 3, undefined);
    for (let index = 0; index < 1000; index += 1) {
      selection.add({ kind: 'item', key: `k${(index * 37) % 1000}` });
    }
    expect(selection.items().map(({ key }) => key)).toEqual(['k0', 'k1', 'k10']);
  });

  test('of a sorted search are cut where they get long', async () => {
    const { storage } = await setup({ pageSize: 5000 });
    await storage.saveMany(
      Array.from({ length: 1500 }, (_, index) => ({ key: `k${index}`, value: 1 })),
    );
    const sizes: number[] = [];
    for await (const page of storage.search({ sort: { by: 'size' } }).pages()) {
      sizes.push(page.entries.length);
      expect(page.cursor !== undefined).toBe(sizes.length === 1);
    }
    expect(sizes).toEqual([1000, 500]);
  });

  test('are bound to their query', async () => {
    const { storage } = await photos();
    let cursor = '';
    for await (const page of storage.search({ prefix: 'p/', limit: 1 }).pages()) {
      cursor = page.cursor ?? '';
    }
    expect(await storage.search({ limit: 5, prefix: 'p/', cursor })).toHaveLength(2);
    const listCursor = async () => {
      for await (const page of storage.list({ limit: 1 }).pages()) return page.cursor ?? '';
      return '';
    };
    for (const query of [
      { prefix: 'q/', cursor },
      { cursor },
      { prefix: 'p/', modifiedAt: { after: new Date(0) }, cursor },
      { prefix: 'p/', cursor: 'nonsense' },
      { cursor: await listCursor() },
    ]) {
      await expect(storage.search(query)).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining('"cursor"'),
      });
    }
  });
});

describe('an invalid query', () => {
  test.each([
    ['query', null],
    ['query', []],
    ['"limti"', { limti: 1 }],
    ['"__proto__"', JSON.parse('{"__proto__":1}')],
    ['"prefix"', { prefix: 1 }],
    ['"tags"', { tags: [] }],
    ['"tags"', { tags: [''] }],
    ['"anyTags"', { anyTags: 'x' }],
    ['"metadata"', { metadata: [] }],
    ['metadata["a"]', { metadata: { a: [1] } }],
    ['metadata["a"]', { metadata: { a: {} } }],
    ['metadata["a"]', { metadata: { a: Number.NaN } }],
    ['metadata["a"]', { metadata: { a: new Date(0) } }],
    ['metadata[""]', { metadata: { '': 1 } }],
    ['metadata["a"].like', { metadata: { a: { like: 1 } } }],
    ['metadata["a"].gt', { metadata: { a: { gt: true } } }],
    ['metadata["a"].in', { metadata: { a: { in: 1 } } }],
    ['metadata["a"].eq', { metadata: { a: { eq: () => 1 } } }],
    ['metadata["a"].exists', { metadata: { a: { exists: 1 } } }],
    ['"contentType"', { contentType: 'png' }],
    ['"size"', { size: 5 }],
    ['"size.min"', { size: { min: -1 } }],
    ['"size.mix"', { size: { mix: 1 } }],
    ['"modifiedAt.after"', { modifiedAt: { after: 'yesterday' } }],
    ['"createdAt.before"', { createdAt: { before: new Date(Number.NaN) } }],
    ['"modifiedAt"', { modifiedAt: new Date(0) }],
    ['"text"', { text: ' ' }],
    ['"textIn"', { textIn: ['body'] }],
    ['"sort.by"', { sort: {} }],
    ['"sort.by"', { sort: { by: 'metadata.' } }],
    ['"sort.by"', { sort: { by: 'name' } }],
    ['"sort.order"', { sort: { by: 'key', order: 'up' } }],
    ['"limit"', { limit: 0 }],
    ['"limit"', { limit: 1.5 }],
    ['"cursor"', { cursor: '' }],
    ['"scan"', { scan: 1 }],
  ])('names %s', async (field, query) => {
    const { storage, provider } = await setup();
    await expect(storage.search(query as StorageQuery)).rejects.toMatchObject({
      code: 'invalid-argument',
      operation: 'search',
      message: expect.stringContaining(field),
    });
    expect(provider.calls).toEqual([]);
  });

  test('is not one with fields that are undefined', async () => {
    const { storage } = await setup();
    await expect(
      storage.search({ prefix: undefined, metadata: undefined } as never),
    ).resolves.toEqual([]);
  });
});

describe('a search index', () => {
  const indexed = (asked: StorageQuery[]): SearchIndex => ({
    async *search(query) {
      asked.push(query);
      yield { items: [{ kind: 'item', key: 'p/a', size: 1 }], cursor: 'next' };
      yield {
        items: [
          { kind: 'item', key: 'p/b', expiresAt: new Date(1) },
          { kind: 'item', key: 'other' },
        ],
      };
    },
  });

  test('answers in the place of a scan', async () => {
    const asked: StorageQuery[] = [];
    const provider = mapProvider();
    const storage = createStorage(provider, { index: indexed(asked) });
    const query = { tags: ['x'] };
    expect((await storage.search(query)).map(({ key }) => key)).toEqual(['p/a', 'other']);
    expect(asked).toEqual([query]);
    expect(provider.calls).toEqual([]);
    for await (const page of storage.search({}).pages()) {
      expect(page.cursor).toBe('next');
      break;
    }
    await expect(storage.search({ limit: 0 })).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('is asked for the keys of a view, and answers with its names', async () => {
    const asked: StorageQuery[] = [];
    const storage = createStorage(mapProvider(), { index: indexed(asked) });
    const found = await storage.at('p').search({ prefix: 'x' });
    expect(asked).toEqual([{ prefix: 'p/x' }]);
    expect(found).toEqual([{ kind: 'item', key: 'a', size: 1 }]);
    await storage.at('p').search({});
    expect(asked.at(-1)).toEqual({ prefix: 'p/' });
  });

  test('that fails says where', async () => {
    const storage = createStorage(mapProvider(), {
      index: {
        // biome-ignore lint/correctness/useYield: it fails before
        async *search() {
          throw new Error('index');
        },
      },
    });
    await expect(storage.search({})).rejects.toMatchObject({
      code: 'unknown',
      operation: 'search',
    });
  });
});

test('valueAt finds only what is really there', () => {
  expect(valueAt({ a: { b: null } }, 'a.b')).toBe(null);
  expect(valueAt({ a: 1 }, '__proto__')).toBeUndefined();
  expect(valueAt({ a: 1 }, 'toString')).toBeUndefined();
});
