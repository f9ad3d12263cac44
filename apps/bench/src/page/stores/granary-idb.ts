import { createIndexedDB } from '@granary/storage-idb';
import type { PageStore, PageStream } from '../page-store.ts';
import { granaryNotes, granaryStream } from './granary-notes.ts';
import { deleteDatabase } from './idb-calls.ts';

/** As it comes, with an index for the field that is searched for. */
export async function openGranaryIdb(
  name: string,
  options: { readonly durability?: 'strict' },
): Promise<PageStore> {
  const storage = createIndexedDB({ dbName: name, indexes: ['author'], ...options });
  return granaryNotes(storage, () => deleteDatabase(name), { isAtomic: true });
}

/** As it comes. */
export async function openGranaryIdbStream(name: string): Promise<PageStream> {
  return granaryStream(createIndexedDB({ dbName: name }), () => deleteDatabase(name));
}
