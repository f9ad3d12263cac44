import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { anyKey, anyKeys, anySegment, isIn, treeOf } from '../../test/key-lists.ts';
import type { ListItem, ListOptions, ListPage } from '../contract/operations.ts';
import { compareKeys } from '../keys/compare-keys.ts';
import { encodeCursor } from './cursor.ts';
import { flattenTree } from './flatten-tree.ts';
import { afterPrefix, listOrdered, type OrderedSource, type SeekFrom } from './list-ordered.ts';

function* fromArray(keys: readonly string[], from: SeekFrom): Generator<ListItem> {
  for (const key of [...keys].sort(compareKeys)) {
    if (isIn(key, from)) yield { kind: 'item', key };
  }
}

const SOURCES: [string, (keys: readonly string[]) => OrderedSource][] = [
  ['a sync source', (keys) => (from) => fromArray(keys, from)],
  [
    'an async source',
    (keys) =>
      async function* (from) {
        yield* fromArray(keys, from);
      },
  ],
  [
    'a tree that jumps',
    (keys) =>
      async function* (from) {
        const tree = flattenTree(treeOf(keys).readFolder, from);
        let step = await tree.next();
        while (!step.done) {
          const seek: SeekFrom | undefined = yield step.value.map(({ key }) => ({
            kind: 'item',
            key,
          }));
          step = await tree.next(seek);
        }
      },
  ],
  [
    'a source of several items at once',
    (keys) =>
      function* (from) {
        const all = [...fromArray(keys, from)];
        for (let start = 0; start < all.length; start += 3) yield all.slice(start, start + 3);
      },
  ],
];

async function pagesOf(
  keys: readonly string[],
  options: ListOptions,
  pageSize: number,
  source: OrderedSource = (from) => fromArray(keys, from),
): Promise<ListPage[]> {
  return Array.fromAsync(listOrdered(options, source, { pageSize }));
}

function namesOf(pages: readonly ListPage[]): string[] {
  return pages.flatMap((page) => page.entries.map((entry) => `${entry.kind}:${entry.key}`));
}

/** What a listing gives, the simple way. */
function model(
  keys: readonly string[],
  { prefix = '', delimiter, startAfter }: ListOptions,
): string[] {
  const names: string[] = [];
  for (const key of [...new Set(keys)].sort(compareKeys)) {
    if (!key.startsWith(prefix)) continue;
    if (startAfter !== undefined && compareKeys(key, startAfter) <= 0) continue;
    const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    const name = at < 0 ? `item:${key}` : `prefix:${key.slice(0, at + (delimiter ?? '').length)}`;
    if (!names.includes(name)) names.push(name);
  }
  return names;
}

const options = fc.record(
  {
    prefix: fc.oneof(fc.constantFrom('', 'a', 'a/', 'b/a'), anyKey),
    delimiter: fc.constantFrom('/', 'a', '-', '/a'),
    startAfter: fc.oneof(anyKey, fc.constantFrom('', 'a/', 'zzz', '😀')),
  },
  { requiredKeys: [] },
);

