import {
  abortedError,
  flattenTree,
  isKey,
  isStorageError,
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type SeekFrom,
  StorageError,
  type TreeEntry,
} from '@granary/storage-core/provider';
import { type DriveItem, ITEM_FIELDS, isFile, toDriveItem, toItem } from './onedrive-attributes.ts';
import type { OneDrive } from './onedrive-client.ts';
import { unreadable } from './onedrive-errors.ts';
import { fileAt } from './onedrive-item.ts';

const PAGE_SIZE = 1000;
/** Items of one answer; 200 where nothing is asked for. https://learn.microsoft.com/graph/api/driveitem-list-children, read 2026-11-21 */
const FOLDER_PAGE = 1000;
/** Folders read ahead. */
const READ_AHEAD = 4;

/**
 * Lists objects in the order of their keys, a request per folder and thousand items. An empty folder
 * is no group, so a group is told when an object was found in it.
 */
export function listObjects(drive: OneDrive, options: ListOptions): AsyncIterable<ListPage> {
  return listOrdered(options, (start) => walk(drive, start, options.signal), {
    pageSize: PAGE_SIZE,
  });
}

async function* walk(
  drive: OneDrive,
  start: SeekFrom,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ListItem[], void, SeekFrom | undefined> {
  const tree = flattenTree((path) => readFolder(drive, path, signal), start, {
    readAhead: READ_AHEAD,
  });
  let seek: SeekFrom | undefined;
  try {
    for (;;) {
      const { done, value: files } = await tree.next(seek);
      if (done) return;
      if (signal?.aborted) throw abortedError(signal);
      const items = files.filter(({ key }) => isKey(key));
      seek = yield items.map(({ key, value }) => toItem(key, value));
    }
  } finally {
    await tree.return();
  }
}

async function readFolder(
  drive: OneDrive,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly TreeEntry<DriveItem>[]> {
  const found = new Map<string, TreeEntry<DriveItem>>();
  await readInto(
    drive,
    found,
    drive.names.folderOf(path),
    { start: '', isTop: path === '' },
    signal,
  );
  return [...found.values()];
}

/** Adds what a folder holds; `start`: the beginning of a long segment that goes on in it. */
async function readInto(
  drive: OneDrive,
  found: Map<string, TreeEntry<DriveItem>>,
  folder: readonly string[],
  place: { readonly start: string; readonly isTop: boolean },
  signal: AbortSignal | undefined,
): Promise<void> {
  const { names } = drive;
  for (const item of await childrenOf(drive, folder, signal)) {
    const whole = place.start + item.name;
    const isFolder = !isFile(item);
    if (isFolder && item.folder === undefined) continue;
    if (isFolder && names.isPart(item.name)) {
      await readInto(
        drive,
        found,
        [...folder, item.name],
        { ...place, start: `${whole}/` },
        signal,
      );
      continue;
    }
    const segment = names.segmentOf(whole, place.isTop);
    // What no key can reach belongs to somebody else.
    if (segment === undefined || !isReachable(drive, segment, whole, place.isTop)) continue;
    found.set(isFolder ? `${segment}/` : segment, { name: segment, isFolder, value: item });
  }
}

function isReachable({ names }: OneDrive, segment: string, whole: string, isTop: boolean): boolean {
  if (segment === '' || segment === '.' || segment === '..' || segment.includes('/')) return false;
  const key = isTop ? segment : `-/${segment}`;
  return (
    names
      .folderOf(key)
      .slice(isTop ? 0 : 1)
      .join('/') === whole
  );
}

/** All of a folder; nothing for one that is not there. */
export async function childrenOf(
  drive: OneDrive,
  folder: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly DriveItem[]> {
  const all: DriveItem[] = [];
  for await (const items of pagesOf(drive, folder, ITEM_FIELDS, signal)) all.push(...items);
  return all;
}

/** A folder, page by page; nothing for one that is not there. */
export async function* pagesOf(
  drive: OneDrive,
  folder: readonly string[],
  fields: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly DriveItem[], void, undefined> {
  const query = `$top=${FOLDER_PAGE}&$select=${fields}`;
  const path = `${drive.itemPath(folder, 'children')}?${query}`;
  let page: Readonly<Record<string, unknown>>;
  try {
    page = await drive.json({ method: 'GET', path, signal });
  } catch (error) {
    if (await isNoFolder(drive, folder, error, signal)) return;
    throw error;
  }
  for (;;) {
    const { value, '@odata.nextLink': next } = page;
    if (!Array.isArray(value)) throw unreadable();
    yield value.map(toDriveItem);
    if (next === undefined) return;
    if (typeof next !== 'string') throw unreadable();
    page = await drive.follow(next, { method: 'GET', signal }).catch((error: unknown) => {
      // It was deleted since its first page.
      if (isStorageError(error, 'not-found')) return { value: [] };
      throw error;
    });
  }
}

async function isNoFolder(
  drive: OneDrive,
  folder: readonly string[],
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!isStorageError(error)) return false;
  if (error.code === 'not-found') {
    if (folder.length > 0 || !drive.isWhole) return true;
    throw new StorageError('store-not-found', 'the drive has no root.', {
      status: error.status,
      requestId: error.requestId,
      hint: 'Check driveId or siteId, and that the account has opened OneDrive once.',
    });
  }
  if (error.code !== 'invalid-argument' || folder.length === 0) return false;
  // It may be a file, of which children cannot be asked for.
  return fileAt(drive, folder, signal).then(
    () => true,
    () => false,
  );
}
