import type { StorageEngine } from '@granary/storage-core';
import type { Vault } from '@granary/storage-credentials';
import { type CompressOptions, withCompress } from '@granary/storage-layers/compress';
import { type EncryptOptions, withEncrypt } from '@granary/storage-layers/encrypt';
import { type ExpireOptions, withExpire } from '@granary/storage-layers/expire';
import { type IntegrityOptions, withIntegrity } from '@granary/storage-layers/integrity';
import { type QuotaOptions, withQuota } from '@granary/storage-layers/quota';
import { createRetrying, type RetryOptions } from '@granary/storage-layers/retry';
import { type ShredOptions, withShred } from '@granary/storage-layers/shred';
import { withValidate } from '@granary/storage-layers/validate';
import { toEncryption } from './encrypt-options.ts';
import type { LayerTable } from './open-provider.ts';
import { toValidation } from './validate-options.ts';

/** Options of {@link storageLayers}. */
export interface StorageLayersOptions {
  /** Where keys of encryption are that the file does not give. */
  readonly vault?: Vault;
}

/**
 * Options of the encryption layer from those of a file, keys included: for `rewrap` of
 * `@granary/storage-layers/encrypt`. Errors: `invalid-config`, which shows no key.
 */
export function encryptionOptions(
  options: Readonly<Record<string, unknown>>,
  { vault }: StorageLayersOptions = {},
): EncryptOptions {
  return toEncryption(options, vault);
}

/** How a file names another store. */
type StoreOf = (name: string) => StorageEngine;

/**
 * All layers of `@granary/storage-layers` that a file can name, for `openStores`. They have an entry of
 * their own, so that an application that passes some of them by hand loads no other.
 */
export function storageLayers({ vault }: StorageLayersOptions = {}): LayerTable {
  return {
    compress: (provider, options) => withCompress(provider, options as CompressOptions),
    encrypt: (provider, options) => withEncrypt(provider, toEncryption(options, vault)),
    expire: (provider, options) => withExpire(provider, options as ExpireOptions),
    integrity: (provider, options, storeOf) =>
      withIntegrity(provider, toIntegrity(options, storeOf)),
    quota: (provider, options) => withQuota(provider, options as QuotaOptions),
    retry: (provider, options) => createRetrying.provider(provider, options as RetryOptions),
    shred: (provider, options, storeOf) => withShred(provider, toShredding(options, storeOf)),
    validate: (provider, options) => withValidate(provider, toValidation(options)),
  };
}

function toIntegrity(
  options: Readonly<Record<string, unknown>>,
  storeOf: StoreOf,
): IntegrityOptions {
  const { repair, ...rest } = options as Omit<IntegrityOptions, 'repair'> & {
    readonly repair?: { readonly from: string };
  };
  return repair === undefined ? rest : { ...rest, repair: { from: storeOf(repair.from) } };
}

function toShredding(options: Readonly<Record<string, unknown>>, storeOf: StoreOf): ShredOptions {
  const { copies, ...rest } = options as Omit<ShredOptions, 'copies'> & {
    readonly copies?: readonly string[];
  };
  return copies === undefined ? rest : { ...rest, copies: copies.map(storeOf) };
}
