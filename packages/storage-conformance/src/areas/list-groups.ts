import type { ListEntry } from '@granary/storage-core/provider';
import { equal, failsWith } from '../check.ts';
import { byUtf8 } from '../content.ts';
import type { Scenario } from '../scenario.ts';
import { walkInSteps } from './list-pages.ts';

/** What a listing with a delimiter should yield, in UTF-8 order. */
export function grouped(keys: readonly string[], delimiter: string, prefix = ''): string[] {
  const entries = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const end = key.indexOf(delimiter, prefix.length);
    entries.add(end < 0 ? key : key.slice(0, end + delimiter.length));
  }
  return [...entries].toSorted(byUtf8);
}

function names(entries: readonly ListEntry[], delimiter: string): string[] {
  return entries.map(
    ({ kind, key }) =>
      `${kind} ${key}${kind === 'prefix' && !key.endsWith(delimiter) ? ' without its delimiter' : ''}`,
  );
}

const KEYS = [
  ...['a', 'a-b', 'a.b', 'a/b', 'a/b/c', 'a/b/d', 'a/c', 'a0', 'b/1', 'b/2', 'b/3/x', 'b/3/y', 'c'],
  ...['d/e/f/g', 'd/e/h', 'é/1', '文/1', '文/2', '文'],
];

/** The keys that a store without `fileAndFolder` can hold, too. */
const FLAT_KEYS = KEYS.filter((key) => !KEYS.some((other) => other.startsWith(`${key}/`)));

