import { createOPFS } from '@granary/storage-opfs';
import type { PageStore, PageStream } from '../page-store.ts';
import { granaryNotes, granaryStream } from './granary-notes.ts';
import { removeFolder } from './opfs-calls.ts';

/** As it comes, in a folder of its own. */
export async function openGranaryOpfs(name: string): Promise<PageStore> {
  return granaryNotes(createOPFS({ root: name }), () => removeFolder(name), { isAtomic: false });
}

/** The same for large content. */
export async function openGranaryOpfsStream(name: string): Promise<PageStream> {
  return granaryStream(createOPFS({ root: name }), () => removeFolder(name));
}
