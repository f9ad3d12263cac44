import { StorageError } from '@granary/storage-core';
import {
  type Capabilities,
  type StorageProvider,
  storedObject,
} from '@granary/storage-core/provider';

/** A storage in memory that can do what the test says, and nothing more. */
export function memoryProvider(
  capabilities: Capabilities,
  objects: Map<string, { readonly bytes: Uint8Array; readonly etag: string }> = new Map(),
): StorageProvider {
  let writes = 0;
  const infoOf = (key: string, object: { readonly bytes: Uint8Array; readonly etag: string }) => ({
    key,
    size: object.bytes.byteLength,
    etag: object.etag,
    modifiedAt: new Date(0),
  });
  const find = (key: string) => {
    const object = objects.get(key);
    if (object === undefined) throw new StorageError('not-found', 'there is no such object.');
    return object;
  };
  return {
    specVersion: 1,
    name: 'test',
    capabilities,
    async get(key) {
      const object = find(key);
      return storedObject(infoOf(key, object), { bytes: async () => object.bytes });
    },
    async put(key, body, { ifMatch, ifNoneMatch }) {
      const bytes = await body.bytes();
      const before = objects.get(key);
      const isMet =
        ifNoneMatch === '*' ? before === undefined : !ifMatch || before?.etag === ifMatch;
      if (!isMet) throw new StorageError('precondition-failed', 'something else is there.');
      writes += 1;
      const object = { bytes: new Uint8Array(bytes), etag: `write-${writes}` };
      objects.set(key, object);
      return infoOf(key, object);
    },
    stat: async (key) => infoOf(key, find(key)),
    async delete(key) {
      return { existed: objects.delete(key) };
    },
    async *list({ prefix = '' }) {
      const entries = [...objects]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, object]) => ({ kind: 'item' as const, ...infoOf(key, object) }));
      yield { entries };
    },
  };
}
