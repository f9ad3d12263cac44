import { lostUpload } from '@granary/storage-core/provider';
import { readJson } from './gdrive-client.ts';
import { fromAnswer, notDrive } from './gdrive-errors.ts';
import { type DriveFile, FILE_FIELDS, toFile } from './gdrive-file.ts';
import { filePath } from './gdrive-folders.ts';
import type { GdriveStore } from './gdrive-store.ts';
import type { Target } from './gdrive-target.ts';

/** "a resumable session URI expires after one week". https://developers.google.com/workspace/drive/api/guides/manage-uploads, read 2026-11-21 */
const EXPIRY_MS = 7 * 24 * 60 * 60 * 1000;

/** What a token keeps. Its address is good without a token of the sign-in. */
export interface UploadState {
  readonly url: string;
  readonly expiresAt: number;
  /** Units: bytes. */
  readonly totalBytes: number | null;
}

/** How far the service is: so many bytes, or the file that it made of all. */
export type Progress = { readonly held: number } | { readonly file: DriveFile };

/** What an upload begins with. */
export interface Beginning {
  readonly json: object;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly mimeType: string;
  readonly totalBytes: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Begins a resumable upload: the service answers with an address that takes the content. */
export async function beginUpload(
  store: GdriveStore,
  target: Target | { readonly over: DriveFile },
  { json, query, mimeType, totalBytes, signal }: Beginning,
): Promise<UploadState> {
  const { headers } = await store.client.send({
    method: target.over === undefined ? 'POST' : 'PATCH',
    path: target.over === undefined ? 'files' : filePath(target.over.id),
    via: 'upload',
    query: { uploadType: 'resumable', fields: FILE_FIELDS, ...query, ...store.fileQuery },
    headers: {
      'x-upload-content-type': mimeType,
      ...(totalBytes !== undefined && { 'x-upload-content-length': String(totalBytes) }),
    },
    json,
    signal,
  });
  const url = headers.get('location');
  if (url === null) throw notDrive('it lacks the address of the upload');
  return { url, expiresAt: Date.now() + EXPIRY_MS, totalBytes: totalBytes ?? null };
}

/** Content that is sent to a session. */
export interface Sending {
  /** Units: bytes. */
  readonly size: number;
  readonly signal: AbortSignal | undefined;
  /** What comes from a place on: as much as goes into one request. */
  read(offset: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Content that is written over a file. */
export interface Content extends Sending {
  readonly over: DriveFile;
  readonly mimeType: string;
}

/** Writes content over a file, which comes back when it is in the trash. Its properties stay. */
export async function sendContent(
  store: GdriveStore,
  { over, mimeType, ...content }: Content,
): Promise<DriveFile> {
  const state = await beginUpload(
    store,
    { over },
    {
      json: { mimeType, ...(!store.isAppFolder && { trashed: false }) },
      query: {},
      mimeType,
      totalBytes: content.size,
      signal: content.signal,
    },
  );
  return sendAll(store, state, content);
}

/** Sends content to a session that has none yet, and gives the file that the service makes of it. */
export async function sendAll(
  store: GdriveStore,
  state: UploadState,
  { size, signal, read }: Sending,
): Promise<DriveFile> {
  let offset = 0;
  for (;;) {
    const body = size === 0 ? new Uint8Array(0) : await read(offset);
    const range =
      size === 0 ? undefined : `bytes ${offset}-${offset + body.byteLength - 1}/${size}`;
    const next = await sendChunk(store, state, { range, body, signal });
    if ('file' in next) return wholeFile(store, next.file, signal);
    if (next.held <= offset) throw notDrive('it takes nothing of what it is sent');
    offset = next.held;
  }
}

/** One request to an upload. */
export interface Chunk {
  readonly range: string | undefined;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal | undefined;
}

/** One request to an upload. Errors: `conflict` with `restart` for one that the service has no more. */
export async function sendChunk(
  store: GdriveStore,
  { url }: UploadState,
  { range, body, signal }: Chunk,
): Promise<Progress> {
  const response = await store.client.session({
    method: 'PUT',
    url,
    headers: range === undefined ? {} : { 'content-range': range },
    body,
    accept: [308, 404, 410, 499],
    signal,
  });
  const { status, headers } = response;
  if (status === 404 || status === 410 || status === 499) {
    throw lostUpload({ cause: fromAnswer({ status, headers, text: '' }), status });
  }
  if (status !== 308) return { file: toFile(await readJson(response)) };
  const range308 = headers.get('range');
  const last = /^bytes=0-(\d+)$/.exec(range308 ?? '')?.[1];
  if (range308 !== null && last === undefined) throw notDrive('it holds a range that is none');
  return { held: last === undefined ? 0 : Number(last) + 1 };
}

/** Asks how far the service is. */
export function progressOf(
  store: GdriveStore,
  state: UploadState,
  signal: AbortSignal | undefined,
): Promise<Progress> {
  const { totalBytes } = state;
  // With the total, an empty upload would be complete.
  const range = `bytes */${totalBytes === null || totalBytes === 0 ? '*' : totalBytes}`;
  return sendChunk(store, state, { range, body: new Uint8Array(0), signal });
}

/** Cancels an upload. The service answers 499 then, as Cloud Storage says for the same protocol. https://cloud.google.com/storage/docs/performing-resumable-uploads#cancel-upload, read 2026-11-21 */
export async function cancelUpload(
  store: GdriveStore,
  { url }: UploadState,
  signal: AbortSignal | undefined,
): Promise<void> {
  await store.client.session({ method: 'DELETE', url, accept: [404, 410, 499], signal });
}

/** The final answer may be short, when the service forgot which fields were asked for. */
export async function wholeFile(
  store: GdriveStore,
  file: DriveFile,
  signal: AbortSignal | undefined,
): Promise<DriveFile> {
  if (file.modifiedTime !== undefined && file.size !== undefined) return file;
  return store.client.json<DriveFile>({
    method: 'GET',
    path: filePath(file.id),
    query: { fields: FILE_FIELDS, ...store.fileQuery },
    signal,
  });
}
