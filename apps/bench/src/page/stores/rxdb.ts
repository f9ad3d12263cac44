import { createRxDatabase, type RxCollection, type RxJsonSchema } from 'rxdb/plugins/core';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import type { NoteItem } from '../note.ts';
import type { PageStore } from '../page-store.ts';

const SCHEMA: RxJsonSchema<NoteItem> = {
  version: 0,
  primaryKey: 'key',
  type: 'object',
  properties: {
    key: { type: 'string', maxLength: 100 },
    value: {
      type: 'object',
      properties: { id: { type: 'number' }, title: { type: 'string' }, body: { type: 'string' } },
    },
    tags: { type: 'array', items: { type: 'string' } },
    metadata: {
      type: 'object',
      properties: {
        author: { type: 'string', maxLength: 100 },
        version: { type: 'number' },
        isPublic: { type: 'boolean' },
      },
      required: ['author'],
    },
  },
  required: ['key', 'value', 'tags', 'metadata'],
  indexes: ['metadata.author'],
};

/** The free storage, over Dexie; one tab, so that no other has to be told. */
export async function openRxdb(name: string): Promise<PageStore> {
  const database = await createRxDatabase({
    name,
    storage: getRxStorageDexie(),
    multiInstance: false,
  });
  const { notes } = await database.addCollections<{ notes: RxCollection<NoteItem> }>({
    notes: { schema: SCHEMA },
  });
  const plain = (items: readonly NoteItem[]) => items.map((item) => ({ ...item }));
  const keysOf = (items: readonly NoteItem[]) => items.map(({ key }) => key);
  const saveAll = async (items: readonly NoteItem[]) => {
    const { error } = await notes.bulkUpsert(plain(items));
    if (error.length > 0) throw new Error(`${error.length} notes were not saved.`);
  };
  return {
    save: (item) => notes.upsert({ ...item }),
    async load(key) {
      // What is in its own cache is no load: a document is kept there while something uses it.
      const document = await notes.findOne(key).exec();
      return document?.toJSON().value;
    },
    async delete(key) {
      await notes.bulkRemove([key]);
    },
    saveMany: saveAll,
    deleteMany: (keys) => notes.bulkRemove([...keys]),
    list: async () => keysOf(await notes.find().exec()),
    withTag: async (tag) =>
      keysOf(await notes.find({ selector: { tags: { $elemMatch: { $eq: tag } } } }).exec()),
    byAuthor: async (author) =>
      keysOf(await notes.find({ selector: { 'metadata.author': author } }).exec()),
    remove: () => database.remove(),
  };
}
