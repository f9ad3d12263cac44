import {
  type Health,
  isStorageError,
  measureHealth,
  type OperationOptions,
} from '@granary/storage-core/provider';
import { type AzureStore, blobOf, send } from './azure-client.ts';
import { OWN_NAMES } from './azure-keys.ts';

/** Asks for a blob that is never there, which takes no more than the right to read. */
export function checkHealth(store: AzureStore, { signal }: OperationOptions): Promise<Health> {
  return measureHealth(async () => {
    try {
      await send(signal, (abortSignal) =>
        blobOf(store, `${OWN_NAMES}health`).getProperties({ abortSignal }),
      );
    } catch (error) {
      if (!isStorageError(error, 'not-found')) throw error;
    }
  });
}
