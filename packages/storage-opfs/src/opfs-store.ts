import { isStorageError } from '@granary/storage-core/provider';
import { inTheWay, isMissing, isOtherKind, nameOf } from './opfs-errors.ts';
import { FORMAT_FILE, type StoreFormat } from './opfs-format.ts';
import { HIDDEN_FOLDER, type KeyNames, keyNames } from './opfs-keys.ts';
import { patiently } from './opfs-patience.ts';
import type { RootFolder } from './opfs-root.ts';

/** Folders whose handles are kept. */
const MAX_KEPT_FOLDERS = 512;
/** So often a folder is made again that others remove while it is empty. */
const MAX_ATTEMPTS = 16;

/** A file of an object, as it was found. */
export interface FoundFile {
  readonly folder: FileSystemDirectoryHandle;
  readonly name: string;
  readonly handle: FileSystemFileHandle;
  readonly file: File;
}

/** Where a file is to go. */
export interface Place {
  readonly folder: FileSystemDirectoryHandle;
  readonly name: string;
}

/** The folder of a storage, opened: where keys are, and where bookkeeping is. */
export interface Store {
  readonly names: KeyNames;
  /** Begins the names of locks and channels: the same for all that use this folder. */
  readonly space: string;
  readonly storeId: string | undefined;
  readonly isUserFolder: boolean;
  readonly root: FileSystemDirectoryHandle;
  readonly caseSensitive: boolean;
  /** The file of a key; `undefined` for none. */
  find(key: string): Promise<FoundFile | undefined>;
  /** The place of a key, with the folders above made. Errors: `conflict` when an object is in the way. */
  place(key: string): Promise<Place>;
  /** Makes room where an empty folder has the name. Errors: `conflict` when it holds something. */
  clear(place: Place): Promise<void>;
  /** Runs work that others may break by removing empty folders, again when they did. */
  again<Result>(key: string, work: (place: Place) => Promise<Result>): Promise<Result>;
  /** Removes a file and the folders above that are empty then. */
  remove(key: string, place: Place): Promise<void>;
  /** The folder of names from the root down; `undefined` where there is none. */
  folder(names: readonly string[]): Promise<FileSystemDirectoryHandle | undefined>;
  /** A folder of the bookkeeping, made when it is not there. */
  hidden(...names: readonly string[]): Promise<FileSystemDirectoryHandle>;
  /** The same, without making it. */
  hiddenIfThere(...names: readonly string[]): Promise<FileSystemDirectoryHandle | undefined>;
  /** Looks whether the person's folder is still there. Errors: `store-not-found`. */
  checkThere(): Promise<void>;
}

