import { type BatchResult, type PutEntry, toBody } from '@granary/storage-core/provider';
import { ensure, equal, failsWith, present, rejection, sameWrite } from '../check.ts';
import { during, settle, watchedSource } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario } from '../scenario.ts';

function entry(key: string, content: string, options?: PutEntry['options']): PutEntry {
  return { key, body: toBody(content), ...(options && { options }) };
}

function resultOf<Value>(result: BatchResult<Value> | undefined, what: string): Value {
  const known = present(result, `result of ${what}`);
  ensure(known.ok, `${what} should succeed`);
  return known.value;
}

function keysOf(
  results: readonly BatchResult<unknown>[] | undefined,
): readonly string[] | undefined {
  return results?.map(({ key }) => key);
}

async function codeOf(
  result: BatchResult<unknown> | undefined,
  code: 'not-found' | 'invalid-key' | 'precondition-failed',
  what: string,
): Promise<void> {
  const known = present(result, `result of ${what}`);
  ensure(!known.ok, `${what} should fail`);
  await failsWith(code, Promise.reject(known.error), what);
}

const MANY = Array.from({ length: 1001 }, (_, index) => `many/${String(index).padStart(4, '0')}`);

export const batchScenarios: readonly Scenario[] = [
  {
    rule: 'BATCH-1',
    title: 'puts many objects and gives their infos in order',
    needs: ['putMany'],
    async run({ provider, text, keys, capabilities }) {
      const options = isDeclared(capabilities, 'attributes') ? { metadata: { n: 1 } } : {};
      const results = await provider.putMany?.(
        [entry('b', 'bb'), entry('a', 'a', options), entry('c/d', '')],
        {},
      );
      equal(keysOf(results), ['b', 'a', 'c/d'], 'keys of the results');
      equal(resultOf(results?.[0], 'b').size, 2, 'size in the first info');
      const second = resultOf(results?.[1], 'a');
      sameWrite(second, await provider.stat('a', {}), 'info of the second, compared with stat');
      equal(await text('b'), 'bb', 'content of the first');
      equal((await keys()).toSorted(), ['a', 'b', 'c/d'], 'the keys');
      equal(await provider.putMany?.([], {}), [], 'results of an empty batch');
    },
  },
  {
    rule: 'BATCH-1',
    title: 'lets the last entry win when a key is there twice',
    needs: ['putMany'],
    async run({ provider, text }) {
      const results = await provider.putMany?.(
        [entry('a', 'first'), entry('b', 'b'), entry('a', 'last')],
        {},
      );
      equal(keysOf(results), ['a', 'b', 'a'], 'keys of the results');
      equal(await text('a'), 'last', 'content');
    },
  },
  {
    rule: 'BATCH-1',
    title: 'gets many objects in order, missing and repeated ones too',
    needs: ['getMany'],
    async run({ provider, put }) {
      await put('a', 'at a');
      await put('b', 'at b');
      const results = await provider.getMany?.(['b', 'missing', 'a', 'b'], {});
      equal(keysOf(results), ['b', 'missing', 'a', 'b'], 'keys of the results');
      equal(await resultOf(results?.[0], 'b').text(), 'at b', 'the first');
      await codeOf(results?.[1], 'not-found', 'the missing one');
      equal(await resultOf(results?.[2], 'a').text(), 'at a', 'the third');
      equal(await resultOf(results?.[3], 'b').text(), 'at b', 'the repeated one');
      equal(await provider.getMany?.([], {}), [], 'results of an empty batch');
    },
  },
  {
    rule: 'BATCH-1',
    title: 'stats many objects in order, missing ones too',
    needs: ['statMany'],
    async run({ provider, put }) {
      await put('a', 'at a');
      await put('b', 'longer at b');
      const results = await provider.statMany?.(['missing', 'b', 'a', 'a'], {});
      equal(keysOf(results), ['missing', 'b', 'a', 'a'], 'keys of the results');
      await codeOf(results?.[0], 'not-found', 'the missing one');
      equal(resultOf(results?.[1], 'b').size, 11, 'size of the second');
      equal(
        { ...resultOf(results?.[2], 'a') },
        { ...(await provider.stat('a', {})) },
        'info of the third, compared with stat',
      );
      equal(await provider.statMany?.([], {}), [], 'results of an empty batch');
    },
  },
  {
    rule: 'BATCH-1',
    title: 'deletes many objects, missing and repeated ones too',
    needs: ['deleteMany'],
    async run({ provider, put, keys }) {
      for (const key of ['a', 'b', 'c', 'q\'u"o<te>&']) await put(key);
      const asked = ['b', 'missing', 'a', 'b', 'q\'u"o<te>&'];
      const results = await provider.deleteMany?.(asked, {});
      equal(keysOf(results), asked, 'keys of the results');
      ensure(
        resultOf(results?.[0], 'b').existed !== false,
        'b should not be told to have been missing',
      );
      ensure(
        resultOf(results?.[1], 'missing').existed !== true,
        'a missing key should not be told to have existed',
      );
      ensure(results?.every(({ ok }) => ok) === true, 'deleting should succeed for every key');
      equal(await keys(), ['c'], 'the keys that are left');
      equal(await provider.deleteMany?.([], {}), [], 'results of an empty batch');
    },
  },
  {
    rule: 'BATCH-1',
    title: 'takes more items than one request of a service',
    needs: ['deleteMany'],
    slow: true,
    async run({ provider, fill, keys }) {
      await fill([...MANY, 'other']);
      const results = await provider.deleteMany?.(MANY, {});
      equal(keysOf(results), MANY, 'keys of the results');
      ensure(results?.every(({ ok }) => ok) === true, 'deleting should succeed for every key');
      equal(await keys(), ['other'], 'the keys that are left');
    },
  },
  {
    rule: 'BATCH-2',
    title: 'goes on after an item of putMany that fails',
    needs: ['putMany'],
    async run({ provider, text, keys, capabilities, put }) {
      await put('there', 'kept');
      const broken = watchedSource([new Uint8Array(3)], { error: new Error('the source broke') });
      const entries: PutEntry[] = [
        entry('a', 'a'),
        entry('b//d', 'never'),
        { key: 'broken', body: toBody(broken.stream, { size: 10 }) },
        ...(capabilities.createIfAbsent ? [entry('there', 'never', { ifNoneMatch: '*' })] : []),
        entry('z', 'z'),
      ];
      const results = await provider.putMany?.(entries, {});
      equal(
        keysOf(results),
        entries.map(({ key }) => key),
        'keys of the results',
      );
      await codeOf(results?.[1], 'invalid-key', 'the bad key');
      equal(results?.[2]?.ok, false, 'whether the broken one succeeded');
      if (capabilities.createIfAbsent)
        await codeOf(results?.[3], 'precondition-failed', 'the refused create');
      equal(await text('a'), 'a', 'the first');
      equal(await text('z'), 'z', 'the last');
      equal(await text('there'), 'kept', 'what was there');
      equal((await keys()).toSorted(), ['a', 'there', 'z'], 'the keys');
    },
  },
  {
    rule: 'BATCH-2',
    title: 'goes on after an item of another batch that fails',
    needs: ['getMany', 'statMany', 'deleteMany'],
    async run({ provider, put, keys }) {
      await put('a', 'at a');
      const got = await provider.getMany?.(['b//d', 'a'], {});
      await codeOf(got?.[0], 'invalid-key', 'get of the bad key');
      equal(await resultOf(got?.[1], 'a').text(), 'at a', 'the second');
      const told = await provider.statMany?.(['..', 'a'], {});
      await codeOf(told?.[0], 'invalid-key', 'stat of the bad key');
      equal(resultOf(told?.[1], 'a').size, 4, 'size of the second');
      const deleted = await provider.deleteMany?.(['', 'a'], {});
      await codeOf(deleted?.[0], 'invalid-key', 'delete of the bad key');
      equal(deleted?.[1]?.ok, true, 'whether the second delete succeeded');
      equal(await keys(), [], 'the keys');
    },
  },
  {
    rule: 'BATCH-3',
    title: 'puts all or nothing when it is atomic',
    needs: ['putMany', 'atomicBatch', 'createIfAbsent'],
    async run({ provider, put, text, keys }) {
      await put('there', 'kept');
      await put('old', 'old');
      const failing = [
        entry('new', 'new'),
        entry('old', 'changed'),
        entry('there', 'never', { ifNoneMatch: '*' }),
        entry('z', 'z'),
      ];
      await failsWith(
        'precondition-failed',
        () => provider.putMany?.(failing, { atomic: true }),
        'a batch of which one fails',
      );
      equal((await keys()).toSorted(), ['old', 'there'], 'the keys after the failure');
      equal(await text('old'), 'old', 'the old object');
      const broken = watchedSource([new Uint8Array(3)], { error: new Error('the source broke') });
      const withBroken = [
        entry('new', 'new'),
        { key: 'broken', body: toBody(broken.stream, { size: 10 }) },
      ];
      await rejection(
        () => provider.putMany?.(withBroken, { atomic: true }),
        'a batch whose source breaks',
      );
      await failsWith(
        'invalid-key',
        () => provider.putMany?.([entry('new', 'new'), entry('..', 'x')], { atomic: true }),
        'a batch with a bad key',
      );
      equal((await keys()).toSorted(), ['old', 'there'], 'the keys after more failures');
      const results = await provider.putMany?.([entry('new', 'new'), entry('old', 'changed')], {
        atomic: true,
      });
      equal(
        results?.every(({ ok }) => ok),
        true,
        'whether a good batch succeeded',
      );
      equal(await text('old'), 'changed', 'the old object after the good batch');
    },
  },
  {
    rule: 'BATCH-3',
    title: 'shows readers all of an atomic batch or nothing',
    needs: ['putMany', 'atomicBatch'],
    async run({ provider, text }) {
      const names = ['a', 'b', 'c', 'd'];
      const write = (turn: number) =>
        provider.putMany?.(
          names.map((key) => entry(key, String(turn))),
          { atomic: true },
        );
      await write(0);
      let order = names;
      const writeAll = async () => {
        for (let turn = 1; turn <= 30; turn += 1) {
          await write(turn);
          await settle(1);
        }
      };
      // What is read later is never older than what was read before it, in whatever order.
      await during(writeAll, async () => {
        order = order.toReversed();
        let last = 0;
        for (const key of order) {
          const turn = Number(await text(key));
          ensure(
            turn >= last,
            `${key} should be of turn ${last} at least, as what was read before it, not of turn ${turn}`,
          );
          last = turn;
        }
      });
    },
  },
  {
    rule: 'BATCH-3',
    title: 'deletes all or nothing when it is atomic',
    needs: ['deleteMany', 'atomicBatch'],
    async run({ provider, put, keys }) {
      for (const key of ['a', 'b', 'c']) await put(key);
      await failsWith(
        'invalid-key',
        () => provider.deleteMany?.(['a', '..', 'b'], { atomic: true }),
        'a batch with a bad key',
      );
      equal((await keys()).toSorted(), ['a', 'b', 'c'], 'the keys after the failure');
      await provider.deleteMany?.(['a', 'missing', 'b'], { atomic: true });
      equal(await keys(), ['c'], 'the keys after the good batch');
    },
  },
  {
    rule: 'OPEN-6',
    title: 'refuses an atomic batch where `atomicBatch` is not declared',
    needs: ['putMany', '!atomicBatch'],
    async run({ provider, keys }) {
      await failsWith(
        'unsupported',
        () => provider.putMany?.([entry('a', 'a')], { atomic: true }),
        'an atomic batch',
      );
      equal(await keys(), [], 'the keys');
    },
  },
];
