import {
  type BatchOptions,
  type BatchResult,
  type DeleteOptions,
  type DeleteResult,
  isStorageError,
  StorageError,
  toStorageError,
} from '@granary/storage-core/provider';
import { checkEtag, type DriveItem, isFile, toDriveItem } from './onedrive-attributes.ts';
import type { BatchAnswer, BatchRequest, OneDrive } from './onedrive-client.ts';
import { absent, itemRequest, PLACE_FIELDS } from './onedrive-item.ts';
import { deleteVersion } from './onedrive-versions.ts';

/** How often an item may change between the look at it and its deletion. */
const MAX_TRIES = 4;

/**
 * Deletes an object. By its path a folder of that name would go with all it holds, so it is looked at
 * first, and deleted by its id, as the write that was seen.
 * https://learn.microsoft.com/graph/api/driveitem-delete, read 2026-11-21
 */
export async function deleteObject(
  drive: OneDrive,
  key: string,
  { ifMatch, version, signal }: DeleteOptions,
  isTrashed: boolean,
): Promise<DeleteResult> {
  if (version !== undefined) {
    return deleteVersion(drive, key, version, { ...(signal && { signal }) });
  }
  const look = itemRequest(drive, drive.names.pathOf(key), PLACE_FIELDS);
  for (let tries = 1; ; tries += 1) {
    const item = await drive
      .json({ ...look, signal })
      .then(fileIn)
      .catch(absent);
    if (ifMatch !== undefined) checkEtag(ifMatch, item);
    if (item === undefined) return { existed: false };
    try {
      await drive.send({ ...removal(item, isTrashed), signal });
      return { existed: true };
    } catch (error) {
      if (isStorageError(error, 'not-found')) {
        if (ifMatch !== undefined) checkEtag(ifMatch, undefined);
        return { existed: false };
      }
      if (!isStorageError(error, 'precondition-failed')) throw error;
      if (tries === MAX_TRIES) throw changedMeanwhile(error);
    }
  }
}

/** Deletes objects: looks for all of them, and deletes twenty with each request. */
export async function deleteObjects(
  drive: OneDrive,
  keys: readonly string[],
  { signal }: BatchOptions,
  isTrashed: boolean,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const outcomes = new Map<string, DeleteResult | StorageError>();
  const asked: { key: string; path: readonly string[] }[] = [];
  for (const key of new Set(keys)) {
    try {
      asked.push({ key, path: drive.names.pathOf(key) });
    } catch (error) {
      outcomes.set(key, toStorageError(error));
    }
  }
  const { findFiles } = await import('./onedrive-find.ts');
  const seen = await findFiles(
    drive,
    asked.map(({ path }) => path),
    signal,
  );
  const there: { key: string; request: BatchRequest }[] = [];
  for (const [index, { key }] of asked.entries()) {
    const found = seen[index];
    if (found instanceof Error) outcomes.set(key, found);
    else if (found === undefined) outcomes.set(key, { existed: false });
    else there.push({ key, request: removal(found, isTrashed) });
  }
  const removed = await drive
    .batch(
      there.map(({ request }) => request),
      { signal },
    )
    .catch((error: unknown) => {
      const failed = toStorageError(error, {}, signal);
      return there.map((): BatchAnswer => ({ error: failed }));
    });
  for (const [index, { key }] of there.entries()) {
    outcomes.set(key, removedAs(removed[index]));
  }
  return keys.map((key) => {
    const outcome = outcomes.get(key);
    return outcome instanceof Error
      ? { key, ok: false, error: outcome }
      : { key, ok: true, value: outcome ?? {} };
  });
}

/**
 * For good it goes under the drive's id alone, and without a condition.
 * https://learn.microsoft.com/graph/api/driveitem-permanentdelete, read 2026-11-21
 */
function removal({ id, eTag, parentReference }: DriveItem, isTrashed: boolean): BatchRequest {
  return isTrashed
    ? { method: 'DELETE', path: `/items/${id}`, headers: { 'if-match': eTag } }
    : {
        method: 'POST',
        path: `/items/${id}/permanentDelete`,
        driveId: parentReference?.driveId,
      };
}

function fileIn(json: unknown): DriveItem | undefined {
  const item = toDriveItem(json);
  return isFile(item) ? item : undefined;
}

function removedAs(answer: BatchAnswer | undefined): DeleteResult | StorageError {
  if (answer === undefined || 'body' in answer) return { existed: true };
  const { error } = answer;
  if (error.code === 'not-found') return { existed: false };
  return error.code === 'precondition-failed' ? changedMeanwhile(error) : error;
}

function changedMeanwhile(cause: StorageError): StorageError {
  return new StorageError('conflict', 'the object kept changing while it was deleted.', {
    status: cause.status,
    requestId: cause.requestId,
    outcome: 'not-applied',
    cause,
  });
}
