import type { Harness, OpenStore } from '@granary/storage-conformance';
import { guardProvider, type StorageProvider, withPrefix } from '@granary/storage-core/provider';
import { type IdbPlatform, type IndexedDBOptions, idbProvider } from '../src/idb-provider.ts';

export interface IdbHarnessSettings {
  readonly isView?: boolean;
  readonly options?: IndexedDBOptions;
  /** Default: that of the page or worker. */
  readonly platform?: () => IdbPlatform;
}

/** A database of its own for each scenario, gone at its end. */
export function idbHarness(name: string, settings: IdbHarnessSettings = {}): Harness {
  return { name, create: () => openIdb(settings) };
}

function openIdb({
  isView = false,
  options,
  platform = () => ({}),
}: IdbHarnessSettings): OpenStore {
  const dbName = `kit-${crypto.randomUUID()}`;
  const runtime = platform();
  let aheadMs = 0;
  const open = (): StorageProvider => {
    const provider = idbProvider(
      { ...options, dbName },
      { ...runtime, now: () => Date.now() + aheadMs },
    );
    return isView ? guardProvider(withPrefix(guardProvider(provider), 'users/42')) : provider;
  };
  return {
    provider: open(),
    reopen: open,
    outside: {
      settleMs: 1000,
      advance(ms) {
        aheadMs += ms;
      },
    },
    close() {
      // Connections that are open still let go of it by themselves.
      (runtime.indexedDB ?? indexedDB).deleteDatabase(dbName);
    },
  };
}
