import { isStorageError } from '@granary/storage-core/provider';
import { differs, ensure, equal, failsWith } from '../check.ts';
import { operations } from '../open-context.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const RACERS = 20;
const WRITERS = 4;
const INCREMENTS = 8;

/** Adds one to the number under a key by compare and swap, whatever the others do. */
async function increment({
  provider,
  put,
}: Pick<ScenarioContext, 'provider' | 'put'>): Promise<void> {
  for (;;) {
    try {
      const object = await provider.get('counter', {});
      const next = Number(await object.text()) + 1;
      await put('counter', String(next), { ifMatch: object.info.etag });
      return;
    } catch (error) {
      ensure(
        isLostRace(error),
        `a lost race should be told as precondition-failed or a retryable conflict, not as ${String(error)}`,
      );
    }
  }
}

function isLostRace(error: unknown): boolean {
  return (
    isStorageError(error, 'precondition-failed') ||
    (isStorageError(error, 'conflict') && error.retryable)
  );
}

export const conditionScenarios: readonly Scenario[] = [
  {
    rule: 'COND-1',
    title: 'creates where there is nothing, and refuses where there is an object',
    needs: ['createIfAbsent'],
    async run({ provider, put, text, delete: remove }) {
      const created = await put('a', 'first', { ifNoneMatch: '*' });
      const error = await failsWith(
        'precondition-failed',
        put('a', 'second', { ifNoneMatch: '*' }),
        'a second create',
      );
      equal(error.outcome, 'not-applied', 'outcome of the second create');
      equal(await text('a'), 'first', 'the content');
      equal((await provider.stat('a', {})).etag, created.etag, 'the etag');
      await remove('a');
      await put('a', 'third', { ifNoneMatch: '*' });
      equal(await text('a'), 'third', 'content created after a delete');
    },
  },
  {
    rule: 'COND-1',
    title: 'leaves the attributes of the object alone when a create is refused',
    needs: ['createIfAbsent', 'attributes'],
    async run({ provider, put }) {
      await put('a', 'first', { metadata: { n: 1 }, tags: ['x'] });
      await failsWith(
        'precondition-failed',
        put('a', 'second', { metadata: { n: 2 }, ifNoneMatch: '*' }),
        'a create',
      );
      const info = await provider.stat('a', {});
      equal(info.metadata, { n: 1 }, 'metadata');
      equal(info.tags, ['x'], 'tags');
    },
  },
  {
    rule: 'COND-2',
    title: 'lets exactly one of many racing creators win',
    needs: ['createIfAbsent'],
    async run({ put, text, bytes }) {
      for (const key of ['a', 'deep/down/b']) {
        const results = await Promise.allSettled(
          Array.from({ length: RACERS }, (_, racer) =>
            put(key, `racer ${racer}`, { ifNoneMatch: '*' }),
          ),
        );
        const winners = results.flatMap(({ status }, racer) =>
          status === 'fulfilled' ? [racer] : [],
        );
        equal(winners.length, 1, 'number of winners');
        equal(await text(key), `racer ${winners[0]}`, 'content of the winner');
        for (const result of results) {
          if (result.status === 'rejected')
            ensure(
              isLostRace(result.reason),
              `a loser should fail with precondition-failed or a retryable conflict, not ${String(result.reason)}`,
            );
        }
        ensure((await bytes(key)).byteLength > 0, 'the winner should be whole');
      }
    },
  },
  {
    rule: 'COND-2',
    title: 'lets exactly one of two providers win',
    needs: ['createIfAbsent', 'reopen'],
    async run(context) {
      const other = operations(await context.reopen());
      for (let turn = 0; turn < 10; turn += 1) {
        const results = await Promise.allSettled([
          context.put(`k${turn}`, 'one', { ifNoneMatch: '*' }),
          other.put(`k${turn}`, 'other', { ifNoneMatch: '*' }),
        ]);
        equal(
          results.filter(({ status }) => status === 'fulfilled').length,
          1,
          'number of winners',
        );
        equal(
          await context.text(`k${turn}`),
          results[0].status === 'fulfilled' ? 'one' : 'other',
          'content of the winner',
        );
      }
    },
  },
  {
    rule: 'COND-3',
    title: 'replaces the object with the current etag and gives a new one',
    needs: ['replaceIfMatch'],
    async run({ provider, put, text }) {
      const first = await put('a', 'first');
      const second = await put('a', 'second', { ifMatch: first.etag });
      differs(second.etag, first.etag, 'etag');
      equal(await text('a'), 'second', 'the content');
      equal((await provider.stat('a', {})).etag, second.etag, 'the etag that stat tells');
      await put('a', 'third', { ifMatch: (await provider.stat('a', {})).etag });
      equal(await text('a'), 'third', 'content after a replace with the etag of stat');
    },
  },
  {
    rule: 'COND-3',
    title: 'refuses to replace with a stale etag, one of another object, or a changed one',
    needs: ['replaceIfMatch'],
    async run({ provider, put, text }) {
      const first = await put('a', 'first');
      const other = await put('b', 'of another object');
      const { etag } = await put('a', 'second');
      const wrong = [
        first.etag,
        other.etag,
        `"${etag}"`,
        `W/${etag}`,
        `${etag} `,
        '*',
        'nonsense',
        `${etag}${etag}`,
      ];
      for (const ifMatch of wrong) {
        const error = await failsWith(
          'precondition-failed',
          put('a', 'never', { ifMatch }),
          `put with the etag ${ifMatch}`,
        );
        equal(error.outcome, 'not-applied', 'the outcome');
      }
      equal(await text('a'), 'second', 'the content');
      equal((await provider.stat('a', {})).etag, etag, 'the etag');
    },
  },
  {
    rule: 'COND-3',
    title: 'refuses to replace what is not there',
    needs: ['replaceIfMatch'],
    async run({ put, missing, delete: remove }) {
      await failsWith(
        'precondition-failed',
        put('a', 'never', { ifMatch: 'nonsense' }),
        'put on a missing key',
      );
      const { etag } = await put('b', 'first');
      await remove('b');
      await failsWith(
        'precondition-failed',
        put('b', 'never', { ifMatch: etag }),
        'put on a deleted key',
      );
      await missing('a');
      await missing('b');
    },
  },
  {
    rule: 'COND-4',
    title: 'loses no increment of racing writers',
    needs: ['replaceIfMatch'],
    async run(context) {
      await context.put('counter', '0');
      await Promise.all(
        Array.from({ length: WRITERS }, async () => {
          for (let turn = 0; turn < INCREMENTS; turn += 1) await increment(context);
        }),
      );
      equal(await context.text('counter'), String(WRITERS * INCREMENTS), 'the counter');
    },
  },
  {
    rule: 'COND-4',
    title: 'loses no increment of two providers',
    needs: ['replaceIfMatch', 'reopen'],
    async run(context) {
      const provider = await context.reopen();
      const other = { provider, ...operations(provider) };
      await context.put('counter', '0');
      await Promise.all(
        [context, other, context, other].map(async (one) => {
          for (let turn = 0; turn < INCREMENTS; turn += 1) await increment(one);
        }),
      );
      equal(await context.text('counter'), String(4 * INCREMENTS), 'the counter');
    },
  },
  {
    rule: 'COND-5',
    title: 'matches no old etag after other writes brought back the same bytes',
    needs: ['replaceIfMatch', 'etagCovers=write|attributes'],
    async run({ put, text }) {
      const first = await put('a', 'same');
      await put('a', 'else');
      await put('a', 'same');
      await failsWith(
        'precondition-failed',
        put('a', 'never', { ifMatch: first.etag }),
        'put with the old etag',
      );
      equal(await text('a'), 'same', 'the content');
    },
  },
  {
    rule: 'COND-7',
    title: 'deletes under a condition',
    needs: ['deleteIfMatch'],
    async run({ provider, put, text, missing }) {
      const first = await put('a', 'first');
      const { etag } = await put('a', 'second');
      await failsWith(
        'precondition-failed',
        provider.delete('a', { ifMatch: first.etag }),
        'delete with a stale etag',
      );
      equal(await text('a'), 'second', 'the object');
      await provider.delete('a', { ifMatch: etag });
      await missing('a');
      await failsWith(
        'precondition-failed',
        provider.delete('a', { ifMatch: etag }),
        'delete of what is gone',
      );
    },
  },
  {
    rule: 'COND-8',
    title: 'copies only the write of the source that was asked for',
    needs: ['copy', 'copyIfMatch'],
    async run({ provider, put, text }) {
      const first = await put('a', 'first');
      const { etag } = await put('a', 'second');
      await put('b', 'target');
      await failsWith(
        'precondition-failed',
        () => provider.copy?.('a', 'b', { sourceIfMatch: first.etag }),
        'copy of a write that is gone',
      );
      equal(await text('b'), 'target', 'the target');
      await provider.copy?.('a', 'b', { sourceIfMatch: etag });
      equal(await text('b'), 'second', 'the target after the copy');
    },
  },
  {
    rule: 'COND-8',
    title: 'copies only where the target does not exist, when asked to',
    needs: ['copy', 'copyIfAbsent'],
    async run({ provider, put, text }) {
      await put('a', 'source');
      await put('b', 'target');
      await failsWith(
        'precondition-failed',
        () => provider.copy?.('a', 'b', { ifNoneMatch: '*' }),
        'copy onto an object',
      );
      equal(await text('b'), 'target', 'the target');
      await provider.copy?.('a', 'c', { ifNoneMatch: '*' });
      equal(await text('c'), 'source', 'the new target');
    },
  },
  {
    rule: 'COND-8',
    title: 'moves under conditions, and touches nothing when they fail',
    needs: ['move', 'copyIfMatch', 'copyIfAbsent'],
    async run({ provider, put, text, missing }) {
      const first = await put('a', 'first');
      await put('a', 'second');
      await put('b', 'target');
      await failsWith(
        'precondition-failed',
        () => provider.move?.('a', 'c', { sourceIfMatch: first.etag }),
        'move of a write that is gone',
      );
      await failsWith(
        'precondition-failed',
        () => provider.move?.('a', 'b', { ifNoneMatch: '*' }),
        'move onto an object',
      );
      equal(await text('a'), 'second', 'the source');
      equal(await text('b'), 'target', 'the target');
      await missing('c');
    },
  },
  {
    rule: 'COND-9',
    title: 'refuses conditions that contradict each other or say nothing',
    needs: ['createIfAbsent', 'replaceIfMatch'],
    async run({ provider, put, text }) {
      const { etag } = await put('a', 'first');
      await failsWith(
        'invalid-argument',
        put('a', 'x', { ifMatch: etag, ifNoneMatch: '*' }),
        'put with both conditions',
      );
      await failsWith('invalid-argument', put('a', 'x', { ifMatch: '' }), 'put with an empty etag');
      const some = { ifNoneMatch: etag as '*' };
      await failsWith('invalid-argument', put('a', 'x', some), 'put with an etag in ifNoneMatch');
      if (provider.capabilities.readConditions) {
        await failsWith(
          'invalid-argument',
          provider.get('a', { ifMatch: '' }),
          'get with an empty etag',
        );
      }
      equal(await text('a'), 'first', 'the object');
    },
  },
];
