import {
  abortedError,
  type CandidateQuery,
  type Comparison,
  contentTypeOf,
  type ListPage,
  type OperationOptions,
} from '@granary/storage-core/provider';
import type { Collection } from 'dexie';
import { mediaTypeOf, toItem } from './idb-info.ts';
import { toKey } from './idb-keys.ts';
import { listObjects, type PlaceRange, rangeOf } from './idb-list.ts';
import { findRows } from './idb-rows.ts';
import type { InfoRow } from './idb-schema.ts';
import type { IdbStore, IdbTransaction } from './idb-store.ts';

const PAGE_SIZE = 500;
/** Reading infos one by one takes so many times as long as reading them in a row. */
const SCATTERED_COST = 4;
/** Sorts behind every number, date and text. */
const BEHIND_TEXT: readonly never[] = [];

/** Finds the places of all objects for which one condition of a query can hold, and maybe of others. */
interface Narrowing {
  count(tx: IdbTransaction): PromiseLike<number>;
  places(tx: IdbTransaction): PromiseLike<readonly string[]>;
  /** `undefined`: there are more than the limit. */
  rows(tx: IdbTransaction, limit: number): PromiseLike<readonly InfoRow[] | undefined>;
}

/** What an index found: few objects as a whole, many as their places. */
type Found = { readonly rows: readonly InfoRow[] } | { readonly places: readonly string[] };

/**
 * Candidates of a search: one index is chosen, the one that finds the least, and its infos are read in
 * the order of listings. Where no index helps, or where all of them find much, it is a listing.
 */
export async function* findCandidates(
  store: IdbStore,
  query: CandidateQuery,
  { signal }: OperationOptions,
): AsyncGenerator<ListPage, void, undefined> {
  await store.open();
  const { prefix = '', startAfter } = query;
  const range = rangeOf({ prefix, ...(startAfter !== undefined && { after: startAfter }) });
  if (range === undefined) return;
  const found = await store.read(['infos'], (tx) => find(tx, query, store.fields, range));
  if (found === undefined) {
    yield* listObjects(store, {
      prefix,
      ...(startAfter !== undefined && { startAfter }),
      ...(signal && { signal }),
    });
    return;
  }
  if (signal?.aborted) throw abortedError(signal);
  if ('rows' in found) {
    if (found.rows.length > 0) yield { entries: found.rows.map(toItem) };
    return;
  }
  const { places } = found;
  for (let from = 0; from < places.length; from += PAGE_SIZE) {
    if (signal?.aborted) throw abortedError(signal);
    const page = places.slice(from, from + PAGE_SIZE);
    const rows = await store.read(['infos'], (tx) => findRows(tx, page));
    const entries = page.flatMap((place) => {
      const row = rows.get(place);
      return row === undefined ? [] : [toItem(row)];
    });
    if (entries.length > 0) yield { entries };
  }
}

/** What is within the range, sorted. `undefined`: a listing is quicker. */
async function find(
  tx: IdbTransaction,
  query: CandidateQuery,
  fields: readonly string[],
  range: PlaceRange,
): Promise<Found | undefined> {
  const all = narrowings(query, fields);
  const { contentType } = query;
  // Counting a large range takes longer than reading a page.
  const counts = all.length < 2 ? [0] : await Promise.all(all.map((one) => one.count(tx)));
  const best = all[counts.indexOf(Math.min(...counts))];
  if (best !== undefined && Math.min(...counts) <= PAGE_SIZE) {
    const rows = await best.rows(tx, PAGE_SIZE);
    if (rows !== undefined) return { rows: inOrder(rows, range) };
  }
  if (best === undefined && contentType === undefined) return undefined;
  const total = await placesIn(tx, range).count();
  if (best !== undefined && (await best.count(tx)) * SCATTERED_COST <= total) {
    return { places: placesInOrder(await best.places(tx), range) };
  }
  if (contentType === undefined) return undefined;
  const places = await placesOfType(tx, contentType.toLowerCase(), range);
  return places.length * SCATTERED_COST <= total
    ? { places: placesInOrder(places, range) }
    : undefined;
}

function placesIn(
  tx: IdbTransaction,
  { from, isOpen, to }: PlaceRange,
): Collection<InfoRow, string> {
  const places = tx.table('infos').where('place');
  return places.between(from, to ?? BEHIND_TEXT, !isOpen, false) as Collection<InfoRow, string>;
}

function isIn({ from, isOpen, to }: PlaceRange, place: string): boolean {
  return (isOpen ? place > from : place >= from) && (to === undefined || place < to);
}

function placesInOrder(places: readonly string[], range: PlaceRange): readonly string[] {
  return [...new Set(places)].filter((place) => isIn(range, place)).sort();
}

