import { isStorageError, StorageError } from '@granary/storage-core/provider';
import { type DriveItem, ITEM_FIELDS, isFile, toDriveItem } from './onedrive-attributes.ts';
import type { BatchRequest, OneDrive } from './onedrive-client.ts';

export const DOWNLOAD_URL = '@microsoft.graph.downloadUrl';
/** Fields that tell where the content is, too. */
export const CONTENT_FIELDS: string = `${ITEM_FIELDS},${DOWNLOAD_URL}`;
/** Fields that tell in which drive the item is, which deleting for good needs. */
export const PLACE_FIELDS: string = `${ITEM_FIELDS},parentReference`;

/** Asks for an item. https://learn.microsoft.com/graph/api/driveitem-get, read 2026-11-21 */
export function itemRequest(
  drive: OneDrive,
  names: readonly string[],
  fields: string = ITEM_FIELDS,
): BatchRequest {
  return { method: 'GET', path: `${drive.itemPath(names)}?$select=${fields}` };
}

/** The file of an answer. Errors: `not-found` for what is no file. */
export function fileOf(json: unknown): DriveItem {
  const item = toDriveItem(json);
  if (isFile(item)) return item;
  throw new StorageError('not-found', 'there is a folder of this name, and no object.');
}

/** Takes a missing item for no answer, and passes any other error on. */
export function absent(error: unknown): undefined {
  if (isStorageError(error, 'not-found')) return undefined;
  throw error;
}

/** The file of a path. Errors: `not-found`, also for what is no file. */
export async function fileAt(
  drive: OneDrive,
  names: readonly string[],
  signal: AbortSignal | undefined,
  fields: string = ITEM_FIELDS,
): Promise<DriveItem> {
  return fileOf(await drive.json({ ...itemRequest(drive, names, fields), signal }));
}
