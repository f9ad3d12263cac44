import { ensure, equal } from '../check.ts';
import type { Scenario } from '../scenario.ts';

export const deleteScenarios: readonly Scenario[] = [
  {
    rule: 'DEL-1',
    title: 'succeeds for a missing key, and again',
    async run({ put, keys, delete: remove }) {
      await put('a');
      for (const key of ['missing', 'a/below', 'deep/down/missing']) {
        const { existed } = await remove(key);
        ensure(existed !== true, `${key} should not be told to have existed`);
        await remove(key);
      }
      equal(await keys(), ['a'], 'the keys');
    },
  },
  {
    rule: 'DEL-1',
    title: 'tells rightly whether there was an object, where it tells',
    async run({ put, delete: remove }) {
      await put('a');
      const first = await remove('a');
      const second = await remove('a');
      ensure(first.existed !== false, 'an object that was there should not be told to be missing');
      ensure(second.existed !== true, 'an object that was gone should not be told to be there');
      equal(first.existed === undefined, second.existed === undefined, 'whether it is told');
    },
  },
  {
    rule: 'DEL-2',
    title: 'leaves nothing of the object',
    async run({ put, keys, missing, delete: remove }) {
      await put('a/b');
      await put('a/c');
      await put('d');
      await remove('a/b');
      await missing('a/b');
      equal((await keys()).toSorted(), ['a/c', 'd'], 'the keys');
      equal(await keys({ prefix: 'a/b' }), [], 'the keys below its name');
      await remove('a/c');
      await remove('d');
      equal(await keys(), [], 'the keys of the emptied store');
      await put('a', 'under the name of a former folder');
      equal(await keys(), ['a'], 'the keys after a put under the name of a former folder');
    },
  },
  {
    rule: 'DEL-2',
    title: 'leaves no attributes to a new object under the key',
    needs: ['attributes'],
    async run({ provider, put, delete: remove }) {
      await put('a', 'old', { metadata: { old: true }, tags: ['old'], cacheControl: 'no-store' });
      await remove('a');
      await put('a', 'new');
      const info = await provider.stat('a', {});
      equal(info.metadata, undefined, 'metadata');
      equal(info.tags, undefined, 'tags');
      equal(info.cacheControl, undefined, 'cacheControl');
    },
  },
  {
    rule: 'DEL-3',
    title: 'leaves objects whose keys only begin alike',
    async run({ put, text, keys, delete: remove, capabilities }) {
      const others = [
        'ab',
        'a-b',
        'a.b',
        'a b',
        'A1',
        ...(capabilities.fileAndFolder ? ['a/b', 'a/b/c'] : []),
      ];
      for (const key of others) await put(key, `at ${key}`);
      await put('a', 'goes');
      await remove('a');
      equal((await keys()).toSorted(), others.toSorted(), 'the keys');
      for (const key of others) equal(await text(key), `at ${key}`, `content of ${key}`);
    },
  },
  {
    rule: 'DEL-3',
    title: 'deletes an object and not what lies below its name, nor above',
    needs: ['fileAndFolder'],
    async run({ put, text, missing, delete: remove }) {
      await put('a', 'above');
      await put('a/b', 'middle');
      await put('a/b/c', 'below');
      await remove('a/b');
      await missing('a/b');
      equal(await text('a'), 'above', 'the object above');
      equal(await text('a/b/c'), 'below', 'the object below');
    },
  },
];
