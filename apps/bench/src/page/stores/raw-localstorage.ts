import type { NoteItem } from '../note.ts';
import type { PageStore } from '../page-store.ts';

/** The bare calls: JSON texts, with tags and metadata in them. */
export async function openRawLocalStorage(name: string): Promise<PageStore> {
  const prefix = `${name}/`;
  const saveAll = async (items: readonly NoteItem[]) => {
    for (const item of items) localStorage.setItem(prefix + item.key, JSON.stringify(item));
  };
  const deleteAll = async (keys: readonly string[]) => {
    for (const key of keys) localStorage.removeItem(prefix + key);
  };
  return {
    save: (item) => saveAll([item]),
    async load(key) {
      const text = localStorage.getItem(prefix + key);
      if (text === null) throw new Error('There is no such note.');
      return JSON.parse(text).value;
    },
    delete: (key) => deleteAll([key]),
    saveMany: saveAll,
    deleteMany: deleteAll,
    async keys() {
      const found: string[] = [];
      for (let index = 0; index < localStorage.length; index++) {
        const key = localStorage.key(index) ?? '';
        if (key.startsWith(prefix)) found.push(key.slice(prefix.length));
      }
      return found;
    },
    remove: async () => localStorage.clear(),
  };
}
