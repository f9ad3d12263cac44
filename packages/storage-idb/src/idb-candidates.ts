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
}

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
  const places = await store.read(['infos'], (tx) => choosePlaces(tx, query, store.fields, range));
  if (places === undefined) {
    yield* listObjects(store, {
      prefix,
      ...(startAfter !== undefined && { startAfter }),
      ...(signal && { signal }),
    });
    return;
  }
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

/** Sorted places within the range. `undefined`: a listing is quicker. */
async function choosePlaces(
  tx: IdbTransaction,
  query: CandidateQuery,
  fields: readonly string[],
  range: PlaceRange,
): Promise<readonly string[] | undefined> {
  const all = narrowings(query, fields);
  const { contentType } = query;
  if (all.length === 0 && contentType === undefined) return undefined;
  const [total, ...counts] = await Promise.all([
    placesIn(tx, range).count(),
    ...all.map((narrowing) => narrowing.count(tx)),
  ]);
  const least = Math.min(...counts);
  const best = all[counts.indexOf(least)];
  if (best !== undefined && least * SCATTERED_COST <= total) {
    return inOrder(await best.places(tx), range);
  }
  if (contentType === undefined) return undefined;
  const places = await placesOfType(tx, contentType.toLowerCase(), range);
  return places.length * SCATTERED_COST <= total ? inOrder(places, range) : undefined;
}

function placesIn(
  tx: IdbTransaction,
  { from, isOpen, to }: PlaceRange,
): Collection<InfoRow, string> {
  const places = tx.table('infos').where('place');
  return places.between(from, to ?? BEHIND_TEXT, !isOpen, false) as Collection<InfoRow, string>;
}

function inOrder(places: readonly string[], { from, isOpen, to }: PlaceRange): readonly string[] {
  const inside = places.filter(
    (place) => (isOpen ? place > from : place >= from) && (to === undefined || place < to),
  );
  return [...new Set(inside)].sort();
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
