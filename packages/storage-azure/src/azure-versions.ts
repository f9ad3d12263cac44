import {
  type ObjectInfo,
  type OperationOptions,
  StorageError,
} from '@granary/storage-core/provider';
import { toInfo } from './azure-attributes.ts';
import { type AzureStore, blobOf, send } from './azure-client.ts';
import { copyBlob } from './azure-copy.ts';
import { toName } from './azure-keys.ts';

/** The moment a version was made. https://learn.microsoft.com/azure/storage/blobs/versioning-overview (read 2026-11-21) */
const VERSION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** Versions of exactly this key, newest first. */
export async function* listVersions(
  store: AzureStore,
  key: string,
  { signal }: OperationOptions,
): AsyncGenerator<readonly ObjectInfo[], void, undefined> {
  const versions = await allVersions(store, key, signal);
  if (versions.length > 0) yield versions;
}

/** Makes an old version the current one, as a copy inside the account. */
export async function restoreVersion(
  store: AzureStore,
  key: string,
  version: string,
  { signal }: OperationOptions,
): Promise<ObjectInfo> {
  const source = blobOf(store, toName(key), checkVersion(version));
  return copyBlob(store, { source, from: key, to: key, signal });
}

/** Errors: `not-found` for what no version is called, which the service would take for a bad request. */
export function checkVersion(version: string | undefined): string | undefined {
  if (version === undefined || VERSION.test(version)) return version;
  throw new StorageError('not-found', 'there is no such version.');
}

/** The service lists the oldest first, and names that begin with the key's behind it. */
async function allVersions(
  { container }: AzureStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo[]> {
  const name = toName(key);
  const found: ObjectInfo[] = [];
  let continuationToken: string | undefined;
  do {
    const paging = continuationToken === undefined ? {} : { continuationToken };
    const include = { includeVersions: true, includeMetadata: true };
    const { value } = await send(signal, (abortSignal) =>
      container
        .listBlobsFlat({ prefix: name, ...include, abortSignal })
        .byPage(paging)
        .next(),
    );
    for (const { name: listed, properties, metadata, versionId } of value?.segment.blobItems ??
      []) {
      if (listed !== name) return found.reverse();
      if (versionId === undefined) continue;
      found.push(toInfo(key, properties.contentLength, { ...properties, metadata, versionId }));
    }
    continuationToken = value?.continuationToken || undefined;
  } while (continuationToken !== undefined);
  return found.reverse();
}
