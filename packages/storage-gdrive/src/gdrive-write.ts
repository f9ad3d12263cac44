import {
  type Body,
  type ObjectInfo,
  type PutOptions,
  raceAbort,
  StorageError,
  sha256,
  toStorageError,
} from '@granary/storage-core/provider';
import { type NativeAttributes, toInfo, toNative } from './gdrive-attributes.ts';
import { isGone, readJson } from './gdrive-client.ts';
import { notDrive } from './gdrive-errors.ts';
import { checkWritable } from './gdrive-export.ts';
import { type DriveFile, FILE_FIELDS } from './gdrive-file.ts';
import { filePath, folderFor } from './gdrive-folders.ts';
import { corrupted, toChecksum } from './gdrive-hash.ts';
import { segmentsOf } from './gdrive-keys.ts';
import { lookUp } from './gdrive-lookup.ts';
import { nativeBody, nativeQuery } from './gdrive-native.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** How often the file that is written over may go away at that moment. */
const MAX_TRIES = 3;

/** Where content goes: over a file, or into a folder as a new one. */
export type Target =
  | { readonly over: DriveFile }
  | { readonly parent: string; readonly over?: undefined };

/**
 * Writes an object: one request looks what is there, one sends description and content together. An
 * existing file keeps its id, its sharing and its revisions.
 */
export async function writeObject(
  store: GdriveStore,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal, writeId, checksum } = options;
  let content: Uint8Array;
  try {
    toNative(options, { key, writeId });
    content = await contentOf(body, signal);
  } catch (error) {
    await body.cancel(error);
    throw toStorageError(error, { outcome: 'not-applied' }, signal);
  }
  const digest = store.verify || checksum !== undefined ? await sha256(content) : undefined;
  const file = await toTarget(store, key, signal, (target) => {
    const native = toNative(options, { key, writeId, over: target.over });
    return sendWhole(store, key, target, { native, content, options, signal });
  });
  const told = toChecksum('sha256', file.sha256Checksum);
  if (digest !== undefined && told !== undefined && told !== digest) {
    throw corrupted().with({ outcome: 'unknown' });
  }
  if (checksum !== undefined && told === undefined) {
    throw notDrive('it lacks the SHA-256 of what it stored');
  }
  return toInfo(key, file, store.keepsVersions);
}

/** The whole content. Where the signal ends it, the source is let go of by who reads it. */
function contentOf(body: Body, signal: AbortSignal | undefined): Promise<Uint8Array> {
  return body.buffered === undefined ? raceAbort(body.bytes(), signal) : body.bytes();
}

/** Finds where content goes and sends it there; again when the file that was found is gone by then. */
export async function toTarget<Result>(
  store: GdriveStore,
  key: string,
  signal: AbortSignal | undefined,
  sendTo: (target: Target) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const place = await lookUp(store, key, { signal });
    const [over] = place.files;
    checkWritable(store, over);
    try {
      if (over !== undefined) return await sendTo({ over });
      return await sendTo({ parent: await folderFor(store, place, signal) });
    } catch (error) {
      if (!isGone(error)) throw error;
      if (tries < MAX_TRIES) continue;
      throw new StorageError('conflict', 'the file or its folder went away while it was written.', {
        cause: error,
        outcome: 'not-applied',
      });
    }
  }
}

/** What describes the file of a write. */
export function describe(
  store: GdriveStore,
  key: string,
  target: Target,
  { mimeType, appProperties }: NativeAttributes,
): object {
  const properties = Object.keys(appProperties).length > 0 && { appProperties };
  if (target.over === undefined) {
    const name = segmentsOf(key).at(-1);
    return { name, parents: [target.parent], mimeType, ...properties };
  }
  // Whoever put it into the trash meanwhile did so before this write.
  return { mimeType, ...properties, ...(!store.isAppFolder && { trashed: false }) };
}

interface Whole {
  readonly native: NativeAttributes;
  readonly content: Uint8Array;
  readonly options: PutOptions;
  readonly signal: AbortSignal | undefined;
}

/** https://developers.google.com/workspace/drive/api/guides/manage-uploads#multipart, read 2026-11-21 */
async function sendWhole(
  store: GdriveStore,
  key: string,
  target: Target,
  { native, content, options, signal }: Whole,
): Promise<DriveFile> {
  const boundary = `granary-${crypto.randomUUID()}`;
  const description = { ...nativeBody(options.native), ...describe(store, key, target, native) };
  const response = await store.client.send({
    method: target.over === undefined ? 'POST' : 'PATCH',
    path: target.over === undefined ? 'files' : filePath(target.over.id),
    via: 'upload',
    query: {
      uploadType: 'multipart',
      fields: FILE_FIELDS,
      ...nativeQuery(options.native),
      ...store.fileQuery,
    },
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: related(boundary, description, native.mimeType, content),
    signal,
  });
  return toFile(await readJson(response));
}

/** The file in an answer. Errors: `unavailable` for an answer that is none. */
export function toFile(answer: object): DriveFile {
  const file = answer as Partial<DriveFile>;
  if (typeof file.id !== 'string' || typeof file.mimeType !== 'string') {
    throw notDrive('it is no file');
  }
  return file as DriveFile;
}

function related(
  boundary: string,
  description: object,
  type: string,
  content: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const head = encoder.encode(
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(description)}\r\n--${boundary}\r\ncontent-type: ${type}\r\n\r\n`,
  );
  const tail = encoder.encode(`\r\n--${boundary}--`);
  const whole = new Uint8Array(head.byteLength + content.byteLength + tail.byteLength);
  whole.set(head);
  whole.set(content, head.byteLength);
  whole.set(tail, head.byteLength + content.byteLength);
  return whole;
}
