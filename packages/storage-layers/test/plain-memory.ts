import type { Capabilities, StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';

/** A memory of five operations, with nothing optional. */
export function plainMemory(capabilities: Capabilities = {}): StorageProvider {
  const inner = createMemory.provider({});
  return {
    specVersion: 1,
    name: inner.name,
    capabilities: {
      attributes: 'none',
      etagCovers: 'write',
      listOrder: 'utf8',
      fileAndFolder: true,
      caseSensitive: true,
      ...capabilities,
    },
    get: (key, options) => inner.get(key, options),
    put: (key, body, options) => inner.put(key, body, options),
    stat: (key, options) => inner.stat(key, options),
    delete: (key, options) => inner.delete(key, options),
    list: (options) => inner.list(options),
    close: async () => inner.close?.(),
  };
}
