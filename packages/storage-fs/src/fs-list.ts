import type { Stats } from 'node:fs';
import {
  abortedError,
  compareKeys,
  flattenTree,
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type SeekFrom,
  type TreeItem,
} from '@granary/storage-core/provider';
import { describeFile } from './fs-describe.ts';
import type { Folder } from './fs-folder.ts';
import { infoOf, itemOf } from './fs-info.ts';
import type { Resolver } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import { type Spot, treeReader } from './fs-tree.ts';

const PAGE_SIZE = 1000;
/** Files looked at together; the next ones while these are handed out. */
const FIRST_BATCH = 32;
const LARGEST_BATCH = 512;
/** Behind a group the walk jumps; what lies ahead of a jump is not worth looking at. */
const BATCH_AFTER_SEEK = 2;

type Tree = AsyncGenerator<TreeItem<Spot>, void, SeekFrom | undefined>;

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

interface Batch<Entry> {
  readonly entries: readonly Entry[];
  readonly isLast: boolean;
}

/** Makes an entry of a file; `undefined` when that is gone by now. */
type MakeEntry<Entry> = (
  folder: Folder,
  file: TreeItem<Spot>,
  stats: Stats,
) => Entry | undefined | Promise<Entry | undefined>;

export function lister(store: Store, resolve: Resolver): Lister {
  const { calls } = store;

  return {
    list(options) {
      const { include = [], signal } = options;
      const make: MakeEntry<ListItem> = include.includes('attributes')
        ? describedItem
        : (_folder, { key }, stats) => itemOf(key, stats);
      return listOrdered(options, (from) => walk(from, make, signal), { pageSize: PAGE_SIZE });
    },
    files: () => walk({ prefix: '' }, (_folder, { key }, stats) => ({ key, stats }), undefined),
  };

  async function* walk<Entry extends { readonly key: string }>(
    from: SeekFrom,
    make: MakeEntry<Entry>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Entry, void, SeekFrom | undefined> {
    const tree = flattenTree<Spot>(treeReader(store, resolve).read, from);
    let size = FIRST_BATCH;
    let position: SeekFrom | undefined;
    let next: Promise<Batch<Entry>> | undefined = nextBatch(tree, size, position, make);
    try {
      while (next !== undefined) {
        const { entries, isLast }: Batch<Entry> = await next;
        next = isLast ? undefined : nextBatch(tree, size, position, make);
        // Whoever waits for it is told; a walk that is given up asks nobody.
        next?.catch(() => {});
        size = Math.min(size * 2, LARGEST_BATCH);
        for (const entry of entries) {
          if (position !== undefined && isBefore(entry.key, position)) continue;
          if (signal?.aborted) throw abortedError(signal);
          const seek: SeekFrom | undefined = yield entry;
          if (seek !== undefined) {
            position = seek;
            size = BATCH_AFTER_SEEK;
          }
        }
      }
    } finally {
      await next?.catch(() => {});
      await tree.return();
    }
  }

  async function nextBatch<Entry>(
    tree: Tree,
    size: number,
    position: SeekFrom | undefined,
    make: MakeEntry<Entry>,
  ): Promise<Batch<Entry>> {
    const files: TreeItem<Spot>[] = [];
    let isLast = false;
    while (files.length < size && !isLast) {
      const step = await tree.next(position);
      if (step.done) isLast = true;
      else files.push(step.value);
    }
    const entries: Entry[] = [];
    for (let start = 0; start < files.length; ) {
      const path = files[start]?.value.path ?? '';
      let end = start + 1;
      while (end < files.length && files[end]?.value.path === path) end += 1;
      await lookInto(path, files.slice(start, end), make, entries);
      start = end;
    }
    return { entries, isLast };
  }

  /** Looks at files of one folder. */
  async function lookInto<Entry>(
    path: string,
    files: readonly TreeItem<Spot>[],
    make: MakeEntry<Entry>,
    entries: Entry[],
  ): Promise<void> {
    const folder = await resolve.openIfThere(path);
    if (folder === undefined) return;
    try {
      const found = await calls.lstatAll(files.map(({ value }) => folder.at(value.name)));
      for (const [index, file] of files.entries()) {
        const stats = found[index];
        if (stats === undefined || !stats.isFile()) continue;
        const made = make(folder, file, stats);
        const entry = made instanceof Promise ? await made : made;
        if (entry !== undefined) entries.push(entry);
      }
    } finally {
      folder.release();
    }
  }

  async function describedItem(
    folder: Folder,
    { key, value }: TreeItem<Spot>,
    first: Stats,
  ): Promise<ListItem | undefined> {
    const path = folder.at(value.name);
    for (let stats: Stats | undefined = first; stats?.isFile(); stats = await store.look(path)) {
      const described = await describeFile(store, {
        ...{ key, stats, file: value.name, at: folder.at, isPinned: true },
        now: () => store.look(path),
      });
      if (described !== 'again') return { kind: 'item', ...infoOf(key, stats, described) };
    }
    return undefined;
  }
}

function isBefore(key: string, { after, atOrAfter }: SeekFrom): boolean {
  return (
    (after !== undefined && compareKeys(key, after) <= 0) ||
    (atOrAfter !== undefined && compareKeys(key, atOrAfter) < 0)
  );
}
