import {
  type Health,
  measureHealth,
  type OperationOptions,
  type Usage,
} from '@granary/storage-core/provider';
import { inAny } from './gdrive-lookup.ts';
import type { GdriveStore } from './gdrive-store.ts';

/**
 * Asks for one file of the top folder: a sign-in that has ended, consent that does not cover the place,
 * an API that is not enabled, a shared drive that is not there and limits each give an error of their
 * own. Nothing is written, and whether the user's Drive is full is `usage`'s to say.
 */
export function checkHealth(store: GdriveStore, { signal }: OperationOptions): Promise<Health> {
  return measureHealth(() =>
    store.client.json({
      method: 'GET',
      path: 'files',
      query: {
        q: `trashed = false and ${inAny([store.top])}`,
        pageSize: '1',
        fields: 'files(id)',
        ...store.listQuery,
      },
      signal,
    }),
  );
}

/** How full the user's Drive is, with everything that counts. A shared drive has no such limit. */
export async function readUsage(store: GdriveStore, { signal }: OperationOptions): Promise<Usage> {
  const { storageQuota = {} } = await store.client.json<{
    readonly storageQuota?: { readonly limit?: string; readonly usage?: string };
  }>({ method: 'GET', path: 'about', query: { fields: 'storageQuota' }, signal });
  const { limit, usage } = storageQuota;
  return {
    ...(usage !== undefined && { usedBytes: Number(usage) }),
    ...(limit !== undefined && { totalBytes: Number(limit) }),
  };
}
