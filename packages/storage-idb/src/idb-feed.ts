import type { ChangeEvent } from '@granary/storage-core/provider';
import { type ChangeRow, META } from './idb-schema.ts';
import type { IdbStore } from './idb-store.ts';

/** Rows that are read at once. A row has the events of one transaction. */
const ROWS_PER_READ = 100;

/** A place in the feed: after this row. 0 stands before the first row of a store. */
export interface ChangePosition {
  readonly storeId: string;
  readonly sequence: number;
}

/** What came after a position. */
export interface ChangeSlice {
  /** In order. `undefined`: what came after the position is not known any more. */
  readonly rows: readonly ChangeRow[] | undefined;
  /** After these rows; without rows, after the newest one. */
  readonly position: ChangePosition;
  readonly hasMore: boolean;
}

/** Reads on from a position; without one, nothing but where the feed stands now. */
export function readChanges(
  store: IdbStore,
  from: ChangePosition | undefined,
): Promise<ChangeSlice> {
  return store.read(['changes', 'meta'], async (tx) => {
    const table = tx.table('changes');
    const storeId = String((await tx.table('meta').get(META.storeId))?.value);
    const sequence = from?.sequence ?? -1;
    const isKnown = from?.storeId === storeId && (await isThere());
    if (!isKnown) {
      const newest = await table.orderBy('sequence').last();
      const position = { storeId, sequence: newest?.sequence ?? 0 };
      return { rows: from === undefined ? [] : undefined, position, hasMore: false };
    }
    const rows = await table.where('sequence').above(sequence).limit(ROWS_PER_READ).toArray();
    const last = rows.at(-1)?.sequence ?? sequence;
    return { rows, position: { storeId, sequence: last }, hasMore: rows.length === ROWS_PER_READ };

    async function isThere(): Promise<boolean> {
      if (sequence > 0) return (await table.get(sequence)) !== undefined;
      const oldest = await table.orderBy('sequence').first();
      return sequence === 0 && (oldest?.sequence ?? 1) === 1;
    }
  });
}

/** The events of a row, each with whether this provider made them. */
export function eventsOf(row: ChangeRow, writer: string): readonly ChangeEvent[] {
  const isOwn = row.writer === writer;
  return row.events.map((event) => (event.type === 'reset' ? event : { ...event, isOwn }));
}
