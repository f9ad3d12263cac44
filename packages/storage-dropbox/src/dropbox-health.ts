import {
  type Health,
  isStorageError,
  measureHealth,
  type OperationOptions,
  type Usage,
} from '@granary/storage-core/provider';
import type { DropboxStore } from './dropbox-client.ts';
import { folderPage } from './dropbox-folders.ts';

/** A name that nothing has. */
const PROBE = '/granary-probe-that-nothing-has';

/**
 * Tells wrong tokens, missing scopes and an unreachable service apart. Nothing is written: whether the app may
 * write is told by its first write.
 */
export function checkHealth(store: DropboxStore, { signal }: OperationOptions): Promise<Health> {
  return measureHealth(async () => {
    await folderPage(store, { path: store.root, recursive: false, limit: 1 }, undefined, {
      signal,
    });
    const response = await store
      .download({ path: `${store.root}${PROBE}` }, { signal })
      .catch((error: unknown) => {
        if (!isStorageError(error, 'not-found')) throw error;
      });
    await response?.body?.cancel();
  });
}

/** https://github.com/dropbox/dropbox-api-spec/blob/main/users.stone, read 2026-11-21: `SpaceUsage` */
interface SpaceUsage {
  readonly used: number;
  readonly allocation: {
    readonly '.tag': string;
    readonly used?: number;
    readonly allocated?: number;
    readonly user_within_team_space_allocated?: number;
    readonly user_within_team_space_used_cached?: number;
  };
}

/** How full the account is: that of the user, or of the team where the user has no limit of one's own. */
export async function readUsage(store: DropboxStore, { signal }: OperationOptions): Promise<Usage> {
  const { used, allocation } = await store.call<SpaceUsage>('users/get_space_usage', null, {
    signal,
  });
  const { allocated, user_within_team_space_allocated: own = 0 } = allocation;
  if (own > 0) {
    const ownUsed = allocation.user_within_team_space_used_cached ?? used;
    return { usedBytes: ownUsed, totalBytes: own };
  }
  return {
    usedBytes: allocation.used ?? used,
    ...(allocated !== undefined && { totalBytes: allocated }),
  };
}
