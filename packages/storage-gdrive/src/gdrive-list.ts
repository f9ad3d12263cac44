import {
  compareKeys,
  flattenTree,
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type TreeEntry,
} from '@granary/storage-core/provider';
import { toInfo } from './gdrive-attributes.ts';
import { exportedInfo, isExported } from './gdrive-export.ts';
import { type DriveFile, isFolder, isObject, newestFirst } from './gdrive-file.ts';
import { isSegment } from './gdrive-keys.ts';
import { readKnownFolder } from './gdrive-known-folders.ts';
import { folderIds, inAny, inGroups, PAGE_SIZE, search } from './gdrive-lookup.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** Folders that are read in one request, as rclone does. https://github.com/rclone/rclone/blob/master/backend/drive/drive.go (listRGrouping), read 2026-11-21 */
const MAX_FOLDERS = 50;

type Entries = readonly TreeEntry<DriveFile>[];

/** Lists objects in the UTF-8 order of their keys. */
export function listObjects(
  store: GdriveStore,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { prefix: wanted = '', signal } = options;
  return listOrdered(
    options,
    async function* (from) {
      const steps = flattenTree(folderReader(store, wanted, signal), from);
      try {
        let step = await steps.next();
        while (!step.done) {
          const items = step.value.map(({ key, value }) => toItem(store, key, value));
          step = await steps.next(yield items);
        }
      } finally {
        await steps.return();
      }
    },
    { pageSize: PAGE_SIZE },
  );
}

function toItem(store: GdriveStore, key: string, file: DriveFile): ListItem {
  if (isExported(store, file)) return { kind: 'item', ...exportedInfo(key, file) };
  return { kind: 'item', ...toInfo(key, file, store.keepsVersions) };
}

/**
 * Reads folders for one walk. With a folder that is asked for come those behind it that are known and
 * not read yet, more with every request, so that a tree takes few. Folders of one name in one place are
 * one folder, and of files of one name the newest is there.
 */
function folderReader(
  store: GdriveStore,
  prefix: string,
  signal: AbortSignal | undefined,
): (path: string) => Promise<Entries> {
  /** Ids of folders that are known and unread, by path. */
  const known = new Map<string, readonly string[]>();
  const read = new Map<string, Promise<Entries>>();
  let reach = 1;

  function entriesOf(children: readonly DriveFile[], path: string): Entries {
    const folders = new Map<string, DriveFile[]>();
    const files = new Map<string, DriveFile>();
    for (const child of children.toSorted(newestFirst)) {
      if (!isSegment(child.name)) continue;
      if (isFolder(child)) {
        folders.set(child.name, [...(folders.get(child.name) ?? []), child]);
      } else if (isObject(child, store.exports) && !files.has(child.name)) {
        files.set(child.name, child);
      }
    }
    const entries: TreeEntry<DriveFile>[] = [];
    for (const [name, value] of files) entries.push({ name, isFolder: false, value });
    for (const [name, all] of folders) {
      const [value] = all;
      if (value === undefined) continue;
      entries.push({ name, isFolder: true, value });
      known.set(
        path === '' ? name : `${path}/${name}`,
        all.map(({ id }) => id),
      );
    }
    return entries;
  }

  /** The folder asked for and, as far as the reach goes, those that the walk comes to after it. */
  function nextFolders(path: string): readonly string[] {
    const behind = [...known.keys()].filter((other) => {
      const start = `${other}/`;
      const isWanted = start.startsWith(prefix) || prefix.startsWith(start);
      return isWanted && compareKeys(start, `${path}/`) > 0;
    });
    return [path, ...behind.toSorted(compareKeys).slice(0, reach - 1)];
  }

  async function childrenOf(ids: readonly string[]): Promise<readonly DriveFile[]> {
    const pages = [];
    for (const group of inGroups(ids, MAX_FOLDERS)) {
      pages.push(await search(store, `trashed = false and (${inAny(group)})`, { signal }));
    }
    return pages.flatMap((page) => page ?? []);
  }

  function widen(): void {
    reach = Math.min(reach * 4, MAX_FOLDERS);
  }

  function start(path: string): void {
    const ids = known.get(path) ?? [];
    // What is in the top folder does not say so in words that are known: it is read by itself.
    const together = ids.includes(store.top) ? [path] : nextFolders(path);
    widen();
    const idsOf = new Map(together.map((folder) => [folder, known.get(folder) ?? []]));
    const reading = childrenOf([...idsOf.values()].flat());
    remember(path, ids, reading, idsOf.size);
    for (const [folder, own] of idsOf) {
      known.delete(folder);
      const entries = reading.then((children) => {
        const isOnly = idsOf.size === 1;
        const inside = isOnly
          ? children
          : children.filter(({ parents = [] }) => parents.some((id) => own.includes(id)));
        return entriesOf(inside, folder);
      });
      entries.catch(() => {});
      read.set(folder, entries);
    }
  }

  /** The folder that a walk begins with, when it was read alone and is a page. */
  function remember(
    path: string,
    ids: readonly string[],
    reading: Promise<readonly DriveFile[]>,
    together: number,
  ): void {
    if (together > 1 || ids.includes(store.top)) return;
    reading.then(
      (children) => children.length <= PAGE_SIZE && store.known.set(path, ids),
      () => {},
    );
  }

  return async (path) => {
    if (!known.has(path) && !read.has(path)) {
      const again = await readKnownFolder(store, path, signal);
      if (again !== undefined) {
        widen();
        return entriesOf(again, path);
      }
      const ids = await folderIds(store, path, { signal });
      if (ids.length === 0) return [];
      known.set(path, ids);
    }
    if (!read.has(path)) start(path);
    const entries = await read.get(path);
    read.delete(path);
    return entries ?? [];
  };
}
