import {
  type GetOptions,
  isStorageError,
  type ObjectInfo,
  parseContentRange,
  rangeHeader,
  resolveRange,
  type StatOptions,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { checkEtag, type DriveItem, etagOf, ITEM_FIELDS, toInfo } from './onedrive-attributes.ts';
import type { OneDrive } from './onedrive-client.ts';
import { type Current, currentOf, tellsVersions } from './onedrive-current.ts';
import { quickXorHash, quickXorHasher } from './onedrive-hash.ts';
import { CONTENT_FIELDS, DOWNLOAD_URL, fileAt } from './onedrive-item.ts';

/** How often content and info may turn out to be of two writes. */
const MAX_TRIES = 8;
/** What is read whole before it is handed out, so that a race is not the caller's. Units: bytes. */
const SETTLED_BYTES = 32 * 1024;
/** Tells about an object. */
export async function statObject(
  drive: OneDrive,
  key: string,
  { signal }: StatOptions,
): Promise<ObjectInfo> {
  const { item, version } = await itemNow(drive, key, ITEM_FIELDS, signal);
  return toInfo(key, item, version);
}

/** The item of a key, with its version where infos name versions. */
async function itemNow(
  drive: OneDrive,
  key: string,
  fields: string,
  signal: AbortSignal | undefined,
): Promise<Current> {
  const names = drive.names.pathOf(key);
  if (tellsVersions(drive, key)) return currentOf(drive, names, fields, signal);
  return { item: await fileAt(drive, names, signal, fields) };
}

/** Reads an object or a part of it. */
export async function readObject(
  drive: OneDrive,
  key: string,
  options: GetOptions,
): Promise<StoredObject> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const { item, version } = await itemNow(drive, key, CONTENT_FIELDS, options.signal);
    const object = await readItem(drive, key, item, options, version);
    if (object) return object;
  }
  throw changedMeanwhile();
}

/**
 * Reads the content of an item at the address that was told with it, which is good by itself: the
 * redirect of `/content` would carry the token along, and browsers cannot look at it. Content and item
 * are of one write when the answer tells the tag of the item; where it tells none, a whole object is
 * held against its hash, and before a part is handed out the item is asked for again. `undefined`: the
 * object was written in between.
 * https://learn.microsoft.com/graph/api/driveitem-get-content, read 2026-11-21
 */
export async function readItem(
  drive: OneDrive,
  key: string,
  item: DriveItem,
  options: GetOptions,
  version?: string,
): Promise<StoredObject | undefined> {
  const { range, ifMatch, ifNoneMatch, signal } = options;
  if (ifMatch !== undefined) checkEtag(ifMatch, item);
  if (ifNoneMatch === etagOf(item)) {
    throw new StorageError('not-modified', 'the object is still of this write.', { status: 304 });
  }
  if (range) resolveRange(range, item.size);
  const info = toInfo(key, item, version);
  if (item.size === 0) return storedObject(info, { bytes: () => new Uint8Array(0) });
  const hash = item.file?.hashes?.quickXorHash;
  const isSmall = range === undefined && hash !== undefined && item.size <= SETTLED_BYTES;
  const response = await download(drive, item, options, !isSmall);
  if (isSmall) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isIt = response.headers.get('etag') === item.eTag || quickXorHash(bytes) === hash;
    return isIt ? storedObject(info, { bytes: () => bytes }) : undefined;
  }
  const certainty = certaintyOf(response, item, range !== undefined);
  const isSame =
    certainty === 'same' ||
    certainty === 'by-hash' ||
    (await etagNow(drive, drive.names.pathOf(key), signal)) === info.etag;
  if (isSame) return pinned(info, item, response, options, certainty === 'by-hash');
  await response.body?.cancel();
  return undefined;
}

/** How it is known that content is of the write that the info tells of. */
function certaintyOf(
  { headers }: Response,
  { eTag, file }: DriveItem,
  isPart: boolean,
): 'same' | 'by-hash' | 'unknown' {
  // https://github.com/OneDrive/onedrive-api-docs/issues/133, read 2026-11-21: work and school
  // accounts tell it; a browser may not be shown it.
  if (headers.get('etag') === eTag) return 'same';
  const isTold = headers.get('etag') !== null;
  return !isTold && !isPart && file?.hashes?.quickXorHash ? 'by-hash' : 'unknown';
}

async function download(
  drive: OneDrive,
  { [DOWNLOAD_URL]: url }: DriveItem,
  { range, signal }: GetOptions,
  streams: boolean,
): Promise<Response> {
  if (url === undefined) {
    throw new StorageError('unavailable', 'the answer lacks the address of the content.', {
      hint: 'Files that were found to be malicious have none; others may be scanned just now.',
    });
  }
  try {
    return await drive.sendTo({
      method: 'GET',
      url,
      ...(range && { headers: { range: rangeHeader(range) } }),
      streams,
      signal,
    });
  } catch (error) {
    const isRefused = isStorageError(error) && (error.status === 401 || error.status === 403);
    if (!isRefused) throw error;
    throw new StorageError('unavailable', 'the address of the content was refused.', {
      status: error.status,
    });
  }
}

async function etagNow(
  drive: OneDrive,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    return etagOf(await fileAt(drive, names, signal));
  } catch (error) {
    if (isStorageError(error, 'not-found')) return undefined;
    throw error;
  }
}

async function pinned(
  info: ObjectInfo,
  { file }: DriveItem,
  response: Response,
  { range, signal }: GetOptions,
  byHash: boolean,
): Promise<StoredObject> {
  const part = parseContentRange(response.headers.get('content-range') ?? '')?.range;
  if (range && response.status !== 206) {
    await response.body?.cancel();
    throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
  }
  const hash = byHash ? file?.hashes?.quickXorHash : undefined;
  const content = taken(response.body ?? new Blob([]).stream(), hash, signal);
  const source = { stream: () => content, cancel: (reason?: unknown) => content.cancel(reason) };
  // A browser may not be shown what came, but it is known what was asked for.
  return storedObject(info, source, range && { range: part ?? resolveRange(range, info.size) });
}

/**
 * Passes content on, and breaks at its end when it is not what the hash is of. The body is taken at
 * once: Node lets go of one that nobody has taken when its response is collected.
 * https://github.com/nodejs/undici/blob/main/lib/web/fetch/response.js, read 2026-11-21
 */
function taken(
  body: ReadableStream<Uint8Array>,
  expected: string | undefined,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const hasher = expected === undefined ? undefined : quickXorHasher();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          throw signal?.aborted ? error : brokenOff(error);
        });
        if (!done) {
          hasher?.update(value);
          controller.enqueue(value);
          return;
        }
        if (hasher !== undefined && hasher.digest() !== expected) throw changedMeanwhile();
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function changedMeanwhile(): StorageError {
  return new StorageError('conflict', 'the object changed while it was read.', {
    hint: 'Try again.',
  });
}

function brokenOff(cause: unknown): StorageError {
  return new StorageError('unavailable', 'the content broke off.', { cause });
}
