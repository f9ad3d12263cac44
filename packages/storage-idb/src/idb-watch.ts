import {
  abortedError,
  type ChangeEvent,
  type EventChannel,
  eventChannel,
  isStorageError,
  StorageError,
  type Watcher,
  type WatchOptions,
} from '@granary/storage-core/provider';
import { type ChangePosition, eventsOf, readChanges } from './idb-feed.ts';
import type { ChangeRow } from './idb-schema.ts';
import type { IdbStore } from './idb-store.ts';

/** Events that a slow reader may fall behind before it is told of a loss. */
const MAX_BUFFERED_EVENTS = 10_000;
/** A tab may be killed between its commit and its hint, so watchers look without one, too. */
const LOOK_MS = 30_000;
/** Without BroadcastChannel (Safari before 15.4): pages hear pages by `storage` events, and workers neither hear nor tell. */
const LOOK_WITHOUT_CHANNEL_MS = 500;
const TRY_AGAIN_MS = 1000;
/** What a message must be to be a hint. Everything else on the channel is somebody else's. */
const HINT = 'granary:changed';

type Listener = (event: { readonly data?: unknown; readonly key?: string | null }) => void;

interface Listening {
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
}

/** A BroadcastChannel, as far as it is used here. */
export interface HintChannel extends Listening {
  postMessage(message: unknown): void;
  close(): void;
  /** Of Node's own: lets the process end. */
  unref?(): void;
}

/** The globals of a page or worker that watching uses, where they exist. */
export interface WatchPlatform extends Partial<Listening> {
  readonly BroadcastChannel?: new (name: string) => HintChannel;
  readonly localStorage?: { setItem(name: string, value: string): void };
  readonly document?: Listening & { readonly visibilityState?: string };
  setTimeout?(run: () => void, ms: number): unknown;
  clearTimeout?(timer: unknown): void;
}

/** What {@link changeWatch} can be told. */
export interface ChangeWatchSettings {
  /** Default: the globals of the page or worker. */
  readonly platform?: WatchPlatform;
}

/** Watchers over the table of changes. */
export interface ChangeWatch {
  /** Tells other tabs and workers, and the own watchers, to look. */
  announce(): void;
  watch(options: WatchOptions): Promise<Watcher>;
  /** Ends all watchers and lets go of what they hold. */
  close(): Promise<void>;
}

interface Watching extends EventChannel {
  readonly prefix: string;
  /** Where the feed stood when the watcher was handed out. */
  readonly from: ChangePosition;
}

/**
 * Reads the table of changes on from where it stood, whenever something hints at a change: a message
 * of another tab or worker, an own commit, a page that becomes visible or thaws, and a slow timer.
 * Hints may be lost, come twice or be forged; what watchers hear comes from the table alone, own
 * changes once like all others. Nothing listens and no timer runs while nobody watches.
 */
export function changeWatch(store: IdbStore, settings: ChangeWatchSettings = {}): ChangeWatch {
  const { platform = globalThis as WatchPlatform } = settings;
  const hints = changeHints(platform, `granary:idb:${store.dbName}`);
  const watchers = new Set<Watching>();
  /** Watchers that exist or are being made. */
  let users = 0;
  let position: ChangePosition | undefined;
  let isLooking = false;
  let isLookDue = false;
  let isClosed = false;
  let timer: unknown;
  let stopListening: (() => void) | undefined;

  function start(): void {
    users += 1;
    if (users > 1) return;
    stopListening = hints.listen(look);
    lookLater(hints.lookMs);
  }

  function stop(): void {
    users -= 1;
    if (users > 0) return;
    platform.clearTimeout?.(timer);
    stopListening?.();
    position = undefined;
  }

  function lookLater(ms: number): void {
    platform.clearTimeout?.(timer);
    timer = platform.setTimeout?.(look, ms);
  }

  function look(): void {
    isLookDue = true;
    if (!isLooking) void lookOn();
  }

  async function lookOn(): Promise<void> {
    isLooking = true;
    let nextMs = hints.lookMs;
    while (isLookDue && position !== undefined) {
      isLookDue = false;
      try {
        isLookDue ||= await readOn(position);
      } catch (error) {
        if (isStorageError(error) && !error.retryable) failAll(error);
        else nextMs = TRY_AGAIN_MS;
        break;
      }
    }
    isLooking = false;
    if (users > 0) lookLater(nextMs);
  }

  /** Hands on what came after the position. Returns whether there is more. */
  async function readOn(from: ChangePosition): Promise<boolean> {
    const slice = await readChanges(store, from);
    if (position === undefined) return false;
    position = slice.position;
    if (slice.rows === undefined) {
      const isAnotherStore = slice.position.storeId !== from.storeId;
      for (const { push } of watchers) push({ type: isAnotherStore ? 'reset' : 'lost' });
    }
    for (const row of slice.rows ?? []) hand(row, slice.position.storeId);
    return slice.hasMore;
  }

  function hand(row: ChangeRow, storeId: string): void {
    const events = eventsOf(row, store.writer);
    for (const { from, prefix, push } of watchers) {
      if (from.storeId === storeId && (row.sequence ?? 0) <= from.sequence) continue;
      for (const event of events) if (concerns(event, prefix)) push(event);
    }
  }

  function failAll(error: unknown): void {
    for (const { fail } of watchers) fail(error);
  }

  return {
    announce() {
      if (isClosed) return;
      hints.post();
      if (users > 0) look();
    },

    async watch({ prefix = '', signal }) {
      // It listens before it looks where the feed stands, so that no hint falls in between.
      start();
      let now: ChangePosition;
      try {
        now = (await readChanges(store, undefined)).position;
        if (isClosed) throw new StorageError('closed', 'the storage was closed.');
        if (signal?.aborted) throw abortedError(signal);
      } catch (error) {
        stop();
        throw error;
      }
      const channel = eventChannel({
        maxBuffered: MAX_BUFFERED_EVENTS,
        onClose() {
          watchers.delete(watching);
          stop();
        },
        ...(signal && { signal }),
      });
      const watching = { ...channel, prefix, from: now };
      position ??= now;
      watchers.add(watching);
      look();
      return channel.watcher;
    },

    async close() {
      isClosed = true;
      await Promise.all([...watchers].map(({ watcher }) => watcher.close()));
      hints.close();
    },
  };
}

