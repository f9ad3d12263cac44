import { ensure, equal, failsWith, present, sameWrite } from '../check.ts';
import { noise } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario } from '../scenario.ts';
import { asciiGroups } from './keys.ts';

const FAR = new Date(4_102_444_800_000);
const ATTRIBUTES = {
  contentType: 'image/png',
  cacheControl: 'no-store',
  metadata: { n: 1, deep: { list: [1] } },
  tags: ['x'],
  expiresAt: FAR,
} as const;

export const copyScenarios: readonly Scenario[] = [
  {
    rule: 'COPY-1',
    title: 'makes an equal object, also in folders that are new',
    needs: ['copy'],
    async run({ provider, put, bytes, keys }) {
      const content = noise(100_000, 21);
      await put('a', content);
      const info = await provider.copy?.('a', 'new/deep/b', {});
      equal(info?.key, 'new/deep/b', 'key in the info');
      const found = await provider.stat('new/deep/b', {});
      sameWrite(present(info, 'the info of copy'), found, 'info of copy, compared with stat');
      equal(await bytes('new/deep/b'), content, 'content of the copy');
      equal(await bytes('a'), content, 'content of the source');
      equal((await keys()).toSorted(), ['a', 'new/deep/b'], 'the keys');
    },
  },
  {
    rule: 'COPY-1',
    title: 'replaces an existing target whole',
    needs: ['copy'],
    async run({ provider, put, text, capabilities }) {
      const kept = isDeclared(capabilities, 'attributes')
        ? { metadata: { of: 'target' }, tags: ['target'] }
        : {};
      await put('a', 'short');
      await put('b', 'a longer text than the other', kept);
      const before = await provider.stat('b', {});
      const info = await provider.copy?.('a', 'b', {});
      equal(await text('b'), 'short', 'content of the target');
      ensure(info?.etag !== before.etag, 'the etag of the target should change');
      equal((await provider.stat('b', {})).metadata, undefined, 'metadata of the target');
      equal((await provider.stat('b', {})).tags, undefined, 'tags of the target');
    },
  },
  {
    rule: 'COPY-1',
    title: 'copies empty objects and keys with odd characters',
    needs: ['copy'],
    async run({ provider, put, text }) {
      await put('empty', '');
      await provider.copy?.('empty', 'empty-2', {});
      equal(await text('empty-2'), '', 'content of the empty copy');
      for (const key of ['a b+c', 'ä/文 😀', 'a%2Fb', 'a?x=1#y', '<a&b>', ...asciiGroups()]) {
        await put(key, `at ${key}`);
        await provider.copy?.(key, `copy of/${key}`, {});
        equal(await text(`copy of/${key}`), `at ${key}`, `copy of ${key}`);
      }
    },
  },
  {
    rule: 'COPY-1',
    title: 'keeps attributes, and changes those that are named',
    needs: ['copy', 'attributes'],
    async run({ provider, put }) {
      await put('a', 'content', ATTRIBUTES);
      await provider.copy?.('a', 'b', {});
      const copy = await provider.stat('b', {});
      for (const [name, value] of Object.entries(ATTRIBUTES)) {
        equal(copy[name as keyof typeof copy], value, `${name} of the copy`);
      }
      await provider.copy?.('a', 'c', {
        attributes: { metadata: { n: 2 }, tags: null, contentType: 'text/css' },
      });
      const changed = await provider.stat('c', {});
      equal(changed.metadata, { n: 2 }, 'metadata that was named');
      equal(changed.tags, undefined, 'tags that were cleared');
      equal(changed.contentType, 'text/css', 'content type that was named');
      equal(changed.cacheControl, 'no-store', 'cacheControl that was kept');
      equal((await provider.stat('a', {})).metadata, ATTRIBUTES.metadata, 'metadata of the source');
    },
  },
  {
    rule: 'COPY-2',
    title: 'fails with not-found for a missing source and keeps the target',
    needs: ['copy'],
    async run({ provider, put, text, missing }) {
      await put('b', 'target');
      const error = await failsWith('not-found', () => provider.copy?.('missing', 'b', {}), 'copy');
      ensure(error.message.includes('missing'), 'the message should name the source');
      equal(await text('b'), 'target', 'the target');
      await failsWith('not-found', () => provider.copy?.('missing', 'c', {}), 'copy to a new key');
      await missing('c');
    },
  },
  {
    rule: 'COPY-3',
    title: 'keeps an object that is copied onto itself',
    needs: ['copy'],
    async run({ provider, put, text, keys }) {
      await put('a', 'content');
      await provider.copy?.('a', 'a', {});
      equal(await text('a'), 'content', 'the content');
      equal(await keys(), ['a'], 'the keys');
    },
  },
  {
    rule: 'COPY-3',
    title:
      'keeps attributes of an object that is copied onto itself, and changes those that are named',
    needs: ['copy', 'attributes'],
    async run({ provider, put, text }) {
      await put('a', 'content', ATTRIBUTES);
      await provider.copy?.('a', 'a', {});
      equal((await provider.stat('a', {})).metadata, ATTRIBUTES.metadata, 'metadata');
      await provider.copy?.('a', 'a', { attributes: { metadata: { n: 2 } } });
      const info = await provider.stat('a', {});
      equal(info.metadata, { n: 2 }, 'metadata that was named');
      equal(info.tags, ['x'], 'tags that were kept');
      equal(await text('a'), 'content', 'the content');
    },
  },
  {
    rule: 'COPY-3',
    title: 'gives the copy a life of its own',
    needs: ['copy'],
    async run({ provider, put, text, delete: remove }) {
      await put('a', 'first');
      await provider.copy?.('a', 'b', {});
      await put('a', 'second');
      equal(await text('b'), 'first', 'the copy after the source changed');
      await put('b', 'third');
      equal(await text('a'), 'second', 'the source after the copy changed');
      await remove('a');
      equal(await text('b'), 'third', 'the copy after the source went');
    },
  },
  {
    rule: 'COPY-3',
    title: 'gives the copy attributes of its own',
    needs: ['copy', 'setMetadata', 'attributes'],
    async run({ provider, put, delete: remove }) {
      await put('a', 'content', ATTRIBUTES);
      await provider.copy?.('a', 'b', {});
      const mine = await provider.stat('b', {});
      (mine.metadata as { deep: { list: number[] } }).deep.list.push(2);
      (mine.tags as string[]).push('y');
      equal((await provider.stat('a', {})).metadata, ATTRIBUTES.metadata, 'metadata of the source');
      await provider.setMetadata?.('b', { metadata: { n: 3 }, tags: null }, {});
      equal(
        (await provider.stat('a', {})).metadata,
        ATTRIBUTES.metadata,
        'metadata of the source after the copy changed',
      );
      equal((await provider.stat('a', {})).tags, ['x'], 'tags of the source');
      await provider.setMetadata?.('a', { metadata: { n: 4 } }, {});
      equal(
        (await provider.stat('b', {})).metadata,
        { n: 3 },
        'metadata of the copy after the source changed',
      );
      await remove('a');
      equal(
        (await provider.stat('b', {})).metadata,
        { n: 3 },
        'metadata of the copy after the source went',
      );
    },
  },
  {
    rule: 'MOVE-1',
    title: 'makes the target and takes the source away',
    needs: ['move'],
    async run({ provider, put, bytes, missing, keys }) {
      const content = noise(50_000, 22);
      await put('a/b', content);
      await put('a/c', 'stays');
      const info = await provider.move?.('a/b', 'new/deep/b', {});
      equal(info?.key, 'new/deep/b', 'key in the info');
      const found = await provider.stat('new/deep/b', {});
      sameWrite(present(info, 'the info of move'), found, 'info of move, compared with stat');
      equal(await bytes('new/deep/b'), content, 'content of the target');
      await missing('a/b');
      equal((await keys()).toSorted(), ['a/c', 'new/deep/b'], 'the keys');
    },
  },
  {
    rule: 'MOVE-1',
    title: 'replaces an existing target, and takes attributes along',
    needs: ['move', 'attributes'],
    async run({ provider, put, text, missing }) {
      await put('a', 'content', ATTRIBUTES);
      await put('b', 'target', { metadata: { of: 'target' }, contentLanguage: 'de' });
      await provider.move?.('a', 'b', { attributes: { cacheControl: null } });
      const info = await provider.stat('b', {});
      equal(await text('b'), 'content', 'content of the target');
      equal(info.metadata, ATTRIBUTES.metadata, 'metadata of the target');
      equal(info.tags, ['x'], 'tags of the target');
      equal(info.cacheControl, undefined, 'cacheControl that was cleared');
      equal(info.contentLanguage, undefined, 'contentLanguage of the old target');
      await missing('a');
      await put('a', 'new');
      equal(
        (await provider.stat('a', {})).metadata,
        undefined,
        'metadata of a new object under the old key',
      );
    },
  },
  {
    rule: 'MOVE-2',
    title: 'changes nothing when an object is moved onto itself',
    needs: ['move'],
    async run({ provider, put, text, keys }) {
      await put('a', 'content');
      await provider.move?.('a', 'a', {});
      equal(await text('a'), 'content', 'the content');
      equal(await keys(), ['a'], 'the keys');
    },
  },
  {
    rule: 'MOVE-2',
    title: 'fails with not-found for a missing source and keeps the target',
    needs: ['move'],
    async run({ provider, put, text, missing }) {
      await put('b', 'target');
      await failsWith('not-found', () => provider.move?.('missing', 'b', {}), 'move');
      await failsWith(
        'not-found',
        () => provider.move?.('missing', 'missing', {}),
        'move onto itself',
      );
      equal(await text('b'), 'target', 'the target');
      await failsWith('not-found', () => provider.move?.('missing', 'c', {}), 'move to a new key');
      await missing('c');
    },
  },
  {
    rule: 'MOVE-1',
    title: 'moves an object below and above its own name',
    needs: ['move', 'fileAndFolder'],
    async run({ provider, put, text, keys }) {
      await put('a', 'content');
      await provider.move?.('a', 'a/b', {});
      equal(await text('a/b'), 'content', 'content below');
      await provider.move?.('a/b', 'a', {});
      equal(await text('a'), 'content', 'content above');
      equal(await keys(), ['a'], 'the keys');
    },
  },
];
