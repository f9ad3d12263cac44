import {
  type Capabilities,
  contentTypeOf,
  type DeleteResult,
  type GetOptions,
  isCompanionName,
  isStorageError,
  type ObjectInfo,
  type OperationOptions,
  parseContentRange,
  rangeHeader,
  resolveRange,
  StorageError,
  type StoredObject,
  storedObject,
  type VersionOperations,
} from '@granary/storage-core/provider';
import { type DriveItem, toInfo } from './onedrive-attributes.ts';
import type { OneDrive } from './onedrive-client.ts';
import {
  bodiesOf,
  currentOf,
  type ItemVersion,
  keptChanging,
  MAX_TRIES,
  versionName,
  versionsIn,
  versionsRequest,
} from './onedrive-current.ts';
import { unreadable } from './onedrive-errors.ts';
import { CONTENT_FIELDS, DOWNLOAD_URL, fileOf, itemRequest } from './onedrive-item.ts';
import { readItem } from './onedrive-read.ts';

/** An item with its versions, newest first. */
interface History {
  readonly item: DriveItem;
  readonly versions: readonly ItemVersion[];
}

/** Old versions, as far as the account keeps them. */
export function versionOperations(drive: OneDrive): VersionOperations {
  return {
    async *list(key, { signal }) {
      // Asked for when a companion is gone, and its versions went with it.
      if (isCompanionName(key)) return;
      let found: History;
      try {
        found = await historyOf(drive, key, signal);
      } catch (error) {
        if (isStorageError(error, 'not-found')) return;
        throw error;
      }
      const { item, versions } = found;
      const infos = versions.map((version, index) =>
        index === 0 ? currentInfo(key, item, version) : oldInfo(key, item, version),
      );
      if (infos.length > 0) yield infos;
    },
    // "This will create a new version with the contents of the previous version":
    // https://learn.microsoft.com/graph/api/driveitemversion-restore, read 2026-11-21
    async restore(key, version, { signal }) {
      const { item, found } = await versionAt(drive, key, version, signal);
      const path = `${versionPath(item, found)}/restoreVersion`;
      await drive.send({ method: 'POST', path, signal });
      const names = drive.names.pathOf(key);
      const now = await currentOf(drive, names, CONTENT_FIELDS, signal).catch((error: unknown) => {
        throw isStorageError(error) ? error.with({ outcome: 'unknown' }) : error;
      });
      return toInfo(key, now.item, now.version);
    },
  };
}

/** Tells about one version. Errors: `not-found`. */
export async function statVersion(
  drive: OneDrive,
  key: string,
  version: string,
  { signal }: OperationOptions,
): Promise<ObjectInfo> {
  const { item, found, isCurrent } = await versionAt(drive, key, version, signal);
  return isCurrent ? currentInfo(key, item, found) : oldInfo(key, item, found);
}

/**
 * Reads one version. "Getting the content of the current version is not supported", so that is read as
 * the item: https://learn.microsoft.com/graph/api/driveitemversion-get-contents, read 2026-11-21
 */
export async function readVersion(
  drive: OneDrive,
  key: string,
  version: string,
  options: GetOptions,
): Promise<StoredObject> {
  const { signal, range, ifMatch, ifNoneMatch } = options;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const { item, found, isCurrent } = await versionAt(drive, key, version, signal);
    if (isCurrent) {
      const object = await readItem(drive, key, item, options, versionName(item, found));
      if (object !== undefined) return object;
      continue;
    }
    const info = oldInfo(key, item, found);
    if (ifMatch !== undefined && ifMatch !== info.etag) throw otherVersion();
    if (ifNoneMatch === info.etag) {
      throw new StorageError('not-modified', 'the object is still of this write.', { status: 304 });
    }
    const part = range && resolveRange(range, info.size);
    if (info.size === 0) return storedObject(info, { bytes: () => new Uint8Array(0) });
    const url = found[DOWNLOAD_URL] ?? (await addressOf(drive, item, found, signal));
    const response = await drive.sendTo({
      method: 'GET',
      url,
      ...(range && { headers: { range: rangeHeader(range) } }),
      streams: true,
      signal,
    });
    if (part !== undefined && response.status !== 206) {
      await response.body?.cancel();
      throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
    }
    const content = response.body ?? new Blob([]).stream();
    const told = parseContentRange(response.headers.get('content-range') ?? '')?.range;
    const source = { stream: () => content, cancel: (reason?: unknown) => content.cancel(reason) };
    return storedObject(info, source, part && { range: told ?? part });
  }
  throw keptChanging();
}

