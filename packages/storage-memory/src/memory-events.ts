import {
  type ChangeEvent,
  type ChangesOptions,
  type ChangesPage,
  decodeCursor,
  encodeCursor,
  eventChannel,
  type JsonValue,
  type Watcher,
  type WatchOptions,
} from '@granary/storage-core/provider';

/** Events that a slow reader of a watcher may fall behind before it is told of a loss. */
const MAX_BUFFERED_EVENTS = 1024;
/** Events that the feed remembers at least. */
const MAX_REMEMBERED_EVENTS = 10_000;
const EVENTS_PER_PAGE = 1000;
/** The feed has one query, so every cursor is bound to the same one. */
const FEED = {};

/** Who is told what happens in a store. Costs nothing while nobody listens. */
export interface MemoryEvents {
  publish(event: ChangeEvent): void;
  watch(options: WatchOptions): Watcher;
  changes(storeId: string, options: ChangesOptions): AsyncIterable<ChangesPage>;
}

export function memoryEvents(): MemoryEvents {
  const watchers = new Map<Watcher, (event: ChangeEvent) => void>();
  /** What happened since the first cursor was given out, and the number of the event it begins with. */
  let log: ChangeEvent[] | undefined;
  let firstNumber = 0;

  function remember(event: ChangeEvent): void {
    if (log === undefined) return;
    log.push(event);
    if (log.length < 2 * MAX_REMEMBERED_EVENTS) return;
    firstNumber += MAX_REMEMBERED_EVENTS;
    log = log.slice(MAX_REMEMBERED_EVENTS);
  }

  return {
    publish(event) {
      remember(event);
      for (const push of watchers.values()) push(event);
    },

    watch({ prefix = '', signal }) {
      const { watcher, push } = eventChannel({
        maxBuffered: MAX_BUFFERED_EVENTS,
        onClose: () => void watchers.delete(watcher),
        ...(signal && { signal }),
      });
      watchers.set(watcher, (event) => {
        if ('key' in event && event.key?.startsWith(prefix)) push(event);
      });
      return watcher;
    },

    async *changes(storeId, { cursor }) {
      log ??= [];
      const end = () => firstNumber + (log?.length ?? 0);
      const cursorAt = (number: number) => encodeCursor(FEED, [storeId, number]);
      let next = cursor === undefined ? end() : numberOf(decodeCursor(cursor, FEED), storeId);
      do {
        if (next === undefined || next < firstNumber || next > end()) {
          yield { events: [{ type: 'reset' }], cursor: cursorAt(end()) };
          return;
        }
        const from = next - firstNumber;
        const events = log.slice(from, from + EVENTS_PER_PAGE);
        next += events.length;
        yield { events, cursor: cursorAt(next) };
      } while (next < end());
    },
  };
}

/** The number in a cursor of this store. `undefined`: the cursor comes from another one. */
function numberOf(position: JsonValue, storeId: string): number | undefined {
  if (!Array.isArray(position)) return undefined;
  const [id, number] = position;
  return id === storeId && typeof number === 'number' ? number : undefined;
}
