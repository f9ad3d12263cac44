import type { PageStream } from '../page-store.ts';
import { deleteDatabase, doneOf, openDatabase, resultOf } from './idb-calls.ts';

const INFOS = 'infos';
const CHUNKS = 'chunks';

/**
 * Large content in IndexedDB with the bare calls: a row for each piece as it comes, one transaction
 * each, then a row that says that all is there.
 */
export async function openRawIdbStream(name: string): Promise<PageStream> {
  const database = await openDatabase(name, (created) => {
    created.createObjectStore(INFOS);
    created.createObjectStore(CHUNKS);
  });
  const put = (table: string, key: IDBValidKey, value: unknown) => {
    const transaction = database.transaction(table, 'readwrite');
    transaction.objectStore(table).put(value, key);
    transaction.commit();
    return doneOf(transaction);
  };
  const piecesOf = (key: string) => IDBKeyRange.bound([key], [key, Number.POSITIVE_INFINITY]);
  return {
    async write(key, source) {
      let count = 0;
      for await (const piece of source) await put(CHUNKS, [key, count++], piece);
      await put(INFOS, key, { count });
    },
    async read(key) {
      const infos = database.transaction(INFOS).objectStore(INFOS);
      const { count }: { count: number } = await resultOf(infos.get(key));
      let next = 0;
      return new ReadableStream({
        async pull(controller) {
          if (next === count) {
            controller.close();
            return;
          }
          const chunks = database.transaction(CHUNKS).objectStore(CHUNKS);
          controller.enqueue(await resultOf(chunks.get([key, next++])));
        },
      });
    },
    async delete(key) {
      const transaction = database.transaction([INFOS, CHUNKS], 'readwrite');
      transaction.objectStore(INFOS).delete(key);
      transaction.objectStore(CHUNKS).delete(piecesOf(key));
      await doneOf(transaction);
    },
    async close() {
      database.close();
      await deleteDatabase(name);
    },
  };
}