/**
 * Whether versions can be deleted one by one, which depends on the account: personal ones refuse it.
 * https://rclone.org/onedrive/#onedrive-no-versions, read 2026-11-21. Who cannot be asked is not told of it.
 */
export async function deletesVersions(
  drive: OneDrive,
  { signal }: OperationOptions,
): Promise<Partial<Capabilities>> {
  try {
    const request = { method: 'GET', path: '?$select=driveType', signal };
    const { driveType } = await drive.json(request);
    return typeof driveType === 'string' && driveType !== 'personal' ? { deleteVersion: true } : {};
  } catch (error) {
    if (signal?.aborted) throw error;
    return {};
  }
}

/**
 * Deletes one version alone. No page tells of it, the description of the API does:
 * https://graph.microsoft.com/v1.0/$metadata, read 2026-11-21.
 */
export async function deleteVersion(
  drive: OneDrive,
  key: string,
  version: string,
  { signal }: OperationOptions,
): Promise<DeleteResult> {
  try {
    const { item, found, isCurrent } = await versionAt(drive, key, version, signal);
    if (isCurrent) {
      throw new StorageError('unsupported', 'the current version cannot be deleted alone.', {
        outcome: 'not-applied',
        hint: 'Restore another version first, or delete the object.',
      });
    }
    await drive.send({ method: 'DELETE', path: versionPath(item, found), signal });
    return { existed: true };
  } catch (error) {
    if (isStorageError(error, 'not-found')) return { existed: false };
    const isRefused = isStorageError(error) && (error.status === 501 || error.status === 405);
    if (!isRefused) throw error;
    throw new StorageError('unsupported', 'this account deletes no version alone.', {
      status: error.status,
      requestId: error.requestId,
      outcome: 'not-applied',
      hint: 'Personal accounts cannot; their own settings limit how many versions are kept.',
    });
  }
}

async function historyOf(
  drive: OneDrive,
  key: string,
  signal: AbortSignal | undefined,
): Promise<History> {
  const names = drive.names.pathOf(key);
  const asked = [itemRequest(drive, names, CONTENT_FIELDS), versionsRequest(drive, names)];
  const [item, listed] = await bodiesOf(drive, asked, signal);
  return { item: fileOf(item), versions: versionsIn(listed) };
}

async function versionAt(
  drive: OneDrive,
  key: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<{ item: DriveItem; found: ItemVersion; isCurrent: boolean }> {
  const { item, versions } = await historyOf(drive, key, signal);
  const index = versions.findIndex((one) => versionName(item, one) === version);
  const found = versions[index];
  if (found !== undefined) return { item, found, isCurrent: index === 0 };
  throw new StorageError('not-found', 'there is no such version.', {
    hint: 'Versions go when the account keeps no more of them, and with their object.',
  });
}

/** Where content is, of an account whose lists do not tell: the redirect, which a batch hands out. */
async function addressOf(
  drive: OneDrive,
  item: DriveItem,
  version: ItemVersion,
  signal: AbortSignal | undefined,
): Promise<string> {
  const asked = [{ method: 'GET', path: `${versionPath(item, version)}/content` }];
  const [answer] = await drive.batch(asked, { signal });
  if (answer === undefined || 'error' in answer) throw answer?.error ?? unreadable();
  if (answer.location === undefined) throw unreadable();
  return answer.location;
}

function versionPath({ id }: DriveItem, version: ItemVersion): string {
  return `/items/${id}/versions/${encodeURIComponent(version.id)}`;
}

function currentInfo(key: string, item: DriveItem, version: ItemVersion): ObjectInfo {
  return toInfo(key, item, versionName(item, version));
}

/** "OneDrive does not preserve the complete metadata for previous versions": no tags, no hashes. */
function oldInfo(key: string, item: DriveItem, version: ItemVersion): ObjectInfo {
  const contentType = contentTypeOf(key);
  return {
    key,
    size: version.size ?? 0,
    etag: `version-${versionName(item, version)}`,
    version: versionName(item, version),
    modifiedAt: new Date(version.lastModifiedDateTime),
    id: item.id,
    ...(contentType !== undefined && { contentType }),
  };
}

function otherVersion(): StorageError {
  return new StorageError('precondition-failed', 'the version is another write than asked for.');
}
