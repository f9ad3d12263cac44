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
import { type NativeEntry, type NativeFile, toInfo } from './dropbox-attributes.ts';
import type { CallOptions, DropboxStore } from './dropbox-client.ts';
import { unreadable } from './dropbox-errors.ts';
import { hashedStream } from './dropbox-hash.ts';
import { lowerOf, toPath } from './dropbox-keys.ts';

/** What a revision is called. https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `Rev` */
const REV = /^[0-9a-f]{9,}$/;

/** Tells about an object. */
export async function statObject(
  store: DropboxStore,
  key: string,
  { version, signal }: StatOptions,
): Promise<ObjectInfo> {
  const path = toPath(key, store.root);
  const file = await fileAt(store, version === undefined ? path : revPath(version), { signal });
  if (version !== undefined) checkPlace(file, path);
  return toInfo(key, file);
}

/**
 * What the service tells of a file. Errors: `not-found` for a folder too; `unsupported` for a document that has
 * no content of its own.
 */
export async function fileAt(
  store: DropboxStore,
  path: string,
  { signal }: CallOptions,
): Promise<NativeFile> {
  const entry = await store.call<NativeEntry>('files/get_metadata', { path }, { signal });
  if (entry['.tag'] !== 'file') {
    throw new StorageError('not-found', 'there is a folder and no file.', { status: 409 });
  }
  if (entry.is_downloadable === false) throw notDownloadable();
  return entry;
}

/** The same, `undefined` where there is no file. */
export async function findFile(
  store: DropboxStore,
  path: string,
  options: CallOptions,
): Promise<NativeFile | undefined> {
  try {
    return await fileAt(store, path, options);
  } catch (error) {
    if (isStorageError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Reads an object or a part of it. Content and info come in one answer. */
export async function readObject(
  store: DropboxStore,
  key: string,
  options: GetOptions,
): Promise<StoredObject> {
  const { range, version, signal } = options;
  const path = toPath(key, store.root);
  const response = await store.download(
    { path: version === undefined ? path : revPath(version) },
    { range: range && rangeHeader(range), signal },
  );
  if (response.status === 416) throw await notSatisfiable(store, key, options);
  const { body } = response;
  try {
    const file = fileOf(response);
    if (version !== undefined) checkPlace(file, path);
    const info = toInfo(key, file);
    meetReadConditions(info.etag, options);
    return opened(info, file, response, options);
  } catch (error) {
    await body?.cancel();
    throw error;
  }
}

function opened(
  info: ObjectInfo,
  { content_hash: hash }: NativeFile,
  response: Response,
  { range, signal }: GetOptions,
): StoredObject {
  // Node ends the body of a response that nobody holds any more, so the response is held until it is read:
  // https://github.com/nodejs/undici/blob/main/lib/web/fetch/response.js, read 2026-11-21: `streamRegistry`.
  const body = () => response.body ?? new Blob([]).stream();
  const broken = (error: unknown) => (signal?.aborted ? error : interrupted(error));
  const cancel = (reason?: unknown) => response.body?.cancel(reason);
  if (range === undefined) {
    const checked = () => {
      const content = mapStreamError(body(), broken);
      return hash === undefined ? content : hashedStream(content, hash, info.size);
    };
    return storedObject(info, { stream: checked, cancel });
  }
  const part = resolveRange(range, info.size);
  if (response.status !== 206) {
    throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
  }
  // Pages of another origin may not see this header.
  const said = parseContentRange(response.headers.get('content-range') ?? '')?.range ?? part;
  if (said.offset !== part.offset || said.length !== part.length) throw unreadable();
  return storedObject(
    info,
    { stream: () => mapStreamError(body(), broken), cancel },
    { range: part },
  );
}

/** Conditions come first, so the object is asked about. */
async function notSatisfiable(
  store: DropboxStore,
  key: string,
  options: GetOptions,
): Promise<StorageError> {
  const info = await statObject(store, key, options);
  meetReadConditions(info.etag, options);
  return new StorageError(
    'range-not-satisfiable',
    `the range has no bytes of an object of ${info.size}.`,
    { status: 416 },
  );
}

function fileOf(response: Response): NativeFile {
  try {
    return JSON.parse(response.headers.get('dropbox-api-result') ?? '') as NativeFile;
  } catch (error) {
    throw unreadable(error);
  }
}

/** Errors: `not-found` for what is no revision, which the service would call a malformed request. */
function revPath(version: string): string {
  if (REV.test(version)) return `rev:${version}`;
  throw new StorageError('not-found', 'there is no such version.');
}

/** A revision may be one of another file. */
function checkPlace({ path_lower: lower }: NativeFile, path: string): void {
  if (typeof lower !== 'string' || lowerOf(lower) === lowerOf(path)) return;
  throw new StorageError('not-found', 'the version is one of another object.');
}

/** What a body fails with that broke on its way. */
function interrupted(error: unknown): unknown {
  if (isStorageError(error)) return error;
  return new StorageError('unavailable', 'the connection broke while content came.', {
    cause: error,
  });
}

function notDownloadable(): StorageError {
  return new StorageError('unsupported', 'this is a document that has to be exported.', {
    hint: 'Use "native" and files/export for documents of Paper and Google.',
  });
}
