import { compareKeys } from '../keys/compare-keys.ts';
import { sortKeys } from '../keys/sort-keys.ts';
import type { SeekFrom } from './list-ordered.ts';

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

interface Level<Value> {
  /** The folder's path with a slash at its end; empty for the root. */
  readonly start: string;
  readonly entries: readonly TreeEntry<Value>[];
  next: number;
}

/**
 * Walks a tree of folders in the UTF-8 order of full keys (`a-b` before `a/b` before `a0`), from a
 * position, without reading folders that lie before it. It holds the names of one folder per
 * level. A position given to `next` jumps ahead. `readFolder` gets a path without slashes at its
 * ends, the root as an empty string, and returns nothing for a folder that is not there.
 */
export async function* flattenTree<Value>(
  readFolder: (path: string) => Promise<readonly TreeEntry<Value>[]>,
  from: SeekFrom,
): AsyncGenerator<TreeItem<Value>, void, SeekFrom | undefined> {
  const { prefix } = from;
  const top = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  let position: SeekFrom = from;
  const levels: Level<Value>[] = [await open(top)];

  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const entry = level.entries[level.next];
    if (entry === undefined) {
      levels.pop();
      continue;
    }
    level.next += 1;
    const key = level.start + entry.name;
    if (entry.isFolder) {
      const start = `${key}/`;
      if (!meets(start, prefix) || isWhollyBefore(start, position)) continue;
      levels.push(await open(start));
    } else if (key.startsWith(prefix) && !isBefore(key, position)) {
      position = (yield { key, value: entry.value }) ?? position;
    }
  }

  async function open(start: string): Promise<Level<Value>> {
    const entries = await readFolder(start.slice(0, -1));
    return { start, entries: sorted(entries), next: 0 };
  }
}

/** In the order of the keys below: a folder sorts with the slash that follows it. */
function sorted<Value>(entries: readonly TreeEntry<Value>[]): readonly TreeEntry<Value>[] {
  const byOrder = new Map(
    entries.map((entry) => [entry.isFolder ? `${entry.name}/` : entry.name, entry]),
  );
  return sortKeys(byOrder.keys()).map((order) => byOrder.get(order) as TreeEntry<Value>);
}

/** Whether keys below a folder can have the prefix. */
function meets(start: string, prefix: string): boolean {
  return start.startsWith(prefix) || prefix.startsWith(start);
}

function isBefore(key: string, { after, atOrAfter }: SeekFrom): boolean {
  return (
    (after !== undefined && compareKeys(key, after) <= 0) ||
    (atOrAfter !== undefined && compareKeys(key, atOrAfter) < 0)
  );
}

/** Whether every key below a folder is before the position. */
function isWhollyBefore(start: string, { after, atOrAfter }: SeekFrom): boolean {
  return [after, atOrAfter].some(
    (key) => key !== undefined && !key.startsWith(start) && compareKeys(start, key) < 0,
  );
}
