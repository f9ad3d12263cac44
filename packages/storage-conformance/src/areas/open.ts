import { createStorage } from '@granary/storage-core';
import {
  type Capabilities,
  guardProvider,
  StorageError,
  toBody,
} from '@granary/storage-core/provider';
import { differs, ensure, equal, failsWith, rejection } from '../check.ts';
import { collect, settle } from '../content.ts';
import { isDeclared } from '../needs.ts';
import { operations } from '../open-context.ts';
import { mismatches } from '../optional-operations.ts';
import { relay } from '../relay.ts';
import type { Scenario } from '../scenario.ts';

/** What one set of capabilities promises and the other one does not keep. */
function narrowings(before: Capabilities, after: Capabilities): string[] {
  const lost: string[] = [];
  for (const [name, value] of Object.entries(before)) {
    const now = after[name as keyof Capabilities];
    const limit = typeof value === 'number' && Number(now) < value;
    const gone =
      isDeclared(before, name as keyof Capabilities) &&
      !isDeclared(after, name as keyof Capabilities);
    const fields =
      Array.isArray(value) && Array.isArray(now) && !value.every((field) => now.includes(field));
    if (limit || (gone && typeof value !== 'number') || fields) {
      lost.push(`\`${name}\` was ${String(value)} and is ${String(now)}`);
    }
  }
  return lost;
}

