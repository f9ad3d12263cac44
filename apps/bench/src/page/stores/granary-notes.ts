import type { StorageEngine } from '@granary/storage-core';
import type { NoteItem } from '../note.ts';
import type { PageStore, PageStream } from '../page-store.ts';

/** A storage as its README shows to use it. `forget` deletes what a closed storage leaves. */
export function granaryNotes(
  storage: StorageEngine,
  forget: () => Promise<unknown>,
  { isAtomic }: { readonly isAtomic: boolean },
): PageStore {
  const saveMany = async (items: readonly NoteItem[], atomic: boolean) => {
    const results = await storage.saveMany(items, { atomic });
    const failed = results.find(({ ok }) => !ok);
    if (failed !== undefined && !failed.ok) throw failed.error;
  };
  const keysOf = (items: readonly { readonly key: string }[]) => items.map(({ key }) => key);
  return {
    save: ({ key, value, tags, metadata }) => storage.save(key, value, { tags, metadata }),
    load: (key) => storage.load(key),
    delete: (key) => storage.delete(key),
    saveMany: (items) => saveMany(items, false),
    ...(isAtomic && { saveAtomic: (items: readonly NoteItem[]) => saveMany(items, true) }),
    async deleteMany(keys) {
      const failed = (await storage.deleteMany(keys)).filter(({ ok }) => !ok);
      if (failed.length > 0) throw new Error(`${failed.length} keys could not be deleted.`);
    },
    async list() {
      return keysOf(await storage.list());
    },
    async withTag(tag) {
      return keysOf(await storage.search({ tags: [tag] }));
    },
    async byAuthor(author) {
      return keysOf(await storage.search({ metadata: { author } }));
    },
    async remove() {
      await storage.close();
      await forget();
    },
  };
}

/** The same storage for large content. */
export function granaryStream(storage: StorageEngine, forget: () => Promise<unknown>): PageStream {
  return {
    write: (key, source, size) => storage.put(key, source, { size }),
    async read(key) {
      return (await storage.get(key)).stream();
    },
    delete: (key) => storage.delete(key),
    async close() {
      await storage.close();
      await forget();
    },
  };
}
