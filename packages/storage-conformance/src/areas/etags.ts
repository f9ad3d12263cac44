import { guardProvider, StorageError, toBody, withRetry } from '@granary/storage-core/provider';
import { differs, ensure, equal, failsWith } from '../check.ts';
import { filled } from '../content.ts';
import { relay } from '../relay.ts';
import type { Scenario } from '../scenario.ts';

export const etagScenarios: readonly Scenario[] = [
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
          await provider.put(key, body, options);
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
      await failsWith(
        'precondition-failed',
        patient.put('b', toBody('mine'), { ifNoneMatch: '*' }),
        'create where another was first',
      );
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
      const error = await failsWith(
        ['unavailable', 'precondition-failed', 'unknown'],
        patient.put('a', toBody('mine'), { ifNoneMatch: '*' }),
        'create whose answer was lost',
      );
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
        ensure(
          typeof etag === 'string' && etag !== '' && etag !== '*',
          'an etag should be a text, neither empty nor *',
        );
        etags.set(key, etag);
      }
      await bytes('a');
      for (const key of keys) {
        equal(
          (await provider.stat(key, {})).etag,
          etags.get(key),
          `etag of ${key} that stat tells`,
        );
        const object = await provider.get(key, {});
        await object.cancel();
        equal(object.info.etag, etags.get(key), `etag of ${key} that get tells`);
      }
      for (const entry of await entries()) {
        if (entry.kind === 'item' && entry.etag !== undefined)
          equal(entry.etag, etags.get(entry.key), `etag of ${entry.key} that list tells`);
      }
    },
  },
  {
    rule: 'ETAG-2',
    title: 'changes the etag with every content',
    async run({ put }) {
      const seen = new Set<string>();
      for (let turn = 0; turn < 30; turn += 1)
        seen.add((await put('a', `turn ${String(turn).padStart(2, '0')}`)).etag);
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
