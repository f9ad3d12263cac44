import { isStorageError } from '@granary/storage-core';
import type { TokenName, TokenStore } from './token-store.ts';

/** A secret of a vault. */
export interface SecretLike {
  reveal(): string;
}

/** The part of a vault of `@granary/storage-credentials` that tokens are kept with. */
export interface VaultLike {
  get(name: CredentialLike): Promise<SecretLike | undefined>;
  set(name: CredentialLike, secret: string): Promise<void>;
  delete(name: CredentialLike): Promise<boolean>;
  list(): Promise<readonly { readonly service: string; readonly account?: string | undefined }[]>;
  /** Replaces a secret, and fails with `conflict` where it was changed meanwhile. */
  rotate(
    name: CredentialLike,
    makeNew: (start: { readonly current: SecretLike }) => string,
  ): Promise<unknown>;
}

/** The name of a credential. */
export interface CredentialLike {
  readonly service: string;
  readonly account: string;
}

const SERVICE = 'granary-oauth ';
const CHANGED = Symbol('changed');

/** Keeps tokens in a vault: one credential for each account. */
export function vaultTokenStore(vault: VaultLike): TokenStore {
  const credential = ({ space, account }: TokenName): CredentialLike => ({
    service: SERVICE + space,
    account,
  });
  return {
    place: 'the vault',
    isShared: true,
    read: async (name) => (await vault.get(credential(name)))?.reveal(),
    write: (name, text) => vault.set(credential(name), text),
    async swap(name, before, text) {
      try {
        // The vault compares what it read with what is there when it writes.
        await vault.rotate(credential(name), ({ current }) => {
          if (current.reveal() !== before) throw CHANGED;
          return text;
        });
        return true;
      } catch (error) {
        const isChanged =
          error === CHANGED ||
          isStorageError(error, 'conflict') ||
          isStorageError(error, 'not-found');
        if (isChanged) return false;
        throw error;
      }
    },
    async remove(name) {
      await vault.delete(credential(name));
    },
    async list(space) {
      const all = await vault.list();
      return all.flatMap(({ service, account }) =>
        service === SERVICE + space && account !== undefined ? [account] : [],
      );
    },
  };
}
