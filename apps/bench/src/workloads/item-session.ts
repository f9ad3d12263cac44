import assert from 'node:assert/strict';
import type { StorageEngine } from '@granary/storage-core';
import { driveTimed } from '../harness/drive.ts';
import type { Metric, Session } from '../harness/workload.ts';

/** How many items there are, and how often each operation is timed in a run. */
export interface ItemCounts {
  readonly items: number;
  readonly saves: number;
  readonly loads: number;
  /** Lists, and searches. */
  readonly walks: number;
}

/** One of so many items has the tag that is searched for. */
const TAGGED_SHARE = 100;
const FOLDERS = 100;

/** What the items are, for a workload's description. */
export const ITEMS_ABOUT: string =
  'JSON documents of about 2 KiB, each with tags and metadata, in 100 folders. Timed one by one while they are there: ' +
  'a save (half new, half over another), a load, a list of everything';

/** A time of single operations. */
export const timeMetric = (title: string): Metric => ({ title, unit: 'ms', better: 'lower' });

/**
 * Saves documents, then times single operations on them. `searches`: through everything, by a tag that
 * 1 of 100 has.
 */
export function itemSession(
  storage: StorageEngine,
  { items, saves, loads, walks }: ItemCounts,
  { searches }: { readonly searches: boolean },
): Session {
  const keyAt = (index: number) => `blueprints/${index % FOLDERS}/item-${index}.json`;
  const optionsOf = (index: number) => ({
    tags: index % TAGGED_SHARE === 0 ? ['blueprint', 'featured'] : ['blueprint'],
    metadata: { author: `author-${index % 50}`, version: index % 7, isPublic: index % 2 === 0 },
  });
  const found = Math.ceil(items / TAGGED_SHARE);
  let saved = 0;

  return {
    async verify() {
      for (let from = 0; from < items; from += 1000) {
        const entries = Array.from({ length: Math.min(1000, items - from) }, (_, offset) => ({
          key: keyAt(from + offset),
          value: documentOf(from + offset),
          ...optionsOf(from + offset),
        }));
        const results = await storage.saveMany(entries);
        assert.ok(
          results.every(({ ok }) => ok),
          'an item was not saved',
        );
      }
      assert.deepEqual(await storage.load(keyAt(1)), documentOf(1));
      assert.equal((await storage.list()).length, items);
      if (!searches) return;
      const featured = await storage.search({ tags: ['featured'] });
      assert.equal(featured.length, found, 'the search found another number of items');
    },
    async run(round) {
      const save = await driveTimed(saves, async (index) => {
        const isNew = index % 2 === 0;
        const number = isNew ? items + saved++ : (index * 97) % items;
        await storage.save(keyAt(number), documentOf(number), {
          ...optionsOf(isNew ? number * TAGGED_SHARE + 1 : number),
        });
      });
      const load = await driveTimed(loads, (index) =>
        storage.load(keyAt((index * 61 + Math.abs(round)) % items)),
      );
      const list = await driveTimed(walks, () => Promise.resolve(storage.list()));
      if (!searches) return { save, load, list };
      const search = await driveTimed(walks, async () => {
        const { length } = await storage.search({ tags: ['featured'] });
        assert.equal(length, found);
      });
      return { save, load, list, search };
    },
    close: () => storage.close(),
  };
}

/** A document of about 2 KiB, different for each number. */
function documentOf(number: number): unknown {
  return {
    id: number,
    name: `Blueprint ${number}`,
    steps: Array.from({ length: 16 }, (_, index) => ({
      order: index,
      title: `Step ${index} of blueprint ${number}`,
      notes: 'Cut, drill, sand, and check twice before the glue goes on.',
      minutes: (number + index) % 45,
    })),
  };
}
