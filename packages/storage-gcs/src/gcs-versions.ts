import {
  type Capabilities,
  isStorageError,
  type ObjectInfo,
  type OperationOptions,
  StorageError,
} from '@granary/storage-core/provider';
import { OBJECT_FIELDS, toInfo } from './gcs-attributes.ts';
import { type GcsStore, JSON_API } from './gcs-client.ts';
import { rewrite } from './gcs-copy.ts';
import { nameBehind, toName } from './gcs-keys.ts';
import type { GcsPage } from './gcs-list.ts';

/**
 * Asks the bucket whether it keeps old generations. Credentials that may not ask, and a bucket that is
 * not there, tell nothing: the first operation says what is wrong.
 */
export async function findVersions(
  store: GcsStore,
  { signal }: OperationOptions,
): Promise<Partial<Capabilities>> {
  try {
    const { versioning } = await store.json<{
      readonly versioning?: { readonly enabled?: boolean };
    }>({
      method: 'GET',
      path: `${JSON_API}/b/${store.bucket}`,
      query: { fields: 'versioning' },
      signal,
    });
    return versioning?.enabled === true ? { versions: true, deleteVersion: true } : {};
  } catch (error) {
    const isOpen =
      isStorageError(error, 'permission-denied') ||
      isStorageError(error, 'unauthenticated') ||
      isStorageError(error, 'store-not-found');
    if (isOpen) return {};
    throw error;
  }
}

/** Versions of exactly this key, newest first. The service lists the oldest first, so all are read before. */
export async function* listVersions(
  store: GcsStore,
  key: string,
  { signal }: OperationOptions,
): AsyncGenerator<readonly ObjectInfo[], void, undefined> {
  const versions: ObjectInfo[] = [];
  let pageToken: string | undefined;
  do {
    const page: GcsPage = await store.json<GcsPage>({
      method: 'GET',
      path: `${JSON_API}/b/${store.bucket}/o`,
      query: {
        versions: 'true',
        prefix: toName(key),
        startOffset: toName(key),
        endOffset: nameBehind(key),
        fields: `kind,nextPageToken,items(${OBJECT_FIELDS})`,
        pageToken,
      },
      signal,
    });
    for (const object of page.items ?? []) {
      if (object.name === toName(key)) versions.push(toInfo(key, object, true));
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  if (versions.length > 0) yield versions.reverse();
}

/** Makes an old generation the current one, as a new generation. */
export async function restoreVersion(
  store: GcsStore,
  key: string,
  version: string,
  { signal }: OperationOptions,
): Promise<ObjectInfo> {
  if (!/^[1-9]\d{0,18}$/.test(version)) {
    throw new StorageError('not-found', 'there is no such version.', { outcome: 'not-applied' });
  }
  const query = { sourceGeneration: version };
  return toInfo(key, await rewrite(store, { from: key, to: key, query, signal }), true);
}
