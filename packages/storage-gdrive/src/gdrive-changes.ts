import {
  type ChangeEvent,
  type ChangesOptions,
  type ChangesPage,
  isStorageError,
  StorageError,
} from '@granary/storage-core/provider';
import { etagOf } from './gdrive-attributes.ts';
import { notDrive } from './gdrive-errors.ts';
import { type DriveFile, FILE_FIELDS, isFolder, isObject } from './gdrive-file.ts';
import { lookUpAll } from './gdrive-lookup.ts';
import { folderPaths, type PathOf } from './gdrive-paths.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** What our cursors begin with; behind it stands the service's page token, which does not expire. */
const CURSOR = 'gdrive-v3:';

interface DriveChange {
  readonly changeType?: string;
  readonly removed?: boolean;
  readonly fileId?: string;
  readonly file?: DriveFile;
}

interface ChangePage {
  readonly changes?: readonly DriveChange[];
  readonly nextPageToken?: string;
  readonly newStartPageToken?: string;
}

/**
 * What changed since a cursor. A file that was renamed or moved is a `put` with its id and its new key:
 * the service does not say where it was. A file that was deleted for good has its id alone.
 * https://developers.google.com/workspace/drive/api/guides/manage-changes, read 2026-11-21
 */
export async function* listChanges(
  store: GdriveStore,
  { cursor, signal }: ChangesOptions,
): AsyncGenerator<ChangesPage, void, undefined> {
  if (cursor === undefined) {
    yield { events: [], cursor: CURSOR + (await startToken(store, signal)) };
    return;
  }
  const paths = folderPaths(store, signal);
  let token: string | undefined = tokenOf(cursor);
  while (token !== undefined) {
    const page: ChangePage = await changePage(store, token, signal);
    const next = page.nextPageToken ?? page.newStartPageToken;
    if (!Array.isArray(page.changes) || next === undefined)
      throw notDrive('it is no list of changes');
    yield { events: await eventsOf(store, page.changes, paths, signal), cursor: CURSOR + next };
    token = page.nextPageToken;
  }
}

async function startToken(store: GdriveStore, signal: AbortSignal | undefined): Promise<string> {
  const { driveId } = store.listQuery;
  const { startPageToken } = await store.client.json<{ readonly startPageToken?: string }>({
    method: 'GET',
    path: 'changes/startPageToken',
    query: { driveId, ...store.fileQuery },
    signal,
  });
  if (startPageToken === undefined) throw notDrive('it lacks the place where changes begin');
  return startPageToken;
}

async function changePage(
  store: GdriveStore,
  pageToken: string,
  signal: AbortSignal | undefined,
): Promise<ChangePage> {
  const { corpora: _corpora, ...query } = store.listQuery;
  try {
    return await store.client.json<ChangePage>({
      method: 'GET',
      path: 'changes',
      query: {
        pageToken,
        pageSize: '1000',
        fields: `nextPageToken,newStartPageToken,changes(changeType,removed,fileId,file(${FILE_FIELDS}))`,
        ...query,
      },
      signal,
    });
  } catch (error) {
    if (!isStorageError(error) || ![400, 404, 410].includes(error.status ?? 0)) throw error;
    if (error.code === 'store-not-found') throw error;
    throw new StorageError('cursor-expired', 'the service does not know the cursor any more.', {
      status: error.status,
      cause: error,
      hint: 'List everything again and begin the feed anew.',
    });
  }
}

async function eventsOf(
  store: GdriveStore,
  changes: readonly DriveChange[],
  paths: PathOf,
  signal: AbortSignal | undefined,
): Promise<readonly ChangeEvent[]> {
  const files = changes.flatMap(({ file }) => (file === undefined ? [] : [file]));
  await paths.learn(files);
  const events: ChangeEvent[] = [];
  for (const { changeType = 'file', fileId, file, removed = false } of changes) {
    if (changeType !== 'file' || fileId === undefined) continue;
    if (file === undefined || removed) events.push({ type: 'delete', id: fileId });
    else if (isFolder(file)) events.push(folderEvent(file, paths));
    else if (isObject(file, store.exports)) events.push(fileEvent(file, paths));
  }
  return withoutWrongDeletes(store, events, signal);
}

function fileEvent(file: DriveFile, paths: PathOf): ChangeEvent {
  const { id, trashed = false } = file;
  const key = paths.keyOf(file);
  // It may have been in the store before it went where it is.
  if (key === undefined) return { type: 'delete', id };
  return trashed ? { type: 'delete', key, id } : { type: 'put', key, id, etag: etagOf(file) };
}

/** A folder that is new changes what is below it; one that is not may have had another path before. */
function folderEvent(file: DriveFile, paths: PathOf): ChangeEvent {
  const { id, trashed = false, createdTime, modifiedTime } = file;
  const path = paths.keyOf(file);
  const isNew = createdTime !== undefined && createdTime === modifiedTime;
  if (path === undefined || !(isNew || trashed)) return { type: 'subtree', id };
  return { type: 'subtree', prefix: `${path}/`, id };
}

/** A file went away, and another one of its name may still be the object: after a copy, or of two racing writers. */
async function withoutWrongDeletes(
  store: GdriveStore,
  events: readonly ChangeEvent[],
  signal: AbortSignal | undefined,
): Promise<readonly ChangeEvent[]> {
  const keys = events.flatMap((event) =>
    event.type === 'delete' && event.key !== undefined ? [event.key] : [],
  );
  if (keys.length === 0) return events;
  const places = await lookUpAll(store, keys, { signal });
  const current = new Map(keys.map((key, index) => [key, places[index]?.files[0]]));
  return events.map((event): ChangeEvent => {
    const file = event.type === 'delete' ? current.get(event.key ?? '') : undefined;
    if (file === undefined || event.type !== 'delete' || event.key === undefined) return event;
    return { type: 'put', key: event.key, id: file.id, etag: etagOf(file) };
  });
}

function tokenOf(cursor: string): string {
  if (cursor.startsWith(CURSOR) && /^[\w~-]+$/.test(cursor.slice(CURSOR.length))) {
    return cursor.slice(CURSOR.length);
  }
  throw new StorageError('invalid-argument', 'the cursor is not one of this feed.', {
    hint: 'List everything again and begin the feed anew, without a cursor.',
  });
}
