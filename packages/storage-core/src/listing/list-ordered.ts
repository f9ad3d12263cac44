import type { JsonValue } from '../contract/json.ts';
import type { ListEntry, ListItem, ListOptions, ListPage } from '../contract/operations.ts';
import { StorageError } from '../errors/storage-error.ts';
import { abortedError } from '../errors/to-storage-error.ts';
import { compareKeys } from '../keys/compare-keys.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

/** Where a walk over keys in UTF-8 order begins. */
export interface SeekFrom {
  readonly prefix: string;
  /** Leaves out this key and all before it. */
  readonly after?: string;
  /** Leaves out all keys before this one. */
  readonly atOrAfter?: string;
}

/** Whether a key comes before the position, so that a walk from there leaves it out. */
export function isBeforeSeek(key: string, { after, atOrAfter }: SeekFrom): boolean {
  return (
    (after !== undefined && compareKeys(key, after) <= 0) ||
    (atOrAfter !== undefined && compareKeys(key, atOrAfter) < 0)
  );
}

/**
 * Items with the prefix, from a position, in UTF-8 order of their keys: one by one, or several
 * together, which costs less. A generator may look at what `yield` returns: a later position that
 * it can jump to.
 */
export type OrderedSource = (
  from: SeekFrom,
) => AsyncIterable<ListItem | readonly ListItem[]> | Iterable<ListItem | readonly ListItem[]>;

/** Settings of {@link listOrdered}. */
export interface ListOrderedSettings {
  /** Entries of a page. */
  readonly pageSize: number;
}

/** So many keys of a group are stepped over before the source is asked to seek behind it. */
const STEPS_BEFORE_SEEK = 8;

/**
 * Makes the pages of `list` from a source of items in key order: groups by delimiter, `limit`,
 * `startAfter`, and cursors bound to their query. It looks one item ahead, so the last page has no
 * cursor, and behind a large group it seeks instead of reading through it. No page is empty.
 */
export async function* listOrdered(
  options: ListOptions,
  source: OrderedSource,
  settings: ListOrderedSettings,
): AsyncGenerator<ListPage, void, undefined> {
  const { prefix = '', delimiter, limit = Number.POSITIVE_INFINITY, signal } = options;
  const { pageSize } = settings;
  let from: SeekFrom | undefined = startOf(options);
  let entries: ListEntry[] = [];
  let count = 0;

  while (from !== undefined) {
    const steps: SomeIterator = iterate(source(from));
    from = undefined;
    let group: string | undefined;
    let seek: SeekFrom | undefined;
    let stepped = 0;
    let ended = false;
    try {
      walk: for (;;) {
        if (signal?.aborted) throw abortedError(signal);
        const pending = steps.next(seek);
        seek = undefined;
        const step = pending instanceof Promise ? await pending : pending;
        if (step.done) {
          ended = true;
          break;
        }
        for (const item of isSeveral(step.value) ? step.value : [step.value]) {
          if (group !== undefined && item.key.startsWith(group)) {
            // What comes with the group's first key costs nothing more; the source is not told yet.
            if (seek !== undefined) continue;
            stepped += 1;
            if (stepped > STEPS_BEFORE_SEEK) {
              from = behind(prefix, group);
              break walk;
            }
            continue;
          }
          if (count === limit || entries.length === pageSize) {
            yield { entries, cursor: encodeCursor(options, placeBehind(entries)) };
            if (count === limit) return;
            if (signal?.aborted) throw abortedError(signal);
            entries = [];
          }
          count += 1;
          seek = undefined;
          group = delimiter === undefined ? undefined : groupOf(item.key, prefix, delimiter);
          if (group === undefined) {
            entries.push(item);
          } else {
            entries.push({ kind: 'prefix', key: group });
            seek = behind(prefix, group);
            stepped = 0;
          }
        }
      }
    } finally {
      if (!ended) await steps.return?.();
    }
  }
  if (entries.length > 0) yield { entries };
}

/** The smallest string that sorts behind every string with this start; `undefined` when none does. */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last < 0x10ffff) {
      const next = last === 0xd7ff ? 0xe000 : last + 1;
      return String.fromCodePoint(...points, next);
    }
  }
  return undefined;
}

type Step = IteratorResult<ListItem | readonly ListItem[]>;

interface SomeIterator {
  next(seek?: SeekFrom): Promise<Step> | Step;
  return?(): unknown;
}

function isSeveral(found: ListItem | readonly ListItem[]): found is readonly ListItem[] {
  return Array.isArray(found);
}

function iterate(items: ReturnType<OrderedSource>): SomeIterator {
  return Symbol.asyncIterator in items
    ? (items[Symbol.asyncIterator]() as SomeIterator)
    : (items[Symbol.iterator]() as SomeIterator);
}

function startOf(options: ListOptions): SeekFrom | undefined {
  const { prefix = '', startAfter, cursor } = options;
  const start = startAfter === undefined ? { prefix } : { prefix, after: startAfter };
  if (cursor === undefined) return start;
  const position = decodeCursor(cursor, options);
  const [key, kind] = Array.isArray(position) ? position : [];
  if (typeof key !== 'string') {
    throw new StorageError('invalid-argument', 'the cursor is not one of this listing.');
  }
  if (kind === 'prefix') return behind(prefix, key);
  return startAfter !== undefined && compareKeys(startAfter, key) > 0
    ? start
    : { prefix, after: key };
}

/** The position behind the last entry of a page, as a cursor tells it. */
function placeBehind(entries: readonly ListEntry[]): JsonValue {
  const { key = '', kind } = entries.at(-1) ?? {};
  return kind === 'prefix' ? [key, kind] : [key];
}

function behind(prefix: string, group: string): SeekFrom | undefined {
  const atOrAfter = afterPrefix(group);
  return atOrAfter === undefined ? undefined : { prefix, atOrAfter };
}

function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}
