import type { StorageEngine } from '@granary/storage-core';
import { defineSubject, type Subject } from '../harness/subject.ts';
import { defineWorkload, type Scale, type Workload } from '../harness/workload.ts';
import { ITEMS_ABOUT, type ItemCounts, itemSession, timeMetric } from './item-session.ts';

/** A storage that an application on a desktop would use. */
interface DesktopSubject extends Subject {
  open(folder: string): Promise<StorageEngine>;
}

const COUNTS: Readonly<Record<Scale, ItemCounts>> = {
  full: { items: 10_000, saves: 50, loads: 200, walks: 3 },
  quick: { items: 1000, saves: 20, loads: 40, walks: 2 },
  tiny: { items: 30, saves: 3, loads: 3, walks: 1 },
};

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

/** Single operations of an application that keeps 10,000 documents with tags and metadata. */
export const desktop: Workload = defineWorkload<DesktopSubject>({
  name: 'desktop',
  title: '10,000 items of an application',
  about: `${ITEMS_ABOUT}, a search by tag through everything that finds 1 of 100.`,
  metrics: {
    save: timeMetric('save'),
    load: timeMetric('load'),
    list: timeMetric('list'),
    search: timeMetric('search'),
  },
  subjects,
  async start(subject, { folder, scale }) {
    return itemSession(await subject.open(folder), COUNTS[scale], { searches: true });
  },
});
