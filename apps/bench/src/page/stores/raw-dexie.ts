import { Dexie, type EntityTable } from 'dexie';
import type { NoteItem } from '../note.ts';
import type { PageStore } from '../page-store.ts';
import { type BodyRow, INFO_INDEXES, type InfoRow, rowsOf, valueIn } from './note-rows.ts';

/** When Chromium says that a transaction is done. */
type WhenDone = 'relaxed' | 'strict';

/** Dexie with the rows that Granary keeps: infos and bodies apart, the same indexes. */
export async function openRawDexie(name: string, durability: WhenDone): Promise<PageStore> {
  const database = new Dexie(name, { chromeTransactionDurability: durability }) as Dexie & {
    readonly infos: EntityTable<InfoRow, 'place'>;
    readonly bodies: EntityTable<BodyRow, 'id'>;
  };
  database.version(1).stores({ infos: INFO_INDEXES, bodies: 'id' });
  await database.open();
  const { infos, bodies } = database;
  let writes = 0;

  const saveAll = (items: readonly NoteItem[]) => {
    const rows = items.map((item) => rowsOf(item, String(writes++)));
    return database.transaction('rw', infos, bodies, () =>
      Promise.all([
        infos.bulkPut(rows.map(([info]) => info)),
        bodies.bulkPut(rows.map(([, body]) => body)),
      ]),
    );
  };
  const placesOf = (rows: readonly InfoRow[]) => rows.map(({ place }) => place);

  return {
    save(item) {
      const [info, body] = rowsOf(item, String(writes++));
      return database.transaction('rw', infos, bodies, () =>
        Promise.all([infos.put(info), bodies.put(body)]),
      );
    },
    load: (key) =>
      database.transaction('r', infos, bodies, async () => {
        const [, body] = await Promise.all([infos.get(key), bodies.get(key)]);
        return valueIn(body);
      }),
    delete: (key) =>
      database.transaction('rw', infos, bodies, () =>
        Promise.all([infos.delete(key), bodies.delete(key)]),
      ),
    saveMany: saveAll,
    saveAtomic: saveAll,
    deleteMany: (keys) =>
      database.transaction('rw', infos, bodies, () =>
        Promise.all([infos.bulkDelete([...keys]), bodies.bulkDelete([...keys])]),
      ),
    list: async () => placesOf(await infos.toArray()),
    keys: () => infos.toCollection().primaryKeys(),
    withTag: async (tag) => placesOf(await infos.where('tags').equals(tag).toArray()),
    byAuthor: async (author) =>
      placesOf(await infos.where('metadata.author').equals(author).toArray()),
    remove: () => database.delete(),
  };
}

/** Dexie as an application uses it: one table of documents, values as they are, two indexes. */
export async function openOneTable(name: string): Promise<PageStore> {
  const database = new Dexie(name) as Dexie & { readonly notes: EntityTable<NoteItem, 'key'> };
  database.version(1).stores({ notes: 'key, *tags, metadata.author' });
  await database.open();
  const { notes } = database;
  const keysOf = (items: readonly NoteItem[]) => items.map(({ key }) => key);
  return {
    save: (item) => notes.put(item),
    load: async (key) => (await notes.get(key))?.value,
    delete: (key) => notes.delete(key),
    saveMany: (items) => notes.bulkPut(items),
    saveAtomic: (items) => notes.bulkPut(items),
    deleteMany: (keys) => notes.bulkDelete([...keys]),
    list: async () => keysOf(await notes.toArray()),
    keys: () => notes.toCollection().primaryKeys(),
    withTag: async (tag) => keysOf(await notes.where('tags').equals(tag).toArray()),
    byAuthor: async (author) =>
      keysOf(await notes.where('metadata.author').equals(author).toArray()),
    remove: () => database.delete(),
  };
}
