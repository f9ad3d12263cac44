import {
  type ChangeEvent,
  type EventChannel,
  eventChannel,
  type Watcher,
  type WatchOptions,
} from '@granary/storage-core/provider';
import { type FolderWatch, watchFolder } from './opfs-folder-watch.ts';
import type { FolderObserverConstructor } from './opfs-platform.ts';
import type { Store } from './opfs-store.ts';

/** Remembered, so that what the browser sees besides is told apart from what was told already. */
const MAX_REMEMBERED = 4096;

/** An object that was written or deleted. */
export interface ObjectChange {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly etag?: string;
}

/** Tells all that listen of a change that this provider made. */
export type Publish = (change: ObjectChange) => void;

/** Live events: this provider's own, those of other tabs, and what the browser sees from outside. */
export interface Watching {
  readonly publish: Publish;
  watch(options: WatchOptions): Promise<Watcher>;
  close(): Promise<void>;
}

export interface WatchingParts {
  readonly store: Store;
  readonly observer: FolderObserverConstructor | undefined;
  /** Waits until nobody writes a key. */
  quiet(key: string): Promise<void>;
}

export function openWatching({ store, observer, quiet }: WatchingParts): Watching {
  const watchers = new Map<Watcher, (event: ChangeEvent | { readonly type: 'lost' }) => void>();
  const told = new Map<string, string>();
  let channel: BroadcastChannel | undefined;
  let folderWatch: Promise<FolderWatch | undefined> | undefined;
  let isClosed = false;

  /** Whether nobody was told of this state of the object yet. */
  function isNews({ type, key, etag = '' }: ObjectChange): boolean {
    const state = `${type} ${etag}`;
    if (told.get(key) === state) return false;
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.set(key, state);
    return true;
  }

  function emit(event: ChangeEvent | { readonly type: 'lost' }): void {
    for (const push of watchers.values()) push(event);
  }

  function hear(change: ObjectChange): void {
    if (watchers.size > 0 && isNews(change)) emit({ ...change, isOwn: false });
  }

  /** https://html.spec.whatwg.org/#broadcasting-to-other-browsing-contexts (read 2026-11-21): to all but itself. */
  function connect(): BroadcastChannel | undefined {
    if (channel !== undefined || isClosed || typeof BroadcastChannel === 'undefined')
      return channel;
    channel = new BroadcastChannel(`${store.space}:events`);
    channel.onmessage = ({ data }: MessageEvent<ObjectChange>) => hear(data);
    return channel;
  }

  async function forget(watcher: Watcher): Promise<void> {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    const ending = folderWatch;
    folderWatch = undefined;
    told.clear();
    (await ending)?.stop();
  }

  return {
    publish(change) {
      connect()?.postMessage(change);
      if (watchers.size === 0) return;
      // Changes of attributes alone have the same etag, and are told as well.
      isNews(change);
      emit({ ...change, isOwn: true });
    },

    async watch({ prefix = '', signal }) {
      connect();
      const events: EventChannel = eventChannel({
        signal,
        onClose: () => forget(events.watcher),
      });
      watchers.set(events.watcher, (event) => {
        const concerns =
          event.type === 'put' || event.type === 'delete'
            ? event.key?.startsWith(prefix)
            : event.type !== 'subtree' ||
              event.prefix === undefined ||
              event.prefix.startsWith(prefix) ||
              prefix.startsWith(event.prefix);
        if (concerns) events.push(event);
      });
      if (observer !== undefined) {
        folderWatch ??= watchFolder({ store, observer, quiet, hear, emit });
        await folderWatch;
      }
      return events.watcher;
    },

    async close() {
      isClosed = true;
      await Promise.all([...watchers.keys()].map((watcher) => watcher.close()));
      channel?.close();
      channel = undefined;
    },
  };
}
