import type {
  ObjectInfo,
  StorageProvider,
  VersionOperations,
} from '@granary/storage-core/provider';
import { ensure, equal, failsWith, present, sameWrite } from '../check.ts';
import { collect } from '../content.ts';
import type { Scenario } from '../scenario.ts';

const NEEDS = ['versions'] as const;
const NEEDS_DELETE = ['versions', 'deleteVersion'] as const;

function versionsOf(provider: StorageProvider): VersionOperations {
  return present(provider.versions, 'versions');
}

async function history(provider: StorageProvider, key: string): Promise<ObjectInfo[]> {
  return (await collect(versionsOf(provider).list(key, {}))).flat();
}

function versionOf(info: ObjectInfo): string {
  return present(info.version, 'version in the info');
}

/** Checks that reading a version of `a` finds none. */
async function isNoVersion(provider: StorageProvider, version: string): Promise<void> {
  for (const name of ['get', 'stat'] as const) {
    const reading = provider[name]('a', { version });
    await failsWith('not-found', reading, `${name} of the version ${version}`);
  }
}

export const versionScenarios: readonly Scenario[] = [
  {
    rule: 'VER-1',
    title: 'makes a version of every put and lists them newest first',
    needs: NEEDS,
    async run({ provider, put }) {
      const made: string[] = [];
      for (const content of ['one', 'two!', 'three']) made.push(versionOf(await put('a', content)));
      equal(new Set(made).size, 3, 'different versions');
      const listed = await history(provider, 'a');
      equal(listed.map(versionOf), made.toReversed(), 'versions in the list');
      equal(
        listed.map(({ size }) => size),
        [5, 4, 3],
        'sizes in the list',
      );
      ensure(
        listed.every(({ key }) => key === 'a'),
        'every version should name its key',
      );
      equal(versionOf(await provider.stat('a', {})), made[2], 'version of the current object');
    },
  },
  {
    rule: 'VER-1',
    title: 'lists versions of exactly this key, over any number of pages',
    needs: NEEDS,
    async run({ provider, put, capabilities, keys }) {
      const made: string[] = [];
      for (let turn = 0; turn < 25; turn += 1) made.push(versionOf(await put('a', `turn ${turn}`)));
      await put('ab');
      await put('a-b');
      if (capabilities.fileAndFolder) await put('a/b');
      equal(
        (await history(provider, 'a')).map(versionOf),
        made.toReversed(),
        'versions in the list',
      );
      equal((await history(provider, 'ab')).length, 1, 'versions of the other key');
      equal(await history(provider, 'missing'), [], 'versions of a missing key');
      equal(
        (await keys({ prefix: 'a' })).filter((key) => key === 'a').length,
        1,
        'entries of the object in a listing',
      );
    },
  },
  {
    rule: 'VER-2',
    title: 'reads an old version, whole and in part',
    needs: NEEDS,
    async run({ provider, put, text, capabilities }) {
      const first = versionOf(await put('a', 'first'));
      const second = versionOf(await put('a', 'second!'));
      equal(await text('a', { version: first }), 'first', 'the first version');
      equal(await text('a', { version: second }), 'second!', 'the second version');
      equal((await provider.stat('a', { version: first })).size, 5, 'size of the first version');
      equal(
        versionOf(await provider.stat('a', { version: first })),
        first,
        'version that stat tells',
      );
      if (capabilities.rangeReads)
        equal(
          await text('a', { version: first, range: { offset: 1, length: 2 } }),
          'ir',
          'a part of the first version',
        );
    },
  },
  {
    rule: 'VER-2',
    title: 'reads attributes of an old version',
    needs: ['versions', 'attributes'],
    async run({ provider, put }) {
      const first = versionOf(await put('a', 'first', { metadata: { n: 1 } }));
      await put('a', 'second', { metadata: { n: 2 } });
      equal(
        (await provider.stat('a', { version: first })).metadata,
        { n: 1 },
        'metadata of the first version',
      );
      equal((await provider.stat('a', {})).metadata, { n: 2 }, 'metadata of the current version');
    },
  },
  {
    rule: 'VER-2',
    title: 'fails with not-found for a version that does not exist',
    needs: NEEDS,
    async run({ provider, put }) {
      await put('a');
      const other = versionOf(await put('b'));
      await isNoVersion(provider, 'nonsense');
      await failsWith(
        'not-found',
        provider.get('missing', { version: other }),
        'get of a version of a missing key',
      );
    },
  },
  {
    rule: 'VER-3',
    title: 'restores an old version as a new one',
    needs: NEEDS,
    async run({ provider, put, text }) {
      const first = versionOf(await put('a', 'first'));
      const second = versionOf(await put('a', 'second'));
      const restored = await versionsOf(provider).restore('a', first, {});
      equal(await text('a'), 'first', 'the current content');
      sameWrite(restored, await provider.stat('a', {}), 'info of restore, compared with stat');
      const listed = (await history(provider, 'a')).map(versionOf);
      equal(listed, [versionOf(restored), second, first], 'versions in the list');
      equal(new Set(listed).size, 3, 'different versions');
    },
  },
  {
    rule: 'VER-3',
    title: 'fails with not-found to restore a version that does not exist',
    needs: NEEDS,
    async run({ provider, put, text }) {
      await put('a', 'current');
      await failsWith(
        'not-found',
        versionsOf(provider).restore('a', 'nonsense', {}),
        'restore of a version that is none',
      );
      equal(await text('a'), 'current', 'the current content');
    },
  },
  {
    rule: 'VER-3',
    title: 'deletes one version alone',
    needs: NEEDS_DELETE,
    async run({ provider, put, text }) {
      const [first, second, third] = [
        versionOf(await put('a', '1')),
        versionOf(await put('a', '2')),
        versionOf(await put('a', '3')),
      ];
      await provider.delete('a', { version: second });
      equal(
        (await history(provider, 'a')).map(versionOf),
        [third, first],
        'versions that are left',
      );
      equal(await text('a'), '3', 'the current content');
      equal(await text('a', { version: first }), '1', 'the first version');
      await isNoVersion(provider, second);
      await failsWith(
        'not-found',
        versionsOf(provider).restore('a', second, {}),
        'restore of the deleted version',
      );
      equal(await text('a'), '3', 'the current content after that');
      await provider.delete('a', { version: second });
    },
  },
  {
    rule: 'VER-3',
    title: 'keeps the versions of an object that is deleted, and restores one',
    needs: NEEDS,
    async run({ provider, put, text, missing, keys }) {
      const first = versionOf(await put('a', 'first'));
      await put('a', 'second');
      await provider.delete('a', {});
      await missing('a');
      equal(await keys(), [], 'the keys');
      equal(await text('a', { version: first }), 'first', 'an old version of the deleted object');
      ensure(
        (await history(provider, 'a')).length >= 2,
        'the versions of a deleted object should be listed',
      );
      await versionsOf(provider).restore('a', first, {});
      equal(await text('a'), 'first', 'the restored object');
      equal(await keys(), ['a'], 'the keys after the restore');
    },
  },
];
