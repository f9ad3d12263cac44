import { isStorageError } from '@granary/storage-core';
import { ensure, equal, failsWith } from '../check.ts';
import type { Scenario } from '../scenario.ts';

const NEEDS = ['attributes'] as const;
const START = 1_900_000_000_000;

/** A clock that is put forward by hand. */
function clock(): { readonly now: () => number; forward(ms: number): void } {
  let time = START;
  return {
    now: () => time,
    forward(ms) {
      time += ms;
    },
  };
}

const at = (ms: number) => new Date(START + ms);

export const expiryScenarios: readonly Scenario[] = [
  {
    rule: 'EXP-1',
    title: 'hides an item from every read once its time is up',
    needs: NEEDS,
    async run({ storage, capabilities }) {
      const { now, forward } = clock();
      const engine = storage({ now });
      await engine.save('a', 1, { expiration: at(1000), tags: ['t'] });
      await engine.save('b', 2, { tags: ['t'] });
      forward(999);
      equal(await engine.load('a'), 1, 'value before the end');
      equal(await engine.exists('a'), true, 'whether it exists before the end');
      forward(1);
      await failsWith('not-found', engine.get('a'), 'get');
      await failsWith('not-found', engine.stat('a'), 'stat');
      await failsWith('not-found', engine.load('a'), 'load');
      await failsWith('not-found', engine.loadItem('a'), 'loadItem');
      equal(await engine.load('a', { default: 'none' }), 'none', 'the default');
      equal(await engine.exists('a'), false, 'whether it exists');
      const loaded = await engine.loadMany(['a', 'b']);
      equal(
        loaded.map(({ ok }) => ok),
        [false, true],
        'what loadMany finds',
      );
      equal(
        (await engine.search({ tags: ['t'], scan: true })).map(({ key }) => key),
        ['b'],
        'what a search finds',
      );
      if (capabilities.listFields?.includes('expiresAt')) {
        equal(
          (await engine.list()).map(({ key }) => key),
          ['b'],
          'what a listing shows',
        );
        equal(
          (await engine.list({ limit: 1 })).map(({ key }) => key),
          ['b'],
          'what a listing with a limit shows',
        );
      }
    },
  },
  {
    rule: 'EXP-1',
    title: 'keeps an expiration in the past, near the end of time, and refuses one that is none',
    needs: NEEDS,
    async run({ storage }) {
      const { now } = clock();
      const engine = storage({ now });
      await engine.save('past', 1, { expiration: at(-1) });
      equal(
        await engine.exists('past'),
        false,
        'whether an item exists that expired before it was saved',
      );
      await engine.save('now', 1, { expiration: at(0) });
      equal(await engine.exists('now'), false, 'whether an item exists that expires now');
      for (const ms of [2 ** 31, 2 ** 31 + 1, 2 ** 40]) {
        await engine.save('far', 1, { expiration: at(ms) });
        equal(await engine.load('far'), 1, `value of an item that expires in ${ms} ms`);
      }
      await failsWith(
        'invalid-argument',
        engine.save('bad', 1, { expiration: new Date(Number.NaN) }),
        'save with an invalid date',
      );
    },
  },
  {
    rule: 'EXP-2',
    title: 'clears the expiry with a save that gives none',
    needs: NEEDS,
    async run({ storage }) {
      const { now, forward } = clock();
      const engine = storage({ now });
      await engine.save('a', 1, { expiration: at(1000) });
      await engine.save('a', 2);
      forward(5000);
      equal(await engine.load('a'), 2, 'value after the old end');
    },
  },
  {
    rule: 'EXP-2',
    title: 'keeps the expiry in a copy and a move',
    needs: NEEDS,
    async run({ storage }) {
      const { now, forward } = clock();
      const engine = storage({ now });
      await engine.save('a', 1, { expiration: at(1000) });
      await engine.copy('a', 'b');
      await engine.move('a', 'c');
      equal((await engine.stat('b')).expiresAt, at(1000), 'expiry of the copy');
      equal((await engine.stat('c')).expiresAt, at(1000), 'expiry of the moved item');
      forward(1000);
      equal(
        [await engine.exists('b'), await engine.exists('c')],
        [false, false],
        'whether they exist afterwards',
      );
      await failsWith(
        'not-found',
        engine.copy('b', 'd', { attributes: { expiresAt: null } }),
        'a copy that would bring an expired item back',
      );
    },
  },
  {
    rule: 'EXP-3',
    title: 'lets a create replace an expired item, and one of racing creators win',
    needs: ['attributes', 'createIfAbsent', 'replaceIfMatch'],
    async run({ storage }) {
      const { now, forward } = clock();
      const engine = storage({ now });
      await engine.save('a', 'old', { expiration: at(1000) });
      await failsWith(
        'precondition-failed',
        engine.save('a', 'new', { ifNoneMatch: '*' }),
        'create before the end',
      );
      forward(1000);
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, racer) =>
          engine.save('a', `racer ${racer}`, { ifNoneMatch: '*' }),
        ),
      );
      const winners = results.flatMap(({ status }, racer) =>
        status === 'fulfilled' ? [racer] : [],
      );
      equal(winners.length, 1, 'number of winners');
      equal(await engine.load('a'), `racer ${winners[0]}`, 'value of the winner');
      for (const result of results) {
        if (result.status === 'fulfilled') continue;
        const { reason } = result;
        ensure(
          isStorageError(reason, 'precondition-failed') || isStorageError(reason, 'conflict'),
          `a loser should fail with precondition-failed or conflict, not ${String(reason)}`,
        );
      }
    },
  },
  {
    rule: 'EXP-3',
    title: 'updates an expired item as if there were none',
    needs: ['attributes', 'createIfAbsent', 'replaceIfMatch'],
    async run({ storage }) {
      const { now, forward } = clock();
      const engine = storage({ now });
      await engine.save('a', { n: 5 }, { expiration: at(1000) });
      forward(1000);
      await engine.update('a', (value: { n: number } | undefined) => ({ n: (value?.n ?? 0) + 1 }));
      equal(await engine.load('a'), { n: 1 }, 'value');
    },
  },
  {
    rule: 'EXP-4',
    title: 'sweeps expired items alone',
    needs: NEEDS,
    async run({ storage, keys }) {
      const { now, forward } = clock();
      const engine = storage({ now });
      await engine.save('in/gone', 1, { expiration: at(1000) });
      await engine.save('in/later', 1, { expiration: at(9000) });
      await engine.save('in/always', 1);
      await engine.save('out/gone', 1, { expiration: at(1000) });
      forward(2000);
      const swept = await engine.sweep('in/', { scan: true });
      equal([swept.deleted, swept.failed], [1, []], 'what was swept');
      equal(
        (await keys()).toSorted(),
        ['in/always', 'in/later', 'out/gone'],
        'the keys that are left',
      );
      await engine.sweep('', { scan: true });
      equal((await keys()).toSorted(), ['in/always', 'in/later'], 'the keys after sweeping all');
    },
  },
];
