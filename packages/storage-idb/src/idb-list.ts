import {
  afterPrefix,
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type SeekFrom,
} from '@granary/storage-core/provider';
import { toItem } from './idb-info.ts';
import { toPlace } from './idb-keys.ts';
import type { InfoRow } from './idb-schema.ts';
import type { IdbStore } from './idb-store.ts';

const PAGE_SIZE = 1000;
/** Where groups are jumped over, what was read ahead is for nothing; it doubles while no jump comes. */
const FIRST_STEP_WITH_DELIMITER = 16;

/** Core makes groups, limits and cursors; what is left is to read infos in order from a place. */
export function listObjects(store: IdbStore, options: ListOptions): AsyncIterable<ListPage> {
  const { delimiter, limit = PAGE_SIZE } = options;
  // One more than asked for tells whether there are more.
  const firstStep =
    delimiter === undefined ? Math.min(PAGE_SIZE, limit + 1) : FIRST_STEP_WITH_DELIMITER;
  return listOrdered(options, (from) => itemsFrom(store, from, firstStep), {
    pageSize: PAGE_SIZE,
  });
}

/** Each step is a transaction of its own, so a slow reader holds up no writer. */
async function* itemsFrom(
  store: IdbStore,
  from: SeekFrom,
  firstStep: number,
): AsyncGenerator<readonly ListItem[], void, SeekFrom | undefined> {
  let range: PlaceRange | undefined = rangeOf(from);
  let step = firstStep;
  while (range !== undefined) {
    const rows: readonly InfoRow[] = await readRows(store, range, step);
    const last = rows.at(-1);
    if (last === undefined) return;
    const jump: SeekFrom | undefined = yield rows.map(toItem);
    if (jump !== undefined) {
      range = rangeOf(jump);
      step = firstStep;
    } else {
      if (rows.length < step) return;
      range = { ...range, from: last.place, isOpen: true };
      step = Math.min(PAGE_SIZE, step * 2);
    }
  }
}

/** Places of infos, from one on up to another. */
export interface PlaceRange {
  readonly from: string;
  /** Whether `from` itself is left out. */
  readonly isOpen: boolean;
  /** Itself left out. Absent: to the end. */
  readonly to: string | undefined;
}

/** `undefined`: nothing can be there. */
export function rangeOf({ prefix, after, atOrAfter = prefix }: SeekFrom): PlaceRange | undefined {
  const end = prefix === '' ? undefined : afterPrefix(prefix);
  const to = end === undefined ? undefined : toPlace(end);
  const [start, first, behind] = [toPlace(prefix), toPlace(atOrAfter), toPlace(after ?? '')];
  let closed = first;
  if (start > first) closed = start;
  const isOpen = after !== undefined && behind >= closed;
  const from = isOpen ? behind : closed;
  return to !== undefined && from >= to ? undefined : { from, isOpen, to };
}

/** So many infos from the start of a range on. */
async function readRows(
  store: IdbStore,
  { from, isOpen, to }: PlaceRange,
  count: number,
): Promise<readonly InfoRow[]> {
  return await store.read(['infos'], (tx) =>
    tx
      .table('infos')
      .where('place')
      .between(from, to ?? [], !isOpen, false)
      .limit(count)
      .toArray(),
  );
}
