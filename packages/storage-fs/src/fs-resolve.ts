import type { Stats } from 'node:fs';
import { StorageError } from '@granary/storage-core/provider';
import { codeOf, isMissing } from './fs-calls.ts';
import { linkRefused, specialRefused } from './fs-errors.ts';
import type { Folder } from './fs-folder.ts';
import type { Role } from './fs-keys.ts';
import type { Store } from './fs-store.ts';

/** Where the file of an object is, or will be. Whoever asks releases the folder. */
export interface Place {
  readonly folder: Folder;
  /** Path of the folder inside the store. */
  readonly path: string;
  readonly name: string;
}

export interface Found extends Place {
  readonly stats: Stats;
}

/** Finds files by key, first by the path that the key itself tells. */
export interface Resolver {
  /** Errors: `permission-denied` for a link, a device, a pipe. */
  find(key: string): Promise<Found | undefined>;
  /** All files of a key: the one that counts first, then those that it hides. */
  findAll(key: string): Promise<Found[]>;
  /** Where the key itself says that its file is; `undefined` when the folder is not there. */
  firstPlace(key: string): Promise<Place | undefined>;
  /** A place for a new object, its folders made. */
  place(key: string): Promise<Place>;
  /** A folder of the store; `undefined` when there is none. */
  openIfThere(path: string): Promise<Folder | undefined>;
  /** Paths of the folders that hold the keys below a path; the root's is empty. */
  foldersOf(path: string): Promise<string[]>;
}