export async function openStore(
  { root, path, isUserFolder }: RootFolder,
  format: StoreFormat | undefined,
): Promise<Store> {
  const foldsCase = format !== undefined && (await isFolding(root));
  const names = keyNames({ isUserFolder, foldsCase: foldsCase && !isUserFolder });
  const kept = new Map<string, FileSystemDirectoryHandle>();

  function keep(path: string, folder: FileSystemDirectoryHandle): void {
    if (kept.size >= MAX_KEPT_FOLDERS) kept.clear();
    kept.set(path, folder);
  }

  async function walk(
    path: readonly string[],
    create: boolean,
  ): Promise<FileSystemDirectoryHandle> {
    const whole = path.join('/');
    const known = kept.get(whole);
    if (known !== undefined) return known;
    let folder = root;
    let walked = '';
    for (const name of path) {
      walked = walked === '' ? name : `${walked}/${name}`;
      folder = kept.get(walked) ?? (await folder.getDirectoryHandle(name, { create }));
    }
    if (whole !== '') keep(whole, folder);
    return folder;
  }

  async function folderIfThere(
    path: readonly string[],
    top: FileSystemDirectoryHandle = root,
  ): Promise<FileSystemDirectoryHandle | undefined> {
    let folder = top;
    try {
      for (const name of path) folder = await folder.getDirectoryHandle(name);
      return folder;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async function findAt(path: readonly string[]): Promise<FoundFile | undefined> {
    const { above, name } = parted(path);
    try {
      const folder = await walk(above, false);
      const handle = await folder.getFileHandle(name);
      return { folder, name, handle, file: await handle.getFile() };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Paths of a key with names that a person gave, where those differ. */
  function literalPath(key: string): readonly string[] | undefined {
    let differs = false;
    const path = key.split('/').flatMap((segment) => {
      const literal = names.literalOf(segment);
      if (literal !== undefined) differs = true;
      return literal ?? names.pathOf(segment);
    });
    return differs ? path : undefined;
  }

  async function makeFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
    try {
      return await walk(path, true);
    } catch (error) {
      if (isOtherKind(error)) {
        throw inTheWay('an object is where a folder of this key would have to be.');
      }
      throw error;
    }
  }

  async function place(key: string): Promise<Place> {
    const { above, name } = parted(names.pathOf(key));
    return { folder: await makeFolder(above), name };
  }

  async function checkThere(): Promise<void> {
    if (!isUserFolder || (await folderIfThere([HIDDEN_FOLDER])) !== undefined) return;
    // A folder that is gone is found out by reading it.
    await root.keys().next();
  }

  return {
    names,
    space: `granary-opfs:${isUserFolder ? (format?.storeId ?? '') : path}`,
    storeId: format?.storeId,
    isUserFolder,
    root,
    caseSensitive: !isUserFolder || (format !== undefined && !foldsCase),
    place,
    checkThere,

    async find(key) {
      const path = names.pathOf(key);
      const found = await findAt(path);
      if (found !== undefined) return found;
      const literal = literalPath(key);
      return literal && (await findAt(literal));
    },

    async clear({ folder, name }) {
      const there = await folderIfThere([name], folder);
      if (there === undefined) return;
      kept.clear();
      if (!(await removeEmpty(folder, name, there))) {
        throw inTheWay('there are objects below this key.');
      }
    },

    async again(key, work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await work(await place(key));
        } catch (error) {
          if (isStorageError(error) || attempt === MAX_ATTEMPTS || !isRace(error)) throw error;
          kept.clear();
        }
      }
    },

    async remove(key, { folder, name }) {
      await patiently(() => folder.removeEntry(name));
      let path = parted(names.pathOf(key)).above;
      while (path.length > 0) {
        const parent = parted(path);
        try {
          await (await walk(parent.above, false)).removeEntry(parent.name);
        } catch {
          // It holds something, or others were quicker.
          return;
        }
        const gone = path.join('/');
        path = parent.above;
        for (const known of kept.keys()) {
          if (known === gone || known.startsWith(`${gone}/`)) kept.delete(known);
        }
      }
    },

    folder: (path) => folderIfThere(path),
    async hidden(...path) {
      let folder = root;
      for (const name of [HIDDEN_FOLDER, ...path]) {
        folder = await folder.getDirectoryHandle(name, { create: true });
      }
      return folder;
    },
    hiddenIfThere: (...path) => folderIfThere([HIDDEN_FOLDER, ...path]),
  };
}

/** The name of a file or folder, and those of the folders above it. */
function parted(path: readonly string[]): { above: readonly string[]; name: string } {
  return { above: path.slice(0, -1), name: path.at(-1) ?? '' };
}

/** Nothing is there under this name, or nothing of the kind. A name that is refused has nothing. */
function isAbsent(error: unknown): boolean {
  return isMissing(error) || isOtherKind(error) || error instanceof TypeError;
}

/** Others changed the folders in between. */
function isRace(error: unknown): boolean {
  return isMissing(error) || isOtherKind(error) || nameOf(error) === 'InvalidModificationError';
}

/** Whether the file system takes names in another letter case for the same: told by one that is there. */
async function isFolding(root: FileSystemDirectoryHandle): Promise<boolean> {
  try {
    const hidden = await root.getDirectoryHandle(HIDDEN_FOLDER);
    await hidden.getFileHandle(FORMAT_FILE.toUpperCase());
    return true;
  } catch {
    return false;
  }
}

/** Removes folders that hold nothing but such folders; `false` when there is a file. */
async function removeEmpty(
  parent: FileSystemDirectoryHandle,
  name: string,
  folder: FileSystemDirectoryHandle,
): Promise<boolean> {
  for await (const [inner, handle] of folder.entries()) {
    if (handle.kind === 'file') return false;
    if (!(await removeEmpty(folder, inner, handle as FileSystemDirectoryHandle))) return false;
  }
  try {
    await patiently(() => parent.removeEntry(name));
  } catch (error) {
    if (isMissing(error)) return true;
    if (nameOf(error) === 'InvalidModificationError') return false;
    throw error;
  }
  return true;
}
