import {
  type GetOptions,
  meetReadConditions,
  type ObjectInfo,
  resolveRange,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { etagOf } from './gdrive-attributes.ts';
import { idPath } from './gdrive-client.ts';
import { notDrive } from './gdrive-errors.ts';
import { type DriveFile, exportTypeOf } from './gdrive-file.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** Whether a file is a document of Google's editors, which has content only when it is exported. */
export function isExported({ exports }: GdriveStore, file: DriveFile): boolean {
  return exportTypeOf(file, exports) !== undefined;
}

/** Refuses to change a document of Google's editors: what is exported is not what is stored. */
export function checkWritable(store: GdriveStore, file: DriveFile | undefined): void {
  if (file === undefined || !isExported(store, file)) return;
  throw new StorageError(
    'permission-denied',
    'the object is a document of Google, which is read here and never changed.',
    { outcome: 'not-applied', hint: 'Edit it in Google Drive, or use another key.' },
  );
}

/**
 * Exports a document. Its size is known only afterwards, so it is held whole: the service exports 10 MB
 * at most. https://developers.google.com/workspace/drive/api/reference/rest/v3/files/export, read 2026-11-21
 */
export async function exportedObject(
  store: GdriveStore,
  key: string,
  file: DriveFile,
  { range, ifMatch, ifNoneMatch, signal }: GetOptions,
): Promise<StoredObject> {
  const known = exportedInfo(key, file);
  meetReadConditions(known.etag, { ifMatch, ifNoneMatch });
  const contentType = exportTypeOf(file, store.exports) ?? '';
  const response = await store.client.send({
    method: 'GET',
    path: `files/${idPath(file.id)}/export`,
    query: { mimeType: contentType },
    signal,
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const info = { ...known, contentType, size: bytes.byteLength };
  if (range === undefined) return storedObject(info, { bytes: () => bytes });
  const part = resolveRange(range, bytes.byteLength);
  const piece = bytes.slice(part.offset, part.offset + part.length);
  return storedObject(info, { bytes: () => piece }, { range: part });
}

/** What is known of a document without exporting it: all but its size. */
export function exportedInfo(key: string, file: DriveFile): Omit<ObjectInfo, 'size'> {
  const { id, createdTime, modifiedTime } = file;
  if (modifiedTime === undefined) throw notDrive('it lacks a time');
  return {
    key,
    etag: etagOf(file),
    modifiedAt: new Date(modifiedTime),
    ...(createdTime !== undefined && { createdAt: new Date(createdTime) }),
    id,
  };
}