export function resolver(store: Store): Resolver {
  const { folders, look } = store;

  /** The file of this name, if it is one. */
  async function fileAt(path: string, name: string): Promise<Found | undefined> {
    const folder = await openIfThere(path);
    if (folder === undefined) return undefined;
    let stats: Stats | undefined;
    try {
      stats = await look(folder.at(name));
      if (stats?.isFile() && (await store.isExact(folder, name))) {
        return { folder, path, name, stats };
      }
      folder.release();
    } catch (error) {
      folder.release();
      throw error;
    }
    if (stats?.isSymbolicLink()) throw linkRefused(joinPath(path, name));
    if (stats !== undefined && !stats.isDirectory() && !stats.isFile()) {
      throw specialRefused(joinPath(path, name));
    }
    return undefined;
  }

  async function openIfThere(path: string): Promise<Folder | undefined> {
    try {
      return folders.kept(path) ?? (await folders.open(path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function isFolder(path: string, name: string): Promise<boolean> {
    const folder = await openIfThere(joinPath(path, name));
    if (folder === undefined) return false;
    folder.release();
    const [inner, last] = splitPath(name);
    const parent = await openIfThere(joinPath(path, inner));
    if (parent === undefined) return false;
    try {
      return await store.isExact(parent, last);
    } finally {
      parent.release();
    }
  }

  /** Files of a key by rank, beside or besides its first path. */
  async function* byNames(key: string): AsyncGenerator<Found, void, undefined> {
    const withSecond = await store.mayHaveSeconds();
    if (store.names.isPlain(key) && !withSecond) return;
    const segments = key.split('/');
    const last = segments.pop() ?? '';
    for (const path of await foldersOf(segments, withSecond)) {
      for (const names of store.names.namesOf(last, 'file', withSecond)) {
        const [inner, name] = splitPath(names);
        const found = await fileAt(joinPath(path, inner), name);
        if (found !== undefined) yield found;
      }
    }
  }

  async function foldersOf(segments: readonly string[], withSecond: boolean): Promise<string[]> {
    let paths = [''];
    for (const segment of segments) {
      const next: string[] = [];
      for (const path of paths) {
        for (const name of store.names.namesOf(segment, 'folder', withSecond)) {
          if (await isFolder(path, name)) next.push(joinPath(path, name));
        }
      }
      paths = next;
    }
    return paths;
  }

  async function findFirst(key: string): Promise<Found | undefined> {
    const [path, name] = splitPath(store.names.pathOf(key));
    return fileAt(path, name);
  }

  /** The folder for new objects below a path; made where there is none of any of its names. */
  async function makeFolder(segments: readonly string[]): Promise<string> {
    const withSecond = await store.mayHaveSeconds();
    let path = '';
    for (const segment of segments) {
      const names = store.names.namesOf(segment, 'folder', withSecond);
      let there: string | undefined;
      for (const name of names) {
        if (there === undefined && (await isFolder(path, name))) there = name;
      }
      path = joinPath(path, there ?? (await newFolder(path, names[0] ?? segment)));
    }
    return path;
  }

  /** Makes a folder by its first name, or by its second where a file has the first. */
  async function newFolder(path: string, first: string): Promise<string> {
    if (!(await isTaken(path, first, 'folder'))) {
      try {
        (await folders.make(joinPath(path, first))).release();
        return first;
      } catch (error) {
        // A file got the name just now.
        if (codeOf(error) !== 'ENOTDIR') throw error;
      }
    }
    await store.noteSeconds();
    const second = store.names.secondName(first, 'folder');
    (await folders.make(joinPath(path, second))).release();
    return second;
  }

  /** Whether something other than what the role says has the name. */
  async function isTaken(path: string, name: string, role: Role): Promise<boolean> {
    const [inner, last] = splitPath(name);
    const folder = await openIfThere(joinPath(path, inner));
    if (folder === undefined) return false;
    try {
      const stats = await look(folder.at(last));
      if (stats === undefined) return false;
      if (stats.isSymbolicLink()) throw linkRefused(joinPath(path, name));
      if (!stats.isDirectory() && !stats.isFile()) throw specialRefused(joinPath(path, name));
      const fits = role === 'file' ? stats.isFile() : stats.isDirectory();
      return !fits || !(await store.isExact(folder, last));
    } finally {
      folder.release();
    }
  }

  return {
    async find(key) {
      const first = await findFirst(key);
      if (first !== undefined) return first;
      for await (const found of byNames(key)) return found;
      return undefined;
    },

    async findAll(key) {
      const first = await findFirst(key);
      const all = first === undefined ? [] : [first];
      for await (const found of byNames(key)) {
        if (found.path === first?.path && found.name === first.name) found.folder.release();
        else all.push(found);
      }
      return all;
    },

    async firstPlace(key) {
      const [path, name] = splitPath(store.names.pathOf(key));
      const folder = await openIfThere(path);
      return folder && { folder, path, name };
    },

    async place(key) {
      const segments = key.split('/');
      const last = segments.pop() ?? '';
      const base = await makeFolder(segments);
      const first = store.names.namesOf(last, 'file', false)[0] ?? last;
      let names = first;
      if (await isTaken(base, first, 'file')) {
        await store.noteSeconds();
        names = store.names.secondName(first, 'file');
        if (await isTaken(base, names, 'file')) throw noName(key);
      }
      const [inner, name] = splitPath(names);
      const path = joinPath(base, inner);
      return { folder: await folders.make(path), path, name };
    },

    openIfThere,

    async foldersOf(path) {
      if (path === '') return [''];
      return foldersOf(path.split('/'), await store.mayHaveSeconds());
    },
  };
}

/** A path inside the store; empty parts are left out. */
export function joinPath(path: string, name: string): string {
  if (path === '') return name;
  return name === '' ? path : `${path}/${name}`;
}

/** The folder and the last name of a path. */
export function splitPath(path: string): [folder: string, name: string] {
  const at = path.lastIndexOf('/');
  return at < 0 ? ['', path] : [path.slice(0, at), path.slice(at + 1)];
}

function noName(key: string): StorageError {
  return new StorageError('conflict', 'there is a folder under both names of the object.', {
    key,
    retryable: false,
    outcome: 'not-applied',
    hint: 'Rename the folder that was put there by hand.',
  });
}
