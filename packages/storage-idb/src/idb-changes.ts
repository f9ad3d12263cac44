import {
  type ChangeEvent,
  decodeCursor,
  encodeCursor,
  type JsonValue,
} from '@granary/storage-core/provider';
import { type ChangePosition, eventsOf, readChanges } from './idb-feed.ts';
import type { ChangeLog, IdbStore } from './idb-store.ts';
import { type ChangeWatch, changeWatch, type WatchPlatform } from './idb-watch.ts';

/** The newest rows stay, whatever their age, so many and all of the last hour. */
const KEPT_ROWS = 10_000;
const KEPT_MS = 60 * 60 * 1000;
/** No more than this stay, whatever their age. */
const MOST_ROWS = 100_000;
/** One transaction prunes so many rows, after as many were recorded: no write waits for long. */
const PRUNED_ROWS = 1000;
/** The feed has one query, so every cursor is bound to the same one. */
const FEED = {};

/** What {@link changeLog} can be told. */
export interface ChangeLogSettings {
  /** Units: ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /** Default: the globals of the page or worker. */
  readonly platform?: WatchPlatform;
}

/** The feed, and what a full store needs of it. */
export interface IdbChanges extends ChangeLog {
  /**
   * Runs an operation whose transactions record nothing and empty the feed instead, so that every
   * reader of it has to list again: on a full store a transaction may delete and may not add.
   */
  withoutRecord<Result>(operation: () => Promise<Result>): Promise<Result>;
}

/**
 * The feed of changes over the table `changes`. A cursor names the last row it has seen; while that
 * row is there, so is all that came after it, because rows go from the oldest on.
 */
export function changeLog(store: IdbStore, settings: ChangeLogSettings = {}): IdbChanges {
  const { now = Date.now, platform } = settings;
  const watching: ChangeWatch = changeWatch(store, platform === undefined ? {} : { platform });
  let withoutRecords = 0;
  let isPruneDue = false;
  let pruning: Promise<void> | undefined;

  /** Returns whether there may be more to prune. */
  function pruneSlice(): Promise<boolean> {
    return store.write(['changes'], async (tx) => {
      const rows = tx.table('changes');
      const oldest = await rows
        .orderBy('sequence')
        .offset(PRUNED_ROWS - 1)
        .first();
      const newest = await rows.orderBy('sequence').last();
      if (oldest?.sequence === undefined || newest?.sequence === undefined) return false;
      const behind = newest.sequence - oldest.sequence;
      if (behind < KEPT_ROWS) return false;
      if (behind < MOST_ROWS && oldest.at > now() - KEPT_MS) return false;
      await rows.where('sequence').belowOrEqual(oldest.sequence).delete();
      return true;
    });
  }

  async function prune(): Promise<void> {
    try {
      while (await pruneSlice());
    } catch {
      // The store was closed or is out of reach; the next thousand rows try again.
    } finally {
      pruning = undefined;
    }
  }

  return {
    record(tx, events) {
      if (events.length === 0) return Promise.resolve();
      const rows = tx.table('changes');
      if (withoutRecords > 0) return rows.clear();
      return rows.add({ at: now(), writer: store.writer, events }).then((sequence) => {
        isPruneDue ||= Number(sequence) % PRUNED_ROWS === 0;
      });
    },

    announce() {
      watching.announce();
      if (!isPruneDue) return;
      isPruneDue = false;
      pruning ??= prune();
    },

    watch: (options) => watching.watch(options),

    async *changes({ cursor }) {
      let from = cursor === undefined ? undefined : positionIn(decodeCursor(cursor, FEED));
      for (;;) {
        const { rows, position, hasMore } = await readChanges(store, from);
        const events: readonly ChangeEvent[] = rows?.flatMap((row) =>
          eventsOf(row, store.writer),
        ) ?? [{ type: 'reset' }];
        yield { events, cursor: encodeCursor(FEED, [position.storeId, position.sequence]) };
        if (!hasMore) return;
        from = position;
      }
    },

    async withoutRecord(operation) {
      withoutRecords += 1;
      try {
        return await operation();
      } finally {
        withoutRecords -= 1;
      }
    },

    async close() {
      await watching.close();
      await pruning;
    },
  };
}

/** The position in a cursor. One that can't be read is a position that no store knows. */
function positionIn(value: JsonValue): ChangePosition {
  const [storeId, sequence] = Array.isArray(value) ? value : [];
  if (typeof storeId === 'string' && Number.isSafeInteger(sequence)) {
    return { storeId, sequence: Number(sequence) };
  }
  return { storeId: '', sequence: -1 };
}
