import { drive, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { checkNotes, expect } from './check-notes.ts';
import { type NoteItem, noteOf, notesFrom } from './note.ts';
import type { PageSession } from './page-session.ts';
import type { PageStore } from './page-store.ts';

/** How many notes are saved. */
export interface SaveCounts {
  /** One after the other. */
  readonly single: number;
  /** In as few calls as the subject makes of it. */
  readonly bulk: number;
}

/** Saves notes into stores that are made anew for each measurement. */
export function savesSession(
  open: (name: string) => Promise<PageStore>,
  { single, bulk }: SaveCounts,
): PageSession {
  const singles = notesFrom(0, single);
  const many = notesFrom(0, bulk);
  /** Opens the database, so that no save does. */
  const first = noteOf(bulk);
  let made = 0;
  let hasAtomic = false;

  const timed = async (
    expected: readonly NoteItem[],
    work: (store: PageStore) => Promise<number>,
  ) => {
    const store = await open(`saves-${made++}`);
    try {
      await store.save(first);
      const elapsedMs = await work(store);
      const last = pick(expected, expected.length - 1);
      expect((await store.load(last.key)) !== undefined, 'the last note was not saved');
      return perSecond(expected.length, elapsedMs);
    } finally {
      await store.remove();
    }
  };

  return {
    async verify() {
      const store = await open('check');
      try {
        await checkNotes(store);
        hasAtomic = store.saveAtomic !== undefined;
      } finally {
        await store.remove();
      }
    },
    async run() {
      const one = await timed(singles, (store) =>
        drive(single, 1, (index) => store.save(pick(singles, index))),
      );
      const all = await timed(many, (store) => drive(1, 1, () => store.saveMany(many)));
      if (!hasAtomic) return { one, many: all };
      const atomic = await timed(many, (store) =>
        drive(1, 1, async () => store.saveAtomic?.(many)),
      );
      return { one, many: all, atomic };
    },
    close: async () => {},
  };
}
