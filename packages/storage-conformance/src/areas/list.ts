import { ensure, equal, failsWith } from '../check.ts';
import { byUtf8, collect } from '../content.ts';
import type { Scenario } from '../scenario.ts';

export const listScenarios: readonly Scenario[] = [
  {
    rule: 'LIST-1',
    title: 'yields every key once over several pages',
    slow: true,
    async run({ fill, keys, pages }) {
      const all = Array.from(
        { length: 1001 },
        (_, index) => `k/${String(index * 7919).padStart(8, '0')}`,
      );
      await fill([...all, 'other']);
      const listed = await keys({ prefix: 'k/' });
      equal(listed.length, 1001, 'number of keys');
      equal(new Set(listed).size, 1001, 'number of different keys');
      equal(listed.toSorted(), all.toSorted(), 'the keys');
      equal((await keys()).length, 1002, 'number of all keys');
      const walked = await pages({ prefix: 'k/' });
      equal(walked.at(-1)?.cursor, undefined, 'cursor of the last page');
      for (const page of walked.slice(0, -1))
        ensure(page.cursor !== undefined, 'a page that others follow should carry a cursor');
    },
  },
  {
    rule: 'LIST-1',
    title: 'yields every key once when the number of keys is a multiple of the page size',
    async run({ fill, keys, provider }) {
      const all = ['a', 'b/1', 'b/2', 'c', 'd', 'e/f/g'];
      await fill(all);
      for (const limit of [1, 2, 3, 6]) {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const pages = await collect(
            provider.list({ limit, ...(cursor !== undefined && { cursor }) }),
          );
          const entries = pages.flatMap((page) => page.entries);
          ensure(entries.length <= limit, `a walk with the limit ${limit} should yield no more`);
          seen.push(...entries.map(({ key }) => key));
          cursor = pages.at(-1)?.cursor;
          ensure(
            seen.length <= all.length,
            `there should be no more entries than keys with the limit ${limit}`,
          );
        } while (cursor !== undefined);
        equal(seen.toSorted(), all, `keys of walks with the limit ${limit}`);
      }
      equal((await keys()).toSorted(), all, 'keys of one walk');
    },
  },
  {
    rule: 'LIST-2',
    title: 'takes the prefix as a plain string, not as a folder',
    async run({ fill, keys, provider }) {
      const all = [
        ...['log', 'log-1', 'log-2/x', 'logs/a', 'logs/b/c', 'foobar/x', 'lo', 'other/log'],
        ...(provider.capabilities.caseSensitive ? ['Log'] : []),
      ];
      await fill(all);
      const found = async (prefix: string) => (await keys({ prefix })).toSorted();
      equal(await found('log'), ['log', 'log-1', 'log-2/x', 'logs/a', 'logs/b/c'], 'keys with log');
      equal(await found('log-'), ['log-1', 'log-2/x'], 'keys with log-');
      equal(await found('logs/'), ['logs/a', 'logs/b/c'], 'keys with logs/');
      equal(await found('logs/b'), ['logs/b/c'], 'keys with logs/b');
      equal(await found('logs/b/c'), ['logs/b/c'], 'keys with a whole key');
      equal(await found('logs/b/c/'), [], 'keys below an object');
      equal(await found('foo/'), [], 'keys with foo/');
      equal(await found('foo'), ['foobar/x'], 'keys with foo');
      equal(await found(''), all.toSorted(), 'keys with an empty prefix');
    },
  },
  {
    rule: 'LIST-2',
    title: 'lists an object with its prefix, and the object named by it',
    needs: ['fileAndFolder'],
    async run({ fill, keys }) {
      await fill(['a', 'a/b', 'a/b/c', 'ab']);
      equal((await keys({ prefix: 'a/b' })).toSorted(), ['a/b', 'a/b/c'], 'keys with a/b');
      equal((await keys({ prefix: 'a/' })).toSorted(), ['a/b', 'a/b/c'], 'keys with a/');
      equal((await keys({ prefix: 'a' })).toSorted(), ['a', 'a/b', 'a/b/c', 'ab'], 'keys with a');
    },
  },
  {
    rule: 'LIST-2',
    title: 'takes wildcards and escapes in a prefix for plain characters',
    async run({ fill, keys }) {
      const all = [
        '*',
        'a*b',
        'axb',
        'a[1]',
        'a1',
        'a(b)',
        'a%',
        'a%b',
        'ab',
        'a_b',
        'a?b',
        'a\\b',
        "a'b",
        'a$b',
        'a.b',
        'a^b',
        'a+b',
        'a b',
        'a{b}',
      ];
      await fill(all);
      for (const prefix of [
        '*',
        'a*',
        'a[',
        'a(',
        'a%',
        'a_',
        'a?',
        'a\\',
        "a'",
        'a$',
        'a.',
        'a^',
        'a+',
        'a ',
        'a{',
        '%',
        '_',
        '.*',
        '[a]',
      ]) {
        const wanted = all.filter((key) => key.startsWith(prefix));
        equal((await keys({ prefix })).toSorted(), wanted.toSorted(), `keys with ${prefix}`);
      }
    },
  },
  {
    rule: 'LIST-2',
    title: 'takes no other form or case of a letter in a prefix',
    needs: ['caseSensitive'],
    async run({ fill, keys }) {
      await fill(['Caf\u00e9/1', 'Cafe\u0301/1', 'caf\u00e9/1']);
      equal(await keys({ prefix: 'Caf\u00e9' }), ['Caf\u00e9/1'], 'keys with the composed form');
      equal(
        await keys({ prefix: 'Cafe\u0301' }),
        ['Cafe\u0301/1'],
        'keys with the decomposed form',
      );
      equal((await keys({ prefix: 'Cafe' })).length, 1, 'number of keys with the plain letter');
    },
  },
  {
    rule: 'LIST-3',
    title: 'is empty for a prefix that nothing matches',
    async run({ put, keys }) {
      for (const prefix of [
        'nothing',
        'nothing/',
        'a/b/c/',
        '.',
        '..',
        '/',
        '//',
        '\0',
        '\ud800',
      ]) {
        equal(await keys({ prefix }), [], `keys with ${JSON.stringify(prefix)} in an empty store`);
      }
      await put('a/b');
      for (const prefix of [
        'nothing',
        'a/c',
        'a/b/',
        'a/b/c',
        'a//',
        'b',
        '/a',
        'x'.repeat(2000),
      ]) {
        equal(await keys({ prefix }), [], `keys with ${prefix.slice(0, 20)}`);
      }
    },
  },
  {
    rule: 'LIST-4',
    title: 'yields keys in the byte order of UTF-8',
    needs: ['listOrder=utf8'],
    async run({ fill, keys, provider }) {
      const all = [
        ...[
          'a',
          'a-b',
          'a.b',
          'a/b',
          'a/b/c',
          'a/b-c',
          'a0',
          'a b',
          'a!',
          'B',
          ...(provider.capabilities.caseSensitive ? ['Z'] : []),
          '_',
          '~',
          '1',
          '10',
          '2',
        ],
        ...[
          'é',
          'e\u0301',
          'ß',
          '文',
          '\uff5e',
          '😀',
          '\u{10ffff}',
          'z/1',
          'z-1',
          'z',
          'z/0/1',
          'z/0-1',
        ],
      ].filter((key) => !['a', 'z', 'a/b', 'é'].includes(key));
      await fill(all);
      const wanted = all.toSorted(byUtf8);
      equal(await keys(), wanted, 'order of the keys');
      equal(
        await keys({ prefix: 'a' }),
        wanted.filter((key) => key.startsWith('a')),
        'order below a prefix',
      );
    },
  },
  {
    rule: 'LIST-4',
    title: 'orders an object before those below its name, with what sorts between',
    needs: ['listOrder=utf8', 'fileAndFolder'],
    async run({ fill, keys }) {
      await fill(['a', 'a/b', 'a-b', 'a.b', 'a0', 'a/b/c', 'a/b-c', 'a/b0']);
      equal(
        await keys(),
        ['a', 'a-b', 'a.b', 'a/b', 'a/b-c', 'a/b/c', 'a/b0', 'a0'],
        'order of the keys',
      );
    },
  },
  {
    rule: 'LIST-6',
    title: 'yields no more entries than the limit and carries on with a cursor',
    async run({ fill, pages, keys }) {
      await fill(['a', 'b', 'c', 'd', 'e']);
      for (const limit of [1, 2, 4]) {
        const walked = await pages({ limit });
        equal(
          walked.flatMap((page) => page.entries).length,
          limit,
          `entries with the limit ${limit}`,
        );
        ensure(
          walked.at(-1)?.cursor !== undefined,
          'the last page should carry a cursor when there are more',
        );
      }
      for (const limit of [5, 6, 1000, 1_000_000]) {
        const walked = await pages({ limit });
        equal(walked.flatMap((page) => page.entries).length, 5, `entries with the limit ${limit}`);
        equal(walked.at(-1)?.cursor, undefined, `cursor after everything with the limit ${limit}`);
      }
      equal(await keys({ prefix: 'c', limit: 3 }), ['c'], 'keys with a prefix and a limit');
    },
  },
  {
    rule: 'LIST-6',
    title: 'refuses a limit below 1 and one that is not whole',
    async run({ put, keys }) {
      await put('a');
      for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await failsWith('invalid-argument', keys({ limit }), `list with the limit ${limit}`);
      }
    },
  },
];
