import { createStorage } from '@granary/storage-core';
import { guardProvider } from '@granary/storage-core/provider';
import { ensure, equal, failsWith, rejection } from '../check.ts';
import { relay } from '../relay.ts';
import type { Scenario } from '../scenario.ts';

const NEEDS = ['replaceIfMatch', 'createIfAbsent'] as const;

interface Counter {
  readonly n: number;
}

function increment(value: Counter | undefined): Counter {
  return { n: (value?.n ?? 0) + 1 };
}

export const updateScenarios: readonly Scenario[] = [
  {
    rule: 'UPD-1',
    title: 'writes what the change makes of the current value, and creates where there is none',
    needs: NEEDS,
    async run({ storage }) {
      const engine = storage();
      const seen: unknown[] = [];
      await engine.update('a', (value: Counter | undefined, info) => {
        seen.push(value, info);
        return increment(value);
      });
      const info = await engine.update('a', async (value: Counter | undefined) => increment(value));
      equal(seen, [undefined, undefined], 'what the first change got');
      equal(await engine.load('a'), { n: 2 }, 'value');
      equal((await engine.stat('a')).etag, info.etag, 'etag');
      await engine.file('a').update((value: Counter | undefined) => increment(value));
      equal(await engine.load('a'), { n: 3 }, 'value after an update of the file');
      await engine.update('bytes.bin', () => new Uint8Array([1, 2]));
      await engine.update(
        'bytes.bin',
        (value: Uint8Array | undefined) => new Uint8Array([...(value as Uint8Array), 3]),
      );
      equal(await engine.load('bytes.bin'), new Uint8Array([1, 2, 3]), 'bytes');
    },
  },
  {
    rule: 'UPD-1',
    title: 'loses nothing of racing updates',
    needs: NEEDS,
    async run({ storage }) {
      const engine = storage();
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let turn = 0; turn < 5; turn += 1)
            await engine.update('a', increment, { maxAttempts: 200 });
        }),
      );
      equal(await engine.load('a'), { n: 20 }, 'the counter');
    },
  },
  {
    rule: 'UPD-2',
    title: 'keeps format and attributes that are not given',
    needs: [...NEEDS, 'attributes'],
    async run({ storage, text }) {
      const engine = storage();
      const expiration = new Date(4_102_444_800_000);
      await engine.save(
        'a',
        { n: 1 },
        { format: 'yaml', metadata: { m: 1 }, tags: ['t'], expiration },
      );
      await engine.update('a', increment);
      const { value, info } = await engine.loadItem('a');
      equal(value, { n: 2 }, 'value');
      equal(
        [info.metadata, info.tags, info.expiresAt],
        [{ m: 1 }, ['t'], expiration],
        'attributes',
      );
      ensure(!(await text('a')).includes('{'), 'the content should still be YAML');
    },
  },
  {
    rule: 'UPD-3',
    title: 'changes nothing when the change fails or gives nothing',
    needs: NEEDS,
    async run({ storage, text, missing }) {
      const engine = storage();
      await engine.save('a', { n: 1 });
      const failure = new Error('the change broke');
      const broken = () => {
        throw failure;
      };
      const error = (await rejection(
        engine.update('a', broken),
        'update whose change fails',
      )) as Error;
      ensure([error, error.cause].includes(failure), 'the error of the change should surface');
      await failsWith(
        'invalid-data',
        engine.update('a', () => undefined),
        'update whose change gives nothing',
      );
      await failsWith(
        'invalid-data',
        engine.update('b', () => Number.NaN),
        'update to a value that JSON cannot hold',
      );
      equal(await text('a'), '{"n":1}', 'the content');
      await missing('b');
    },
  },
  {
    rule: 'UPD-3',
    title: 'gives up with conflict after so many lost races',
    needs: NEEDS,
    async run({ provider, put }) {
      await put('a', '{"n":1}');
      let tries = 0;
      const contested = relay(provider, {
        async get(key, options) {
          const object = await provider.get(key, options);
          tries += 1;
          await put('a', `{"n":${tries + 1}}`);
          return object;
        },
      });
      const engine = createStorage(guardProvider(contested));
      const error = await failsWith(
        'conflict',
        engine.update('a', increment, { maxAttempts: 3 }),
        'update that always loses',
      );
      equal(tries, 3, 'tries');
      equal(error.outcome, 'not-applied', 'outcome');
    },
  },
  {
    rule: 'UPD-4',
    title: 'refuses to read and then write where conditions are not declared',
    async run({ storage, capabilities, put, text, skip }) {
      if (capabilities.replaceIfMatch && capabilities.createIfAbsent)
        skip('both conditions are declared');
      await put('a', '{"n":1}');
      await failsWith('unsupported', storage().update('a', increment), 'update');
      equal(await text('a'), '{"n":1}', 'the content');
    },
  },
];
