import { defineSubject, type StoreAbility, type StoreSubject } from '../harness/subject.ts';
import { granaryStore } from './granary-store.ts';

/*
 * Loaded when they are opened, as the peers are.
 */

const EVERYTHING: readonly StoreAbility[] = [
  'stat',
  'list',
  'listFolders',
  'firstPage',
  'range',
  'streams',
];

export const granaryMemory: StoreSubject = defineSubject({
  id: 'granary-memory',
  title: 'Granary memory',
  kind: 'granary',
  durability: 'memory',
  can: EVERYTHING,
  listing: 'stats',
  isolation: 'copies',
  async open() {
    const { createMemory } = await import('@granary/storage-memory');
    return granaryStore(createMemory());
  },
});

function granaryFs(
  id: string,
  title: string,
  level: 'none' | 'file' | 'full',
  note?: string,
): StoreSubject {
  return defineSubject({
    id,
    title,
    kind: 'granary',
    durability: level === 'none' ? 'B' : 'C',
    ...(note !== undefined && { note }),
    can: EVERYTHING,
    listing: 'stats',
    async open(folder) {
      const { createFileSystem } = await import('@granary/storage-fs');
      return granaryStore(createFileSystem({ baseDir: folder, durability: level }));
    },
  });
}

/** Nothing is synced. */
export const granaryRename: StoreSubject = granaryFs('granary-b', 'Granary fs, not synced', 'none');

/** As it comes: file and folder are synced. */
export const granarySync: StoreSubject = granaryFs('granary-c', 'Granary fs', 'full');

/** The file is synced and the folder is not, as some peers do it. */
export const granaryFileSync: StoreSubject = granaryFs(
  'granary-c-file',
  'Granary fs, file synced',
  'file',
  'the folder is not synced',
);
