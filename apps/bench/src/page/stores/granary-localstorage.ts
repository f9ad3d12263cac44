import { createLocalStorage } from '@granary/storage-localstorage';
import type { PageStore } from '../page-store.ts';
import { granaryNotes } from './granary-notes.ts';

/** As it comes, in a namespace of its own. */
export async function openGranaryLocalStorage(name: string): Promise<PageStore> {
  return granaryNotes(createLocalStorage({ namespace: name }), async () => localStorage.clear(), {
    isAtomic: false,
  });
}
