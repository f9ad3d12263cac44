import { drive, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { seededRandom, shuffled } from '../harness/random-order.ts';
import { checkKeys, checkNotes } from './check-notes.ts';
import { notesFrom } from './note.ts';
import type { PageSession } from './page-session.ts';
import type { PageStore } from './page-store.ts';

/** Saves, loads, lists and deletes a few notes, one after the other, in a store that stays. */
export function smallSession(
  open: (name: string) => Promise<PageStore>,
  { items }: { readonly items: number },
): PageSession {
  const notes = notesFrom(0, items);
  const keys = notes.map(({ key }) => key);
  let store: PageStore | undefined;

  return {
    async verify() {
      store = await open('small');
      await checkNotes(store);
    },
    async run(round) {
      if (store === undefined) throw new Error('The store was never opened.');
      const { save, load, delete: remove } = store;
      const list = store.list ?? store.keys;
      const order = shuffled(keys, seededRandom(1000 + round));
      const saveMs = await drive(items, 1, (index) => save(pick(notes, index)));
      const loadMs = await drive(items, 1, (index) => load(pick(order, index)));
      let listed: readonly string[] = [];
      const listMs = await drive(1, 1, async () => {
        listed = (await list?.()) ?? [];
      });
      checkKeys(listed, keys, 'the listing');
      const deleteMs = await drive(items, 1, (index) => remove(pick(order, index)));
      return {
        save: perSecond(items, saveMs),
        load: perSecond(items, loadMs),
        list: perSecond(items, listMs),
        delete: perSecond(items, deleteMs),
      };
    },
    close: async () => {
      await store?.remove();
    },
  };
}
