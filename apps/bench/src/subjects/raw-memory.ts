import { defineSubject, type Store, type StoreSubject } from '../harness/subject.ts';

function openMap(take: (bytes: Uint8Array) => Uint8Array): Store {
  const objects = new Map<string, Uint8Array>();
  return {
    async put(key, bytes) {
      objects.set(key, take(bytes));
    },
    async get(key) {
      const bytes = objects.get(key);
      if (bytes === undefined) throw new Error(`There is no "${key}".`);
      return take(bytes);
    },
    async delete(key) {
      objects.delete(key);
    },
    async stat(key) {
      return objects.get(key)?.length ?? 0;
    },
  };
}

export const rawMap: StoreSubject = defineSubject({
  id: 'raw-map',
  title: 'Map, copied in and out',
  kind: 'raw',
  durability: 'memory',
  can: ['stat'],
  isolation: 'copies',
  open: async () => openMap((bytes) => bytes.slice()),
});

export const rawMapAliased: StoreSubject = defineSubject({
  id: 'raw-map-aliased',
  title: 'Map, no copies',
  kind: 'raw',
  durability: 'memory',
  can: ['stat'],
  isolation: 'aliases',
  open: async () => openMap((bytes) => bytes),
});
