import type { DeleteSnapshotsOptionType } from '@azure/storage-blob';
import {
  type BatchResult,
  type DeleteOptions,
  type DeleteResult,
  isStorageError,
  type OperationOptions,
  StorageError,
  toStorageError,
} from '@granary/storage-core/provider';
import { writeConditions } from './azure-attributes.ts';
import { type AzureStore, blobOf, send } from './azure-client.ts';
import { fromAnswer } from './azure-errors.ts';
import { toName } from './azure-keys.ts';
import { checkVersion } from './azure-versions.ts';

/** https://learn.microsoft.com/rest/api/storageservices/blob-batch (read 2026-11-21) */
const MAX_BATCH = 256;
/** Requests in flight where the service takes no batch. */
const CONCURRENCY = 16;

/** How objects are deleted. */
export interface DeleteSettings {
  readonly deleteSnapshots: boolean;
}

/** Deletes an object, or an old version of it. */
export async function deleteObject(
  store: AzureStore,
  key: string,
  { ifMatch, version, signal }: DeleteOptions,
  settings: DeleteSettings,
): Promise<DeleteResult> {
  const conditions = writeConditions({ ifMatch });
  try {
    const blob = blobOf(store, toName(key), checkVersion(version));
    await send(signal, (abortSignal) =>
      blob.delete({
        conditions,
        abortSignal,
        ...(version === undefined && snapshotsOf(settings)),
      }),
    );
    return { existed: true };
  } catch (error) {
    if (!isStorageError(error, 'not-found')) throw error;
    if (ifMatch === undefined) return { existed: false };
    throw new StorageError('precondition-failed', 'there is no object with this etag.', {
      outcome: 'not-applied',
    });
  }
}

/** Deletes objects, 256 in a request, with a result for each. */
export async function deleteObjects(
  store: AzureStore,
  keys: readonly string[],
  options: OperationOptions,
  settings: DeleteSettings,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const results = new Map<string, BatchResult<DeleteResult>>();
  const different = [...new Set(keys)];
  for (let start = 0; start < different.length; start += MAX_BATCH) {
    const some = different.slice(start, start + MAX_BATCH);
    for (const result of await deleteSome(store, some, options, settings)) {
      results.set(result.key, result);
    }
  }
  return keys.map(
    (key) => results.get(key) ?? failed(key, new StorageError('unknown', 'it has no result.')),
  );
}

async function deleteSome(
  store: AzureStore,
  keys: readonly string[],
  options: OperationOptions,
  settings: DeleteSettings,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const named: { readonly key: string; readonly name: string }[] = [];
  const results: BatchResult<DeleteResult>[] = [];
  for (const key of keys) {
    try {
      named.push({ key, name: toName(key) });
    } catch (error) {
      results.push(failed(key, error));
    }
  }
  if (named.length === 0) return results;
  try {
    return [...results, ...(await deleteBatch(store, named, options, settings))];
  } catch (error) {
    // Signatures for single blobs, and some rights, do not cover the request that holds the others.
    const isRefused =
      isStorageError(error, 'permission-denied') ||
      isStorageError(error, 'unsupported') ||
      isStorageError(error, 'invalid-argument');
    if (!isRefused) throw error;
  }
  const queue = [...named];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { key } = next;
      try {
        results.push({ key, ok: true, value: await deleteObject(store, key, options, settings) });
      } catch (error) {
        results.push(failed(key, error));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, queue.length) }, worker));
  return results;
}

async function deleteBatch(
  store: AzureStore,
  named: readonly { readonly key: string; readonly name: string }[],
  { signal }: OperationOptions,
  settings: DeleteSettings,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const client = store.container.getBlobBatchClient();
  const batch = client.createBatch();
  for (const { name } of named) {
    await batch.deleteBlob(blobOf(store, name), snapshotsOf(settings));
  }
  const { subResponses } = await send(signal, (abortSignal) =>
    client.submitBatch(batch, { abortSignal }),
  );
  return named.map(({ key }, index) => {
    const answer = subResponses[index];
    if (answer === undefined) return failed(key, new StorageError('unknown', 'it has no answer.'));
    const { status, errorCode, headers } = answer;
    if (status >= 200 && status < 300) return { key, ok: true, value: { existed: true } };
    const error = fromAnswer({ status, name: errorCode, header: (name) => headers.get(name) });
    if (error.code === 'not-found') return { key, ok: true, value: { existed: false } };
    return failed(key, error);
  });
}

function snapshotsOf({ deleteSnapshots }: DeleteSettings): {
  deleteSnapshots?: DeleteSnapshotsOptionType;
} {
  return deleteSnapshots ? { deleteSnapshots: 'include' } : {};
}

function failed(key: string, error: unknown): BatchResult<DeleteResult> {
  return { key, ok: false, error: toStorageError(error, { key }) };
}
