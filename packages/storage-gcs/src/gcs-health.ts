import {
  type Health,
  measureHealth,
  type OperationOptions,
  StorageError,
} from '@granary/storage-core/provider';
import { type GcsStore, JSON_API } from './gcs-client.ts';

/** What reading takes. https://cloud.google.com/storage/docs/access-control/iam-permissions, read 2026-11-21 */
const READING = ['storage.objects.get', 'storage.objects.list'] as const;

/**
 * Asks which rights the credentials have, for which they need none. It tells wrong credentials, a missing
 * bucket, a right that is lacking and a wrong clock apart.
 */
export function checkHealth(store: GcsStore, { signal }: OperationOptions): Promise<Health> {
  return measureHealth(async () => {
    const names = READING.map((name) => `permissions=${name}`).join('&');
    const { permissions = [] } = await store.json<{ readonly permissions?: readonly string[] }>({
      method: 'GET',
      path: `${JSON_API}/b/${store.bucket}/iam/testPermissions?${names}`,
      signal,
    });
    const lacking = READING.filter((name) => !permissions.includes(name));
    if (lacking.length === 0) return;
    throw new StorageError('permission-denied', `the credentials lack ${lacking.join(' and ')}.`, {
      hint: 'Grant them on the bucket, such as with the role roles/storage.objectUser.',
    });
  });
}