describe.each(SOURCES)('listOrdered over %s', (_title, sourceOf) => {
  test('lists what the model lists, in pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyKeys,
        options,
        fc.integer({ min: 1, max: 5 }),
        async (all, asked, pageSize) => {
          const pages = await pagesOf(all, asked, pageSize, sourceOf(all));
          expect(namesOf(pages)).toEqual(model(all, asked));
          expect(pages.every((page) => page.entries.length > 0)).toBe(true);
          expect(pages.slice(0, -1).every((page) => page.entries.length === pageSize)).toBe(true);
          expect(pages.at(-1)?.cursor).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  test('goes on behind any page', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyKeys,
        options,
        fc.integer({ min: 1, max: 4 }),
        async (all, asked, limit) => {
          const names: string[] = [];
          let cursor: string | undefined;
          do {
            const pages: ListPage[] = await pagesOf(
              all,
              { ...asked, limit, ...(cursor !== undefined && { cursor }) },
              3,
              sourceOf(all),
            );
            const some = namesOf(pages);
            expect(some.length).toBeLessThanOrEqual(limit);
            names.push(...some);
            cursor = pages.at(-1)?.cursor;
          } while (cursor !== undefined);
          expect(names).toEqual(model(all, asked));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('listOrdered', () => {
  test('skips nothing and repeats nothing when keys come and go before the cursor', async () => {
    const before = ['a', 'b', 'c/1', 'c/2', 'd', 'e'];
    const [page] = await pagesOf(before, { delimiter: '/', limit: 3 }, 10);
    const cursor = page?.cursor ?? expect.unreachable();
    const after = ['0', 'aa', 'c/0', 'c/3', 'd', 'e'];
    expect(namesOf(await pagesOf(after, { delimiter: '/', cursor }, 10))).toEqual([
      'item:d',
      'item:e',
    ]);
    expect(namesOf(await pagesOf(['d'], { delimiter: '/', cursor }, 10))).toEqual(['item:d']);
  });

  test('seeks behind a large group instead of reading through it', async () => {
    const all = Array.from({ length: 10_000 }, (_, index) => `big/${index}`).concat('c', 'small/1');
    let yielded = 0;
    const pages = await pagesOf(all, { delimiter: '/' }, 100, function* (from) {
      for (const item of fromArray(all, from)) {
        yielded += 1;
        yield item;
      }
    });
    expect(namesOf(pages)).toEqual(['prefix:big/', 'item:c', 'prefix:small/']);
    expect(yielded).toBeLessThan(30);
  });

  test('tells a source of several items where to go on', async () => {
    const all = Array.from({ length: 1000 }, (_, index) => `big/${index}`).concat('c', 'small/1');
    const told: (string | undefined)[] = [];
    const pages = await pagesOf(all, { delimiter: '/' }, 100, function* (from) {
      expect(from.atOrAfter).toBeUndefined();
      let items = [...fromArray(all, from)];
      while (items.length > 0) {
        const seek: SeekFrom | undefined = yield items.slice(0, 20);
        told.push(seek?.atOrAfter);
        items = items.slice(20).filter(({ key }) => seek === undefined || isIn(key, seek));
      }
    });
    expect(namesOf(pages)).toEqual(['prefix:big/', 'item:c', 'prefix:small/']);
    expect(told).toEqual(['big0', 'small0']);
  });

  test('asks a source of several items anew that does not listen', async () => {
    const all = Array.from({ length: 1000 }, (_, index) => `big/${index}`).concat('c', 'small/1');
    let yielded = 0;
    const pages = await pagesOf(all, { delimiter: '/' }, 100, function* (from) {
      const items = [...fromArray(all, from)];
      for (let start = 0; start < items.length; start += 20) {
        yielded += 1;
        yield items.slice(start, start + 20);
      }
    });
    expect(namesOf(pages)).toEqual(['prefix:big/', 'item:c', 'prefix:small/']);
    expect(yielded).toBe(3);
  });

  test('does not tell a source of a position that it is past', async () => {
    const told: (SeekFrom | undefined)[] = [];
    await pagesOf([], { delimiter: '/' }, 100, function* () {
      told.push(yield ['a/1', 'a/2', 'b'].map((key) => ({ kind: 'item', key })));
      told.push(yield [{ kind: 'item', key: 'c/1' }]);
    });
    expect(told).toEqual([undefined, { prefix: '', atOrAfter: 'c0' }]);
  });

  test('ends within several items when its signal is aborted', async () => {
    const controller = new AbortController();
    const items = ['a', 'b', 'c'].map((key): ListItem => ({ kind: 'item', key }));
    const walk = listOrdered({ signal: controller.signal }, () => [items], { pageSize: 1 });
    await walk.next();
    controller.abort('enough');
    await expect(walk.next()).rejects.toMatchObject({ code: 'aborted', cause: 'enough' });
  });

  test('releases the source when the walk is broken off, fails, or ends', async () => {
    const released = vi.fn();
    const source = function* (): Generator<ListItem> {
      try {
        for (const key of ['a', 'b', 'c', 'd']) yield { kind: 'item', key };
      } finally {
        released();
      }
    };
    for await (const _page of listOrdered({}, source, { pageSize: 1 })) break;
    expect(released).toHaveBeenCalledTimes(1);
    await pagesOf([], { limit: 2 }, 10, source);
    expect(released).toHaveBeenCalledTimes(2);
    await pagesOf([], {}, 10, source);
    expect(released).toHaveBeenCalledTimes(3);
  });

  test('passes on an error of the source', async () => {
    const walk = pagesOf([], {}, 2, function* () {
      yield { kind: 'item', key: 'a' };
      throw new Error('the disk is gone');
    });
    await expect(walk).rejects.toThrow('the disk is gone');
  });

  test('ends when its signal is aborted', async () => {
    const controller = new AbortController();
    const walk = listOrdered(
      { signal: controller.signal },
      (from) => fromArray(['a', 'b', 'c'], from),
      {
        pageSize: 1,
      },
    );
    await walk.next();
    controller.abort('enough');
    await expect(walk.next()).rejects.toMatchObject({ code: 'aborted', cause: 'enough' });
  });

  test('refuses a cursor that is none of its own', async () => {
    await expect(pagesOf(['a'], { cursor: 'nonsense' }, 1)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await expect(pagesOf(['a'], { cursor: encodeCursor({}, 7) }, 1)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('ends behind a group that nothing sorts after', async () => {
    const all = ['\u{10ffff}\u{10ffff}', '\u{10ffff}a'];
    const asked = { delimiter: '\u{10ffff}', limit: 1 };
    const [page] = await pagesOf(all, asked, 10);
    expect(page).toEqual({ entries: [{ kind: 'prefix', key: '\u{10ffff}' }] });
  });

  test('keeps the fields of an item', async () => {
    const [page] = await Array.fromAsync(
      listOrdered({}, () => [{ kind: 'item', key: 'a', size: 7 }], { pageSize: 2 }),
    );
    expect(page?.entries).toEqual([{ kind: 'item', key: 'a', size: 7 }]);
  });

  test('lists 100,000 keys quickly', async () => {
    const all = Array.from(
      { length: 100_000 },
      (_, index) => `folder/${String(index).padStart(6, '0')}`,
    );
    const started = performance.now();
    let count = 0;
    const pages = listOrdered(
      { prefix: 'folder/' },
      () => all.map((key) => ({ kind: 'item', key })),
      {
        pageSize: 1000,
      },
    );
    for await (const page of pages) count += page.entries.length;
    expect(count).toBe(100_000);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('afterPrefix', () => {
  test('is the smallest text behind all with the prefix', () => {
    expect(afterPrefix('a/')).toBe('a0');
    expect(afterPrefix('\ud7ff')).toBe('\ue000');
    expect(afterPrefix('a\u{10ffff}')).toBe('b');
    expect(afterPrefix('\u{10ffff}')).toBeUndefined();
    expect(afterPrefix('')).toBeUndefined();
  });

  test('divides all texts into those with the prefix or before it, and the rest', () => {
    fc.assert(
      fc.property(
        anySegment,
        fc.string({ unit: fc.constantFrom('a', 'b', '-', '😀', '\uffff') }),
        (prefix, text) => {
          const end = afterPrefix(prefix) ?? expect.unreachable();
          expect(compareKeys(text, end) < 0).toBe(
            text.startsWith(prefix) || compareKeys(text, prefix) < 0,
          );
        },
      ),
    );
  });
});
