import type { Dirent } from 'node:fs';
import { compareKeys, type TreeEntry } from '@granary/storage-core/provider';
import type { Stamp } from './fs-companion-cache.ts';
import type { Folder } from './fs-folder.ts';
import type { Role } from './fs-keys.ts';
import { joinPath, type Resolver } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';

const SURROGATE = /[\ud800-\udfff]/;
/** What stands for bytes that are no UTF-8, and for itself. */
const REPLACEMENT = '\ufffd';

/** What can be proved of a folder by looking at it again. */
export interface FolderStamp {
  /** What a file in it is like now is always up to date. */
  readonly isUpToDate: boolean;
  /** Whoever finds it so later knows that no name came or went since; `undefined`: nobody knows. */
  readonly stamp: Stamp | undefined;
}

/** A folder as it was when its names were read. */
export interface Sight extends FolderStamp {
  /** Names of the files in it that hold attributes. */
  readonly companions: ReadonlySet<string>;
}

/** Where a file is. */
export interface Spot {
  /** Path of the folder inside the store. */
  readonly path: string;
  readonly name: string;
  readonly sight: Sight | undefined;
}

interface NamedEntry {
  readonly segment: string;
  readonly role: Role;
  readonly rank: number;
  readonly spot: Spot;
}

/** What was found so far below one path of keys. */
interface Contents {
  sight: Sight | undefined;
  /** Names that are their own segments, of the only folder there is. */
  readonly files: string[];
  readonly folders: string[];
  readonly others: NamedEntry[];
}

/** Reads folders by the path that keys have, for one walk from the top down. */
export interface TreeReader {
  /** Of several files for one key the first in rank counts. Links, devices and bookkeeping are left out. */
  read(path: string): Promise<readonly TreeEntry<Spot>[]>;
  /** Whether there is a file of a key below a path. Looks no further than the first. */
  holdsFile(path: string): Promise<boolean>;
}

export interface TreeReaderSettings {
  readonly store: Store;
  readonly resolve: Resolver;
  /** Tells what a folder is like whose names are read next. Default: nothing is told of it. */
  readonly stampOf?: ((folder: Folder) => Promise<FolderStamp>) | undefined;
}

