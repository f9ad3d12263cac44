import type { Metric, Readings, Rounds, Scale, Workload } from '../harness/workload.ts';
import type { PageItemCounts } from '../page/items-session.ts';
import type { NoteHome, PageTask } from '../page/page-protocol.ts';
import type { PageSubject } from '../page/page-store.ts';
import type { Saves } from '../page/saves-session.ts';
import { timeMetric } from './item-session.ts';
import { pageWorkload } from './page-workload.ts';

const NOTE = 'A note is JSON of 1 KiB with two tags and three metadata fields';
const RELAXED =
  'B: a save has resolved when Chromium has handed it to the system; C: when it is on the disk.';

/** Who keeps notes where, and how often that is measured. */
export interface BrowserNotesSettings {
  readonly name: string;
  readonly home: NoteHome;
  readonly rounds?: Rounds;
}

const rate = (title: string): Metric => ({ title, unit: 'ops/s', better: 'higher' });

const SAVES: Readonly<Record<Saves['by'], Readonly<Record<Scale, number>>>> = {
  one: { full: 10_000, quick: 100, tiny: 3 },
  many: { full: 10_000, quick: 2000, tiny: 10 },
};
const EMPTY = 'into a database made anew';

/** Saves into an empty store, one after the other. */
export function browserSaves(
  { name, home, rounds }: BrowserNotesSettings,
  subjects: readonly PageSubject[],
): Workload {
  return pageWorkload<PageSubject>(
    {
      name,
      title: `Saves in ${home} one by one, in Chromium`,
      about: `${NOTE}. ${SAVES.one.full} saves one after the other, ${EMPTY}. ${RELAXED}`,
      metrics: { one: rate('one by one') },
      ...(rounds && { rounds }),
      taskOf: ({ id }, scale) => savesTask(home, id, 'one', scale),
    },
    subjects,
  );
}

/** Many saves into an empty store at once. */
export function browserBulk(
  { name, home, rounds }: BrowserNotesSettings,
  subjects: readonly PageSubject[],
): Workload {
  return pageWorkload<PageSubject>(
    {
      name,
      title: `Saves in ${home} in bulk, in Chromium`,
      about:
        `${NOTE}. ${SAVES.many.full} saves by one call, ${EMPTY}. ` +
        `All or nothing: the same by one call that leaves nothing when a part fails. ${RELAXED}`,
      metrics: { many: rate('10,000 in bulk'), atomic: rate('10,000 all or nothing') },
      ...(rounds && { rounds }),
      taskOf: ({ id }, scale) => savesTask(home, id, 'many', scale),
    },
    subjects,
  );
}

function savesTask(home: NoteHome, subject: string, by: Saves['by'], scale: Scale): PageTask {
  return { kind: 'saves', home, subject, saves: { by, count: SAVES[by][scale] } };
}

const ITEMS: Readonly<Record<Scale, PageItemCounts>> = {
  full: { items: 10_000, saves: 200, loads: 1000, walks: 5, deletes: 1000 },
  quick: { items: 1000, saves: 40, loads: 200, walks: 3, deletes: 100 },
  tiny: { items: 110, saves: 2, loads: 5, walks: 1, deletes: 3 },
};

/** Single operations of an application that keeps 10,000 notes in a browser. */
export function browserItems(
  { name, home, rounds }: BrowserNotesSettings,
  subjects: readonly PageSubject[],
): Workload {
  return pageWorkload<PageSubject>(
    {
      name,
      title: `10,000 notes in ${home}, in Chromium`,
      about:
        `${NOTE}. Timed one by one while 10,000 are there: a save (half new, half over another), a load in random order, a list of all ` +
        'with what is known of each (attributes, or the whole document), a list of nothing but keys, a search by a tag and one by a metadata ' +
        'field, which each find 1 of 100, by the subject’s own search where it has one; and 1,000 keys deleted by one call where there is one.',
      metrics: {
        save: timeMetric('save'),
        load: timeMetric('load'),
        list: timeMetric('list'),
        keys: timeMetric('list of keys alone'),
        tag: timeMetric('search by tag'),
        author: timeMetric('search by metadata'),
        delete: { title: 'delete of many', unit: 'keys/s', better: 'higher' },
      },
      ...(rounds && { rounds }),
      groupOf: ({ durability = home, readsFromMemory = false }) =>
        readsFromMemory ? `${durability}, reads from memory` : durability,
      taskOf: ({ id }, scale) => ({ kind: 'items', home, subject: id, counts: ITEMS[scale] }),
    },
    subjects,
  );
}

const COLD_ITEMS: Readonly<Record<Scale, number>> = { full: 10_000, quick: 1000, tiny: 20 };

/** A page that is opened anew, until it has loaded its first note. */
export function browserCold(
  { name, home, rounds }: BrowserNotesSettings,
  subjects: readonly PageSubject[],
): Workload {
  return pageWorkload<PageSubject>(
    {
      name,
      title: `A new page over 10,000 notes in ${home}, in Chromium`,
      about:
        'The page is loaded anew, in a browser that runs, and loads one of 10,000 notes. From the start: with the document and the scripts, which ' +
        'come from this machine. Open: from the moment on that the page’s own script begins to load the subject and to open the store.',
      metrics: { page: timeMetric('from the start of the page'), open: timeMetric('open') },
      ...(rounds && { rounds }),
      taskOf: ({ id }, scale) => ({
        kind: 'cold',
        home,
        subject: id,
        counts: { items: COLD_ITEMS[scale] },
      }),
      run: async (tab, { task, round }) =>
        (await tab.reload([
          { call: 'start', task },
          { call: 'run', round, part: 'all' },
        ])) as Readings,
    },
    subjects,
  );
}

/** A few notes where many do not fit, or take long. */
export function browserSmall(
  { name, home, rounds, counts }: BrowserNotesSettings & { readonly counts: Record<Scale, number> },
  subjects: readonly PageSubject[],
): Workload {
  return pageWorkload<PageSubject>(
    {
      name,
      title: `${counts.full} notes in ${home}, in Chromium`,
      about: `${NOTE}. Saved, loaded in random order, listed and deleted, one after the other.`,
      metrics: {
        save: rate('save'),
        load: rate('load'),
        list: { title: 'list', unit: 'keys/s', better: 'higher' },
        delete: rate('delete'),
      },
      ...(rounds && { rounds }),
      groupOf: () => home,
      taskOf: ({ id }, scale) => ({
        kind: 'small',
        home,
        subject: id,
        counts: { items: counts[scale] },
      }),
    },
    subjects,
  );
}
