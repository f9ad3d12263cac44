import localforage from 'localforage';
import type { NoteItem } from '../note.ts';
import type { PageStore } from '../page-store.ts';

/** Tags and metadata are kept in the value. There are no calls for many. */
export async function openLocalforage(
  name: string,
  driver: 'INDEXEDDB' | 'LOCALSTORAGE',
): Promise<PageStore> {
  const store = localforage.createInstance({
    name,
    storeName: 'notes',
    driver: localforage[driver],
  });
  await store.ready();
  return {
    save: (item) => store.setItem(item.key, item),
    load: async (key) => (await store.getItem<NoteItem>(key))?.value,
    delete: (key) => store.removeItem(key),
    saveMany: (items) => Promise.all(items.map((item) => store.setItem(item.key, item))),
    deleteMany: (keys) => Promise.all(keys.map((key) => store.removeItem(key))),
    keys: () => store.keys(),
    remove: () => store.dropInstance({ name }),
  };
}
