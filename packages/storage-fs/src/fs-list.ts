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

interface Batch {
  readonly items: readonly ListItem[];
  readonly isLast: boolean;
}

/** Lists objects in the order of their keys, without opening a file. */
export function lister(
  store: Store,
  resolve: Resolver,
): (options: ListOptions) => AsyncIterable<ListPage> {
  const { calls } = store;

  return (options) => {
    const { include = [], signal } = options;
    const withAttributes = include.includes('attributes');
    return listOrdered(options, (from) => walk(from, withAttributes, signal), {
      pageSize: PAGE_SIZE,
    });
  };

  async function* walk(
    from: SeekFrom,
    withAttributes: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ListItem, void, SeekFrom | undefined> {
    const reader = treeReader(store, resolve);
    const tree = flattenTree<Spot>(reader.read, from);
    let size = FIRST_BATCH;
    let position: SeekFrom | undefined;
    let next: Promise<Batch> | undefined = nextBatch(tree, size, position, withAttributes);
    try {
      while (next !== undefined) {
        const { items, isLast }: Batch = await next;
        next = isLast ? undefined : nextBatch(tree, size, position, withAttributes);
        // Whoever waits for it is told; a walk that is given up asks nobody.
        next?.catch(() => {});
        size = Math.min(size * 2, LARGEST_BATCH);
        for (const item of items) {
          if (position !== undefined && isBefore(item.key, position)) continue;
          if (signal?.aborted) throw abortedError(signal);
          const seek: SeekFrom | undefined = yield item;
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

  async function nextBatch(
    tree: Tree,
    size: number,
    position: SeekFrom | undefined,
    withAttributes: boolean,
  ): Promise<Batch> {
    const files: TreeItem<Spot>[] = [];
    let isLast = false;
    while (files.length < size && !isLast) {
      const step = await tree.next(position);
      if (step.done) isLast = true;
      else files.push(step.value);
    }
    const items: ListItem[] = [];
    for (let start = 0; start < files.length; ) {
      const path = files[start]?.value.path ?? '';
      let end = start + 1;
      while (end < files.length && files[end]?.value.path === path) end += 1;
      await lookInto(path, files.slice(start, end), withAttributes, items);
      start = end;
    }
    return { items, isLast };
  }

  /** Looks at files of one folder. Those that are gone by now are left out. */
  async function lookInto(
    path: string,
    files: readonly TreeItem<Spot>[],
    withAttributes: boolean,
    items: ListItem[],
  ): Promise<void> {
    const folder = await resolve.openIfThere(path);
    if (folder === undefined) return;
    try {
      const found = await calls.lstatAll(files.map(({ value }) => folder.at(value.name)));
      for (const [index, file] of files.entries()) {
        const stats = found[index];
        if (stats === undefined || !stats.isFile()) continue;
        if (!withAttributes) items.push(itemOf(file.key, stats));
        else await addDescribed(folder, file, stats, items);
      }
    } finally {
      folder.release();
    }
  }

  async function addDescribed(
    folder: Folder,
    { key, value }: TreeItem<Spot>,
    first: Stats,
    items: ListItem[],
  ): Promise<void> {
    const path = folder.at(value.name);
    for (let stats: Stats | undefined = first; stats?.isFile(); stats = await store.look(path)) {
      const described = await describeFile(store, {
        ...{ key, stats, file: value.name, at: folder.at, isPinned: true },
        now: () => store.look(path),
      });
      if (described !== 'again') {
        items.push({ kind: 'item', ...infoOf(key, stats, described) });
        return;
      }
    }
  }
}

function isBefore(key: string, { after, atOrAfter }: SeekFrom): boolean {
  return (
    (after !== undefined && compareKeys(key, after) <= 0) ||
    (atOrAfter !== undefined && compareKeys(key, atOrAfter) < 0)
  );
}
