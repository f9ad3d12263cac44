import PouchDB from 'pouchdb-browser';
import type { NoteItem } from '../note.ts';
import type { PageStore } from '../page-store.ts';

interface Stored extends NoteItem {
  readonly _id: string;
  readonly _rev?: string;
}

const toStored = (item: NoteItem): Stored => ({ ...item, _id: item.key });

/** Every write has a revision, and needs to know the last one. */
export async function openPouchdb(name: string): Promise<PageStore> {
  const database = new PouchDB<Stored>(name, { auto_compaction: true });
  await database.info();
  const revisionOf = async (key: string) => {
    try {
      return { _rev: (await database.get(key))._rev };
    } catch {
      return {};
    }
  };
  return {
    async save(item) {
      await database.put({ ...toStored(item), ...(await revisionOf(item.key)) });
    },
    load: async (key) => (await database.get(key)).value,
    async delete(key) {
      await database.remove(await database.get(key));
    },
    async saveMany(items) {
      const results = await database.bulkDocs(items.map(toStored));
      const failed = results.filter(({ error }) => error !== undefined);
      if (failed.length > 0) throw new Error(`${failed.length} notes were not saved.`);
    },
    async deleteMany(keys) {
      const { rows } = await database.allDocs({ keys: [...keys] });
      await database.bulkDocs(
        rows.map(({ id, value }) => ({ _id: id, _rev: value.rev, _deleted: true })),
      );
    },
    async list() {
      const { rows } = await database.allDocs({ include_docs: true });
      return rows.map(({ id }) => id);
    },
    keys: async () => (await database.allDocs()).rows.map(({ id }) => id),
    remove: () => database.destroy(),
  };
}
