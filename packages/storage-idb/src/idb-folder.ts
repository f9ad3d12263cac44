import { isStorageError, StorageError } from '@granary/storage-core/provider';
import type { IdbStore } from './idb-store.ts';

/** Gives a directory: OPFS, or one that the person chose. Asked with each use. */
export type DirectorySource = () => Promise<FileSystemDirectoryHandle>;

/** A folder that a person chose, as `listDirectories()` of storage-opfs tells it. */
export interface RememberedDirectory {
  readonly handleId: string;
  readonly handle: FileSystemDirectoryHandle;
}

/** The name of an empty file that tells folders apart, wherever they are carried. Content is named in another way. */
const MARK = 'folder-';

/**
 * The folder that the person chose under an id, for `largeObjects.directory` and `moveLargeObjects`:
 * `directoryOf('library', listDirectories)`, with the function of storage-opfs.
 * Errors, when it is asked for: `store-not-found` when nothing was chosen under this id.
 */
export function directoryOf(
  handleId: string,
  list: () => Promise<readonly RememberedDirectory[]>,
): DirectorySource {
  return async () => {
    const found = (await list()).find((each) => each.handleId === handleId);
    if (found !== undefined) return found.handle;
    throw new StorageError('store-not-found', `no folder was chosen as "${handleId}".`, {
      hint: 'Let the person choose one with chooseDirectory({ handleId }) of storage-opfs.',
    });
  };
}

/**
 * The store's own folder in a directory; it is made for `readwrite`.
 * Errors: `permission-denied`; `unavailable`, also with `read` where there is none ({@link isMissing}).
 */
export async function openFolder(
  store: IdbStore,
  directory: DirectorySource,
  mode: 'read' | 'readwrite',
): Promise<FileSystemDirectoryHandle> {
  try {
    const root: FileSystemDirectoryHandle & PermissionQuery = await directory();
    await store.open();
    const state = await root.queryPermission?.({ mode });
    if (state !== undefined && state !== 'granted') throw permissionDenied(undefined);
    return await root.getDirectoryHandle(`granary-idb-${store.storeId}`, {
      create: mode === 'readwrite',
    });
  } catch (cause) {
    throw toDirectoryError(cause);
  }
}

/** The id of a folder. One that has none gets one; two tabs may give it one each, and both are right. */
export async function markFolder(
  folder: FileSystemDirectoryHandle,
  known: string | undefined,
  newId: () => string,
): Promise<string> {
  if (known !== undefined && (await hasMark(folder, known))) return known;
  for await (const name of folder.keys()) {
    if (name.startsWith(MARK)) return name.slice(MARK.length);
  }
  const id = newId();
  await folder.getFileHandle(`${MARK}${id}`, { create: true });
  return id;
}

/** Whether it is the folder with this id, also after somebody has carried it elsewhere. */
export function hasMark(folder: FileSystemDirectoryHandle, id: string): Promise<boolean> {
  return hasFile(folder, `${MARK}${id}`);
}

export async function hasFile(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (error) {
    if (nameOf(error) === 'NotFoundError') return false;
    throw error;
  }
}

/** Removing a file twice is no error. */
export async function removeFile(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name);
  } catch (error) {
    if (nameOf(error) !== 'NotFoundError') throw error;
  }
}

/** Removes files that no object has and nobody writes, such as those of a tab that was killed. Returns how many. */
export async function sweepFolder(
  store: IdbStore,
  folder: FileSystemDirectoryHandle,
): Promise<number> {
  // Files first: each of them had a row before, and still has one unless nobody needs it.
  const ids = new Set<string>();
  for await (const name of folder.keys()) if (!name.startsWith(MARK)) ids.add(name);
  if (ids.size === 0) return 0;
  // One transaction, since a file goes from one table to the other, and from one row to another.
  await store.read(['infos', 'writes'], async (tx) => {
    await tx.table('writes').each(({ id }) => void ids.delete(id));
    await tx.table('infos').each(({ body }) => void ids.delete(body?.id ?? ''));
  });
  for (const id of ids) await removeFile(folder, id);
  return ids.size;
}

/** Chromium's part of the File System Access API, which TypeScript does not have. */
interface PermissionQuery {
  queryPermission?(descriptor: { readonly mode: 'read' | 'readwrite' }): Promise<PermissionState>;
}

/** What the File System API throws: https://fs.spec.whatwg.org/ (read 2026-11-21). */
export function toDirectoryError(error: unknown): StorageError {
  if (isStorageError(error)) return error;
  const name = nameOf(error);
  if (name === 'NotAllowedError' || name === 'SecurityError') return permissionDenied(error);
  return new StorageError('unavailable', 'the directory for large objects cannot be reached.', {
    hint: 'Have the person choose the folder again, or look at what largeObjects.directory() does.',
    cause: error,
  });
}

function permissionDenied(cause: unknown): StorageError {
  return new StorageError(
    'permission-denied',
    'the folder for large objects may not be used now.',
    {
      hint: "Call requestPermission({ mode: 'readwrite' }) of its handle when the person clicks, and try again.",
      cause,
    },
  );
}

/** Whether a folder or file is not where it was looked for. */
export function isMissing(error: unknown): boolean {
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  return nameOf(error) === 'NotFoundError' || (isStorageError(error) && isMissing(cause));
}

function nameOf(error: unknown): string {
  const { name } = (error ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : '';
}
