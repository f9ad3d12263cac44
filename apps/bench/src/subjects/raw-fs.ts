import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type Durability,
  defineSubject,
  type Store,
  type StoreSubject,
} from '../harness/subject.ts';
import { readBareWithCompanion, readRangeBare, type WriteStyle, writeBare } from './raw-calls.ts';
import { keyOf, walkNames, walkWithStats } from './raw-list.ts';

/** How a bare subject does what can be done in several ways. */
export interface RawFsSettings {
  readonly style: WriteStyle;
  /** Size of the pieces that streams move. Units: bytes. Default: 1 MiB. */
  readonly chunkBytes?: number;
  /** Whether listing takes the size and times of each file. Default: true. */
  readonly listsStats?: boolean;
}

const MIB = 1024 * 1024;

/** Opens a folder as bare calls see it: no check of keys, no attributes, no etag. */
export function openRawFs(root: string, settings: RawFsSettings): Store {
  const { style, chunkBytes = MIB, listsStats = true } = settings;
  const folders = new Map<string, Promise<unknown>>();
  let temporaries = 0;

  const pathOf = (key: string) => join(root, key);
  const ready = (folder: string) => {
    let made = folders.get(folder);
    if (made === undefined) {
      made = mkdir(folder, { recursive: true });
      folders.set(folder, made);
    }
    return made;
  };
  const temporaryPath = () => join(root, `.raw-${process.pid}-${temporaries++}`);

  return {
    async put(key, bytes) {
      const path = pathOf(key);
      const folder = dirname(path);
      // A folder is made once; a hit here is one look-up in a map.
      await ready(folder);
      return writeBare(style, path, bytes, temporaryPath(), folder);
    },
    get: (key) => readBareWithCompanion(pathOf(key)),
    delete: (key) => unlink(pathOf(key)),
    async stat(key) {
      return (await stat(pathOf(key))).size;
    },
    async list(visit) {
      if (listsStats) await walkWithStats(root, (path) => visit(keyOf(root, path)));
      else await walkNames(root, (path) => visit(keyOf(root, path)));
    },
    async listFolders() {
      const entries = await readdir(root, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    },
    range: (key, offset, length) => readRangeBare(pathOf(key), offset, length),
    async putFile(key, file) {
      const path = pathOf(key);
      await ready(dirname(path));
      const target = style === 'in-place' ? path : temporaryPath();
      await pipeline(
        createReadStream(file, { highWaterMark: chunkBytes }),
        createWriteStream(target, {
          highWaterMark: chunkBytes,
          flush: style === 'rename-and-sync',
        }),
      );
      if (target !== path) await rename(target, path);
      if (style === 'rename-and-sync') await syncFolder(dirname(path));
    },
    async getFile(key, file) {
      await pipeline(
        createReadStream(pathOf(key), { highWaterMark: chunkBytes }),
        createWriteStream(file, { highWaterMark: chunkBytes }),
      );
    },
  };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Bare calls of one durability class. */
export function rawFs(
  id: string,
  title: string,
  durability: Durability,
  settings: RawFsSettings,
): StoreSubject {
  return defineSubject({
    id,
    title,
    kind: 'raw',
    durability,
    can: ['stat', 'list', 'listFolders', 'range', 'streams'],
    listing: settings.listsStats === false ? 'keys' : 'stats',
    ...(settings.chunkBytes !== undefined && { pieceBytes: settings.chunkBytes }),
    open: async (folder) => openRawFs(folder, settings),
  });
}

export const rawInPlace: StoreSubject = rawFs('raw-a', 'node:fs, in place', 'A', {
  style: 'in-place',
});
export const rawRename: StoreSubject = rawFs('raw-b', 'node:fs, tmp + rename', 'B', {
  style: 'rename',
});
export const rawSync: StoreSubject = rawFs(
  'raw-c',
  'node:fs, tmp + fsync + rename + fsync of the folder',
  'C',
  {
    style: 'rename-and-sync',
  },
);