function inOrder(rows: readonly InfoRow[], range: PlaceRange): readonly InfoRow[] {
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  return placesInOrder([...byPlace.keys()], range).flatMap((place) => byPlace.get(place) ?? []);
}

function narrowings(query: CandidateQuery, fields: readonly string[]): readonly Narrowing[] {
  const { tags = [], anyTags, modifiedAt, createdAt, metadata = {} } = query;
  const all: Narrowing[] = tags.map((tag) => byIndex('tags', [only(tag)]));
  if (anyTags !== undefined) all.push(byIndex('tags', [...new Set(anyTags)].map(only)));
  if (modifiedAt !== undefined) all.push(byIndex('modifiedAt', [timesOf(modifiedAt)]));
  // A row has its creation only where it is another time than that of the last write.
  if (createdAt !== undefined) {
    const times = timesOf(createdAt);
    all.push(joined([byIndex('createdAt', [times]), byIndex('modifiedAt', [times])]));
  }
  for (const [field, wanted] of Object.entries(metadata)) {
    const ranges = fields.includes(field) ? rangesOf(wanted) : undefined;
    if (ranges !== undefined) all.push(byIndex(`metadata.${field}`, ranges));
  }
  return all;
}

type KeyRange = readonly [from: string | number, to: string | number | readonly never[]];

/** Values of an index within any of the ranges, their ends included. */
function byIndex(index: string, ranges: readonly KeyRange[]): Narrowing {
  const collections = (tx: IdbTransaction): Collection<InfoRow, string>[] =>
    ranges.map(([from, to]) =>
      tx.table('infos').where(index).between(from, to, true, true),
    ) as Collection<InfoRow, string>[];
  return {
    async count(tx) {
      const counts = await Promise.all(collections(tx).map((found) => found.count()));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async places(tx) {
      return (await Promise.all(collections(tx).map((found) => found.primaryKeys()))).flat();
    },
    async rows(tx, limit) {
      const found = collections(tx).map((each) => each.limit(limit + 1).toArray());
      const rows = (await Promise.all(found)).flat();
      return rows.length > limit ? undefined : rows;
    },
  };
}

function joined(all: readonly Narrowing[]): Narrowing {
  return {
    async count(tx) {
      const counts = await Promise.all(all.map((one) => one.count(tx)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async places(tx) {
      return (await Promise.all(all.map((one) => one.places(tx)))).flat();
    },
    async rows(tx, limit) {
      const found = await Promise.all(all.map((one) => one.rows(tx, limit)));
      const rows = found.flatMap((some) => some ?? []);
      return found.includes(undefined) || rows.length > limit ? undefined : rows;
    },
  };
}

/** Objects that were given the type, from the index, and those whose keys imply it. */
async function placesOfType(
  tx: IdbTransaction,
  wanted: string,
  range: PlaceRange,
): Promise<readonly string[]> {
  const isGroup = wanted.endsWith('/*');
  const start = isGroup ? wanted.slice(0, -1) : wanted;
  const given = byIndex('mediaType', [isGroup ? [start, `${start}\uffff`] : only(wanted)]);
  const [found, all] = await Promise.all([given.places(tx), placesIn(tx, range).primaryKeys()]);
  const implied = all.filter((place) => {
    const type = mediaTypeOf(contentTypeOf(toKey(place)) ?? '');
    return isGroup ? type.startsWith(start) : type === wanted;
  });
  return [...found, ...implied];
}

function only(value: string | number): KeyRange {
  return [value, value];
}

function timesOf({ after, before }: { readonly after?: Date; readonly before?: Date }): KeyRange {
  return [after?.getTime() ?? -Infinity, before?.getTime() ?? Infinity];
}

/** Ranges of an index in which all values lie for which a comparison holds. `undefined`: it does not help. */
function rangesOf(
  wanted: Comparison | string | number | boolean | null,
): readonly KeyRange[] | undefined {
  if (typeof wanted === 'string' || typeof wanted === 'number') return [only(wanted)];
  if (typeof wanted !== 'object' || wanted === null) return undefined;
  const { eq, in: among, gt, gte, lt, lte } = wanted;
  if (typeof eq === 'string' || typeof eq === 'number') return [only(eq)];
  if (among?.every((one) => typeof one === 'string' || typeof one === 'number')) {
    return [...new Set(among)].map((one) => only(one as string | number));
  }
  const [low, high] = [gt ?? gte, lt ?? lte];
  const bound = low ?? high;
  if (bound === undefined) return undefined;
  if (typeof bound === 'number') {
    return typeof (high ?? 0) === 'number' && typeof (low ?? 0) === 'number'
      ? [[low ?? -Infinity, high ?? Infinity]]
      : undefined;
  }
  return typeof (high ?? '') === 'string' && typeof (low ?? '') === 'string'
    ? [[low ?? '', high ?? BEHIND_TEXT]]
    : undefined;
}
