import type { AnyEngine, EngineOptions, StorageEngine } from '@granary/storage-core';
import {
  type LayerFactory,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import type { Vault } from '@granary/storage-credentials';
import {
  type EncryptOptions,
  type KeyProvider,
  type KeyVault,
  createEncrypted as layer,
  vaultKeys,
} from '@granary/storage-layers/encrypt';

/** Name of the vault's key that is used where none is named. */
const KEY_NAME = 'storage';

/** Options of `createEncrypted`. */
export interface EncryptedOptions extends EncryptOptions {
  /**
   * Where the key is kept when none of `key`, `passphrase` and `keyProvider` is given. Default: the
   * vault of this platform, which makes the key when something is first encrypted.
   */
  readonly vault?: KeyVault;
  /** Name of the key in the vault. Errors: `invalid-config` beside another key. Default: `storage`. */
  readonly keyName?: string;
}

/** `createEncrypted` with the vault of a platform, which is loaded when its key is first needed. */
export function encryptedCreator(loadVault: () => Promise<Vault>): LayerFactory<EncryptedOptions> {
  function withKeys({ vault, keyName: named, ...options }: EncryptedOptions): EncryptOptions {
    const keyName = named ?? KEY_NAME;
    const { key, passphrase, keyProvider } = options;
    const isGiven = [key, passphrase, keyProvider].some((one) => one !== undefined);
    if (isGiven && (vault !== undefined || named !== undefined)) throw twoKeys();
    return isGiven ? options : { ...options, keyProvider: keysOf(vault, keyName) };
  }

  function keysOf(vault: KeyVault | undefined, name: string): KeyProvider {
    if (vault !== undefined) return vaultKeys(vault, name);
    let opening: Promise<KeyVault> | undefined;
    const opened = () => {
      opening ??= loadVault();
      opening.catch(() => {
        opening = undefined;
      });
      return opening;
    };
    return vaultKeys(
      {
        key: async (...args) => (await opened()).key(...args),
        keyVersions: async (of) => (await opened()).keyVersions(of),
      },
      name,
    );
  }

  function create(
    {
      underlying,
      ...options
    }: EncryptedOptions & {
      readonly underlying: AnyEngine | StorageProvider;
    },
    engine?: EngineOptions,
  ): StorageEngine {
    return layer({ ...withKeys(options), underlying }, engine);
  }

  return Object.assign(create, {
    provider: (provider: StorageProvider, options: EncryptedOptions) =>
      layer.provider(provider, withKeys(options)),
  });
}

function twoKeys(): StorageError {
  return new StorageError(
    'invalid-config',
    'vault and keyName say where the key is, and another key is given.',
    { hint: 'Leave out either vault and keyName, or key, passphrase and keyProvider.' },
  );
}
