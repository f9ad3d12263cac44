import {
  guardProvider,
  isStorageError,
  StorageError,
  toBody,
  withRetry,
} from '@granary/storage-core/provider';
import { differs, ensure, equal, failsWith } from '../check.ts';
import { filled } from '../content.ts';
import { operations } from '../open-context.ts';
import { relay } from '../relay.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const RACERS = 20;
const WRITERS = 4;
const INCREMENTS = 8;

/** Adds one to the number under a key by compare and swap, whatever the others do. */
async function increment({ provider, put }: Pick<ScenarioContext, 'provider' | 'put'>): Promise<void> {
  for (;;) {
    const object = await provider.get('counter', {});
    const next = Number(await object.text()) + 1;
    try {
      await put('counter', String(next), { ifMatch: object.info.etag });
      return;
    } catch (error) {
      if (!isLostRace(error)) throw error;
    }
  }
}

function isLostRace(error: unknown): boolean {
  return isStorageError(error, 'precondition-failed') || (isStorageError(error, 'conflict') && error.retryable);
}

export const conditionScenarios: readonly Scenario[] = [
  {
    rule: 'COND-1',
    title: 'creates where there is nothing, and refuses where there is an object',
    needs: ['createIfAbsent'],
    async run({ provider, put, text, delete: remove }) {
      const created = await put('a', 'first', { ifNoneMatch: '*' });
      const error = await failsWith('precondition-failed', put('a', 'second', { ifNoneMatch: '*' }), 'a second create');
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
      await failsWith('precondition-failed', put('a', 'second', { metadata: { n: 2 }, ifNoneMatch: '*' }), 'a create');
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
          Array.from({ length: RACERS }, (_, racer) => put(key, `racer ${racer}`, { ifNoneMatch: '*' })),
        );
        const winners = results.flatMap(({ status }, racer) => (status === 'fulfilled' ? [racer] : []));
        equal(winners.length, 1, 'number of winners');
        equal(await text(key), `racer ${winners[0]}`, 'content of the winner');
        for (const result of results) {
          if (result.status === 'rejected') ensure(isLostRace(result.reason), `a loser should fail with precondition-failed or a retryable conflict, not ${String(result.reason)}`);
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
        equal(results.filter(({ status }) => status === 'fulfilled').length, 1, 'number of winners');
        equal(await context.text(`k${turn}`), results[0].status === 'fulfilled' ? 'one' : 'other', 'content of the winner');
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
      const wrong = [first.etag, other.etag, `"${etag}"`, `W/${etag}`, `${etag} `, '*', 'nonsense', etag.slice(0, -1) || 'x'];
      for (const ifMatch of wrong) {
        if (ifMatch === etag) continue;
        const error = await failsWith('precondition-failed', put('a', 'never', { ifMatch }), `put with the etag ${ifMatch}`);
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
      await failsWith('precondition-failed', put('a', 'never', { ifMatch: 'nonsense' }), 'put on a missing key');
      const { etag } = await put('b', 'first');
      await remove('b');
      await failsWith('precondition-failed', put('b', 'never', { ifMatch: etag }), 'put on a deleted key');
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
      await failsWith('precondition-failed', put('a', 'never', { ifMatch: first.etag }), 'put with the old etag');
      equal(await text('a'), 'same', 'the content');
    },
  },
  {
    rule: 'COND-6',
    title: 'reads under conditions',
    needs: ['readConditions'],
    async run({ provider, put, text }) {
      const first = await put('a', 'first');
      const { etag } = await put('a', 'second');
      equal(await text('a', { ifMatch: etag }), 'second', 'a read of the current write');
      equal(await text('a', { ifNoneMatch: first.etag }), 'second', 'a read of another write than the first');
      await failsWith('precondition-failed', provider.get('a', { ifMatch: first.etag }), 'a read of a write that is gone');
      await failsWith('not-modified', provider.get('a', { ifNoneMatch: etag }), 'a read of what is known');
      await failsWith('precondition-failed', provider.get('a', { ifMatch: first.etag, ifNoneMatch: etag }), 'a read under both conditions');
      await failsWith('not-modified', provider.get('a', { ifMatch: etag, ifNoneMatch: etag }), 'a read of the current write that is known');
      await failsWith('not-found', provider.get('missing', { ifNoneMatch: etag }), 'a read of a missing key');
      await failsWith(['precondition-failed', 'not-found'], provider.get('missing', { ifMatch: etag }), 'a read of one write of a missing key');
    },
  },
  {
    rule: 'COND-6',
    title: 'reads a part under conditions',
    needs: ['readConditions', 'rangeReads'],
    async run({ provider, put, text }) {
      const first = await put('a', 'abcdef');
      const { etag } = await put('a', 'ABCDEF');
      equal(await text('a', { range: { offset: 1, length: 2 }, ifMatch: etag }), 'BC', 'a part of the current write');
      await failsWith('precondition-failed', provider.get('a', { range: { offset: 1, length: 2 }, ifMatch: first.etag }), 'a part of a write that is gone');
      await failsWith('precondition-failed', provider.get('a', { range: { offset: 100 }, ifMatch: first.etag }), 'a part past the end of a write that is gone');
    },
  },
  {
    rule: 'COND-7',
    title: 'deletes under a condition',
    needs: ['deleteIfMatch'],
    async run({ provider, put, text, missing }) {
      const first = await put('a', 'first');
      const { etag } = await put('a', 'second');
      await failsWith('precondition-failed', provider.delete('a', { ifMatch: first.etag }), 'delete with a stale etag');
      equal(await text('a'), 'second', 'the object');
      await provider.delete('a', { ifMatch: etag });
      await missing('a');
      await failsWith('precondition-failed', provider.delete('a', { ifMatch: etag }), 'delete of what is gone');
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
      await failsWith('precondition-failed', () => provider.copy?.('a', 'b', { sourceIfMatch: first.etag }), 'copy of a write that is gone');
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
      await failsWith('precondition-failed', () => provider.copy?.('a', 'b', { ifNoneMatch: '*' }), 'copy onto an object');
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
      await failsWith('precondition-failed', () => provider.move?.('a', 'c', { sourceIfMatch: first.etag }), 'move of a write that is gone');
      await failsWith('precondition-failed', () => provider.move?.('a', 'b', { ifNoneMatch: '*' }), 'move onto an object');
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
      await failsWith('invalid-argument', put('a', 'x', { ifMatch: etag, ifNoneMatch: '*' }), 'put with both conditions');
      await failsWith('invalid-argument', put('a', 'x', { ifMatch: '' }), 'put with an empty etag');
      const some = { ifNoneMatch: etag as '*' };
      await failsWith('invalid-argument', put('a', 'x', some), 'put with an etag in ifNoneMatch');
      if (provider.capabilities.readConditions) {
        await failsWith('invalid-argument', provider.get('a', { ifMatch: '' }), 'get with an empty etag');
      }
      equal(await text('a'), 'first', 'the object');
    },
  },
  {
    rule: 'COND-10',
    title: 'gives back the write id of a conditional write',
    needs: ['writeIds'],
    async run({ provider, put }) {
      const info = await put('a', 'first', { writeId: 'write-1' });
      equal(info.writeId, 'write-1', 'write id that put tells');
      equal((await provider.stat('a', {})).writeId, 'write-1', 'write id that stat tells');
      equal((await put('a', 'second')).writeId, undefined, 'write id of a put without one');
      equal((await provider.stat('a', {})).writeId, undefined, 'write id after a put without one');
    },
  },
  {
    rule: 'COND-10',
    title: 'settles a create whose answer was lost by its write id',
    needs: ['writeIds', 'createIfAbsent'],
    async run({ provider, text, put }) {
      let lost = 0;
      const forgetful = relay(provider, {
        async put(key, body, options) {
          const info = await provider.put(key, body, options);
          if (lost > 0) return info;
          lost += 1;
          throw new StorageError('unavailable', 'The answer was lost.', { outcome: 'unknown' });
        },
      });
      const patient = guardProvider(withRetry(forgetful, { sleep: async () => {} }));
      const info = await patient.put('a', toBody('mine'), { ifNoneMatch: '*' });
      equal(await text('a'), 'mine', 'the content');
      equal((await provider.stat('a', {})).etag, info.etag, 'the etag');
      equal(lost, 1, 'answers lost');
      await put('b', 'of another');
      await failsWith('precondition-failed', patient.put('b', toBody('mine'), { ifNoneMatch: '*' }), 'create where another was first');
    },
  },
  {
    rule: 'COND-10',
    title: 'surfaces a create whose answer was lost as unknown where no write id can be kept',
    needs: ['!writeIds', 'createIfAbsent'],
    async run({ provider }) {
      const forgetful = relay(provider, {
        async put(key, body, options) {
          await provider.put(key, body, options);
          throw new StorageError('unavailable', 'The answer was lost.', { outcome: 'unknown' });
        },
      });
      const patient = guardProvider(withRetry(forgetful, { sleep: async () => {} }));
      const error = await failsWith(['unavailable', 'precondition-failed', 'unknown'], patient.put('a', toBody('mine'), { ifNoneMatch: '*' }), 'create whose answer was lost');
      equal(error.outcome, 'unknown', 'the outcome');
    },
  },
  {
    rule: 'ETAG-1',
    title: 'tells the same etag in put, get, stat and list until the next write',
    async run({ provider, put, entries, bytes }) {
      const keys = ['a', 'b/c', 'b/d e', 'empty'];
      const etags = new Map<string, string>();
      for (const key of keys) {
        const { etag } = await put(key, key === 'empty' ? '' : filled(500, 7));
        ensure(typeof etag === 'string' && etag !== '' && etag !== '*', 'an etag should be a text, neither empty nor *');
        etags.set(key, etag);
      }
      await bytes('a');
      for (const key of keys) {
        equal((await provider.stat(key, {})).etag, etags.get(key), `etag of ${key} that stat tells`);
        const object = await provider.get(key, {});
        await object.cancel();
        equal(object.info.etag, etags.get(key), `etag of ${key} that get tells`);
      }
      for (const entry of await entries()) {
        if (entry.kind === 'item' && entry.etag !== undefined) equal(entry.etag, etags.get(entry.key), `etag of ${entry.key} that list tells`);
      }
    },
  },
  {
    rule: 'ETAG-2',
    title: 'changes the etag with every content',
    async run({ put }) {
      const seen = new Set<string>();
      for (let turn = 0; turn < 30; turn += 1) seen.add((await put('a', `turn ${String(turn).padStart(2, '0')}`)).etag);
      equal(seen.size, 30, 'different etags of 30 contents of one size');
    },
  },
  {
    rule: 'ETAG-2',
    title: 'changes the etag with every write of the same bytes',
    needs: ['etagCovers=write|attributes'],
    async run({ put, delete: remove }) {
      const seen = new Set<string>();
      for (let turn = 0; turn < 20; turn += 1) seen.add((await put('a', 'same')).etag);
      equal(seen.size, 20, 'different etags of 20 writes');
      await remove('a');
      seen.add((await put('a', 'same')).etag);
      equal(seen.size, 21, 'different etags with a write after a delete');
    },
  },
  {
    rule: 'ETAG-2',
    title: 'keeps the etag of the same bytes',
    needs: ['etagCovers=content'],
    async run({ put }) {
      const first = await put('a', 'same');
      differs((await put('a', 'else')).etag, first.etag, 'etag of other bytes');
      equal((await put('a', 'same')).etag, first.etag, 'etag of the same bytes');
    },
  },
  {
    rule: 'ETAG-3',
    title: 'changes the etag with the attributes where it covers them',
    needs: ['setMetadata', 'etagCovers=attributes'],
    async run({ provider, put }) {
      const first = await put('a', 'content', { metadata: { n: 1 } });
      const second = await provider.setMetadata?.('a', { metadata: { n: 2 } }, {});
      differs(second?.etag, first.etag, 'etag after a change of metadata');
      const third = await provider.setMetadata?.('a', { tags: ['x'] }, {});
      differs(third?.etag, second?.etag, 'etag after a change of tags');
      equal((await provider.stat('a', {})).etag, third?.etag, 'etag that stat tells');
    },
  },
  {
    rule: 'ETAG-3',
    title: 'keeps the etag over changes of attributes where it does not cover them',
    needs: ['setMetadata', 'etagCovers=content|write'],
    async run({ provider, put }) {
      const { etag } = await put('a', 'content', { metadata: { n: 1 } });
      await provider.setMetadata?.('a', { metadata: { n: 2 } }, {});
      equal((await provider.stat('a', {})).etag, etag, 'the etag');
    },
  },
  {
    rule: 'ETAG-4',
    title: 'never sets modifiedAt back',
    async run({ put }) {
      let last = 0;
      for (let turn = 0; turn < 10; turn += 1) {
        const { modifiedAt } = await put('a', `turn ${turn}`);
        ensure(modifiedAt.getTime() >= last, 'modifiedAt should not go back');
        last = modifiedAt.getTime();
      }
    },
  },
];
