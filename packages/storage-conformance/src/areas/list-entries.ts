import { ensure, equal, present } from '../check.ts';
import { collect, during, settle } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario } from '../scenario.ts';

export const listEntryScenarios: readonly Scenario[] = [
  {
    rule: 'LIST-10',
    title: 'tells in each entry what stat tells, or leaves it out',
    async run({ provider, put, entries, capabilities }) {
      const hasAttributes = isDeclared(capabilities, 'attributes');
      await put('a.txt', 'one');
      await put(
        'b/c.png',
        'second',
        hasAttributes ? { contentType: 'image/webp', metadata: { n: 1 }, tags: ['t'] } : {},
      );
      await put('empty', '');
      await put('unknown.zzz', 'x');
      const always = capabilities.listFields ?? [];
      for (const entry of await entries()) {
        ensure(entry.kind === 'item', `a plain listing should have no groups: ${entry.key}`);
        const info = await provider.stat(entry.key, {});
        const { kind: _kind, ...fields } = entry;
        const told = Object.entries(fields).filter(([, value]) => value !== undefined);
        for (const [name, value] of told) {
          equal(value, info[name as keyof typeof info], `${name} of ${entry.key}`);
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
      await put('a.txt', 'one', {
        metadata: { n: 1, deep: { list: [1, '2'] } },
        tags: ['x', 'y'],
        expiresAt,
      });
      await put('b.bin', 'two', {
        contentType: 'image/png',
        cacheControl: 'no-store',
        contentDisposition: 'inline',
      });
      await put('c', 'three');
      const listed = await entries({ include: ['attributes'] });
      equal(listed.length, 3, 'number of entries');
      for (const entry of listed) {
        ensure(entry.kind === 'item', `a plain listing should have no groups: ${entry.key}`);
        const info = await provider.stat(entry.key, {});
        for (const name of [
          'contentType',
          'contentEncoding',
          'contentLanguage',
          'contentDisposition',
          'cacheControl',
          'metadata',
          'tags',
          'expiresAt',
        ] as const) {
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
      const count = () => present(outside.requests, 'requests')();
      const before = count();
      await entries();
      const plain = count() - before;
      await entries({ include: ['attributes'] });
      const rich = count() - before - plain;
      ensure(
        rich < plain + 50,
        `${rich} requests were sent for 50 entries with attributes, ${plain} without`,
      );
    },
  },
  {
    rule: 'LIST-12',
    title: 'fails when a page fails, or gets the page by another try',
    needs: ['outside.fault'],
    async run({ fill, keys, during }) {
      const all = Array.from({ length: 30 }, (_, index) => `k${String(index).padStart(2, '0')}`);
      await fill(all);
      await during('second-page', async () => {
        const listed = await keys().catch(() => all);
        equal(
          listed.toSorted(),
          all,
          'keys of a listing whose second page failed, and that ended well',
        );
      });
      equal((await keys()).toSorted(), all, 'keys after the trouble');
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
      equal(
        both.map((list) => list.length),
        [4, 1, 4, 2],
        'entries of listings at once',
      );
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
      const walk = async () =>
        (await collect(listing)).flatMap((page) => page.entries.map(({ key }) => key));
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
        equal(
          await keys({ delimiter: '/', prefix: 'folder/' }),
          ['folder/sub/'],
          'entries of the folder',
        );
      }
    },
  },
];
