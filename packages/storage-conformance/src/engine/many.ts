import { createStorage } from '@granary/storage-core';
import { type BatchResult, guardProvider } from '@granary/storage-core/provider';
import { ensure, equal, failsWith, present, rejection } from '../check.ts';
import { noise, settle } from '../content.ts';
import { isDeclared } from '../needs.ts';
import { bare, relay } from '../relay.ts';
import type { Scenario } from '../scenario.ts';

function keysOf(results: readonly BatchResult<unknown>[]): readonly string[] {
  return results.map(({ key }) => key);
}

function oks(results: readonly BatchResult<unknown>[]): readonly boolean[] {
  return results.map(({ ok }) => ok);
}

async function codeOf(
  result: BatchResult<unknown> | undefined,
  code: 'not-found' | 'invalid-key' | 'invalid-data',
): Promise<void> {
  const known = present(result, 'result');
  ensure(!known.ok, `the item should fail with ${code}`);
  await failsWith(code, Promise.reject(known.error), 'an item of a batch');
}

/** The batch scenarios run over the provider's own batches, and over none. */
const KINDS = ['the batches of the provider', 'single operations'] as const;

export const manyScenarios: readonly Scenario[] = [
  ...KINDS.map(
    (kind): Scenario => ({
      rule: 'ENG-4',
      title: `saves, loads and deletes many items through ${kind}`,
      async run({ provider }) {
        const engine = createStorage(
          kind === 'single operations' ? guardProvider(bare(provider)) : provider,
        );
        const saved = await engine.saveMany([
          { key: 'b', value: { n: 1 } },
          { key: 'a//b', value: 2 },
          { key: 'c', value: Number.NaN },
          { key: 'a', value: ['x'] },
          { key: 'b', value: { n: 2 } },
        ]);
        equal(keysOf(saved), ['b', 'a//b', 'c', 'a', 'b'], 'keys of the results of saveMany');
        equal(oks(saved), [true, false, false, true, true], 'which items were saved');
        await codeOf(saved[1], 'invalid-key');
        await codeOf(saved[2], 'invalid-data');
        const loaded = await engine.loadMany(['a', 'missing', 'b', '..', 'a']);
        equal(keysOf(loaded), ['a', 'missing', 'b', '..', 'a'], 'keys of the results of loadMany');
        equal(
          loaded.map((result) => (result.ok ? result.value : result.ok)),
          [['x'], false, { n: 2 }, false, ['x']],
          'values',
        );
        await codeOf(loaded[1], 'not-found');
        await codeOf(loaded[3], 'invalid-key');
        const deleted = await engine.deleteMany(['a', 'missing', '', 'b']);
        equal(keysOf(deleted), ['a', 'missing', '', 'b'], 'keys of the results of deleteMany');
        equal(oks(deleted), [true, true, false, true], 'which keys were deleted');
        equal((await engine.list()).length, 0, 'items that are left');
        equal(await engine.saveMany([]), [], 'results of no items');
        equal(await engine.loadMany([]), [], 'results of no keys');
        equal(await engine.deleteMany([]), [], 'results of no keys to delete');
      },
    }),
  ),
  {
    rule: 'ENG-4',
    title: 'keeps at most so many operations in flight as it is told',
    async run({ provider }) {
      let running = 0;
      let most = 0;
      const counted = relay(bare(provider), {
        async put(key, body, options) {
          running += 1;
          most = Math.max(most, running);
          await settle(1);
          try {
            return await provider.put(key, body, options);
          } finally {
            running -= 1;
          }
        },
      });
      const engine = createStorage(guardProvider(counted));
      const entries = Array.from({ length: 20 }, (_, index) => ({
        key: `k${index}`,
        value: index,
      }));
      const results = await engine.saveMany(entries, { concurrency: 3 });
      ensure(
        results.every(({ ok }) => ok),
        'every item should be saved',
      );
      ensure(most <= 3 && most >= 1, `${most} puts were in flight, three were allowed`);
      await failsWith(
        'invalid-argument',
        engine.saveMany(entries, { concurrency: 0 }),
        'a concurrency of none',
      );
    },
  },
  {
    rule: 'ENG-4',
    title: 'saves all or nothing, or refuses to promise it',
    async run({ storage, capabilities, put, keys }) {
      const engine = storage();
      await put('there');
      const entries = [
        { key: 'a', value: 1 },
        { key: 'b', value: Number.NaN },
      ];
      if (capabilities.atomicBatch) {
        await failsWith(
          'invalid-data',
          engine.saveMany(entries, { atomic: true }),
          'an atomic batch with a bad value',
        );
      } else {
        await failsWith(
          'unsupported',
          engine.saveMany(entries, { atomic: true }),
          'an atomic batch',
        );
        await failsWith(
          'unsupported',
          engine.deleteMany(['there'], { atomic: true }),
          'an atomic batch of deletes',
        );
      }
      equal(await keys(), ['there'], 'the keys');
    },
  },
  {
    rule: 'ENG-6',
    title: 'clears what starts with a prefix, and not its siblings',
    async run({ storage, fill, keys, capabilities }) {
      const all = [
        'foo/1',
        'foo/2/x',
        'foobar/1',
        'foobaz',
        'fo',
        'other',
        ...(capabilities.fileAndFolder ? ['foo'] : []),
      ];
      await fill(all);
      const engine = storage();
      equal(await engine.clear('foo/'), { deleted: 2, failed: [] }, 'what was cleared');
      equal(
        (await keys()).toSorted(),
        all.filter((key) => !key.startsWith('foo/')).toSorted(),
        'the keys that are left',
      );
      equal((await engine.clear('nothing/')).deleted, 0, 'what was cleared where there is nothing');
      await engine.clear('foo');
      equal((await keys()).toSorted(), ['fo', 'other'], 'the keys after clearing a plain prefix');
    },
  },
  {
    rule: 'ENG-6',
    title: 'clears everything only when it is told so',
    async run({ storage, fill, keys }) {
      await fill(['a', 'b/c', 'd']);
      const engine = storage();
      await failsWith('invalid-argument', engine.clear(''), 'clear without a prefix');
      await failsWith(
        'invalid-argument',
        () => (engine.clear as () => Promise<unknown>)(),
        'clear without anything',
      );
      equal((await keys()).length, 3, 'keys after refused clears');
      equal((await engine.clear({ all: true })).deleted, 3, 'what was cleared');
      equal(await keys(), [], 'the keys');
    },
  },
  {
    rule: 'ENG-5',
    title: 'copies over a provider that has no copy, with all attributes',
    async run({ provider, capabilities, put }) {
      const engine = createStorage(guardProvider(bare(provider)));
      const has = isDeclared(capabilities, 'attributes');
      const content = noise(150_000, 61);
      await put(
        'a.bin',
        content,
        has ? { metadata: { n: 1 }, tags: ['t'], cacheControl: 'no-store' } : {},
      );
      const info = await engine.copy(
        'a.bin',
        'new/b.bin',
        has ? { attributes: { tags: null } } : {},
      );
      equal(info.key, 'new/b.bin', 'key in the info');
      equal(await (await engine.get('new/b.bin')).bytes(), content, 'content of the copy');
      if (has) {
        const copy = await engine.stat('new/b.bin');
        equal(
          [copy.metadata, copy.tags, copy.cacheControl],
          [{ n: 1 }, undefined, 'no-store'],
          'attributes of the copy',
        );
      }
      await engine.copy('a.bin', 'a.bin');
      equal(
        await (await engine.get('a.bin')).bytes(),
        content,
        'content after copying onto itself',
      );
      await failsWith('not-found', engine.copy('missing', 'new/b.bin'), 'copy of a missing key');
      equal(
        await (await engine.get('new/b.bin')).bytes(),
        content,
        'the target after a failed copy',
      );
      await failsWith('invalid-key', engine.copy('a.bin', 'a//b'), 'copy to a bad key');
      if (capabilities.createIfAbsent) {
        await failsWith(
          'precondition-failed',
          engine.copy('a.bin', 'new/b.bin', { ifNoneMatch: '*' }),
          'copy onto an object',
        );
      }
    },
  },
  {
    rule: 'ENG-5',
    title: 'moves over a provider that has no move, and deletes the source last',
    async run({ provider, put, missing, keys }) {
      const done: string[] = [];
      const told = relay(bare(provider), {
        async put(key, body, options) {
          const info = await provider.put(key, body, options);
          done.push(`put ${key}`);
          return info;
        },
        async delete(key, options) {
          done.push(`delete ${key}`);
          return provider.delete(key, options);
        },
      });
      const engine = createStorage(guardProvider(told));
      await put('a', noise(50_000, 62));
      await engine.move('a', 'b/c');
      equal(done, ['put b/c', 'delete a'], 'order of the steps');
      await missing('a');
      equal(await (await engine.get('b/c')).bytes(), noise(50_000, 62), 'content of the target');
      await engine.move('b/c', 'b/c');
      equal(await keys(), ['b/c'], 'the keys after moving onto itself');
      await failsWith('not-found', engine.move('missing', 'b/c'), 'move of a missing key');
      equal(await keys(), ['b/c'], 'the keys after a failed move');
    },
  },
  {
    rule: 'ENG-5',
    title:
      'keeps the source when the target cannot be stored, or when the source changed meanwhile',
    async run({ provider, put, text }) {
      await put('a', 'first');
      let mode: 'fail' | 'change' = 'fail';
      const awkward = relay(bare(provider), {
        async put(key, body, options) {
          if (mode === 'fail') {
            await body.cancel();
            throw new Error('no room for the target');
          }
          const info = await provider.put(key, body, options);
          await put('a', 'second');
          return info;
        },
      });
      const engine = createStorage(guardProvider(awkward));
      await rejection(engine.move('a', 'b'), 'move whose target fails');
      equal(await text('a'), 'first', 'the source after a failed move');
      mode = 'change';
      await failsWith(
        ['conflict', 'precondition-failed'],
        engine.move('a', 'c'),
        'move of a source that changes',
      );
      equal(await text('a'), 'second', 'the source that changed');
    },
  },
  {
    rule: 'ENG-5',
    title: 'copies and moves through the operations of the provider where it has them',
    needs: ['copy', 'move'],
    async run({ storage, put, text, missing }) {
      const engine = storage();
      await put('a', 'content');
      await engine.copy('a', 'b');
      await engine.move('b', 'c');
      equal(await text('c'), 'content', 'content');
      await missing('b');
    },
  },
];
