import type {
  AnyItems,
  EngineOptions,
  IStorageEngine,
  ItemTypes,
  StorageEngine,
} from '@granary/storage-core';
import { createMemory } from '@granary/storage-memory';
import { storageCreator } from './create-storage.ts';
import type { BrowserConfig, EngineConfig } from './storage-config.ts';

export {
  type IStorageEngine,
  isStorageError,
  type StorageCapabilities,
  type StorageEngine,
  StorageError,
  type StorageInfo,
  type StorageItem,
  type StorageOptions,
  type StorageQuery,
} from '@granary/storage-core';
export { createMock } from '@granary/storage-layers/mock';
export type { FailedCandidate, StorageWarning } from './fallback-provider.ts';
export type { BrowserConfig, EngineConfig } from './storage-config.ts';
export { createMemory };

/** Chooses a storage in a browser. */
export interface CreateBrowserStorage {
  <Engine extends IStorageEngine>(config: EngineConfig<Engine>): Engine;
  <Items extends ItemTypes = AnyItems>(
    config?: BrowserConfig,
    engine?: EngineOptions,
  ): StorageEngine<Items>;
}

/**
 * Makes the storage that a config asks for, and without one the best that the browser has: memory,
 * until the browser's own stores have a backend here; `onWarning` hears that it does not last.
 * `{ engine }` is given back as it is. Nothing is opened before the first operation.
 * Errors: `invalid-config` for a config that asks for what there is not, with what to type.
 */
export const createStorage: CreateBrowserStorage = /* @__PURE__ */ storageCreator({
  backends: {
    memory: { needsFileSystem: false, provider: (options) => createMemory.provider(options) },
  },
  automatic: () => ({
    id: 'memory',
    reason: 'A browser has nothing that lasts among the backends of this package yet.',
  }),
  globals: globalThis,
}) as CreateBrowserStorage;
