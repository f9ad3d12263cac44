import { StorageError } from '@granary/storage-core/provider';
import type { NativeEntry } from './dropbox-attributes.ts';
import type { CallOptions, DropboxStore } from './dropbox-client.ts';
import { failureOf, isConflict } from './dropbox-errors.ts';

/** A page of a listing, as the service has it. */
export interface NativePage {
  readonly entries: readonly NativeEntry[];
  readonly cursor: string;
  readonly has_more: boolean;
}

/** Most entries of a page. https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `ListFolderArg` */
export const PAGE_SIZE = 2000;

/** How a folder is listed. */
export interface FolderQuery {
  readonly path: string;
  readonly recursive: boolean;
  readonly limit: number;
}

/** The first page of a folder, or the one behind a cursor; `undefined` when there is no such folder. */
export async function folderPage(
  store: DropboxStore,
  query: FolderQuery,
  cursor: string | undefined,
  options: CallOptions,
): Promise<NativePage | undefined> {
  try {
    if (cursor !== undefined) {
      return await store.call<NativePage>('files/list_folder/continue', { cursor }, options);
    }
    const arg = { ...query, include_non_downloadable_files: false };
    return await store.call<NativePage>('files/list_folder', arg, options);
  } catch (error) {
    const tags = failureOf(error)?.tags ?? [];
    if (tags[0] === 'path' && (tags[1] === 'not_found' || tags[1] === 'not_folder'))
      return undefined;
    throw error;
  }
}

/** Whether anything but folders is below a folder. */
export async function hasFiles(
  store: DropboxStore,
  path: string,
  options: CallOptions,
): Promise<boolean> {
  const query = { path, recursive: true, limit: PAGE_SIZE };
  let page = await folderPage(store, query, undefined, options);
  while (page !== undefined) {
    if (page.entries.some((entry) => entry['.tag'] === 'file')) return true;
    if (!page.has_more) return false;
    page = await folderPage(store, query, page.cursor, options);
  }
  return false;
}

/**
 * Runs a write; when an empty folder is in its way, which the last object in it left behind, once more without it.
 * Errors: `conflict`, not to be tried again, where there are files in the folder.
 */
export async function overEmptyFolder<Result>(
  store: DropboxStore,
  path: string,
  options: CallOptions,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (!isConflict(error, 'folder')) throw error;
    if (await hasFiles(store, path, options)) throw folderInTheWay(error);
    await removeEmptyFolder(store, path, options);
    return await write();
  }
}

/**
 * Removes a folder without files. The service deletes folders with all that is in them, so it is moved out of
 * reach first, and looked into again: what somebody put there meanwhile comes back.
 */
async function removeEmptyFolder(
  store: DropboxStore,
  path: string,
  options: CallOptions,
): Promise<void> {
  const aside = `${store.root}/.granary-empty-${crypto.randomUUID()}`;
  const move = (from: string, to: string) =>
    store.call('files/move_v2', { from_path: from, to_path: to, autorename: false }, options);
  await move(path, aside);
  if (await hasFiles(store, aside, options)) {
    await move(aside, path);
    throw folderInTheWay(undefined);
  }
  await store.call('files/delete_v2', { path: aside }, options);
}

function folderInTheWay(cause: unknown): StorageError {
  return new StorageError('conflict', 'there is a folder with files under this name.', {
    cause,
    retryable: false,
    outcome: 'not-applied',
    hint: 'In Dropbox a file and a folder cannot have one name.',
  });
}
