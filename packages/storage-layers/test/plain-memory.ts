import type { Capabilities, StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';

/** Capabilities that a plain place for bytes has, and no more. */
const PLAIN: Capabilities = {
  attributes: 'none',
  etagCovers: 'write',
  listOrder: 'utf8',
  fileAndFolder: true,
  caseSensitive: true,
};

/** What a provider is without all that is optional. */
export function plain(inner: StorageProvider, capabilities: Capabilities = {}): StorageProvider {
  return {
    specVersion: 1,
    name: inner.name,
    capabilities: { ...PLAIN, ...capabilities },
    async open(options) {
      await inner.open?.(options);
      return {};
    },
    get: (key, options) => inner.get(key, options),
    put: (key, body, options) => inner.put(key, body, options),
    stat: (key, options) => inner.stat(key, options),
    delete: (key, options) => inner.delete(key, options),
    list: (options) => inner.list(options),
    close: async () => inner.close?.(),
  };
}

/** A memory of five operations, with nothing optional. */
export function plainMemory(capabilities: Capabilities = {}): StorageProvider {
  return plain(createMemory.provider({}), capabilities);
}
