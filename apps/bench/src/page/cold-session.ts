import { checkLoad, expect } from './check-notes.ts';
import { noteOf, notesFrom } from './note.ts';
import type { PageSession } from './page-session.ts';
import type { PageStore } from './page-store.ts';

/** Where the notes are that every new page opens. */
const NAME = 'cold';

/**
 * Fills a store that later pages open. The first page fills it; each later one has opened it and loaded
 * a note by the time that its session is there, and `run` tells how long that took.
 */
export function coldSession(
  open: (name: string) => Promise<PageStore>,
  { items }: { readonly items: number },
): PageSession {
  const one = noteOf(Math.floor(items / 2));
  return {
    async verify() {
      const store = await open(NAME);
      await store.saveMany(notesFrom(0, items));
      await checkLoad(store, one);
    },
    async run() {
      const beganAt = performance.now();
      const store = await open(NAME);
      const value = await store.load(one.key);
      // Since the page began to load: its document, its script, and what the script loads.
      const sincePage = performance.now();
      expect(value !== undefined && value !== null, 'there was nothing to load');
      return { page: sincePage, open: sincePage - beganAt };
    },
    close: async () => {},
  };
}
