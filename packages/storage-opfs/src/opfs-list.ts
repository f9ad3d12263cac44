import {
  abortedError,
  flattenTree,
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type SeekFrom,
  type TreeEntry,
  type TreeItem,
} from '@granary/storage-core/provider';
import type { Companions } from './opfs-companion.ts';
import { isMissing, isOtherKind } from './opfs-errors.ts';
import { infoOf, itemOf } from './opfs-info.ts';
import type { Reader } from './opfs-read.ts';
import type { Store } from './opfs-store.ts';

const PAGE_SIZE = 1000;
/** Files that are looked at together. */
const FIRST_BATCH = 32;
const LARGEST_BATCH = 256;
/** Folders read ahead. */
const READ_AHEAD = 4;

/** A file or a folder in the folder it is in. */
interface Spot {
  readonly folder: FileSystemDirectoryHandle;
  readonly handle: FileSystemHandle;
}

/** Lists objects in the order of their keys. */
export interface Lister {
  list(options: ListOptions): AsyncIterable<ListPage>;
}

export function openLister(store: Store, companions: Companions, reader: Reader): Lister {
  const { names } = store;

  /** The files and folders of a path of keys. Of two files for one key, the one that Granary wrote counts. */
  async function read(path: string): Promise<readonly TreeEntry<Spot>[]> {
    const found = new Map<string, TreeEntry<Spot>>();
    for (const folder of await foldersOf(path)) await readInto(found, folder, '');
    return [...found.values()];
  }

  async function foldersOf(path: string): Promise<readonly FileSystemDirectoryHandle[]> {
    if (path === '') return [store.root];
    const written = await store.folder(path.split('/').flatMap((segment) => names.pathOf(segment)));
    const isGiven = path.split('/').some((segment) => names.literalOf(segment) !== undefined);
    const given = isGiven
      ? await store.folder(path.split('/').map((segment) => names.literalOf(segment) ?? segment))
      : undefined;
    return [written, given].filter((folder) => folder !== undefined);
  }

  async function readInto(
    found: Map<string, TreeEntry<Spot>>,
    folder: FileSystemDirectoryHandle,
    start: string,
  ): Promise<void> {
    try {
      for await (const [name, handle] of folder.entries()) {
        if (names.isHidden(name)) continue;
        const whole = start + name;
        const isFolder = handle.kind === 'directory';
        if (isFolder && names.isPart(name)) {
          await readInto(found, handle as FileSystemDirectoryHandle, `${whole}/`);
          continue;
        }
        const segment = names.segmentOf(whole);
        if (segment === undefined) continue;
        const id = isFolder ? `${segment}/` : segment;
        const isOwnName = segment !== name || names.literalOf(segment) === undefined;
        if (found.has(id) && !isOwnName) continue;
        found.set(id, { name: segment, isFolder, value: { folder, handle } });
      }
    } catch (error) {
      // It was removed, which is no failure but for the root of a person's.
      if (!isMissing(error) && !isOtherKind(error)) throw error;
      await store.checkThere();
    }
  }

  async function itemFor(
    { key, value }: TreeItem<Spot>,
    hasAttributes: boolean,
  ): Promise<ListItem | undefined> {
    const { folder } = value;
    const handle = value.handle as FileSystemFileHandle;
    try {
      const file = await handle.getFile();
      if (!hasAttributes) return itemOf(key, file);
      const described = await companions.describe({ folder, handle, file, name: handle.name }, key);
      if (described !== 'again') return { kind: 'item', ...infoOf(key, file, described) };
      const object = await reader.look(key);
      return { kind: 'item', ...infoOf(key, object.file, object.described) };
    } catch (error) {
      // It was deleted since its name was read.
      if (isMissing(error) || (error as { code?: unknown }).code === 'not-found') return undefined;
      throw error;
    }
  }

  async function* walk(
    start: SeekFrom,
    { include = [], delimiter, signal }: ListOptions,
  ): AsyncGenerator<readonly ListItem[], void, SeekFrom | undefined> {
    const hasAttributes = include.includes('attributes');
    const tree = flattenTree(read, start, { readAhead: READ_AHEAD });
    let seek: SeekFrom | undefined;
    let size = delimiter === undefined ? FIRST_BATCH : 1;
    try {
      for (;;) {
        const { done, value: files } = await tree.next(seek);
        seek = undefined;
        if (done) return;
        for (let place = 0; place < files.length && seek === undefined; ) {
          if (signal?.aborted) throw abortedError(signal);
          const some = files.slice(place, place + size);
          place += some.length;
          const items = await Promise.all(some.map((file) => itemFor(file, hasAttributes)));
          seek = yield items.filter((item) => item !== undefined);
          if (seek === undefined) size = Math.min(size * 2, LARGEST_BATCH);
          else size = 1;
        }
      }
    } finally {
      await tree.return();
    }
  }

  return {
    list: (options) =>
      listOrdered(options, (start) => walk(start, options), { pageSize: PAGE_SIZE }),
  };
}
