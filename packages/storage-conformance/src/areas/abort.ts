import {
  type BatchResult,
  type OperationOptions,
  type StorageProvider,
  type StoredObject,
  toBody,
} from '@granary/storage-core/provider';
import { ensure, equal, fail, failsWith, present, rejection } from '../check.ts';
import { collect, drain, encode, noise, settle, until, watchedSource } from '../content.ts';
import { countedSignal } from '../counted-signal.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const BIG = 512 * 1024;

/** One call of every operation that the provider has, over an object `a`. */
function everyCall(
  provider: StorageProvider,
): Readonly<Record<string, (options: OperationOptions) => Promise<unknown>>> {
  const readAll = async (options: OperationOptions) => (await provider.get('a', options)).bytes();
  return {
    get: readAll,
    put: (options) => provider.put('b', toBody('x'), options),
    stat: (options) => provider.stat('a', options),
    delete: (options) => provider.delete('b', options),
    list: (options) => collect(provider.list(options)),
    ...(provider.putMany && {
      putMany: async (options) =>
        await provider.putMany?.([{ key: 'b', body: toBody('x') }], options),
    }),
    ...(provider.getMany && {
      getMany: async (options) => {
        const results = present(await provider.getMany?.(['a'], options), 'results of getMany');
        for (const result of results) await contentOf(result);
      },
    }),
    ...(provider.statMany && {
      statMany: async (options) => await provider.statMany?.(['a'], options),
    }),
    ...(provider.deleteMany && {
      deleteMany: async (options) => await provider.deleteMany?.(['b'], options),
    }),
    ...(provider.copy && { copy: async (options) => await provider.copy?.('a', 'b', options) }),
    ...(provider.move && {
      move: async (options) => {
        await provider.move?.('a', 'c', options);
        await provider.move?.('c', 'a', options);
      },
    }),
    ...(provider.setMetadata && {
      setMetadata: async (options) => await provider.setMetadata?.('a', {}, options),
    }),
    ...(provider.upload && {
      upload: async (options) => {
        const session = await provider.upload?.('up', options);
        await session?.abort(options);
      },
    }),
    ...(provider.presign && { presign: async (options) => await provider.presign?.('a', options) }),
    ...(provider.usage && { usage: async (options) => await provider.usage?.(options) }),
    ...(provider.health && { health: async (options) => await provider.health?.(options) }),
    ...(provider.watch && {
      watch: async (options) => {
        const watcher = await provider.watch?.(options);
        await watcher?.close();
      },
    }),
  };
}

/** Reads what one item of a batch gave. */
async function contentOf(result: BatchResult<StoredObject>): Promise<Uint8Array> {
  ensure(result.ok, 'an item of getMany should succeed');
  return result.value.bytes();
}

function causeOf(error: unknown): unknown {
  return (error as Error).cause;
}

/** Checks that a put that was aborted left the old object or the new one, and no rest. */
async function leavesOneOf(
  { provider }: ScenarioContext,
  key: string,
  texts: readonly string[],
): Promise<void> {
  // Of one read: what was aborted may still be applied after it.
  const object = await provider.get(key, {});
  const content = await object.text();
  if (!texts.includes(content))
    fail(`${key} should hold one of the writes, whole; it has ${content.length} characters`);
  equal(object.info.size, encode(content).byteLength, `size of ${key}`);
}

