import { createStorage, type StorageEngine } from '@granary/storage-core';
import {
  type BodyInput,
  guardProvider,
  type ListOptions,
  type PutOptions,
  type StorageProvider,
  toBody,
} from '@granary/storage-core/provider';
import { fail, failsWith } from './check.ts';
import { collect, decode, forEach } from './content.ts';
import type { Harness, OpenStore } from './harness.ts';
import type { ScenarioContext } from './scenario.ts';
import { show } from './show.ts';

/** Thrown by `context.skip`. */
export class SkipSignal extends Error {}

/** A context and what ends it. */
export interface OpenedContext {
  readonly context: ScenarioContext;
  readonly store: OpenStore;
  close(): Promise<void>;
}

const FILL_AT_ONCE = 32;
/** The part of a scenario's time that it waits for one thing. */
const PATIENCE = 0.3;
const TIMEOUT_MS = 10_000;

/** The longest a scenario may take that is not slow. Units: ms. */
export function timeoutMsOf({ timeoutMs = TIMEOUT_MS }: Harness): number {
  return timeoutMs;
}

/** Has the harness make a store and opens it. */
export async function openContext(harness: Harness): Promise<OpenedContext> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  };
  try {
    return { ...(await open(harness, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  harness: Harness,
  closers: (() => unknown)[],
): Promise<Omit<OpenedContext, 'close'>> {
  const store = await harness.create();
  closers.push(() => store.close?.());
  const wrap = (bare: StorageProvider): StorageProvider => harness.layer?.(guarded(bare)) ?? bare;
  const guarded = (bare: StorageProvider): StorageProvider => {
    const provider = guardProvider(bare);
    closers.push(() => provider.close?.());
    return provider;
  };
  const inner = guarded(store.provider);
  const raw = harness.layer?.(inner) ?? store.provider;
  const provider = guarded(raw);
  await provider.open?.({});
  const { outside = {} } = store;
  const { missing, small } = outside;

  const context: ScenarioContext = {
    provider,
    raw,
    inner,
    capabilities: provider.capabilities,
    outside: {
      ...outside,
      ...(missing && { missing: async () => guarded(wrap(await missing())) }),
      ...(small && { small: async (bytes: number) => guarded(wrap(await small(bytes))) }),
    },
    fetch: harness.fetch ?? globalThis.fetch,
    patienceMs: timeoutMsOf(harness) * PATIENCE + (outside.settleMs ?? 0),
    isView: harness.isView ?? false,
    ...operations(provider),

    async reopen() {
      if (store.reopen === undefined) throw new SkipSignal('the harness has no `reopen`');
      const other = guarded(wrap(await store.reopen()));
      await other.open?.({});
      return other;
    },
    async fresh() {
      const other = await harness.create();
      closers.push(() => other.close?.());
      return { ...other, provider: guarded(wrap(other.provider)) };
    },
    layer(below) {
      if (harness.layer === undefined) throw new SkipSignal('the harness is not one of a layer');
      return guarded(harness.layer(below));
    },
    storage(options, over = provider): StorageEngine {
      return createStorage(over, options);
    },
    async during(fault, action) {
      if (!(await outside.fault?.(fault))) {
        throw new SkipSignal(`the harness makes no trouble of the kind "${fault}"`);
      }
      try {
        await action();
      } finally {
        await outside.fault?.(undefined);
      }
    },
    skip(reason): never {
      throw new SkipSignal(reason);
    },
  };
  return { context, store };
}

function textOf(bytes: Uint8Array, key: string): string {
  try {
    return decode(bytes);
  } catch {
    return fail(`the content of ${JSON.stringify(key)} should be text, it is ${show(bytes)}`);
  }
}

type Operations = Pick<
  ScenarioContext,
  'put' | 'text' | 'bytes' | 'delete' | 'pages' | 'entries' | 'keys' | 'fill' | 'missing'
>;

/** Short ways to use a provider. */
export function operations(provider: StorageProvider): Operations {
  const pages = (options: ListOptions = {}) => collect(provider.list(options));
  const entries = async (options?: ListOptions) =>
    (await pages(options)).flatMap((page) => page.entries);
  const put = (key: string, content: BodyInput = 'content', options: PutOptions = {}) =>
    provider.put(key, toBody(content), options);
  const bytes: Operations['bytes'] = async (key, options = {}) =>
    await (await provider.get(key, options)).bytes();
  return {
    put,
    bytes,
    pages,
    entries,
    async text(key, options) {
      return textOf(await bytes(key, options), key);
    },
    delete: (key) => provider.delete(key, {}),
    async keys(options) {
      return (await entries(options)).map((entry) => entry.key);
    },
    fill: (keys) => forEach(keys, FILL_AT_ONCE, (key) => put(key, key)),
    async missing(key) {
      await failsWith('not-found', provider.get(key, {}), `get of ${JSON.stringify(key)}`);
      await failsWith('not-found', provider.stat(key, {}), `stat of ${JSON.stringify(key)}`);
    },
  };
}
