import { createStore, del, delMany, get, keys, set, setMany } from 'idb-keyval';
import type { NoteItem } from '../note.ts';
import type { PageStore } from '../page-store.ts';
import { deleteDatabase } from './idb-calls.ts';

/** Tags and metadata are kept in the value. */
export async function openIdbKeyval(name: string): Promise<PageStore> {
  const store = createStore(name, 'notes');
  const saveAll = (items: readonly NoteItem[]) =>
    setMany(
      items.map((item) => [item.key, item]),
      store,
    );
  return {
    save: (item) => set(item.key, item, store),
    load: async (key) => (await get<NoteItem>(key, store))?.value,
    delete: (key) => del(key, store),
    saveMany: saveAll,
    saveAtomic: saveAll,
    deleteMany: (names) => delMany([...names], store),
    keys: () => keys<string>(store),
    async remove() {
      // It has no way to close: the last transaction's store leads to the database.
      await store('readonly', ({ transaction }) => transaction.db.close());
      await deleteDatabase(name);
    },
  };
}
