import { compareKeys } from '../keys/compare-keys.ts';
import { sortKeys } from '../keys/sort-keys.ts';
import { isBeforeSeek, type SeekFrom } from './list-ordered.ts';

/** One name in a folder. */
export interface TreeEntry<Value> {
  /** A segment of the key, decoded. */
  readonly name: string;
  readonly isFolder: boolean;
  readonly value: Value;
}

/** A file of a tree with its key. */
export interface TreeItem<Value> {
  readonly key: string;
  readonly value: Value;
}

/** Settings of {@link flattenTree}. */
export interface FlattenTreeSettings {
  /**
   * Folders beside the one that is walked that may be read at the same time, before anybody knows
   * whether the walk gets that far. Default: 0.
   */
  readonly readAhead?: number;
}

interface Level<Value> {
  /** The folder's path with a slash at its end; empty for the root. */
  readonly start: string;
  readonly entries: readonly TreeEntry<Value>[];
  next: number;
  /** Folders that are being read, by their place among the entries. */
  readonly ahead: Map<number, Promise<readonly TreeEntry<Value>[]>>;
}

/** Most files that are yielded together. */
const MAX_TOGETHER = 512;
/** So far the next folders are looked for among the files beside them. */
const MAX_LOOKAHEAD = 64;
const SURROGATE = /[\ud800-\udfff]/;

/**
 * Walks a tree of folders in the UTF-8 order of full keys (`a-b` before `a/b` before `a0`), from a
 * position, without reading folders that lie before it. Yields files that follow one another in
 * one folder together. It holds the names of one folder per level, and of those that it reads
 * ahead. A position given to `next` jumps ahead. `readFolder` gets a path without slashes at its
 * ends, the root as an empty string, and returns nothing for a folder that is not there.
 */
export async function* flattenTree<Value>(
  readFolder: (path: string) => Promise<readonly TreeEntry<Value>[]>,
  from: SeekFrom,
  { readAhead = 0 }: FlattenTreeSettings = {},
): AsyncGenerator<readonly TreeItem<Value>[], void, SeekFrom | undefined> {
  const { prefix } = from;
  const top = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  /** Where to go on; `undefined` when every key from here on lies behind it. */
  let position: SeekFrom | undefined = from;
  /** Grows, so that a walk that ends soon has read little for nothing. */
  let reach = 0;
  const pending = new Set<Promise<unknown>>();
  const levels: Level<Value>[] = [levelOf(top, await read(top))];

  try {
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const files = filesOf(level);
      if (files.length > 0) {
        position = (yield files) ?? position;
        continue;
      }
      const { next } = level;
      const start = startOf(level, next);
      if (start === undefined) {
        levels.pop();
        continue;
      }
      level.next += 1;
      const reading = level.ahead.get(next) ?? (isWanted(start) ? read(start) : undefined);
      level.ahead.delete(next);
      if (reading === undefined || !isWanted(start)) continue;
      lookAhead(level);
      reach = Math.min(Math.max(reach * 2, 1), readAhead);
      levels.push(levelOf(start, await reading));
    }
  } finally {
    await Promise.allSettled(pending);
  }

  /** The beginning of the keys in a folder of a level; `undefined` for none. */
  function startOf({ start, entries }: Level<Value>, place: number): string | undefined {
    const entry = entries[place];
    return entry?.isFolder ? `${start}${entry.name}/` : undefined;
  }

  function isWanted(start: string): boolean {
    return meets(start, prefix) && (position === undefined || !isWhollyBefore(start, position));
  }

  function lookAhead(level: Level<Value>): void {
    const { next, entries, ahead } = level;
    const end = Math.min(next + MAX_LOOKAHEAD, entries.length);
    for (let place = next; place < end && ahead.size < reach; place += 1) {
      const start = startOf(level, place);
      if (start === undefined || ahead.has(place) || !isWanted(start)) continue;
      const reading = read(start);
      ahead.set(place, reading);
      pending.add(reading);
      // Who comes to this folder is told.
      reading.catch(() => {}).finally(() => pending.delete(reading));
    }
  }

  /** Files up to the next folder. */
  function filesOf(level: Level<Value>): readonly TreeItem<Value>[] {
    const { start, entries } = level;
    const isInside = start.startsWith(prefix);
    const files: TreeItem<Value>[] = [];
    for (;;) {
      const entry = entries[level.next];
      if (entry?.isFolder !== false || files.length === MAX_TOGETHER) return files;
      level.next += 1;
      const key = start + entry.name;
      if (!isInside && !key.startsWith(prefix)) continue;
      if (position !== undefined) {
        if (isBeforeSeek(key, position)) continue;
        position = undefined;
      }
      files.push({ key, value: entry.value });
    }
  }

  function read(start: string): Promise<readonly TreeEntry<Value>[]> {
    return readFolder(start.slice(0, -1));
  }
}

function levelOf<Value>(start: string, entries: readonly TreeEntry<Value>[]): Level<Value> {
  return { start, entries: inOrder(entries), next: 0, ahead: new Map() };
}

/** In the order of the keys below: a folder sorts with the slash that follows it. */
function inOrder<Value>(entries: readonly TreeEntry<Value>[]): readonly TreeEntry<Value>[] {
  if (isInOrder(entries)) return entries;
  const byOrder = new Map(entries.map((entry) => [orderOf(entry), entry]));
  return sortKeys(byOrder.keys()).map((order) => byOrder.get(order) as TreeEntry<Value>);
}

/** Whether nothing is left to sort. Does not look closer where JavaScript's order is not UTF-8's. */
function isInOrder<Value>(entries: readonly TreeEntry<Value>[]): boolean {
  let before = '';
  for (const entry of entries) {
    const order = orderOf(entry);
    if (order <= before || SURROGATE.test(order)) return false;
    before = order;
  }
  return true;
}

function orderOf<Value>({ name, isFolder }: TreeEntry<Value>): string {
  return isFolder ? `${name}/` : name;
}

/** Whether keys below a folder can have the prefix. */
function meets(start: string, prefix: string): boolean {
  return start.startsWith(prefix) || prefix.startsWith(start);
}

/** Whether every key below a folder is before the position. */
function isWhollyBefore(start: string, { after, atOrAfter }: SeekFrom): boolean {
  return [after, atOrAfter].some(
    (key) => key !== undefined && !key.startsWith(start) && compareKeys(start, key) < 0,
  );
}
