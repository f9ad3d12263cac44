import type { Stats } from 'node:fs';
import { setImmediate } from 'node:timers';
import {
  abortedError,
  compareKeys,
  flattenTree,
  isBeforeSeek,
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type SeekFrom,
  type TreeEntry,
  type TreeItem,
} from '@granary/storage-core/provider';
import { describeFile, folderDescriber, type ListedSpot } from './fs-describe.ts';
import type { Folder } from './fs-folder.ts';
import { describedItemOf, itemOf } from './fs-info.ts';
import type { Resolver } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import { type Spot, type TreeReader, treeReader } from './fs-tree.ts';

const PAGE_SIZE = 1000;
/** Files looked at together; the next ones while these are handed out. */
const FIRST_BATCH = 32;
const LARGEST_BATCH = 512;
/** Behind a group the walk jumps; what lies ahead of a jump is not worth looking at. */
const BATCH_AFTER_SEEK = 2;

/**
 * Files of one folder that are looked at, and whose companions are opened, at the same time. Then
 * others have their turn: quick calls are made at once and not by threads.
 */
const MOST_AT_ONCE = 128;

/** Folders read ahead. The thread pool reads four at once. */
const READ_AHEAD = 4;

/** Stands for the files of a folder of which it is enough that there are some. No path is like it. */
const GROUP: Spot = { path: '/', name: '', sight: undefined };

type FolderReader = (path: string) => Promise<readonly TreeEntry<Spot>[]>;
type Tree = AsyncGenerator<readonly TreeItem<Spot>[], void, SeekFrom | undefined>;

/** A file of an object, as it was found. */
export interface ListedFile {
  readonly key: string;
  readonly stats: Stats;
}

/** Lists objects in the order of their keys, without opening a file. */
export interface Lister {
  list(options: ListOptions): AsyncIterable<ListPage>;
  /** All objects, with what the file system says of their files. */
  files(): AsyncIterable<ListedFile>;
}

/** Makes entries of files of one folder, without those that are gone by now. */
type MakeEntries<Entry> = (
  folder: Folder,
  files: readonly ListedSpot[],
) => readonly Entry[] | Promise<readonly Entry[]>;

interface WalkSettings<Entry> {
  readonly tree: Tree;
  readonly make: MakeEntries<Entry>;
  /** Makes the entry that stands for all files of a folder. */
  readonly makeOne?: (key: string) => Entry;
  readonly signal?: AbortSignal | undefined;
}

/** Files of one folder that follow one another. */
interface Run {
  readonly spot: Spot;
  readonly files: TreeItem<Spot>[];
}

interface Batch<Entry> {
  readonly entries: readonly Entry[];
  readonly isLast: boolean;
}

