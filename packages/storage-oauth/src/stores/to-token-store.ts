import { StorageError } from '@granary/storage-core';
import { memoryTokenStore } from './memory-token-store.ts';
import { type PlainStorage, type StorageLike, storageTokenStore } from './storage-token-store.ts';
import type { TokenStore } from './token-store.ts';
import { type VaultLike, vaultTokenStore } from './vault-token-store.ts';

/** What tokens can be kept in: a vault, an encrypted storage, one that may be plain, or a store of one's own. */
export type TokenStoreInput = VaultLike | StorageLike | PlainStorage | TokenStore;

/** The store of what an application gives. Errors: `invalid-config`. */
export function toTokenStore(input: TokenStoreInput | undefined): TokenStore {
  if (input === undefined) return memoryTokenStore();
  if (typeof input === 'object' && input !== null) {
    if ('swap' in input) return input;
    if ('rotate' in input) return vaultTokenStore(input);
    if ('storage' in input) {
      return storageTokenStore(input.storage, { allowPlain: input.allowPlain === true });
    }
    if ('getCapabilities' in input || 'specVersion' in input) return storageTokenStore(input);
  }
  throw new StorageError('invalid-config', 'the option "store" is nothing that keeps tokens.', {
    hint: 'Give a vault of @granary/storage-credentials, an encrypted storage, or memoryTokenStore().',
  });
}
