import {
  type Capabilities,
  OPTIONAL_OPERATIONS,
  type StorageProvider,
} from '@granary/storage-core/provider';

/** What is passed on as it is by then: some of it may be there, or known, only after opening. */
const MEMBERS: readonly (keyof StorageProvider)[] = [
  ...(['open', 'get', 'put', 'stat', 'delete', 'list', 'close'] as const),
  ...OPTIONAL_OPERATIONS,
  ...(['capabilities', 'storeId', 'native'] as const),
];

/**
 * A provider that passes everything on to another one but for what `changes` says. It carries no
 * mark of core's guard, so the guard treats it as a provider of its own.
 */
export function relay(
  inner: StorageProvider,
  changes: Partial<StorageProvider> = {},
): StorageProvider {
  const outer: Record<string, unknown> = {
    specVersion: 1,
    name: inner.name,
  };
  for (const name of MEMBERS) {
    Object.defineProperty(outer, name, {
      configurable: true,
      enumerable: true,
      get() {
        const member = inner[name];
        return typeof member === 'function' && name !== 'native' ? member.bind(inner) : member;
      },
    });
  }
  Object.defineProperties(outer, Object.getOwnPropertyDescriptors(changes));
  return outer as unknown as StorageProvider;
}

/** Capabilities about options of optional operations. */
const THEIR_OPTIONS = [
  ...['atomicBatch', 'copyIfMatch', 'copyIfAbsent', 'setMetadataIfMatch'],
  ...['uploadConditions', 'uploadChecksum', 'presignOptions'],
];

/** The provider with its five required operations, and nothing declared that needs another one. */
export function bare(inner: StorageProvider): StorageProvider {
  const capabilities: Record<string, unknown> = { ...inner.capabilities };
  for (const name of [...OPTIONAL_OPERATIONS, ...THEIR_OPTIONS]) {
    delete capabilities[name];
  }
  return {
    specVersion: 1,
    name: inner.name,
    capabilities: capabilities as Capabilities,
    get: (key, options) => inner.get(key, options),
    put: (key, body, options) => inner.put(key, body, options),
    stat: (key, options) => inner.stat(key, options),
    delete: (key, options) => inner.delete(key, options),
    list: (options) => inner.list(options),
  };
}
