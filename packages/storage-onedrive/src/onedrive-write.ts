import {
  type Body,
  contentTypeOf,
  isStorageError,
  type ObjectInfo,
  type PutOptions,
  readBody,
  StorageError,
  toBody,
} from '@granary/storage-core/provider';
import { checkEtag, type DriveItem, etagOf, toDriveItem, toInfo } from './onedrive-attributes.ts';
import { type GraphRequest, type OneDrive, objectOf } from './onedrive-client.ts';
import { versionMade } from './onedrive-current.ts';
import { quickXorHash } from './onedrive-hash.ts';
import { absent, fileAt } from './onedrive-item.ts';
import { describe, type NativeFields, nativeFields } from './onedrive-native.ts';
import { withRoom } from './onedrive-room.ts';

/** Longest file. Units: bytes. https://support.microsoft.com/office/64883a5d-228e-48f5-b3d2-eb39e07630fa, read 2026-11-21 */
export const MAX_OBJECT_BYTES: number = 250 * 1000 ** 3;
/** Largest body of one request that is not in memory yet. Units: bytes. */
export const MAX_PUT_BYTES: number = 8 * 1024 * 1024;
/**
 * Largest body of one request. The service takes 250 MB, and recommends sessions above 10 MiB, because what broke can
 * be gone on with there. A piece of a session goes again whole when it breaks, too, and may have just under 60 MiB; and
 * `fetch` holds a copy of what it sends. So a request has no more than a piece might. Units: bytes.
 * https://learn.microsoft.com/graph/api/driveitem-put-content and
 * https://learn.microsoft.com/graph/api/driveitem-createuploadsession#best-practices, read 2026-11-22
 */
export const MAX_BUFFERED_PUT_BYTES: number = 48 * 1024 * 1024;

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
  let names: readonly string[];
  let native: NativeFields | undefined;
  try {
    names = drive.names.pathOf(key);
    native = nativeFields(options.native);
  } catch (error) {
    await body.cancel(error);
    throw error;
  }
  const content = await readBody(body, signal);
  const request = {
    method: 'PUT',
    headers: { 'content-type': contentTypeOf(key) ?? 'application/octet-stream' },
    body: content,
    signal,
  };
  if (ifMatch !== undefined) {
    const item = await fileAt(drive, names, signal).catch(absent);
    checkEtag(ifMatch, item);
    const over = { id: item?.id ?? '', etag: ifMatch };
    return finished(drive, key, await sendOver(drive, over, request), { content, native, signal });
  }
  const query = ifNoneMatch === undefined ? 'replace' : 'fail';
  const path = `${drive.itemPath(names, 'content')}?${BEHAVIOR}=${query}`;
  const place = { names, isNew: ifNoneMatch !== undefined, signal };
  const item = await withRoom(drive, place, () => itemOf(drive.send({ ...request, path })));
  return finished(drive, key, item, { content, native, signal });
}

/** A certain write of an item. */
export interface KnownWrite {
  readonly id: string;
  readonly etag: string;
}

/** Writes a text over a certain write of an object, or where there is none; tells which write that made. */
export async function writeText(
  drive: OneDrive,
  key: string,
  text: string,
  over: KnownWrite | undefined,
  signal: AbortSignal | undefined,
): Promise<KnownWrite> {
  if (over === undefined) {
    const options = { ifNoneMatch: '*' as const, ...(signal && { signal }) };
    const { id = '', etag } = await writeObject(drive, key, toBody(text), options);
    return { id, etag };
  }
  const headers = { 'content-type': contentTypeOf(key) ?? 'application/octet-stream' };
  const body = new TextEncoder().encode(text);
  const item = await sendOver(drive, over, { method: 'PUT', headers, body, signal });
  checkStored(item, body);
  return { id: item.id, etag: etagOf(item) };
}

async function sendOver(
  drive: OneDrive,
  { id, etag }: KnownWrite,
  request: Omit<GraphRequest, 'path'>,
): Promise<DriveItem> {
  const headers = { ...request.headers, 'if-match': etag };
  try {
    return await itemOf(drive.send({ ...request, path: `/items/${id}/content`, headers }));
  } catch (error) {
    // It was deleted since.
    if (isStorageError(error, 'not-found')) checkEtag(etag, undefined);
    throw error;
  }
}

async function itemOf(answering: Promise<Response>): Promise<DriveItem> {
  return toDriveItem(await objectOf(await answering));
}

interface Written {
  readonly content: Uint8Array;
  readonly native: NativeFields | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The info of what was stored, when it has been told what a write cannot say. */
async function finished(
  drive: OneDrive,
  key: string,
  item: DriveItem,
  { content, native, signal }: Written,
): Promise<ObjectInfo> {
  checkStored(item, content);
  const described = native === undefined ? item : await describe(drive, item, native, signal);
  return toInfo(key, described, await versionMade(drive, key, described, signal));
}

/** Errors: `corrupted` when what is stored is not what was sent. */
function checkStored(item: DriveItem, content: Uint8Array): void {
  const { hashes } = item.file ?? {};
  const isWhole =
    item.size === content.byteLength &&
    (!hashes?.quickXorHash || hashes.quickXorHash === quickXorHash(content));
  if (isWhole || REWRITTEN.test(item.name)) return;
  throw new StorageError('corrupted', 'the service stored other content than was sent.', {
    outcome: 'unknown',
    hint: 'Write it again, and compare what is read.',
  });
}
