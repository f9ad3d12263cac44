import { drive, driveTimed, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { seededRandom, shuffled } from '../harness/random-order.ts';
import { checkKeys, checkLoad, checkNotes, expect } from './check-notes.ts';
import {
  keyOf,
  noteOf,
  notesFrom,
  ONE_AUTHOR,
  RARE_TAG,
  taggedAmong,
  writtenAmong,
} from './note.ts';
import type { PageSession } from './page-session.ts';
import type { PageStore } from './page-store.ts';

/** How many items there are, and how often each operation is timed in a run. */
export interface PageItemCounts {
  readonly items: number;
  readonly saves: number;
  readonly loads: number;
  /** Lists and searches, each. */
  readonly walks: number;
  readonly deletes: number;
}

/** New ones are numbered from here, above all that are there: none has what is searched for. */
const NEW_FROM = 1_000_000;

/** Warm-up rounds count from below zero, and no two rounds load in the same order. */
const FIRST_SEED = 1000;

/** Fills a store with notes, then times single operations on them. */
export function itemsSession(
  open: (name: string) => Promise<PageStore>,
  counts: PageItemCounts,
): PageSession {
  const { items, saves, loads, walks, deletes } = counts;
  const all = Array.from({ length: items }, (_, index) => keyOf(index));
  const searches: readonly Search[] = [
    {
      metric: 'tag',
      finder: ({ withTag }) => withTag && (() => withTag(RARE_TAG)),
      expected: all.filter((_, index) => index % 100 === 0),
    },
    {
      metric: 'author',
      finder: ({ byAuthor }) => byAuthor && (() => byAuthor(ONE_AUTHOR)),
      expected: all.filter((_, index) => index % 100 === 7),
    },
    { metric: 'list', finder: ({ list }) => list, expected: all },
    { metric: 'keys', finder: ({ keys }) => keys, expected: all },
  ];
  let store: PageStore | undefined;

  const opened = (): PageStore => {
    expect(store !== undefined, 'the store was never opened');
    return store;
  };

  async function timeSaves(target: PageStore): Promise<number[]> {
    const added: string[] = [];
    const times = await driveTimed(saves, (index) => {
      // Half new, which are none of those that a search finds, half over another.
      const isNew = index % 2 === 0;
      const item = noteOf(isNew ? NEW_FROM + index * 100 + 1 : (index * 97) % items);
      if (isNew) added.push(item.key);
      return target.save(item);
    });
    await target.deleteMany(added);
    return times;
  }

  async function timeDeletes(target: PageStore): Promise<number> {
    const added = notesFrom(NEW_FROM, deletes);
    await target.saveMany(added);
    const keys = added.map(({ key }) => key);
    return perSecond(deletes, await drive(1, 1, () => target.deleteMany(keys)));
  }

  return {
    async verify() {
      store = await open('items');
      await checkNotes(store);
      await store.saveMany(notesFrom(0, items));
      await checkLoad(store, noteOf(items - 1));
      expect(searches[0]?.expected.length === taggedAmong(items), 'the tags are counted wrong');
      expect(searches[1]?.expected.length === writtenAmong(items), 'the authors are counted wrong');
      for (const { metric, finder, expected } of searches) {
        const find = finder(store);
        if (find !== undefined) checkKeys(await find(), expected, metric);
      }
    },
    async run(round) {
      const target = opened();
      const readings: Record<string, number | number[]> = { save: await timeSaves(target) };
      const order = shuffled(all, seededRandom(FIRST_SEED + round)).slice(0, loads);
      readings['load'] = await driveTimed(order.length, (index) => target.load(pick(order, index)));
      for (const { metric, finder, expected } of searches) {
        const find = finder(target);
        if (find === undefined) continue;
        readings[metric] = await driveTimed(walks, async () => {
          const { length } = await find();
          expect(length === expected.length, `${metric} found another number of notes`);
        });
      }
      readings['delete'] = await timeDeletes(target);
      return readings;
    },
    close: async () => {
      await store?.remove();
    },
  };
}

/** A walk through what is there, and what it has to find. */
interface Search {
  readonly metric: string;
  /** Undefined where the subject cannot. */
  finder(store: PageStore): (() => Promise<readonly string[]>) | undefined;
  readonly expected: readonly string[];
}
