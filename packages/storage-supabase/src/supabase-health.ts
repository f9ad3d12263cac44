import {
  type Health,
  isStorageError,
  measureHealth,
  type OperationOptions,
  StorageError,
} from '@granary/storage-core/provider';
import type { SupabaseBucket } from './supabase-client.ts';
import { nativeInfo } from './supabase-read.ts';

/** A name that nothing has. */
const PROBE = 'granary-probe';

/**
 * Tells wrong keys, a missing bucket, policies and an unreachable project apart. Nothing is written.
 * A policy that hides objects looks like an empty bucket; only when nothing can be seen and nothing
 * could be written either, it is said.
 */
export function checkHealth(store: SupabaseBucket, { signal }: OperationOptions): Promise<Health> {
  return measureHealth(async () => {
    await nativeInfo(store, PROBE, signal).catch((error: unknown) => {
      if (!isStorageError(error, 'not-found')) throw error;
    });
    const { objects } = await store.call((files) => files.listV2({ limit: 1 }), { signal });
    if (objects.length > 0) return;
    // The service tries the insert and takes it back.
    await store
      .call((files) => files.createSignedUploadUrl(PROBE), { signal })
      .catch((error: unknown) => {
        if (!isStorageError(error, 'permission-denied')) throw error;
        throw new StorageError('permission-denied', 'the bucket shows no object and takes none.', {
          status: error.status,
          requestId: error.requestId,
          hint: 'Row-level security on storage.objects allows neither select nor insert for this key or user.',
          cause: error,
        });
      });
  });
}
