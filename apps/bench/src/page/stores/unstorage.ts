import { createStorage, type Driver } from 'unstorage';
import type { NoteItem } from '../note.ts';
import type { PageStore } from '../page-store.ts';

/** Over idb-keyval. It writes JSON, with tags and metadata in the value; slashes become colons. */
export async function openUnstorageIndexedDB(name: string): Promise<PageStore> {
  const { default: driver } = await import('unstorage/drivers/indexedb');
  return notesIn(driver({ dbName: name, storeName: 'notes' }));
}

/** Over localStorage. */
export async function openUnstorageLocalStorage(name: string): Promise<PageStore> {
  const { default: driver } = await import('unstorage/drivers/localstorage');
  return notesIn(driver({ base: name }));
}

function notesIn(driver: Driver): PageStore {
  const storage = createStorage<NoteItem>({ driver });
  const toKey = (name: string) => name.replaceAll(':', '/');
  return {
    save: (item) => storage.setItem(item.key, item),
    load: async (key) => (await storage.getItem(key))?.value,
    delete: (key) => storage.removeItem(key),
    saveMany: (items) => storage.setItems(items.map((item) => ({ key: item.key, value: item }))),
    deleteMany: (keys) => Promise.all(keys.map((key) => storage.removeItem(key))),
    keys: async () => (await storage.getKeys()).map(toKey),
    async remove() {
      // Its database cannot be deleted: the driver has no way to close it.
      await storage.clear();
      await storage.dispose();
    },
  };
}
