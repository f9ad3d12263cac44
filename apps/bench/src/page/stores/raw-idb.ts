import type { NoteItem } from '../note.ts';
import type { PageStore } from '../page-store.ts';
import { deleteDatabase, doneOf, openDatabase, resultOf } from './idb-calls.ts';
import { type BodyRow, type InfoRow, rowsOf, valueIn } from './note-rows.ts';

const TABLES = ['infos', 'bodies'] as const;

/** The bare calls, with the rows and indexes that Granary keeps. */
export async function openRawIdb(name: string): Promise<PageStore> {
  const database = await openDatabase(name, (created) => {
    const infos = created.createObjectStore('infos', { keyPath: 'place' });
    infos.createIndex('tags', 'tags', { multiEntry: true });
    for (const field of ['mediaType', 'modifiedAt', 'createdAt', 'expiresAt', 'sharedBody']) {
      infos.createIndex(field, field);
    }
    infos.createIndex('author', 'metadata.author');
    created.createObjectStore('bodies', { keyPath: 'id' });
  });
  let writes = 0;

  const change = (work: (infos: IDBObjectStore, bodies: IDBObjectStore) => void) => {
    const transaction = database.transaction(TABLES, 'readwrite');
    work(transaction.objectStore('infos'), transaction.objectStore('bodies'));
    transaction.commit();
    return doneOf(transaction);
  };
  const saveAll = (items: readonly NoteItem[]) =>
    change((infos, bodies) => {
      for (const item of items) {
        const [info, body] = rowsOf(item, String(writes++));
        infos.put(info);
        bodies.put(body);
      }
    });
  const deleteAll = (keys: readonly string[]) =>
    change((infos, bodies) => {
      for (const key of keys) {
        infos.delete(key);
        bodies.delete(key);
      }
    });
  const infosOf = () => database.transaction('infos').objectStore('infos');
  const found = async (index: string, value: string) => {
    const rows: InfoRow[] = await resultOf(infosOf().index(index).getAll(value));
    return rows.map(({ place }) => place);
  };

  return {
    save: (item) => saveAll([item]),
    async load(key) {
      const transaction = database.transaction(TABLES);
      const [, body] = await Promise.all([
        resultOf<InfoRow | undefined>(transaction.objectStore('infos').get(key)),
        resultOf<BodyRow | undefined>(transaction.objectStore('bodies').get(key)),
      ]);
      return valueIn(body);
    },
    delete: (key) => deleteAll([key]),
    saveMany: saveAll,
    saveAtomic: saveAll,
    deleteMany: deleteAll,
    async list() {
      const rows: InfoRow[] = await resultOf(infosOf().getAll());
      return rows.map(({ place }) => place);
    },
    keys: async () => (await resultOf(infosOf().getAllKeys())).map(String),
    withTag: (tag) => found('tags', tag),
    byAuthor: (author) => found('author', author),
    async remove() {
      database.close();
      await deleteDatabase(name);
    },
  };
}
