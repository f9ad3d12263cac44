import {
  type Health,
  isStorageError,
  measureHealth,
  type OperationOptions,
  StorageError,
  type Usage,
} from '@granary/storage-core/provider';
import type { OneDrive } from './onedrive-client.ts';
import { unreadable } from './onedrive-errors.ts';

/**
 * Tells a missing sign-in, a missing right, a missing drive and a busy service apart. Nothing is
 * written; a folder that the first write will make is no trouble.
 */
export function checkHealth(drive: OneDrive, { signal }: OperationOptions): Promise<Health> {
  return measureHealth(async () => {
    try {
      await drive.json({ method: 'GET', path: `${drive.anchor}?$select=id`, signal });
    } catch (error) {
      if (!isStorageError(error, 'not-found')) throw error;
      throw new StorageError('store-not-found', 'the drive is not there.', {
        status: error.status,
        requestId: error.requestId,
        hint: 'Check driveId or siteId, and that the account has opened OneDrive once.',
        cause: error,
      });
    }
  });
}

/** How full the drive is. https://learn.microsoft.com/graph/api/resources/quota, read 2026-11-21 */
export async function readUsage(drive: OneDrive, { signal }: OperationOptions): Promise<Usage> {
  const { quota } = await drive.json({ method: 'GET', path: '?$select=quota', signal });
  if (typeof quota !== 'object' || quota === null) throw unreadable();
  const { used, total } = quota as { readonly used?: unknown; readonly total?: unknown };
  return {
    ...(typeof used === 'number' && { usedBytes: used }),
    // Some libraries have no limit of their own, and say 0.
    ...(typeof total === 'number' && total > 0 && { totalBytes: total }),
  };
}
