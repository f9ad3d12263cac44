import { drive, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { checkNotes, expect } from './check-notes.ts';
import { noteOf, notesFrom } from './note.ts';
import type { PageSession } from './page-session.ts';
import type { PageStore } from './page-store.ts';

/** How notes are saved: one after the other, or in as few calls as the subject makes of it. */
export interface Saves {
  readonly by: 'one' | 'many';
  readonly count: number;
}

/** Saves notes into stores that are made anew for each measurement. */
export function savesSession(
  open: (name: string) => Promise<PageStore>,
  { by, count }: Saves,
): PageSession {
  const notes = notesFrom(0, count);
  /** Opens the database, so that no save does. */
  const first = noteOf(count);
  let made = 0;
  let hasAtomic = false;

  const timed = async (work: (store: PageStore) => Promise<number>) => {
    const store = await open(`saves-${made++}`);
    try {
      await store.save(first);
      const elapsedMs = await work(store);
      const last = pick(notes, count - 1);
      expect((await store.load(last.key)) !== undefined, 'the last note was not saved');
      return perSecond(count, elapsedMs);
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
      if (by === 'one') {
        return {
          one: await timed((store) => drive(count, 1, (index) => store.save(pick(notes, index)))),
        };
      }
      const many = await timed((store) => drive(1, 1, () => store.saveMany(notes)));
      if (!hasAtomic) return { many };
      const atomic = await timed((store) => drive(1, 1, async () => store.saveAtomic?.(notes)));
      return { many, atomic };
    },
    close: async () => {},
  };
}
