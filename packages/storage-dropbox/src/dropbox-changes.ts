import {
  type ChangeEvent,
  type ChangesOptions,
  type ChangesPage,
  decodeCursor,
  encodeCursor,
  eventChannel,
  isKey,
  isStorageError,
  StorageError,
  type Watcher,
  type WatchOptions,
} from '@granary/storage-core/provider';
import { etagOf, type NativeEntry } from './dropbox-attributes.ts';
import type { CallOptions, DropboxStore } from './dropbox-client.ts';
import { failureOf } from './dropbox-errors.ts';
import type { NativePage } from './dropbox-folders.ts';
import { lowerOf, toSegments } from './dropbox-keys.ts';

/**
 * How long the service holds a request that waits for changes; it adds up to 90 s of its own. Units: s.
 * https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `ListFolderLongpollArg`
 */
const POLL_SECONDS = 120;
/** Pauses of a watcher whose service cannot be reached. Units: ms. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** The feed of changes: the listing's own cursor. It names what is now, each path once. */
export async function* changesOf(
  store: DropboxStore,
  { cursor, signal }: ChangesOptions,
): AsyncGenerator<ChangesPage, void, undefined> {
  const options = { signal };
  if (cursor === undefined) {
    yield { events: [], cursor: wrap(store, await latestCursor(store, options)) };
    return;
  }
  let native = unwrap(store, cursor);
  for (;;) {
    const page = await pageBehind(store, native, options);
    if (page === undefined) {
      const fresh = await latestCursor(store, options);
      yield { events: [{ type: 'reset' }], cursor: wrap(store, fresh) };
      return;
    }
    native = page.cursor;
    const events = page.entries.flatMap((entry) => eventsOf(store, entry));
    yield { events, cursor: wrap(store, native) };
    if (!page.has_more) return;
  }
}

/** Tells of changes as they come, by requests that the service holds until there are some. */
export async function watchStore(
  store: DropboxStore,
  { prefix = '', signal }: WatchOptions,
): Promise<Watcher> {
  let cursor = await latestCursor(store, { signal });
  const ending = new AbortController();
  const options = { signal: ending.signal };
  const channel = eventChannel({ signal, onClose: () => ending.abort() });

  async function catchUp(): Promise<void> {
    for (;;) {
      const page = await pageBehind(store, cursor, options);
      if (page === undefined) {
        cursor = await latestCursor(store, options);
        channel.push({ type: 'lost' });
        return;
      }
      cursor = page.cursor;
      for (const event of page.entries.flatMap((entry) => eventsOf(store, entry))) {
        if (isBelow(event, prefix)) channel.push(event);
      }
      if (!page.has_more) return;
    }
  }

  async function follow(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!ending.signal.aborted) {
      try {
        const { changes, backoff = 0 } = await poll(store, cursor, options);
        if (changes) await catchUp();
        pauseMs = FIRST_PAUSE_MS;
        // "Backoff for at least this many seconds before calling again."
        if (backoff > 0) await pause(backoff * 1000, ending.signal);
      } catch (error) {
        if (ending.signal.aborted) return;
        if (!isStorageError(error) || !error.retryable) throw error;
        // The cursor stays, so nothing is lost meanwhile.
        await pause(Math.max(pauseMs, error.retryAfterMs ?? 0), ending.signal);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
  }

  follow().catch((error: unknown) => channel.fail(error));
  return channel.watcher;
}

/** Asks whether there are changes. A cursor that is stale has some. */
async function poll(
  store: DropboxStore,
  cursor: string,
  options: CallOptions,
): Promise<{ readonly changes: boolean; readonly backoff?: number }> {
  try {
    return await store.longpoll({ cursor, timeout: POLL_SECONDS }, options);
  } catch (error) {
    if (isStorageError(error, 'cursor-expired')) return { changes: true };
    throw error;
  }
}

/** Waits on a timer; a watcher is no operation that somebody else could try again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** A cursor from now on: of the root, or of all that the app may see while there is no such folder yet. */
async function latestCursor(store: DropboxStore, options: CallOptions): Promise<string> {
  const ask = async (path: string) => {
    const arg = { path, recursive: true, include_non_downloadable_files: false };
    const route = 'files/list_folder/get_latest_cursor';
    return (await store.call<{ readonly cursor: string }>(route, arg, options)).cursor;
  };
  try {
    return await ask(store.root);
  } catch (error) {
    if (store.root === '' || !isGone(error)) throw error;
    return ask('');
  }
}

/** What has happened since; `undefined` when the cursor is stale, or its folder gone. */
async function pageBehind(
  store: DropboxStore,
  cursor: string,
  options: CallOptions,
): Promise<NativePage | undefined> {
  try {
    return await store.call<NativePage>('files/list_folder/continue', { cursor }, options);
  } catch (error) {
    if (isStorageError(error, 'cursor-expired') || isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const tags = failureOf(error)?.tags ?? [];
  return tags[0] === 'path' && (tags[1] === 'not_found' || tags[1] === 'not_folder');
}

/**
 * What an entry of the feed tells. Nobody tells whether what is gone was a file or a folder with files: "remove
 * it and all its children".
 */
function eventsOf({ root }: DropboxStore, entry: NativeEntry): readonly ChangeEvent[] {
  const tag = entry['.tag'];
  const lower = lowerOf(entry.path_lower ?? '');
  if (tag === 'folder') return [];
  const isInside = lower.startsWith(`${lowerOf(root)}/`);
  if (!isInside) {
    const isAbove = tag === 'deleted' && `${lowerOf(root)}/`.startsWith(`${lower}/`);
    return isAbove ? [{ type: 'subtree' }] : [];
  }
  const names = (entry.path_display ?? '').split('/').slice(root.split('/').length);
  const key = toSegments(names);
  if (tag === 'file') {
    if (key === undefined || !isKey(key)) return [];
    return [{ type: 'put', key, id: entry.id, etag: etagOf(entry) }];
  }
  // A folder that is the beginning of a long name: it may be any key.
  if (key === undefined || !isKey(key)) return [{ type: 'subtree' }];
  return [
    { type: 'delete', key },
    { type: 'subtree', prefix: `${key}/` },
  ];
}

function isBelow(event: ChangeEvent, prefix: string): boolean {
  switch (event.type) {
    case 'put':
    case 'delete':
      return event.key?.startsWith(prefix) ?? true;
    case 'subtree': {
      const { prefix: own = '' } = event;
      return own.startsWith(prefix) || prefix.startsWith(own);
    }
    case 'reset':
      return true;
  }
}

/** Cursors are bound to the root, whose keys they tell. */
function wrap({ root }: DropboxStore, cursor: string): string {
  return encodeCursor({ prefix: root }, [cursor]);
}

function unwrap({ root }: DropboxStore, cursor: string): string {
  const position = decodeCursor(cursor, { prefix: root });
  const [native] = Array.isArray(position) ? position : [];
  if (typeof native === 'string' && native !== '') return native;
  throw new StorageError('invalid-argument', 'the cursor is not one of this feed.');
}
