import {
  type GetOptions,
  isStorageError,
  mapStreamError,
  meetReadConditions,
  type ObjectInfo,
  parseContentRange,
  rangeHeader,
  resolveRange,
  type StatOptions,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { toInfo } from './gdrive-attributes.ts';
import { idPath } from './gdrive-client.ts';
import { notFound } from './gdrive-errors.ts';
import { exportedObject, isExported } from './gdrive-export.ts';
import type { DriveFile } from './gdrive-file.ts';
import { verified } from './gdrive-hash.ts';
import { lookUp } from './gdrive-lookup.ts';
import type { GdriveStore } from './gdrive-store.ts';
import { versionInfo } from './gdrive-versions.ts';

/** How often the object may be replaced between looking it up and reading it. */
const MAX_TRIES = 3;

/** Tells about an object. */
export async function statObject(
  store: GdriveStore,
  key: string,
  { version, signal }: StatOptions,
): Promise<ObjectInfo> {
  if (version !== undefined) return (await versionInfo(store, key, version, { signal })).info;
  const file = await currentFile(store, key, signal);
  if (!isExported(store, file)) return toInfo(key, file, store.keepsVersions);
  const object = await exportedObject(store, key, file, { ...(signal && { signal }) });
  await object.cancel();
  return object.info;
}

/** The file that is the object. Errors: `not-found`. */
async function currentFile(
  store: GdriveStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<DriveFile> {
  const [file] = (await lookUp(store, key, { signal })).files;
  if (file === undefined) throw notFound();
  return file;
}

/** Reads an object, a part of it, or an old version. */
export async function readObject(
  store: GdriveStore,
  key: string,
  options: GetOptions,
): Promise<StoredObject> {
  const { version, signal } = options;
  if (version !== undefined) {
    const { info, file } = await versionInfo(store, key, version, { signal });
    return openContent(store, info, file, options);
  }
  for (let tries = 1; ; tries += 1) {
    const file = await currentFile(store, key, signal);
    if (isExported(store, file)) return exportedObject(store, key, file, options);
    try {
      return await openContent(store, toInfo(key, file, store.keepsVersions), file, options);
    } catch (error) {
      // The revision or the file went away in between; who looks again sees what is there now.
      if (!isStorageError(error, 'not-found')) throw error;
      if (tries === MAX_TRIES) {
        throw new StorageError('conflict', 'the object changed while it was read.', {
          cause: error,
        });
      }
    }
  }
}

/**
 * Opens content by its revision, so that it is of the write that the info tells, whoever writes
 * meanwhile. Who may only read a file sees no revisions; there the hash tells of a change.
 * https://developers.google.com/workspace/drive/api/reference/rest/v3/revisions/get, read 2026-11-21
 */
async function openContent(
  store: GdriveStore,
  info: ObjectInfo,
  file: DriveFile,
  { range, ifMatch, ifNoneMatch, signal }: GetOptions,
): Promise<StoredObject> {
  meetReadConditions(info.etag, { ifMatch, ifNoneMatch });
  if (range !== undefined) resolveRange(range, info.size);
  const { id, headRevisionId, capabilities } = file;
  const isPinned = headRevisionId !== undefined && capabilities?.canReadRevisions !== false;
  const response = await store.client.send({
    method: 'GET',
    path: isPinned
      ? `files/${idPath(id)}/revisions/${idPath(headRevisionId)}`
      : `files/${idPath(id)}`,
    // `acknowledgeAbuse` stays unsaid: what Google holds for malware is refused.
    query: { alt: 'media', ...(!isPinned && store.fileQuery) },
    ...(range !== undefined && { headers: { range: rangeHeader(range) } }),
    streams: true,
    signal,
  });
  const body = response.body ?? new Blob([]).stream();
  const content = mapStreamError(body, (error) => (signal?.aborted ? error : broken(error)));
  const checked = store.verify && range === undefined ? verified(content, file) : content;
  const source = { stream: () => checked, cancel: (reason?: unknown) => checked.cancel(reason) };
  if (range === undefined) return storedObject(info, source);
  // A page may not see this header of another origin; 206 says that the range was taken.
  const told = response.headers.get('content-range');
  const part = told === null ? resolveRange(range, info.size) : parseContentRange(told)?.range;
  if (response.status === 206 && part !== undefined) {
    return storedObject(info, source, { range: part });
  }
  await body.cancel();
  throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
}

function broken(cause: unknown): StorageError {
  return new StorageError('unavailable', 'the content broke off.', { cause });
}
