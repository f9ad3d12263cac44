import type { Capabilities, StorageProvider } from '@granary/storage-core/provider';
import { OPTIONAL_OPERATIONS } from './optional-operations.ts';

const METHODS = [
  ...['open', 'get', 'put', 'stat', 'delete', 'list', 'putMany', 'getMany', 'statMany'],
  ...['deleteMany', 'copy', 'move', 'setMetadata', 'upload', 'uploads', 'presign', 'publicUrl'],
  ...['watch', 'changes', 'usage', 'health', 'close'],
] as const;

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
    capabilities: inner.capabilities,
    native: inner.native,
    ...(inner.versions !== undefined && { versions: inner.versions }),
    // Known only after opening, with some.
    get storeId() {
      return inner.storeId;
    },
  };
  for (const name of METHODS) {
    const method = inner[name as keyof StorageProvider];
    if (typeof method === 'function') outer[name] = method.bind(inner);
  }
  Object.defineProperties(outer, Object.getOwnPropertyDescriptors(changes));
  return outer as unknown as StorageProvider;
}

/** Capabilities about options of optional operations. */
const THEIR_OPTIONS = [
  ...['atomicBatch', 'copyIfMatch', 'copyIfAbsent', 'uploadConditions', 'setMetadataIfMatch'],
];

/** The provider with its five required operations, and nothing declared that needs another one. */
export function bare(inner: StorageProvider): StorageProvider {
  const capabilities: Record<string, unknown> = { ...inner.capabilities };
  for (const name of [...Object.keys(OPTIONAL_OPERATIONS), ...THEIR_OPTIONS]) {
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
