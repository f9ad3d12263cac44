import {
  type Body,
  isStorageError,
  type ObjectInfo,
  type PutOptions,
  readBody,
  sha256,
  toStorageError,
} from '@granary/storage-core/provider';
import { type NativeAttributes, toInfo, toNative } from './gdrive-attributes.ts';
import { readJson } from './gdrive-client.ts';
import { notDrive } from './gdrive-errors.ts';
import { type DriveFile, FILE_FIELDS, toFile } from './gdrive-file.ts';
import { filePath } from './gdrive-folders.ts';
import { corrupted, toChecksum } from './gdrive-hash.ts';
import { nativeBody, nativeQuery } from './gdrive-native.ts';
import { beginUpload, sendAll } from './gdrive-session.ts';
import type { GdriveStore } from './gdrive-store.ts';
import { describe, type Target, toTarget } from './gdrive-target.ts';

/** "Use this upload type to quickly transfer a small file (5 MB or less)". Units: bytes. https://developers.google.com/workspace/drive/api/guides/manage-uploads, read 2026-11-21 */
export const MAX_PUT_BYTES: number = 5 * 1000 * 1000;
/**
 * Largest body of one put: above the former one it takes a session, with all content in one request of it. `fetch`
 * holds a copy of what it sends, and all of it goes again when the connection breaks. Units: bytes.
 */
export const MAX_BUFFERED_PUT_BYTES: number = 48 * 1024 * 1024;

/**
 * Writes an object: one request looks what is there, one sends description and content together, two
 * where there is much of it. An existing file keeps its id, its sharing and its revisions.
 */
export async function writeObject(
  store: GdriveStore,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal, writeId, checksum } = options;
  try {
    toNative(options, { key, writeId });
  } catch (error) {
    await body.cancel(error);
    throw toStorageError(error, { outcome: 'not-applied' }, signal);
  }
  const content = await readBody(body, signal);
  const digest = store.verify || checksum !== undefined ? await sha256(content) : undefined;
  const file = await toTarget(store, key, signal, (target) => {
    const native = toNative(options, { key, writeId, over: target.over });
    const send = content.byteLength > MAX_PUT_BYTES ? sendLarge : sendWhole;
    return send(store, key, target, { native, content, options, signal });
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

interface Whole {
  readonly native: NativeAttributes;
  readonly content: Uint8Array<ArrayBuffer>;
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

/** "Resumable upload": https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable, read 2026-11-22 */
async function sendLarge(
  store: GdriveStore,
  key: string,
  target: Target,
  { native, content, options, signal }: Whole,
): Promise<DriveFile> {
  const size = content.byteLength;
  const state = await beginUpload(store, target, {
    json: { ...nativeBody(options.native), ...describe(store, key, target, native) },
    query: nativeQuery(options.native),
    mimeType: native.mimeType,
    totalBytes: size,
    signal,
  });
  try {
    return await sendAll(store, state, {
      size,
      signal,
      read: async (offset) => content.subarray(offset),
    });
  } catch (error) {
    // Whoever tries again begins another session.
    throw isStorageError(error) && error.restart ? error.with({ retryable: true }) : error;
  }
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
