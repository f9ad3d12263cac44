import { guardProvider, type StorageProvider, withPrefix } from '@granary/storage-core/provider';
import type { OpenStore } from './harness.ts';

/**
 * Makes `create` for a store that is slow to make: it is opened once, and every scenario gets an
 * unused prefix of it. `close` closes it after the run.
 */
export function sharedStore(open: () => StorageProvider): {
  readonly create: () => OpenStore;
  readonly close: () => Promise<void>;
} {
  const run = `run-${crypto.randomUUID().slice(0, 8)}`;
  let provider: StorageProvider | undefined;
  let scenarios = 0;
  return {
    create() {
      provider ??= guardProvider(open());
      const shared = provider;
      scenarios += 1;
      const prefix = `${run}/${scenarios}`;
      return {
        provider: withPrefix(shared, prefix),
        reopen: () => withPrefix(shared, prefix),
        close: () => empty(withPrefix(shared, prefix)),
      };
    },
    async close() {
      await provider?.close?.();
    },
  };
}

async function empty(provider: StorageProvider): Promise<void> {
  for await (const { entries } of provider.list({})) {
    await Promise.all(entries.map(({ key }) => provider.delete(key, {})));
  }
}
