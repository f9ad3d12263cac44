import {
  type Body,
  contentTypeOf,
  isStorageError,
  type ObjectInfo,
  type PutOptions,
  StorageError,
} from '@granary/storage-core/provider';
import { checkEtag, type DriveItem, toDriveItem, toInfo } from './onedrive-attributes.ts';
import { type OneDrive, objectOf } from './onedrive-client.ts';
import { quickXorHash } from './onedrive-hash.ts';
import { fileAt } from './onedrive-read.ts';
import { withRoom } from './onedrive-room.ts';

const BEHAVIOR = '@microsoft.graph.conflictBehavior';
/**
 * What a library of SharePoint writes its own properties into, so that it is stored otherwise than it
 * was sent. https://rclone.org/onedrive/#limitations, read 2026-11-21
 */
const REWRITTEN =
  /\.(?:docx?|docm|dotx|xlsx?|xlsm|xlsb|xltx|pptx?|pptm|potx|ppsx|html?|aspx|one)$/i;

/**
 * Writes an object in one request, which makes missing folders too. Over a certain write, the item is
 * looked at first and addressed by its id, so that the condition cannot be held against another one.
 * https://learn.microsoft.com/graph/api/driveitem-put-content, read 2026-11-21. That `If-Match` is
 * looked at: https://github.com/OneDrive/onedrive-api-docs/issues/1143 and its like.
 */
export async function writeObject(
  drive: OneDrive,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { ifMatch, ifNoneMatch, signal } = options;
  const names = drive.names.pathOf(key);
  const content = new Uint8Array(await contentOf(body, signal));
  const request = {
    method: 'PUT',
    headers: { 'content-type': contentTypeOf(key) ?? 'application/octet-stream' },
    body: content,
    signal,
  };
  if (ifMatch !== undefined) {
    const item = await currentItem(drive, names, signal);
    checkEtag(ifMatch, item);
    const path = `/items/${item?.id}/content`;
    const headers = { ...request.headers, 'if-match': ifMatch };
    try {
      return stored(key, await itemOf(drive.send({ ...request, path, headers })), content);
    } catch (error) {
      // It was deleted since.
      if (isStorageError(error, 'not-found')) checkEtag(ifMatch, undefined);
      throw error;
    }
  }
  const query = ifNoneMatch === undefined ? 'replace' : 'fail';
  const path = `${drive.itemPath(names, 'content')}?${BEHAVIOR}=${query}`;
  const place = { names, isNew: ifNoneMatch !== undefined, signal };
  return withRoom(drive, place, async () =>
    stored(key, await itemOf(drive.send({ ...request, path })), content),
  );
}

/** The content, whose source is let go of when the caller gives up. */
function contentOf(body: Body, signal: AbortSignal | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal?.reason);
      body.cancel(signal?.reason).catch(() => {});
    };
    signal?.addEventListener('abort', abort, { once: true });
    const reading = body.bytes();
    reading.then(resolve, reject);
    reading.catch(() => {}).finally(() => signal?.removeEventListener('abort', abort));
  });
}

async function itemOf(answering: Promise<Response>): Promise<DriveItem> {
  return toDriveItem(await objectOf(await answering));
}

async function currentItem(
  drive: OneDrive,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<DriveItem | undefined> {
  try {
    return await fileAt(drive, names, signal);
  } catch (error) {
    if (isStorageError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** The info of what was stored. Errors: `corrupted` when that is not what was sent. */
function stored(key: string, item: DriveItem, content: Uint8Array): ObjectInfo {
  const { hashes } = item.file ?? {};
  const isWhole =
    item.size === content.byteLength &&
    (!hashes?.quickXorHash || hashes.quickXorHash === quickXorHash(content));
  if (isWhole || REWRITTEN.test(item.name)) return toInfo(key, item);
  throw new StorageError('corrupted', 'the service stored other content than was sent.', {
    outcome: 'unknown',
    hint: 'Write it again, and compare what is read.',
  });
}
