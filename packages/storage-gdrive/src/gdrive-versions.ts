import {
  type DeleteResult,
  isStorageError,
  type ObjectInfo,
  type OperationOptions,
} from '@granary/storage-core/provider';
import { toInfo } from './gdrive-attributes.ts';
import { idPath } from './gdrive-client.ts';
import { notFound } from './gdrive-errors.ts';
import { isExported } from './gdrive-export.ts';
import type { DriveFile } from './gdrive-file.ts';
import { filePath } from './gdrive-folders.ts';
import { lookUp } from './gdrive-lookup.ts';
import { sendContent } from './gdrive-session.ts';
import type { GdriveStore } from './gdrive-store.ts';

const REVISION_FIELDS = 'id,modifiedTime,size,md5Checksum,mimeType';
/** Content of a restored version goes up in pieces of this. Units: bytes. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** A revision of a file. https://developers.google.com/workspace/drive/api/reference/rest/v3/revisions, read 2026-11-21 */
interface DriveRevision {
  readonly id: string;
  readonly modifiedTime?: string;
  readonly size?: string;
  readonly md5Checksum?: string;
  readonly mimeType?: string;
}

/** A version with the file that it is of, as that was. */
export interface FoundVersion {
  readonly info: ObjectInfo;
  readonly file: DriveFile;
}

/**
 * Versions of exactly this key, newest first: the revisions of all files of its name, those in the
 * trash included. Properties are kept for the file and not for its revisions, so an old version has none.
 */
export async function* listVersions(
  store: GdriveStore,
  key: string,
  { signal }: OperationOptions,
): AsyncGenerator<readonly ObjectInfo[], void, undefined> {
  const { files } = await lookUp(store, key, { signal, withTrash: true });
  const versions: ObjectInfo[] = [];
  for (const file of files) {
    if (isExported(store, file)) continue;
    for (const revision of await revisionsOf(store, file, signal)) {
      versions.push(toInfo(key, asFile(file, revision), true));
    }
  }
  versions.sort((one, other) => other.modifiedAt.getTime() - one.modifiedAt.getTime());
  if (versions.length > 0) yield versions;
}

/** Tells about a version. Errors: `not-found` for one of another key, and one that does not exist. */
export async function versionInfo(
  store: GdriveStore,
  key: string,
  version: string,
  { signal }: { readonly signal: AbortSignal | undefined },
): Promise<FoundVersion> {
  const [id = '', revisionId = ''] = version.split('.');
  const { files } = await lookUp(store, key, { signal, withTrash: true });
  const file = files.find((found) => found.id === id);
  // `head` is the service's name for whatever is current.
  if (file === undefined || revisionId === '' || revisionId === 'head') throw noVersion();
  const revision = await store.client.json<DriveRevision>({
    method: 'GET',
    path: revisionPath(id, revisionId),
    query: { fields: REVISION_FIELDS },
    signal,
  });
  const then = asFile(file, revision);
  return { info: toInfo(key, then, true), file: then };
}

/** Deletes a version for good. One that does not exist is no failure. */
export async function deleteVersion(
  store: GdriveStore,
  key: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<DeleteResult> {
  try {
    const { file } = await versionInfo(store, key, version, { signal });
    await store.client.send({
      method: 'DELETE',
      path: revisionPath(file.id, file.headRevisionId ?? ''),
      signal,
    });
    return { existed: true };
  } catch (error) {
    if (isStorageError(error, 'not-found')) return { existed: false };
    throw error;
  }
}

/**
 * Makes an old version the current one, as a new version: the service cannot, so its content is read
 * and written again, in pieces. A file in the trash comes back.
 */
export async function restoreVersion(
  store: GdriveStore,
  key: string,
  version: string,
  { signal }: OperationOptions,
): Promise<ObjectInfo> {
  const { info, file } = await versionInfo(store, key, version, { signal });
  const { files } = await lookUp(store, key, { signal });
  const over = files[0] ?? file;
  const restored = await sendContent(store, {
    over,
    mimeType: file.mimeType,
    size: info.size,
    signal,
    read: async (offset) => {
      const end = Math.min(offset + PIECE_BYTES, info.size) - 1;
      const response = await store.client.send({
        method: 'GET',
        path: revisionPath(file.id, file.headRevisionId ?? ''),
        query: { alt: 'media' },
        headers: { range: `bytes=${offset}-${end}` },
        signal,
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return response.status === 206 ? bytes : bytes.subarray(offset, end + 1);
    },
  });
  return toInfo(key, restored, true);
}

async function revisionsOf(
  store: GdriveStore,
  { id }: DriveFile,
  signal: AbortSignal | undefined,
): Promise<readonly DriveRevision[]> {
  const revisions: DriveRevision[] = [];
  let pageToken: string | undefined;
  do {
    const page: RevisionPage = await store.client.json<RevisionPage>({
      method: 'GET',
      path: `${filePath(id)}/revisions`,
      query: { fields: `nextPageToken,revisions(${REVISION_FIELDS})`, pageSize: '1000', pageToken },
      signal,
    });
    revisions.push(...(page.revisions ?? []));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return revisions;
}

interface RevisionPage {
  readonly revisions?: readonly DriveRevision[];
  readonly nextPageToken?: string;
}

/** A file as it was at a revision. The current one tells all that the file tells. */
function asFile(file: DriveFile, revision: DriveRevision): DriveFile {
  if (revision.id === file.headRevisionId) return file;
  const { id, name, capabilities, createdTime } = file;
  const { modifiedTime, size, md5Checksum, mimeType = file.mimeType } = revision;
  return {
    ...{ id, name, mimeType, headRevisionId: revision.id },
    ...(createdTime !== undefined && { createdTime }),
    ...(modifiedTime !== undefined && { modifiedTime }),
    ...(size !== undefined && { size }),
    ...(md5Checksum !== undefined && { md5Checksum }),
    ...(capabilities !== undefined && { capabilities }),
  };
}

function revisionPath(id: string, revisionId: string): string {
  return `${filePath(id)}/revisions/${idPath(revisionId)}`;
}

function noVersion() {
  return notFound('there is no such version.');
}
