import assert from 'node:assert/strict';
import type { StorageEngine } from '@granary/storage-core';
import { driveTimed } from '../harness/drive.ts';
import { defineSubject, type Subject } from '../harness/subject.ts';
import { defineWorkload, type Metric, type Scale, type Workload } from '../harness/workload.ts';

/** A storage that an application on a desktop would use. */
interface DesktopSubject extends Subject {
  open(folder: string): Promise<StorageEngine>;
}

interface Counts {
  readonly items: number;
  readonly saves: number;
  readonly loads: number;
  readonly walks: number;
}

const COUNTS: Readonly<Record<Scale, Counts>> = {
  full: { items: 10_000, saves: 50, loads: 200, walks: 3 },
  quick: { items: 1000, saves: 20, loads: 40, walks: 2 },
  tiny: { items: 30, saves: 3, loads: 3, walks: 1 },
};
/** One of so many items has the tag that is searched for. */
const TAGGED_SHARE = 100;

const subjects: readonly DesktopSubject[] = [
  defineSubject({
    id: 'granary-desktop',
    title: 'Granary fs, as it comes',
    kind: 'granary',
    durability: 'C',
    async open(folder) {
      const { createFileSystem } = await import('@granary/storage-fs');
      return createFileSystem({ baseDir: folder });
    },
  }),
  defineSubject({
    id: 'granary-memory',
    title: 'Granary memory',
    kind: 'granary',
    durability: 'memory',
    async open() {
      const { createMemory } = await import('@granary/storage-memory');
      return createMemory();
    },
  }),
];

const time = (title: string): Metric => ({ title, unit: 'ms', better: 'lower' });

/** Single operations of an application that keeps 10,000 documents with tags and metadata. */
export const desktop: Workload = defineWorkload<DesktopSubject>({
  name: 'desktop',
  title: '10,000 items of an application',
  about:
    'JSON documents of about 2 KiB, each with tags and metadata, in 100 folders. Timed one by one while 10,000 are there: ' +
    'a save (half new, half over another), a load, a list of everything, a search by tag through everything that finds 1 of 100.',
  metrics: { save: time('save'), load: time('load'), list: time('list'), search: time('search') },
  subjects,
  async start(subject, { folder, scale }) {
    const storage = await subject.open(folder);
    const { items, saves, loads, walks } = COUNTS[scale];
    const keyAt = (index: number) => `blueprints/${index % 100}/item-${index}.json`;
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
        const search = await driveTimed(walks, async () => {
          const { length } = await storage.search({ tags: ['featured'] });
          assert.equal(length, found);
        });
        return { save, load, list, search };
      },
      close: () => storage.close(),
    };
  },
});

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