export function treeReader({ store, resolve, stampOf }: TreeReaderSettings): TreeReader {
  const { calls, names } = store;
  /** The folders of paths that were seen in the folders above. */
  const known = new Map<string, string[]>();

  /** `start` is the beginning of a long segment that goes on in this folder. */
  async function readFolder(
    place: string,
    start: string,
    rank: number,
    contents: Contents | NamedEntry[],
  ): Promise<void> {
    const folder = await resolve.openIfThere(place);
    if (folder === undefined) return;
    const others = Array.isArray(contents) ? contents : contents.others;
    try {
      const companions = new Set<string>();
      const sight = stampOf && { companions, ...(await stampOf(folder)) };
      if (!Array.isArray(contents)) contents.sight = sight;
      const entries = await calls.readdir(folder.at(''));
      const valid = await validNames(folder, entries);
      for (const entry of entries) {
        const { name } = entry;
        const isFile = entry.isFile();
        if ((!isFile && !entry.isDirectory()) || valid?.has(name) === false) continue;
        if (!Array.isArray(contents) && names.isPlain(name)) {
          (isFile ? contents.files : contents.folders).push(name);
        } else if (names.isHidden(name)) {
          if (sight !== undefined) companions.add(name);
        } else {
          const whole = start + name;
          if (!isFile && names.isPart(name)) {
            await readFolder(joinPath(place, name), `${whole}/`, rank, others);
          } else {
            const role = isFile ? 'file' : 'folder';
            const named = names.segmentOf(whole, role);
            const spot = { path: place, name, sight };
            if (named !== undefined) {
              others.push({ segment: named.segment, rank: named.rank + rank, role, spot });
            }
          }
        }
      }
    } finally {
      folder.release();
    }
  }

  /** Names in other encodings than UTF-8 cannot be keys. `undefined`: all are right. */
  async function validNames(
    folder: Folder,
    entries: readonly Dirent[],
  ): Promise<ReadonlySet<string> | undefined> {
    if (!entries.some(({ name }) => name.includes(REPLACEMENT))) return undefined;
    const valid = new Set<string>();
    for (const raw of await calls.readdirRaw(folder.at(''))) {
      const name = raw.toString('utf8');
      if (Buffer.from(name).equals(raw)) valid.add(name);
    }
    return valid;
  }

  /** Whether `readFolder` would find a file here or below. */
  async function hasFile(place: string, start: string): Promise<boolean> {
    const folder = await resolve.openIfThere(place);
    if (folder === undefined) return false;
    const inner: string[] = [];
    try {
      const entries = await calls.readdir(folder.at(''));
      const valid = await validNames(folder, entries);
      for (const entry of entries) {
        const { name } = entry;
        const isFile = entry.isFile();
        if ((!isFile && !entry.isDirectory()) || valid?.has(name) === false) continue;
        if (names.isHidden(name)) continue;
        if (!isFile) inner.push(name);
        else if (names.segmentOf(start + name, 'file') !== undefined) return true;
      }
    } finally {
      folder.release();
    }
    for (const name of inner) {
      const whole = start + name;
      const isPart = names.isPart(name);
      if (!isPart && names.segmentOf(whole, 'folder') === undefined) continue;
      if (await hasFile(joinPath(place, name), isPart ? `${whole}/` : '')) return true;
    }
    return false;
  }

  /** The usual case: every name is its segment. */
  function plainEntries(path: string, place: string, contents: Contents): TreeEntry<Spot>[] {
    const { sight } = contents;
    const files = inOrder(contents.files);
    const folders = inOrder(contents.folders.map((name) => `${name}/`));
    const entries: TreeEntry<Spot>[] = [];
    let next = 0;
    const addFolders = (before: string | undefined) => {
      for (let order = folders[next]; order !== undefined; order = folders[next]) {
        if (before !== undefined && compareKeys(order, before) > 0) return;
        next += 1;
        const name = order.slice(0, -1);
        known.set(joinPath(path, name), [joinPath(place, name)]);
        entries.push({ name, isFolder: true, value: { path: place, name, sight } });
      }
    };
    for (const name of files) {
      addFolders(name);
      entries.push({ name, isFolder: false, value: { path: place, name, sight } });
    }
    addFolders(undefined);
    return entries;
  }

  /** Several names for one segment are possible; all folders of a path are walked as one. */
  function namedEntries(path: string, others: readonly NamedEntry[]): TreeEntry<Spot>[] {
    const files = new Map<string, NamedEntry>();
    const folders = new Map<string, NamedEntry[]>();
    for (const entry of others) {
      const { segment, role, rank } = entry;
      if (role === 'folder') folders.set(segment, [...(folders.get(segment) ?? []), entry]);
      else if (rank < (files.get(segment)?.rank ?? Number.POSITIVE_INFINITY))
        files.set(segment, entry);
    }
    const entries = [...files.values()].map(
      ({ segment, spot }): TreeEntry<Spot> => ({ name: segment, isFolder: false, value: spot }),
    );
    for (const [segment, found] of folders) {
      const spots = found.sort((a, b) => a.rank - b.rank).map(({ spot }) => spot);
      known.set(
        joinPath(path, segment),
        spots.map((spot) => joinPath(spot.path, spot.name)),
      );
      for (const value of spots.slice(0, 1)) entries.push({ name: segment, isFolder: true, value });
    }
    return entries;
  }

  async function placesOf(path: string): Promise<readonly string[]> {
    const places = known.get(path) ?? (await resolve.foldersOf(path));
    known.delete(path);
    return places;
  }

  return {
    async read(path) {
      const places = await placesOf(path);
      const [place = ''] = places;
      const contents: Contents = { files: [], folders: [], others: [], sight: undefined };
      if (places.length === 1) {
        await readFolder(place, '', 0, contents);
      } else {
        for (const [index, each] of places.entries()) {
          await readFolder(each, '', index * 10, contents.others);
        }
      }
      if (contents.others.length === 0) return plainEntries(path, place, contents);
      const { files, folders, others, sight } = contents;
      const plain = (role: Role) => (name: string) => ({
        ...{ segment: name, role, rank: 0 },
        spot: { path: place, name, sight },
      });
      return namedEntries(path, [
        ...files.map(plain('file')),
        ...folders.map(plain('folder')),
        ...others,
      ]);
    },

    async holdsFile(path) {
      for (const place of await placesOf(path)) {
        if (await hasFile(place, '')) return true;
      }
      return false;
    },
  };
}

/** UTF-8 order; JavaScript's own order is the same where there are no surrogates. */
function inOrder(names: string[]): string[] {
  return names.some((name) => SURROGATE.test(name)) ? names.sort(compareKeys) : names.sort();
}