export const listGroupScenarios: readonly Scenario[] = [
  {
    rule: 'LIST-5',
    title: 'splits what follows the prefix into objects and groups',
    needs: ['delimiter'],
    async run({ fill, entries, capabilities }) {
      const keys = capabilities.fileAndFolder ? KEYS : FLAT_KEYS;
      await fill(keys);
      const sort = (list: string[]) => (capabilities.listOrder === 'utf8' ? list : list.toSorted());
      for (const prefix of [
        '',
        'a',
        'a/',
        'a/b',
        'a/b/',
        'b',
        'b/',
        'b/3',
        'b/3/',
        'd',
        'd/',
        'd/e/',
        '文',
        'nothing/',
        'c/',
      ]) {
        const wanted = grouped(keys, '/', prefix).map(
          (key) => `${key.endsWith('/') ? 'prefix' : 'item'} ${key}`,
        );
        equal(
          sort(names(await entries({ prefix, delimiter: '/' }), '/')),
          sort(wanted),
          `entries with ${JSON.stringify(prefix)}`,
        );
      }
    },
  },
  {
    rule: 'LIST-5',
    title: 'yields each group once over steps of any size',
    needs: ['delimiter'],
    async run(context) {
      const keys = context.capabilities.fileAndFolder ? KEYS : FLAT_KEYS;
      await context.fill(keys);
      for (const prefix of ['', 'a/', 'b/']) {
        const wanted = grouped(keys, '/', prefix);
        for (const limit of [1, 2, 3]) {
          const seen = await walkInSteps(context, { prefix, delimiter: '/' }, limit);
          equal(
            seen.toSorted(),
            wanted.toSorted(),
            `entries with ${JSON.stringify(prefix)} in steps of ${limit}`,
          );
        }
      }
    },
  },
  {
    rule: 'LIST-5',
    title: 'yields a group once, however many keys are in it',
    needs: ['delimiter'],
    slow: true,
    async run(context) {
      const many = Array.from(
        { length: 1050 },
        (_, index) => `big/${String(index).padStart(5, '0')}`,
      );
      await context.fill(['a', ...many, 'c', 'd/1']);
      equal(
        (await context.keys({ delimiter: '/' })).toSorted(),
        ['a', 'big/', 'c', 'd/'],
        'entries of one walk',
      );
      equal(
        (await walkInSteps(context, { delimiter: '/' }, 1)).toSorted(),
        ['a', 'big/', 'c', 'd/'],
        'entries in steps of one',
      );
      equal(
        (await context.keys({ delimiter: '/', prefix: 'big/' })).length,
        1050,
        'entries inside the group',
      );
    },
  },
  {
    rule: 'LIST-5',
    title: 'takes any text for a delimiter',
    needs: ['delimiter=any'],
    async run(context) {
      const keys = [
        'a b',
        'a b c',
        'a',
        'x%y',
        'x%z',
        'one\\two',
        'one\\three',
        '1abc2',
        '1abc3',
        '1abcabc',
        'tab\there',
        'tab\tthere',
        'p-q',
        'p--q',
        'p',
        'ä-ö',
        'ä-ü',
      ];
      await context.fill(keys);
      for (const delimiter of [' ', '%', '\\', 'abc', '\t', '-', '--', 'ä', 'b', 'zzz']) {
        equal(
          await context.keys({ delimiter }),
          grouped(keys, delimiter),
          `entries with the delimiter ${JSON.stringify(delimiter)}`,
        );
        equal(
          await walkInSteps(context, { delimiter }, 1),
          grouped(keys, delimiter),
          `the same in steps of one`,
        );
        equal(
          await context.keys({ delimiter, prefix: 'p' }),
          grouped(keys, delimiter, 'p'),
          'the same with a prefix',
        );
      }
    },
  },
  {
    rule: 'LIST-5',
    title: 'refuses an empty delimiter',
    needs: ['delimiter'],
    async run({ keys }) {
      await failsWith('invalid-argument', keys({ delimiter: '' }), 'list with an empty delimiter');
    },
  },
  {
    rule: 'LIST-4',
    title: 'orders groups among objects by their bytes',
    needs: ['delimiter', 'listOrder=utf8'],
    async run({ fill, keys: list, capabilities }) {
      const keys = capabilities.fileAndFolder ? KEYS : FLAT_KEYS;
      await fill(keys);
      for (const prefix of ['', 'a', 'a/', 'b/']) {
        equal(
          await list({ prefix, delimiter: '/' }),
          grouped(keys, '/', prefix),
          `order with ${JSON.stringify(prefix)}`,
        );
      }
    },
  },
  {
    rule: 'LIST-6',
    title: 'counts groups for the limit',
    needs: ['delimiter'],
    async run({ fill, pages }) {
      await fill(['a/1', 'a/2', 'b/1', 'b/2', 'c', 'd/1']);
      const walked = await pages({ delimiter: '/', limit: 3 });
      equal(walked.flatMap((page) => page.entries).length, 3, 'entries with the limit 3');
      const all = await pages({ delimiter: '/', limit: 4 });
      equal(all.flatMap((page) => page.entries).length, 4, 'entries with the limit 4');
      equal(all.at(-1)?.cursor, undefined, 'cursor after everything');
    },
  },
  {
    rule: 'LIST-9',
    title: 'begins after a key in a listing with groups',
    needs: ['delimiter', 'listOrder=utf8'],
    async run({ fill, keys: list }) {
      await fill(FLAT_KEYS);
      for (const startAfter of ['a-b', 'a.b', 'b/', 'b/1', 'b/3/x', 'b/9', 'c', 'd', 'zzz']) {
        const left = FLAT_KEYS.filter((key) => byUtf8(key, startAfter) > 0);
        equal(
          await list({ delimiter: '/', startAfter }),
          grouped(left, '/'),
          `entries after ${startAfter}`,
        );
      }
    },
  },
  {
    rule: 'LIST-15',
    title: 'drops a group with its last object',
    needs: ['delimiter'],
    async run({ fill, keys, delete: remove }) {
      await fill(['a/1', 'a/b/1', 'c']);
      equal((await keys({ delimiter: '/' })).toSorted(), ['a/', 'c'], 'entries');
      await remove('a/b/1');
      equal(
        (await keys({ delimiter: '/', prefix: 'a/' })).toSorted(),
        ['a/1'],
        'entries of the group',
      );
      await remove('a/1');
      equal(await keys({ delimiter: '/' }), ['c'], 'entries after the last object of the group');
    },
  },
];
