import {
  type Capabilities,
  isStorageError,
  StorageError,
  type StorageProvider,
  storedObject,
  toBody,
} from '@granary/storage-core/provider';
import { ensure, equal, failsWith, rejection } from '../check.ts';
import { collect, noise, settle } from '../content.ts';
import { isDeclared } from '../needs.ts';
import { operations } from '../open-context.ts';
import { mismatches } from '../optional-operations.ts';
import { bare, relay } from '../relay.ts';
import type { Scenario } from '../scenario.ts';

const NEEDS = ['layer'] as const;

/** The stream, telling of its end and of its cancellation. */
function tellingStream(
  stream: ReadableStream<Uint8Array>,
  finish: () => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  reader.closed.then(finish, finish);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        return done ? controller.close() : controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

export const layerScenarios: readonly Scenario[] = [
  {
    rule: 'LAYER-1',
    title: 'declares over a provider of five operations only what it can do there',
    needs: NEEDS,
    async run({ inner, layer }) {
      const thin = layer(bare(inner));
      await thin.open?.({});
      equal(mismatches(thin, thin.capabilities), [], 'operations of the layer');
      const { put, text, keys, delete: remove } = operations(thin);
      const { etag } = await put('a', 'content');
      equal(await text('a'), 'content', 'content through the layer');
      const can = (name: keyof Capabilities) => isDeclared(thin.capabilities, name);
      if (can('copy')) {
        await thin.copy?.('a', 'b', {});
        equal(await text('b'), 'content', 'a copy through the layer');
        await remove('b');
      }
      if (can('move')) {
        await thin.move?.('a', 'b', {});
        await thin.move?.('b', 'a', {});
      }
      if (can('attributes')) {
        await put('m', 'content', { metadata: { n: 1 } });
        equal((await thin.stat('m', {})).metadata, { n: 1 }, 'metadata through the layer');
        await remove('m');
      }
      if (can('createIfAbsent'))
        await failsWith('precondition-failed', put('a', 'x', { ifNoneMatch: '*' }), 'create');
      if (can('replaceIfMatch'))
        await failsWith('precondition-failed', put('a', 'x', { ifMatch: `${etag}x` }), 'replace');
      if (can('rangeReads'))
        equal(await text('a', { range: { offset: 1, length: 2 } }), 'on', 'a part');
      equal(await keys(), ['a'], 'the keys');
      await remove('a');
    },
  },
  {
    rule: 'LAYER-1',
    title: 'refuses what the provider below does not declare',
    needs: NEEDS,
    async run({ inner, layer }) {
      const five = bare(inner);
      const thin = layer({ ...five, capabilities: { attributes: 'none', etagCovers: 'write' } });
      const { put, keys, text } = operations(thin);
      // A layer that can do nothing with so little may say so.
      const written = await put('a', 'content').catch((error: unknown) => error);
      if (isStorageError(written, 'unsupported')) return equal(await keys(), [], 'the keys');
      if (written instanceof Error) throw written;
      const can = (name: keyof Capabilities) => isDeclared(thin.capabilities, name);
      if (!can('rangeReads'))
        await failsWith('unsupported', thin.get('a', { range: { offset: 0 } }), 'a range');
      if (!can('createIfAbsent'))
        await failsWith('unsupported', put('b', 'x', { ifNoneMatch: '*' }), 'create');
      if (!can('replaceIfMatch'))
        await failsWith('unsupported', put('a', 'x', { ifMatch: 'e' }), 'replace');
      if (!can('deleteIfMatch'))
        await failsWith(
          'unsupported',
          thin.delete('a', { ifMatch: 'e' }),
          'delete under a condition',
        );
      if (!can('attributes'))
        await failsWith('unsupported', put('b', 'x', { metadata: { n: 1 } }), 'metadata');
      if (!can('delimiter'))
        await failsWith('unsupported', keys({ delimiter: '/' }), 'a delimiter');
      equal(await text('a'), 'content', 'the object');
    },
  },
  {
    rule: 'LAYER-2',
    title: 'surfaces the code, the outcome and the waiting time of errors from below',
    needs: NEEDS,
    async run({ inner, layer }) {
      const failure = new StorageError('permission-denied', 'No entry.', {
        outcome: 'not-applied',
        status: 403,
        requestId: 'r-1',
      });
      const fail = async (): Promise<never> => {
        throw failure;
      };
      const layered = layer(relay(bare(inner), { get: fail, put: fail, stat: fail, delete: fail }));
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        get: () => layered.get('a', {}),
        put: () => layered.put('a', toBody('x'), {}),
        stat: () => layered.stat('a', {}),
        delete: () => layered.delete('a', {}),
      };
      for (const [operation, call] of Object.entries(calls)) {
        const error = await failsWith('permission-denied', call, operation);
        equal(error.status, 403, `status of the error of ${operation}`);
        equal(error.requestId, 'r-1', `request id of the error of ${operation}`);
      }
    },
  },
  {
    rule: 'LAYER-2',
    title: 'fails a listing whose second page fails below, and repeats nothing of a good one',
    needs: NEEDS,
    async run({ inner, layer, fill }) {
      await fill(['a', 'b', 'c']);
      const cut = relay(inner, {
        async *list(options) {
          for await (const page of inner.list({ ...options, limit: 2 })) yield page;
          throw new StorageError('permission-denied', 'No further page for you.');
        },
      });
      await failsWith(
        'permission-denied',
        collect(layer(cut).list({})),
        'a listing whose second page fails',
      );
    },
  },
  {
    rule: 'LAYER-3',
    title: 'closes the provider below once, or not at all when it is a view',
    needs: NEEDS,
    async run({ inner, layer, isView }) {
      let closed = 0;
      const layered = layer(
        relay(inner, {
          async close() {
            closed += 1;
          },
        }),
      );
      await operations(layered).put('a');
      await layered.close?.();
      await layered.close?.();
      equal(closed, isView ? 0 : 1, 'times the provider below was closed');
      await failsWith('closed', () => layered.stat('a', {}), 'stat after close');
    },
  },
  {
    rule: 'LAYER-4',
    title: 'passes an abort on to the provider below',
    needs: NEEDS,
    async run({ inner, layer }) {
      let below: AbortSignal | undefined;
      const waiting = relay(bare(inner), {
        stat: (_key, { signal }) => {
          below = signal;
          return new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
        },
      });
      const controller = new AbortController();
      const pending = rejection(layer(waiting).stat('a', { signal: controller.signal }), 'stat');
      await settle();
      ensure(below !== undefined, 'the provider below should get a signal');
      controller.abort(new Error('the user left'));
      ensure(below.aborted, 'the signal below should be aborted');
      await failsWith(
        'aborted',
        pending.then((error) => Promise.reject(error)),
        'stat',
      );
    },
  },
  {
    rule: 'LAYER-5',
    title: 'lets go of the body below when its own is cancelled or broken out of',
    needs: NEEDS,
    async run({ inner, layer, put }) {
      const layered = layer(relay(inner));
      await operations(layered).put('a', noise(300_000));
      let given = 0;
      let ended = 0;
      const watched = relay(inner, {
        async get(key, options) {
          const object = await inner.get(key, options);
          given += 1;
          let isOver = false;
          const finish = () => {
            ended += isOver ? 0 : 1;
            isOver = true;
          };
          const { info, range } = object;
          const source = {
            stream: () => tellingStream(object.stream(), finish),
            cancel(reason: unknown) {
              finish();
              return object.cancel(reason);
            },
          };
          return storedObject(info, source, range === undefined ? {} : { range });
        },
      });
      const above = layer(watched);
      await (await above.get('a', {})).cancel();
      for await (const _chunk of (await above.get('a', {})).stream()) break;
      await (await above.get('a', {})).bytes();
      await settle();
      ensure(given >= 1, 'the layer should read the provider below');
      ensure(ended >= given, `${given} bodies were handed out below, ${ended} were let go of`);
      await put('b');
    },
  },
  {
    rule: 'LAYER-6',
    title: 'opens the provider below once, and knows what it can do only then',
    needs: NEEDS,
    async run({ inner, layer }) {
      let opened = 0;
      const five = bare(inner);
      const { rangeReads: _late, ...early } = five.capabilities;
      const late: StorageProvider = {
        ...five,
        capabilities: early,
        async open() {
          opened += 1;
          return { ...(inner.capabilities.rangeReads && { rangeReads: true }) };
        },
      };
      const layered = layer(late);
      const { put, text } = operations(layered);
      await Promise.all([put('a', 'content'), put('b', 'content')]);
      equal(opened, 1, 'times the provider below was opened');
      if (isDeclared(layered.capabilities, 'rangeReads')) {
        equal(
          await text('a', { range: { offset: 0, length: 3 } }),
          'con',
          'a part, as the opened provider allows',
        );
      }
    },
  },
];