/** An event about one key concerns watchers of its prefixes, a wider one all that it may be about. */
function concerns(event: ChangeEvent, prefix: string): boolean {
  switch (event.type) {
    case 'put':
    case 'delete':
      return event.key === undefined || event.key.startsWith(prefix);
    case 'subtree': {
      const { prefix: changed = '' } = event;
      return changed.startsWith(prefix) || prefix.startsWith(changed);
    }
    case 'reset':
      return true;
  }
}

/** How tabs and workers tell each other to look. */
interface ChangeHints {
  /** How long to wait at most before looking without a hint. Units: ms. */
  readonly lookMs: number;
  post(): void;
  /** Returns what ends it. */
  listen(look: () => void): () => void;
  close(): void;
}

function changeHints(platform: WatchPlatform, name: string): ChangeHints {
  const { BroadcastChannel: Channel, document } = platform;
  const memory = Channel === undefined ? localStorageOf(platform) : undefined;
  let channel: HintChannel | undefined;
  let posted = 0;

  function open(): HintChannel | undefined {
    if (channel === undefined && Channel !== undefined) {
      channel = new Channel(name);
      channel.unref?.();
    }
    return channel;
  }

  function close(): void {
    channel?.close();
    channel = undefined;
  }

  return {
    lookMs: Channel ? LOOK_MS : LOOK_WITHOUT_CHANNEL_MS,

    post() {
      open()?.postMessage(HINT);
      if (memory === undefined) return;
      posted += 1;
      try {
        // Only another value makes an event.
        memory.setItem(name, `${Date.now()}-${posted}-${Math.random()}`);
      } catch {
        // It is full or forbidden; the others look by themselves.
      }
    },

    listen(look) {
      let isFrozen = false;
      const hint = () => {
        // Messages reach a frozen page, but its transaction would not end and would block all others.
        if (!isFrozen) look();
      };
      const wake = () => {
        isFrozen = false;
        look();
      };
      const onMessage: Listener = ({ data }) => {
        if (data === HINT) hint();
      };
      const onStorage: Listener = ({ key }) => {
        if (key === name) hint();
      };
      const onVisible = () => {
        if (document?.visibilityState !== 'hidden') wake();
      };
      const onFreeze = () => {
        isFrozen = true;
      };
      const listening: readonly (readonly [Partial<Listening> | undefined, string, Listener])[] = [
        [open(), 'message', onMessage],
        [memory && platform, 'storage', onStorage],
        // https://developer.chrome.com/docs/web-platform/page-lifecycle-api (read 2026-11-21)
        [document, 'freeze', onFreeze],
        [document, 'resume', wake],
        [document, 'visibilitychange', onVisible],
        [platform, 'pageshow', wake],
      ];
      for (const [target, type, run] of listening) target?.addEventListener?.(type, run);
      return () => {
        for (const [target, type, run] of listening) target?.removeEventListener?.(type, run);
        close();
      };
    },

    close,
  };
}

/** Even to ask for it is refused where a person has forbidden sites to store data. */
function localStorageOf(platform: WatchPlatform): WatchPlatform['localStorage'] {
  try {
    return platform.localStorage;
  } catch {
    return undefined;
  }
}