export function lister(store: Store, resolve: Resolver, now: () => number = Date.now): Lister {
  const { calls } = store;
  const describer = folderDescriber(store, now);

  async function* walk<Entry extends { readonly key: string }>({
    tree,
    make,
    makeOne,
    signal,
  }: WalkSettings<Entry>): AsyncGenerator<readonly Entry[], void, SeekFrom | undefined> {
    let found: readonly TreeItem<Spot>[] = [];
    let place = 0;
    let size = FIRST_BATCH;
    let position: SeekFrom | undefined;
    let sinceTurn = 0;
    let next: Promise<Batch<Entry>> | undefined = nextBatch();
    try {
      while (next !== undefined) {
        const { entries, isLast }: Batch<Entry> = await next;
        next = isLast ? undefined : nextBatch();
        // Whoever waits for it is told; a walk that is given up asks nobody.
        next?.catch(() => {});
        size = Math.min(size * 2, LARGEST_BATCH);
        if (signal?.aborted) throw abortedError(signal);
        const ahead = from(entries, position);
        if (ahead.length === 0) continue;
        const seek: SeekFrom | undefined = yield ahead;
        if (seek === undefined) continue;
        position = seek;
        if (makeOne === undefined) size = BATCH_AFTER_SEEK;
      }
    } finally {
      await next?.catch(() => {});
      await tree.return();
    }

    /** Lets others have their turn from time to time. */
    async function breathe(files: number): Promise<void> {
      sinceTurn += files;
      if (sinceTurn < MOST_AT_ONCE) return;
      sinceTurn = 0;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }

    async function nextBatch(): Promise<Batch<Entry>> {
      const files: TreeItem<Spot>[] = [];
      let isLast = false;
      while (files.length < size && !isLast) {
        if (place === found.length) {
          const step = await tree.next(position);
          isLast = step.done === true;
          found = step.value ?? [];
          place = 0;
        }
        const some = found.slice(place, place + size - files.length);
        place += some.length;
        files.push(...some);
      }
      const entries: Entry[] = [];
      for (const run of runsOf(files)) {
        if (run.spot === GROUP && makeOne !== undefined) {
          for (const { key } of run.files) entries.push(makeOne(key));
        } else {
          for (const entry of await lookInto(run, make)) entries.push(entry);
          await breathe(run.files.length);
        }
      }
      return { entries, isLast };
    }
  }

  /** Looks at files of one folder. */
  async function lookInto<Entry>(
    { spot, files }: Run,
    make: MakeEntries<Entry>,
  ): Promise<readonly Entry[]> {
    const folder = await resolve.openIfThere(spot.path);
    if (folder === undefined) return [];
    try {
      const found = await calls.lstatAll(files.map(({ value }) => folder.at(value.name)));
      const there: ListedSpot[] = [];
      for (const [index, { key, value }] of files.entries()) {
        const stats = found[index];
        if (stats?.isFile()) there.push({ key, name: value.name, stats, sight: value.sight });
      }
      return await make(folder, there);
    } finally {
      folder.release();
    }
  }

  async function describedItems(
    folder: Folder,
    files: readonly ListedSpot[],
  ): Promise<readonly ListItem[]> {
    const described = await describer.describe(folder, files);
    const items: ListItem[] = [];
    for (const [index, file] of files.entries()) {
      const side = described[index];
      const item =
        side === 'again'
          ? await describedAgain(folder, file)
          : describedItemOf(file.key, file.stats, side);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** The entry of a file that was replaced while its companion was read. */
  async function describedAgain(
    folder: Folder,
    { key, name }: ListedSpot,
  ): Promise<ListItem | undefined> {
    const look = () => store.look(folder.at(name));
    for (let stats = await look(); stats?.isFile(); stats = await look()) {
      const file = { key, stats, file: name, at: folder.at, isPinned: true, now: look };
      const described = await describeFile(store, file);
      if (described !== 'again') return describedItemOf(key, stats, described);
    }
    return undefined;
  }

  return {
    list(options) {
      const { include = [], delimiter, signal } = options;
      const hasAttributes = include.includes('attributes');
      const make: MakeEntries<ListItem> = hasAttributes ? describedItems : plainItems;
      const stampOf = hasAttributes ? describer.stampOf : undefined;
      const source = (start: SeekFrom) => {
        const reader = treeReader({ store, resolve, stampOf });
        if (delimiter !== '/') return walk({ tree: treeOf(reader.read, start), make, signal });
        const tree = treeOf(readGroups(reader, start), start);
        return walk({ tree, make, makeOne: groupedItem, signal });
      };
      return listOrdered(options, source, { pageSize: PAGE_SIZE });
    },

    async *files() {
      const tree = treeOf(treeReader({ store, resolve }).read, { prefix: '' });
      for await (const files of walk({ tree, make: (_folder, there) => there })) yield* files;
    },
  };
}

function runsOf(files: readonly TreeItem<Spot>[]): readonly Run[] {
  const runs: Run[] = [];
  let last: Run | undefined;
  for (const file of files) {
    const spot = file.value;
    if (last?.spot.path !== spot.path || last.files.length === MOST_AT_ONCE) {
      last = { spot, files: [] };
      runs.push(last);
    }
    last.files.push(file);
  }
  return runs;
}

function treeOf(read: FolderReader, start: SeekFrom): Tree {
  return flattenTree(read, start, { readAhead: READ_AHEAD });
}

function plainItems(_folder: Folder, files: readonly ListedSpot[]): readonly ListItem[] {
  return files.map(({ key, stats }) => itemOf(key, stats));
}

/** Stands for all items of a group, which it makes the listing tell. */
function groupedItem(key: string): ListItem {
  return { kind: 'item', key };
}

/**
 * Reads folders for a listing that groups by slashes: of one below the first, all of which lies
 * ahead, only one file is told. No key sorts before the one that it is given.
 */
function readGroups(
  reader: TreeReader,
  { prefix, after = '', atOrAfter = '' }: SeekFrom,
): FolderReader {
  const top = prefix.slice(0, Math.max(prefix.lastIndexOf('/'), 0));
  return async (path) => {
    const start = `${path}/`;
    const isAhead = compareKeys(after, start) <= 0 && compareKeys(atOrAfter, start) <= 0;
    if (path === top || !isAhead) return reader.read(path);
    const isGroup = await reader.holdsFile(path);
    return isGroup ? [{ name: 'any', isFolder: false, value: GROUP }] : [];
  };
}

/** The entries from a position on; they are in order. */
function from<Entry extends { readonly key: string }>(
  entries: readonly Entry[],
  position: SeekFrom | undefined,
): readonly Entry[] {
  const [first] = entries;
  if (position === undefined || first === undefined || !isBeforeSeek(first.key, position)) {
    return entries;
  }
  return entries.filter(({ key }) => !isBeforeSeek(key, position));
}
