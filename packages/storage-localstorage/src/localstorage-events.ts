import {
  type ChangeEvent,
  eventChannel,
  type WatchEvent,
  type Watcher,
  type WatchOptions,
} from '@granary/storage-core/provider';
import type { PageGlobals, WebStorage } from './localstorage-globals.ts';
import { parseItem } from './localstorage-item.ts';
import type { ItemNames } from './localstorage-keys.ts';

/** The event by which storages of one page hear of each other: `storage` events go to other pages alone. */
const SAME_PAGE = 'granary-localstorage';

/** The browser's event, as far as it is looked at. All is `null` after `clear()`. */
interface StorageEventLike extends Event {
  readonly key: string | null;
  readonly newValue: string | null;
  readonly storageArea: unknown;
}

/** A put or a delete. */
export type LocalChange = Extract<ChangeEvent, { readonly type: 'put' | 'delete' }>;

/** What the storages of one page tell each other. */
interface SamePageDetail {
  readonly lock: string;
  readonly source: object;
  readonly event: LocalChange;
}

/** Who is told what happens in a store, here and in other tabs. */
export interface LocalEvents {
  /** Begins to listen to other tabs. */
  open(storage: WebStorage): void;
  /** Tells of a change of our own. */
  publish(event: LocalChange): void;
  watch(options: WatchOptions): Watcher;
  close(): void;
}

export interface LocalEventsSettings {
  readonly globals: PageGlobals;
  readonly names: ItemNames;
  /** Told when somebody else may have changed the store. */
  readonly onOthers: () => void;
  /** Told when the page is left. One that holds a lock is not kept for the Back button. */
  readonly onLeave: () => void;
}

export function localEvents(settings: LocalEventsSettings): LocalEvents {
  const { globals, names, onOthers, onLeave } = settings;
  const watchers = new Map<object, (event: WatchEvent) => void>();
  const source = {};
  let storage: WebStorage | undefined;

  function tell(event: WatchEvent): void {
    for (const push of watchers.values()) push(event);
  }

  function onStorage(event: Event): void {
    const { key: name, newValue, storageArea } = event as StorageEventLike;
    if (storageArea !== storage) return;
    onOthers();
    const key = name === null ? undefined : names.keyOf(name);
    if (name === null) tell({ type: 'subtree', isOwn: false });
    else if (key === undefined) return;
    else if (newValue === null) tell({ type: 'delete', key, isOwn: false });
    else tell({ type: 'put', key, ...etagOf(key, newValue), isOwn: false });
  }

  function onSamePage(event: Event): void {
    const detail = (event as CustomEvent<SamePageDetail>).detail;
    if (detail.lock !== names.lock || detail.source === source) return;
    onOthers();
    tell({ ...detail.event, isOwn: false });
  }

  /** A page that comes back with the Back button has heard nothing meanwhile. */
  function onPageShow(event: Event): void {
    if (!(event as PageTransition).persisted) return;
    onOthers();
    tell({ type: 'lost' });
  }

  const listeners: readonly (readonly [string, (event: Event) => void])[] = [
    ['storage', onStorage],
    [SAME_PAGE, onSamePage],
    ['pageshow', onPageShow],
    ['pagehide', onLeave],
  ];

  return {
    open(opened) {
      storage = opened;
      for (const [type, listener] of listeners) globals.addEventListener?.(type, listener);
    },
    publish(event) {
      tell({ ...event, isOwn: true });
      const detail: SamePageDetail = { lock: names.lock, source, event };
      globals.dispatchEvent?.(new CustomEvent(SAME_PAGE, { detail }));
    },
    watch({ prefix = '', signal }) {
      // Not the watcher itself, which is not there yet when the signal ends it at once.
      const place = {};
      const { watcher, push } = eventChannel({
        signal,
        onClose: () => void watchers.delete(place),
      });
      if (signal?.aborted) return watcher;
      watchers.set(place, (event) => {
        if (!('key' in event) || event.key?.startsWith(prefix)) push(event);
      });
      return watcher;
    },
    close() {
      for (const [type, listener] of listeners) globals.removeEventListener?.(type, listener);
    },
  };
}

interface PageTransition extends Event {
  readonly persisted?: boolean;
}

function etagOf(key: string, value: string): { readonly etag?: string } {
  try {
    return { etag: parseItem(key, value).info.etag };
  } catch {
    return {};
  }
}
