import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { ownOperation } from './own-operation.ts';
import { readingCapabilities } from './reading-capabilities.ts';

/**
 * A store of which nothing can be changed: every write fails with `permission-denied` before any
 * I/O, a presigned `PUT` too. Closing the view does nothing.
 */
export function withReadOnly(provider: StorageProvider): StorageProvider {
  const own = ownOperation(provider);
  const capabilities = () => readingCapabilities(provider.capabilities);

  async function refuse(): Promise<never> {
    throw new StorageError('permission-denied', 'this view of the storage is read-only.', {
      outcome: 'not-applied',
      hint: 'Write through the storage that it is a view of.',
    });
  }

  return {
    specVersion: 1,
    name: provider.name,
    get capabilities() {
      return capabilities();
    },
    async open(options) {
      await provider.open?.(options);
      return capabilities();
    },

    get: (key, options) => provider.get(key, options),
    put: refuse,
    stat: (key, options) => provider.stat(key, options),
    delete: refuse,
    list: (options) => provider.list(options),

    candidates: (query, options) => own('candidates')(query, options),
    getMany: (keys, options) => own('getMany')(keys, options),
    statMany: (keys, options) => own('statMany')(keys, options),

    presign: (key, options) => (options.method === 'PUT' ? refuse() : own('presign')(key, options)),
    publicUrl: (key) => own('publicUrl')(key),
    versions: {
      list: (key, options) => own('versions').list(key, options),
      restore: refuse,
    },
    objectTags: { get: (key, options) => own('objectTags').get(key, options), set: refuse },

    watch: (options) => own('watch')(options),
    changes: (options) => own('changes')(options),
    usage: (options) => own('usage')(options),
    health: (options) => own('health')(options),
    async close() {},
  };
}