export const openScenarios: readonly Scenario[] = [
  {
    rule: 'OPEN-1',
    title: 'makes no request before the first operation',
    async run({ fresh }) {
      const { provider, outside } = await fresh();
      const before = outside?.requests?.() ?? 0;
      let opened = 0;
      const counted = relay(provider, {
        async open(options) {
          opened += 1;
          return await provider.open?.(options);
        },
      });
      const storage = createStorage(guardProvider(counted));
      storage.getInfo();
      storage.getCapabilities();
      storage.list('x');
      storage.at('users').file('x');
      await settle();
      equal(opened, 0, 'times opened before the first operation');
      equal(outside?.requests?.() ?? 0, before, 'requests before the first operation');
      ensure(!('then' in storage), 'a storage should not be awaitable');
      await storage.close();
    },
  },
  {
    rule: 'OPEN-2',
    title: 'opens once for any number of first operations',
    async run({ fresh }) {
      const { provider } = await fresh();
      let opened = 0;
      const guarded = guardProvider(
        relay(provider, {
          async open(options) {
            opened += 1;
            await settle(1);
            return await provider.open?.(options);
          },
        }),
      );
      const { put, keys } = operations(guarded);
      await Promise.all([put('a'), put('b'), put('c'), keys()]);
      await put('d');
      equal(opened, 1, 'times opened');
      await guarded.close?.();
    },
  },
  {
    rule: 'OPEN-2',
    title: 'tries again after a failure to open',
    async run({ fresh }) {
      const { provider } = await fresh();
      let tries = 0;
      const guarded = guardProvider(
        relay(provider, {
          async open(options) {
            tries += 1;
            if (tries === 1) throw new StorageError('unavailable', 'The service sleeps.');
            return await provider.open?.(options);
          },
        }),
      );
      const { put, text } = operations(guarded);
      await failsWith('unavailable', put('a'), 'the first put');
      await put('a', 'second try');
      equal(await text('a'), 'second try', 'content after the second try');
      equal(tries, 2, 'times opened');
      await guarded.close?.();
    },
  },
  {
    rule: 'OPEN-3',
    title: 'only widens its capabilities when it opens',
    async run({ fresh }) {
      const { provider } = await fresh();
      const before = { ...provider.capabilities };
      const guarded = guardProvider(provider);
      await guarded.open?.({});
      equal(narrowings(before, guarded.capabilities), [], 'capabilities that opening took back');
    },
  },
  {
    rule: 'OPEN-4',
    title: 'refuses every operation after close, and closes twice',
    async run({ fresh }) {
      const guarded = guardProvider((await fresh()).provider);
      const { put } = operations(guarded);
      await put('a');
      await guarded.close?.();
      await guarded.close?.();
      const closed = (action: () => unknown, what: string) => failsWith('closed', action, what);
      await closed(() => guarded.get('a', {}), 'get after close');
      await closed(() => put('a'), 'put after close');
      await closed(() => guarded.stat('a', {}), 'stat after close');
      await closed(() => guarded.delete('a', {}), 'delete after close');
      await closed(() => collect(guarded.list({})), 'list after close');
      if (guarded.copy) await closed(() => guarded.copy?.('a', 'b', {}), 'copy after close');
      if (guarded.watch) await closed(() => guarded.watch?.({}), 'watch after close');
    },
  },
  {
    rule: 'OPEN-4',
    title: 'waits in close for what is in flight',
    async run({ fresh }) {
      const { provider } = await fresh();
      let release = (): void => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      let closedFirst: boolean | undefined;
      const guarded = guardProvider(
        relay(provider, {
          async put(key, body, options) {
            await gate;
            const info = await provider.put(key, body, options);
            closedFirst ??= false;
            return info;
          },
          async close() {
            closedFirst ??= true;
            await provider.close?.();
          },
        }),
      );
      await guarded.open?.({});
      const put = guarded.put('a', toBody('late'), {});
      const close = guarded.close?.();
      await settle();
      equal(closedFirst, undefined, 'closed while a put was in flight');
      release();
      await put;
      await close;
      equal(closedFirst, false, 'closed before the put ended');
    },
  },
  {
    rule: 'OPEN-5',
    title: 'has an optional operation exactly where its capability is declared',
    async run({ provider, raw, capabilities }) {
      equal(mismatches(provider, capabilities), [], 'operations of the provider');
      // With open(), a method may wait for what opening finds out.
      if (raw.open === undefined)
        equal(mismatches(raw, capabilities), [], 'operations of the raw provider');
    },
  },
  {
    rule: 'OPEN-7',
    title: 'keeps its capabilities as they are after opening',
    async run({ provider, put, text, keys }) {
      const before = provider.capabilities;
      const copy = structuredClone(before);
      ensure(Object.isFrozen(before), 'capabilities should be frozen');
      await put('a');
      await text('a');
      await keys();
      equal(provider.capabilities, copy, 'capabilities after some operations');
    },
  },
  {
    rule: 'OPEN-8',
    title: 'reads a store that nobody has written to as empty',
    async run({ keys, missing, provider, delete: remove }) {
      equal(await keys(), [], 'keys of an empty store');
      equal(await keys({ prefix: 'a/' }), [], 'keys of an empty store below a prefix');
      await missing('a');
      await missing('a/b/c');
      await remove('a');
      if (provider.capabilities.delimiter) {
        equal(await keys({ delimiter: '/' }), [], 'groups of an empty store');
      }
    },
  },
  {
    rule: 'OPEN-9',
    title: 'has one id for a store, and another one for another store',
    async run({ provider, fresh, skip, put }) {
      await put('a');
      const { storeId } = provider;
      if (storeId === undefined) skip('the provider has no `storeId`');
      equal(provider.storeId, storeId, 'id of the store, asked for again');
      const { provider: other } = await fresh();
      await operations(other).put('a');
      differs(other.storeId, storeId, 'id of another store');
    },
  },
  {
    rule: 'OPEN-9',
    title: 'has the same id in another provider over the store',
    needs: ['reopen'],
    async run({ provider, reopen, put }) {
      await put('a');
      equal((await reopen()).storeId, provider.storeId, 'id of the store in another provider');
    },
  },
  {
    rule: 'OPEN-8',
    title: 'tells a store that does not exist from a missing object',
    needs: ['outside.missing'],
    async run({ outside }) {
      const provider = await outside.missing?.();
      ensure(provider !== undefined, 'the harness should make a provider over a missing store');
      const nowhere = guardProvider(provider);
      const { put, keys } = operations(nowhere);
      await failsWith('store-not-found', () => nowhere.get('a', {}), 'get');
      await failsWith('store-not-found', () => nowhere.stat('a', {}), 'stat');
      await failsWith('store-not-found', () => put('a'), 'put');
      await failsWith('store-not-found', () => keys(), 'list');
      await rejection(() => nowhere.delete('a', {}), 'delete in a missing store');
      await nowhere.close?.();
    },
  },
];
