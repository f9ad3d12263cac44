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

interface GranaryFsSettings {
  readonly durability: 'none' | 'file' | 'full';
  readonly note?: string;
  readonly pieceBytes?: number;
}

function granaryFs(id: string, title: string, settings: GranaryFsSettings): StoreSubject {
  const { durability, note, pieceBytes } = settings;
  return defineSubject({
    id,
    title,
    kind: 'granary',
    durability: durability === 'none' ? 'B' : 'C',
    ...(note !== undefined && { note }),
    ...(pieceBytes !== undefined && { pieceBytes }),
    can: EVERYTHING,
    listing: 'stats',
    async open(folder) {
      const { createFileSystem } = await import('@granary/storage-fs');
      return granaryStore(createFileSystem({ baseDir: folder, durability }), pieceBytes);
    },
  });
}

/** Nothing is synced. */
export const granaryRename: StoreSubject = granaryFs('granary-b', 'Granary fs, not synced', {
  durability: 'none',
});

/** The same with streams as Node makes them when nothing is said. */
export const granaryRenameSmallPieces: StoreSubject = granaryFs(
  'granary-b-64k',
  'Granary fs, not synced, 64 KiB pieces',
  { durability: 'none', pieceBytes: 64 * 1024 },
);

/** As it comes: file and folder are synced. */
export const granarySync: StoreSubject = granaryFs('granary-c', 'Granary fs', {
  durability: 'full',
});

/** The file is synced and the folder is not, as some peers do it. */
export const granaryFileSync: StoreSubject = granaryFs(
  'granary-c-file',
  'Granary fs, file synced',
  { durability: 'file', note: 'the folder is not synced' },
);
