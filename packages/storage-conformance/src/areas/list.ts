import { ensure, equal, fail, failsWith } from '../check.ts';
import { byUtf8, collect, during, settle } from '../content.ts';
import type { Scenario } from '../scenario.ts';

export const listScenarios: readonly Scenario[] = [
  {
    rule: 'LIST-1',
    title: 'yields every key once over several pages',
    slow: true,
    async run({ fill, keys, pages }) {
      const all = Array.from({ length: 1001 }, (_, index) => `k/${String(index * 7919).padStart(8, '0')}`);
      await fill([...all, 'other']);
      const listed = await keys({ prefix: 'k/' });
      equal(listed.length, 1001, 'number of keys');
      equal(new Set(listed).size, 1001, 'number of different keys');
      equal(listed.toSorted(), all.toSorted(), 'the keys');
      equal((await keys()).length, 1002, 'number of all keys');
      const walked = await pages({ prefix: 'k/' });
      equal(walked.at(-1)?.cursor, undefined, 'cursor of the last page');
      for (const page of walked.slice(0, -1)) ensure(page.cursor !== undefined, 'a page that others follow should carry a cursor');
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
          const pages = await collect(provider.list({ limit, ...(cursor !== undefined && { cursor }) }));
          const entries = pages.flatMap((page) => page.entries);
          ensure(entries.length <= limit, `a walk with the limit ${limit} should yield no more`);
          seen.push(...entries.map(({ key }) => key));
          cursor = pages.at(-1)?.cursor;
          if (seen.length > all.length) fail(`more entries than keys with the limit ${limit}`);
        } while (cursor !== undefined);
        equal(seen.toSorted(), all, `keys of walks with the limit ${limit}`);
      }
      equal((await keys()).toSorted(), all, 'keys of one walk');
    },
  },
  {
    rule: 'LIST-2',
    title: 'takes the prefix as a plain string, not as a folder',
    async run({ fill, keys }) {
      const all = ['log', 'log-1', 'log-2/x', 'logs/a', 'logs/b/c', 'foobar/x', 'lo', 'Log', 'other/log'];
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
      const all = ['*', 'a*b', 'axb', 'a[1]', 'a1', 'a(b)', 'a%', 'a%b', 'ab', 'a_b', 'a?b', 'a\\b', "a'b", 'a$b', 'a.b', 'a^b', 'a+b', 'a b', 'a{b}'];
      await fill(all);
      for (const prefix of ['*', 'a*', 'a[', 'a(', 'a%', 'a_', 'a?', 'a\\', "a'", 'a$', 'a.', 'a^', 'a+', 'a ', 'a{', '%', '_', '.*', '[a]']) {
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
      equal(await keys({ prefix: 'Cafe\u0301' }), ['Cafe\u0301/1'], 'keys with the decomposed form');
      equal((await keys({ prefix: 'Cafe' })).length, 1, 'number of keys with the plain letter');
    },
  },
  {
    rule: 'LIST-3',
    title: 'is empty for a prefix that nothing matches',
    async run({ put, keys }) {
      for (const prefix of ['nothing', 'nothing/', 'a/b/c/', '.', '..', '/', '//', '\0', '\ud800']) {
        equal(await keys({ prefix }), [], `keys with ${JSON.stringify(prefix)} in an empty store`);
      }
      await put('a/b');
      for (const prefix of ['nothing', 'a/c', 'a/b/', 'a/b/c', 'a//', 'b', '/a', 'x'.repeat(2000)]) {
        equal(await keys({ prefix }), [], `keys with ${prefix.slice(0, 20)}`);
      }
    },
  },
  {
    rule: 'LIST-4',
    title: 'yields keys in the byte order of UTF-8',
    needs: ['listOrder=utf8'],
    async run({ fill, keys }) {
      const all = [
        ...['a', 'a-b', 'a.b', 'a/b', 'a/b/c', 'a/b-c', 'a0', 'a b', 'a!', 'B', 'Z', '_', '~', '1', '10', '2'],
        ...['é', 'e\u0301', 'ß', '文', '\uff5e', '😀', '\u{10ffff}', 'z/1', 'z-1', 'z', 'z/0/1', 'z/0-1'],
      ].filter((key) => !['a', 'z', 'a/b', 'é'].includes(key));
      await fill(all);
      const wanted = all.toSorted(byUtf8);
      equal(await keys(), wanted, 'order of the keys');
      equal(await keys({ prefix: 'a' }), wanted.filter((key) => key.startsWith('a')), 'order below a prefix');
    },
  },
  {
    rule: 'LIST-4',
    title: 'orders an object before those below its name, with what sorts between',
    needs: ['listOrder=utf8', 'fileAndFolder'],
    async run({ fill, keys }) {
      await fill(['a', 'a/b', 'a-b', 'a.b', 'a0', 'a/b/c', 'a/b-c', 'a/b0']);
      equal(await keys(), ['a', 'a-b', 'a.b', 'a/b', 'a/b-c', 'a/b/c', 'a/b0', 'a0'], 'order of the keys');
    },
  },
  {
    rule: 'LIST-6',
    title: 'yields no more entries than the limit and carries on with a cursor',
    async run({ fill, pages, keys }) {
      await fill(['a', 'b', 'c', 'd', 'e']);
      for (const limit of [1, 2, 4]) {
        const walked = await pages({ limit });
        equal(walked.flatMap((page) => page.entries).length, limit, `entries with the limit ${limit}`);
        ensure(walked.at(-1)?.cursor !== undefined, 'the last page should carry a cursor when there are more');
      }
      for (const limit of [5, 6, 1000, 1_000_000]) {
        const walked = await pages({ limit });
        equal(walked.flatMap((page) => page.entries).length, 5, `entries with the limit ${limit}`);
        equal(walked.at(-1)?.cursor, undefined, `cursor after everything with the limit ${limit}`);
      }
      equal((await keys({ prefix: 'c', limit: 3 })), ['c'], 'keys with a prefix and a limit');
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
  {
    rule: 'LIST-10',
    title: 'tells in each entry what stat tells, or leaves it out',
    async run({ provider, put, entries, capabilities }) {
      const hasAttributes = (capabilities.attributes ?? 'none') !== 'none';
      await put('a.txt', 'one');
      await put('b/c.png', 'second', hasAttributes ? { contentType: 'image/webp', metadata: { n: 1 }, tags: ['t'] } : {});
      await put('empty', '');
      await put('unknown.zzz', 'x');
      const always = capabilities.listFields ?? [];
      for (const entry of await entries()) {
        if (entry.kind !== 'item') fail(`a plain listing should have no groups: ${entry.key}`);
        const info = await provider.stat(entry.key, {});
        const { kind: _kind, ...fields } = entry;
        for (const [name, value] of Object.entries(fields)) {
          if (value !== undefined) equal(value, info[name as keyof typeof info], `${name} of ${entry.key}`);
        }
        for (const name of always) {
          equal(entry[name], info[name], `${name} of ${entry.key}, which listings always tell`);
        }
      }
    },
  },
  {
    rule: 'LIST-11',
    title: 'adds attributes when asked to',
    needs: ['listAttributes', 'attributes'],
    async run({ provider, put, entries }) {
      const expiresAt = new Date(4_102_444_800_000);
      await put('a.txt', 'one', { metadata: { n: 1, deep: { list: [1, '2'] } }, tags: ['x', 'y'], expiresAt });
      await put('b.bin', 'two', { contentType: 'image/png', cacheControl: 'no-store', contentDisposition: 'inline' });
      await put('c', 'three');
      const listed = await entries({ include: ['attributes'] });
      equal(listed.length, 3, 'number of entries');
      for (const entry of listed) {
        if (entry.kind !== 'item') continue;
        const info = await provider.stat(entry.key, {});
        for (const name of ['contentType', 'contentEncoding', 'contentLanguage', 'contentDisposition', 'cacheControl', 'metadata', 'tags', 'expiresAt'] as const) {
          equal(entry[name], info[name], `${name} of ${entry.key}`);
        }
      }
    },
  },
  {
    rule: 'LIST-11',
    title: 'asks for attributes without a request per key',
    needs: ['listAttributes', 'outside.requests', 'attributes=native'],
    async run({ fill, entries, outside }) {
      await fill(Array.from({ length: 50 }, (_, index) => `k${index}`));
      const before = outside.requests?.() ?? 0;
      await entries();
      const plain = (outside.requests?.() ?? 0) - before;
      await entries({ include: ['attributes'] });
      const rich = (outside.requests?.() ?? 0) - before - plain;
      ensure(rich < plain + 50, `${rich} requests were sent for 50 entries with attributes, ${plain} without`);
    },
  },
  {
    rule: 'LIST-12',
    title: 'fails when a page fails, or gets the page by another try',
    needs: ['outside.fault'],
    async run({ fill, pages, outside, skip }) {
      await fill(Array.from({ length: 30 }, (_, index) => `k${index}`));
      if (!(await outside.fault?.('second-page'))) skip('the harness can fail no second page');
      const listed = await pages().catch(() => undefined);
      await outside.fault?.(undefined);
      if (listed !== undefined) {
        equal(listed.flatMap((page) => page.entries).length, 30, 'entries of a listing whose second page failed, and that ended well');
      }
      equal((await pages()).flatMap((page) => page.entries).length, 30, 'entries after the trouble');
    },
  },
  {
    rule: 'LIST-13',
    title: 'lets go when it is broken out of, and is no trouble to another listing',
    async run({ fill, provider, keys, outside }) {
      await fill(['a', 'b', 'c', 'd']);
      const before = await outside.held?.();
      for (let turn = 0; turn < 5; turn += 1) {
        for await (const page of provider.list({})) {
          ensure(page.entries.length > 0, 'the first page should have entries');
          break;
        }
      }
      await settle();
      equal(await outside.held?.(), before, 'what broken listings hold');
      const both = await Promise.all([keys(), keys({ prefix: 'b' }), keys(), keys({ limit: 2 })]);
      equal(both.map((list) => list.length), [4, 1, 4, 2], 'entries of listings at once');
      const iterator = provider.list({})[Symbol.asyncIterator]();
      await iterator.return?.();
      equal((await iterator.next()).done, true, 'a listing that was ended before it began');
    },
  },
  {
    rule: 'LIST-13',
    title: 'walks anew with each use',
    async run({ fill, provider, put }) {
      await fill(['a', 'b']);
      const listing = provider.list({});
      const walk = async () => (await collect(listing)).flatMap((page) => page.entries.map(({ key }) => key));
      equal(await walk(), ['a', 'b'], 'the first walk');
      await put('c');
      equal((await walk()).toSorted(), ['a', 'b', 'c'], 'the second walk');
    },
  },
  {
    rule: 'LIST-13',
    title: 'is not failed by writes and deletes that go on',
    async run({ fill, put, keys, delete: remove }) {
      const stays = Array.from({ length: 60 }, (_, index) => `s/${String(index).padStart(3, '0')}`);
      await fill(stays);
      const change = async () => {
        for (let turn = 0; turn < 20; turn += 1) {
          await put(`s/${String(turn).padStart(3, '0')}-new`);
          await put(`t/${turn}`);
          await remove(`t/${turn}`);
          await put(`s/${String(turn).padStart(3, '0')}`, 'again');
        }
      };
      await during(change, async () => {
        const listed = (await keys({ prefix: 's/' })).filter((key) => !key.endsWith('-new'));
        equal(listed.toSorted(), stays, 'keys that were there all along');
      });
    },
  },
  {
    rule: 'LIST-14',
    title: 'shows objects only',
    async run({ put, keys, provider, capabilities, delete: remove }) {
      await put('folder/sub/a', 'content');
      await put('folder/b', 'gone');
      await remove('folder/b');
      if (capabilities.upload) {
        const session = await provider.upload?.('folder/pending', {});
        equal(await keys(), ['folder/sub/a'], 'keys while an upload is pending');
        await session?.abort();
      }
      equal(await keys(), ['folder/sub/a'], 'the keys');
      if (capabilities.delimiter) {
        equal(await keys({ delimiter: '/' }), ['folder/'], 'entries at the top');
        equal(await keys({ delimiter: '/', prefix: 'folder/' }), ['folder/sub/'], 'entries of the folder');
      }
    },
  },
];
