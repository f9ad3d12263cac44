import type { Stats } from 'node:fs';
import {
  type CompanionLayout,
  companionName,
  type EventChannel,
  eventChannel,
  isCompanionName,
  type WatchEvent,
  type Watcher,
  type WatchOptions,
} from '@granary/storage-core/provider';
import { toFsError } from './fs-errors.ts';
import { etagOf } from './fs-info.ts';
import { joinPath, splitPath } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import type { FolderWatcher } from './fs-watch-folders.ts';

/** A path that was heard of is looked at when nothing more was heard for so long. Units: ms. */
const QUIET_MS = 25;
/** And at the latest after so long. Units: ms. */
const PATIENCE_MS = 200;
/** Objects of which the last event is remembered, so that it is not told twice. */
const MAX_REMEMBERED = 10_000;
const GONE = 'gone';

/** Tells watchers of changes in the store, whoever made them. */
export interface Watching {
  watch(options: WatchOptions): Promise<Watcher>;
  close(): Promise<void>;
}

interface Heard {
  /** The attributes may be other ones. */
  readonly withAttributes: boolean;
  /** There was nothing under the path before. */
  readonly isNew: boolean;
}

interface Subscriber {
  readonly prefix: string;
  readonly channel: EventChannel;
}

/** One watcher of the system serves all watchers of the store. */
export function storeWatching(store: Store, watcher: FolderWatcher): Watching {
  const subscribers = new Set<Subscriber>();
  /** What was last told of a key: its etag, or that it is gone. */
  const remembered = new Map<string, string>();
  const heard = new Map<string, Heard>();
  let source: Promise<{ close(): void | Promise<void> }> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let firstHeardAt = 0;
  let looking: Promise<void> = Promise.resolve();

  function publish(event: WatchEvent): void {
    for (const { prefix, channel } of subscribers) {
      if (concerns(event, prefix)) channel.push(event);
    }
  }

  function changed(path: string, isNew = false): void {
    const [folder, name] = splitPath(path);
    const { layout } = store.companions;
    if (layout === 'none' || !isCompanionName(name, layout)) {
      hear(path, { withAttributes: false, isNew });
    } else if (layout === 'manifest') {
      publishBelow(folder);
    } else {
      hear(joinPath(folder, ownerOf(name, layout)), { withAttributes: true, isNew: true });
    }
  }

  function hear(path: string, { withAttributes, isNew }: Heard): void {
    const before = heard.get(path);
    heard.set(path, {
      withAttributes: withAttributes || before?.withAttributes === true,
      isNew: before?.isNew ?? isNew,
    });
    const now = performance.now();
    if (timer === undefined) firstHeardAt = now;
    else if (now - firstHeardAt > PATIENCE_MS - QUIET_MS) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      looking = looking.then(lookAtHeard).catch(fail);
    }, QUIET_MS).unref();
  }

  async function lookAtHeard(): Promise<void> {
    const paths = [...heard];
    heard.clear();
    const found = await store.calls.lstatAll(paths.map(([path]) => store.folders.absolute(path)));
    for (const [index, [path, facts]] of paths.entries()) tell(path, found[index], facts);
  }

  function tell(path: string, stats: Stats | undefined, { withAttributes, isNew }: Heard): void {
    if (stats?.isDirectory()) return;
    const key = keyOf(path);
    if (key === undefined || (stats !== undefined && !stats.isFile())) return;
    const before = remembered.get(key);
    const now = stats === undefined ? GONE : etagOf(stats);
    if (now === before && (now === GONE || !withAttributes)) return;
    // It came and went before anybody was told, as the files do that editors save by.
    if (now === GONE && before === undefined && isNew) return;
    remembered.delete(key);
    remembered.set(key, now);
    if (remembered.size > MAX_REMEMBERED) {
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest);
        break;
      }
    }
    publish(stats === undefined ? { type: 'delete', key } : { type: 'put', key, etag: now });
  }

  function publishBelow(path: string): void {
    const key = path === '' ? '' : keyOf(path, 'folder');
    if (key !== undefined) publish({ type: 'subtree', prefix: key === '' ? '' : `${key}/` });
  }

  /** The key of a path; `undefined` for what is none of an object. */
  function keyOf(path: string, role: 'file' | 'folder' = 'file'): string | undefined {
    const segments: string[] = [];
    let long = '';
    const names = path.split('/');
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      if (!isLast && store.names.isPart(name)) {
        long += `${name}/`;
        continue;
      }
      const named = store.names.segmentOf(long + name, isLast ? role : 'folder');
      if (named === undefined) return undefined;
      long = '';
      segments.push(named.segment);
    }
    return segments.join('/');
  }

  function fail(error: unknown): void {
    for (const { channel } of subscribers) channel.fail(toFsError(error));
  }

  async function start(): Promise<{ close(): void | Promise<void> }> {
    // A folder must be there to be watched.
    (await store.folders.make('')).release();
    return watcher(store.root, {
      changed,
      changedBelow: publishBelow,
      lost: () => publish({ type: 'lost' }),
      failed: fail,
    });
  }

  async function stop(): Promise<void> {
    const ending = source;
    source = undefined;
    clearTimeout(timer);
    timer = undefined;
    heard.clear();
    remembered.clear();
    await (await ending?.catch(() => undefined))?.close();
  }

  return {
    async watch({ prefix = '', signal }) {
      const subscriber: Subscriber = {
        prefix,
        channel: eventChannel({
          signal,
          onClose: async () => {
            subscribers.delete(subscriber);
            if (subscribers.size === 0) await stop();
          },
        }),
      };
      subscribers.add(subscriber);
      source ??= start();
      try {
        await source;
      } catch (error) {
        source = undefined;
        await subscriber.channel.watcher.close();
        throw error;
      }
      return subscriber.channel.watcher;
    },

    async close() {
      await Promise.all([...subscribers].map(({ channel }) => channel.watcher.close()));
      await looking;
    },
  };
}

function ownerOf(name: string, layout: Exclude<CompanionLayout, 'manifest'>): string {
  return name.slice(0, name.length - companionName('', layout).length);
}

/** Whether an event can be about keys with the prefix. */
function concerns(event: WatchEvent, prefix: string): boolean {
  switch (event.type) {
    case 'put':
    case 'delete':
      return event.key?.startsWith(prefix) ?? true;
    case 'subtree':
      return (
        event.prefix === undefined ||
        event.prefix.startsWith(prefix) ||
        prefix.startsWith(event.prefix)
      );
    case 'reset':
    case 'lost':
      return true;
  }
}
