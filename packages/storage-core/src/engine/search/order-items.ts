import type { JsonValue } from '../../contract/json.ts';
import type { SortField, StorageItem, StorageQuery } from '../../contract/listing.ts';
import { compareKeys } from '../../keys/compare-keys.ts';
import { valueAt } from './match-item.ts';

/** Where an item stands in the order of a search: survives JSON. `null` stands for no value. */
export type Rank = readonly [value: string | number | boolean | null, key: string];

/** The order that a search asks for. */
export interface ItemOrder {
  rankOf(item: StorageItem): Rank;
  compare(a: Rank, b: Rank): number;
}

/** The order of a query's `sort`; equal ranks do not occur, because keys do not repeat. */
export function orderOf({ sort }: StorageQuery): ItemOrder {
  const by = sort?.by ?? 'key';
  const sign = sort?.order === 'desc' ? -1 : 1;
  return {
    rankOf: (item) => [by === 'key' ? null : sortValue(item, by), item.key],
    compare([a, aKey], [b, bKey]) {
      // Items without the field come last in either direction.
      if (a === null || b === null) {
        if (a !== b) return a === null ? 1 : -1;
        return (by === 'key' ? sign : 1) * compareKeys(aKey, bKey);
      }
      return sign * compareValues(a, b) || compareKeys(aKey, bKey);
    },
  };
}

function sortValue(item: StorageItem, by: Exclude<SortField, 'key'>): Rank[0] {
  if (by === 'size') return item.size ?? null;
  if (by === 'modifiedAt' || by === 'createdAt') return item[by]?.getTime() ?? null;
  const value: JsonValue | undefined = valueAt(item.metadata ?? {}, by.slice('metadata.'.length));
  return value === undefined || typeof value === 'object' ? null : value;
}

/** Numbers before strings before booleans; within a kind by value. */
function compareValues(a: string | number | boolean, b: string | number | boolean): number {
  const kinds = ['number', 'string', 'boolean'];
  const kind = kinds.indexOf(typeof a) - kinds.indexOf(typeof b);
  if (kind !== 0) return kind;
  return a < b ? -1 : Number(a > b);
}

/** The first items of an order, as many as are asked for, out of any number. */
export interface Selection {
  add(item: StorageItem): void;
  /** In order. */
  items(): StorageItem[];
}

/** Keeps the first `limit` items after a rank; without a limit, all. Holds no more than twice the limit. */
export function selectFirst(order: ItemOrder, limit: number, after: Rank | undefined): Selection {
  let kept: { readonly rank: Rank; readonly item: StorageItem }[] = [];
  let worst: Rank | undefined;

  function trim(): void {
    kept.sort((a, b) => order.compare(a.rank, b.rank));
    if (kept.length <= limit) return;
    kept = kept.slice(0, limit);
    worst = kept.at(-1)?.rank;
  }

  return {
    add(item) {
      const rank = order.rankOf(item);
      if (after !== undefined && order.compare(rank, after) <= 0) return;
      if (worst !== undefined && order.compare(rank, worst) >= 0) return;
      kept.push({ rank, item });
      if (kept.length >= 2 * limit) trim();
    },
    items() {
      trim();
      return kept.map(({ item }) => item);
    },
  };
}
