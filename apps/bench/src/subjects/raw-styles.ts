import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defineSubject, type Store, type StoreSubject } from '../harness/subject.ts';
import { rawRename } from './raw-fs.ts';

/*
 * The same calls in the three ways that Node has, to show which one the baseline has to be.
 */

function openWithPromises(root: string): Store {
  let temporaries = 0;
  const made = new Set<string>();
  return {
    async put(key, bytes) {
      const path = join(root, key);
      if (!made.has(dirname(path))) {
        await mkdir(dirname(path), { recursive: true });
        made.add(dirname(path));
      }
      const temporary = join(root, `.promises-${temporaries++}`);
      const file = await open(temporary, 'wx');
      await file.write(bytes, 0, bytes.length, 0);
      await file.close();
      await rename(temporary, path);
    },
    async get(key) {
      const path = join(root, key);
      await open(`${path}.meta.json`).then(
        () => Promise.reject(new Error(`${key} has a companion.`)),
        () => undefined,
      );
      const file = await open(path);
      const { size } = await file.stat();
      const bytes = Buffer.allocUnsafeSlow(size);
      await file.read(bytes, 0, size, 0);
      await file.close();
      return bytes;
    },
    delete: (key) => unlink(join(root, key)),
  };
}

function openBlocking(root: string): Store {
  let temporaries = 0;
  const made = new Set<string>();
  const isThere = (path: string) => {
    try {
      closeSync(openSync(path, 'r'));
      return true;
    } catch {
      return false;
    }
  };
  return {
    async put(key, bytes) {
      const path = join(root, key);
      if (!made.has(dirname(path))) {
        mkdirSync(dirname(path), { recursive: true });
        made.add(dirname(path));
      }
      const temporary = join(root, `.blocking-${temporaries++}`);
      const file = openSync(temporary, 'wx');
      writeSync(file, bytes, 0, bytes.length, 0);
      closeSync(file);
      renameSync(temporary, path);
    },
    async get(key) {
      const path = join(root, key);
      if (isThere(`${path}.meta.json`)) throw new Error(`${key} has a companion.`);
      const file = openSync(path, 'r');
      const { size } = fstatSync(file);
      const bytes = Buffer.allocUnsafeSlow(size);
      readSync(file, bytes, 0, size, 0);
      closeSync(file);
      return bytes;
    },
    delete: (key) => unlink(join(root, key)),
  };
}

/** Callbacks, promises and blocking calls. */
export const rawStyles: readonly StoreSubject[] = [
  { ...rawRename, title: 'callbacks (the baseline)' },
  defineSubject({
    id: 'raw-promises',
    title: 'node:fs/promises',
    kind: 'raw',
    durability: 'B',
    can: [],
    open: async (folder) => openWithPromises(folder),
  }),
  defineSubject({
    id: 'raw-blocking',
    title: 'blocking calls',
    kind: 'raw',
    durability: 'B',
    note: 'stops the whole process meanwhile: no baseline',
    can: [],
    open: async (folder) => openBlocking(folder),
  }),
];
