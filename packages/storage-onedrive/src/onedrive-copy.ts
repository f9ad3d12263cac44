import {
  type CopyOptions,
  isStorageError,
  type ObjectInfo,
  StorageError,
} from '@granary/storage-core/provider';
import {
  checkEtag,
  type DriveItem,
  ITEM_FIELDS,
  toDriveItem,
  toInfo,
} from './onedrive-attributes.ts';
import { type OneDrive, objectOf } from './onedrive-client.ts';
import { versionMade } from './onedrive-current.ts';
import { isTaken } from './onedrive-errors.ts';
import { fileAt } from './onedrive-item.ts';
import { withRoom } from './onedrive-room.ts';

const BEHAVIOR = '@microsoft.graph.conflictBehavior';

/**
 * Moves an object, and so its versions and shares, in place of what the target was.
 * https://learn.microsoft.com/graph/api/driveitem-move, read 2026-11-21. That a target is replaced:
 * https://github.com/OneDrive/onedrive-api-docs/issues/820 and
 * https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/2423.
 */
export async function moveObject(
  drive: OneDrive,
  from: string,
  to: string,
  { sourceIfMatch, ifNoneMatch, signal }: CopyOptions,
): Promise<ObjectInfo> {
  const source = drive.names.pathOf(from);
  const target = drive.names.pathOf(to);
  if (from !== to && from.toLowerCase() === to.toLowerCase()) {
    throw new StorageError(
      'unsupported',
      'a move that changes letter case alone is not possible.',
      {
        outcome: 'not-applied',
        hint: 'OneDrive takes both keys for one: move to another key first.',
      },
    );
  }
  const item = await fileAt(drive, source, signal, ITEM_FIELDS);
  if (sourceIfMatch !== undefined) checkEtag(sourceIfMatch, item);
  if (from === to) {
    if (ifNoneMatch === undefined) {
      return toInfo(to, item, await versionMade(drive, to, item, signal));
    }
    throw new StorageError('precondition-failed', 'there is an object already.', {
      outcome: 'not-applied',
    });
  }
  const place = { names: target, isNew: ifNoneMatch !== undefined, signal };
  return withRoom(drive, place, async () => {
    const parent = await folderAt(drive, target.slice(0, -1), signal);
    const request = {
      method: 'PATCH',
      path: `/items/${item.id}`,
      headers: { 'content-type': 'application/json', 'if-match': item.eTag },
      body: JSON.stringify({
        parentReference: { id: parent.id },
        name: target.at(-1),
        [BEHAVIOR]: ifNoneMatch === undefined ? 'replace' : 'fail',
      }),
      signal,
    };
    try {
      const moved = toDriveItem(await drive.json(request));
      return toInfo(to, moved, await versionMade(drive, to, moved, signal));
    } catch (error) {
      // Nobody asked for a certain write: the one that is there now can be moved.
      if (!isStorageError(error, 'precondition-failed') || sourceIfMatch !== undefined) throw error;
      throw new StorageError('conflict', 'the object changed while it was moved.', {
        status: error.status,
        requestId: error.requestId,
        outcome: 'not-applied',
      });
    }
  });
}

/**
 * A folder, which is made with those above it when it is not there.
 * https://learn.microsoft.com/graph/api/driveitem-post-children, read 2026-11-21
 */
async function folderAt(
  drive: OneDrive,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<DriveItem> {
  try {
    const path = `${drive.itemPath(names)}?$select=${ITEM_FIELDS}`;
    return toDriveItem(await drive.json({ method: 'GET', path, signal }));
  } catch (error) {
    if (!isStorageError(error, 'not-found') || names.length === 0) throw error;
  }
  const parent = await folderAt(drive, names.slice(0, -1), signal);
  try {
    const response = await drive.send({
      method: 'POST',
      path: `/items/${parent.id}/children`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: names.at(-1), folder: {}, [BEHAVIOR]: 'fail' }),
      signal,
    });
    return toDriveItem(await objectOf(response));
  } catch (error) {
    // Somebody else made it since.
    if (!isStorageError(error) || !isTaken(error)) throw error;
    const path = `${drive.itemPath(names)}?$select=${ITEM_FIELDS}`;
    return toDriveItem(await drive.json({ method: 'GET', path, signal }));
  }
}