export const abortScenarios: readonly Scenario[] = [
  {
    rule: 'ABORT-1',
    title: 'does nothing when the signal was aborted before',
    async run({ provider, put, text, keys, outside, patienceMs }) {
      await put('a', 'before');
      const reason = new Error('the user left');
      const signal = AbortSignal.abort(reason);
      const requests = outside.requests?.();
      for (const [name, call] of Object.entries(everyCall(provider))) {
        const error = await failsWith('aborted', () => call({ signal }), name);
        equal(causeOf(error), reason, `cause of the error of ${name}`);
      }
      equal(outside.requests?.(), requests, 'requests sent after an abort');
      const source = watchedSource([noise(10)]);
      await failsWith(
        'aborted',
        provider.put('a', toBody(source.stream), { signal }),
        'put of a stream',
      );
      equal(source.pulled(), 0, 'chunks read of a body after an abort');
      ensure(await until(() => source.cancelled(), patienceMs), 'the source should be let go of');
      equal(await text('a'), 'before', 'the object');
      equal(await keys(), ['a'], 'the keys');
    },
  },
  {
    rule: 'ABORT-2',
    title: 'ends a put soon, keeps the old object and lets go of the source',
    async run(context) {
      const { provider, put, missing, keys, capabilities, patienceMs } = context;
      await put('old', 'old content');
      const size = capabilities.maxPutBytes === undefined ? {} : { size: 200_000 };
      for (const key of ['old', 'new']) {
        const controller = new AbortController();
        const reason = new Error('the user left');
        const source = watchedSource([noise(100_000)], 'wait');
        const pending = provider.put(key, toBody(source.stream, size), {
          signal: controller.signal,
        });
        const ended = rejection(pending, `put of ${key}`);
        await until(() => source.pulled() > 1, patienceMs);
        controller.abort(reason);
        const error = await Promise.race([
          ended,
          new Promise((resolve) => setTimeout(resolve, patienceMs)),
        ]);
        if (error === undefined) fail('an aborted put should end soon');
        const aborted = await failsWith('aborted', Promise.reject(error), `put of ${key}`);
        equal(causeOf(aborted), reason, 'cause of the error');
        ensure(await until(() => source.cancelled(), patienceMs), 'the source should be let go of');
      }
      await leavesOneOf(context, 'old', ['old content']);
      await missing('new');
      equal(await keys(), ['old'], 'the keys');
      equal((await context.outside.leftovers?.()) ?? [], [], 'what the aborted writes left behind');
    },
  },
  {
    rule: 'ABORT-2',
    title: 'leaves the old object or the new one, at whatever moment it is aborted',
    async run(context) {
      const old = 'o'.repeat(200_000);
      const fresh = 'n'.repeat(300_000);
      await context.put('a', old);
      for (let turn = 0; turn < 12; turn += 1) {
        const controller = new AbortController();
        const pending = context.put('a', fresh, { signal: controller.signal }).then(
          () => 'written' as const,
          (error: unknown) => error,
        );
        for (let wait = 0; wait < turn; wait += 1)
          await (turn % 2 === 0 ? Promise.resolve() : settle(1));
        controller.abort();
        const outcome = await pending;
        if (outcome !== 'written')
          await failsWith('aborted', Promise.reject(outcome), 'an aborted put');
        await leavesOneOf(context, 'a', outcome === 'written' ? [fresh] : [old, fresh]);
        await context.put('a', old);
      }
    },
  },
  {
    rule: 'ABORT-2',
    title: 'ends a listing between two pages',
    async run({ fill, provider }) {
      await fill(['a', 'b', 'c']);
      const controller = new AbortController();
      const iterator = provider
        .list({ signal: controller.signal, limit: 2 })
        [Symbol.asyncIterator]();
      controller.abort();
      await failsWith('aborted', iterator.next(), 'the next page');
      equal((await iterator.next()).done, true, 'a listing after its end');
    },
  },
  {
    rule: 'ABORT-2',
    title: 'leaves every operation done or not done, at whatever moment it is aborted',
    async run({ provider, put, text, keys }) {
      const calls = everyCall(provider);
      for (const [name, call] of Object.entries(calls)) {
        for (let turns = 0; turns < 4; turns += 1) {
          await put('a', 'content');
          const controller = new AbortController();
          const outcome = call({ signal: controller.signal }).then(
            () => undefined,
            (error: unknown) => error,
          );
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
          controller.abort();
          const error = await outcome;
          if (error !== undefined) await failsWith('aborted', Promise.reject(error), name);
          const left = await keys();
          ensure(
            left.every((key) => ['a', 'b', 'c'].includes(key)),
            `the keys after ${name} should be those that it names, not ${left.join(', ')}`,
          );
          if (left.includes('b'))
            ensure(['x', 'content'].includes(await text('b')), `what ${name} made should be whole`);
          if (left.includes('a')) equal(await text('a'), 'content', `the object after ${name}`);
          for (const key of left) await provider.delete(key, {});
        }
      }
    },
  },
  {
    rule: 'ABORT-3',
    title: 'refuses to read a body after an abort',
    async run({ provider, put, text }) {
      await put('a', noise(BIG));
      for (const form of ['bytes', 'text', 'stream'] as const) {
        const controller = new AbortController();
        const object = await provider.get('a', { signal: controller.signal });
        controller.abort(new Error('the user left'));
        const read = async () =>
          form === 'stream' ? await drain(object.stream()) : await object[form]();
        await failsWith('aborted', read, `${form} after an abort`);
      }
      await put('a', 'after');
      equal(await text('a'), 'after', 'the object afterwards');
    },
  },
  {
    rule: 'ABORT-3',
    title: 'errors a stream that is being read',
    async run({ provider, put, outside, patienceMs }) {
      const content = noise(BIG);
      await put('a', content);
      const before = await outside.held?.();
      const controller = new AbortController();
      const reader = (await provider.get('a', { signal: controller.signal })).stream().getReader();
      const first = await reader.read();
      controller.abort();
      try {
        let size = (first.value as Uint8Array).byteLength;
        for (let next = await reader.read(); !next.done; next = await reader.read())
          size += next.value.byteLength;
        equal(size, BIG, 'bytes of a stream that ended well in spite of the abort');
      } catch (error) {
        await failsWith('aborted', Promise.reject(error), 'a stream after an abort');
      }
      ensure(
        await until(async () => (await outside.held?.()) === before, patienceMs),
        'an aborted stream should let go of what it holds',
      );
    },
  },
  {
    rule: 'ABORT-4',
    title: 'leaves no listener on the signal of operations that ended',
    async run({ provider, put }) {
      await put('a', 'content');
      const { signal, listeners } = countedSignal();
      for (const [name, call] of Object.entries(everyCall(provider))) {
        for (let turn = 0; turn < 10; turn += 1) await call({ signal });
        await settle(1);
        equal(listeners(), 0, `listeners left by ${name}`);
      }
      for (let turn = 0; turn < 5; turn += 1) {
        await rejection(provider.get('missing', { signal }), 'get of a missing key');
        await drain((await provider.get('a', { signal })).stream());
        await (await provider.get('a', { signal })).cancel();
        for await (const _page of provider.list({ signal })) break;
        await provider.put('s', toBody(watchedSource([noise(10)]).stream, { size: 10 }), {
          signal,
        });
      }
      await settle(1);
      equal(listeners(), 0, 'listeners left by all of it');
    },
  },
];
