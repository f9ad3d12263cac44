import {
  defineLayer,
  type LayerFactory,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { encryptLayer } from './encrypt/layer.ts';
import { checkOptions, type EncryptOptions } from './encrypt/options.ts';

export {
  type EncryptionKey,
  type KeyProvider,
  type KeyRingOptions,
  keyChain,
  keyRing,
  singleKey,
  type WrapOptions,
  type WrappedKey,
} from './encrypt/key-provider.ts';
export type { EncryptOptions, KeySource } from './encrypt/options.ts';
export { type PassphraseOptions, passphraseKeys } from './encrypt/passphrase-keys.ts';
export {
  type RewrapOptions,
  type RewrapPage,
  type RewrapResult,
  rewrap,
} from './encrypt/rewrap.ts';
export {
  type EncryptionRule,
  type EncryptionRules,
  encryptionRules,
} from './encrypt/rules.ts';

export { type KeyVault, vaultKeys } from './encrypt/vault-keys.ts';

/** Encrypted content cannot be made smaller, and nothing below sees what it is. */
const BELOW_ENCRYPTION = {
  compressed:
    'Encrypted bytes do not shrink. Compress first: createCompressed over createEncrypted.',
  validated:
    'Below, only encrypted bytes are seen. Validate first: createValidated over createEncrypted.',
  shredding: 'Below, it is not seen what is encrypted. Put createShredding over createEncrypted.',
  expiring: 'Below, no expiry is seen. Put createExpiring over createEncrypted.',
};

/**
 * Encrypts content and attributes with AES-256-GCM, in segments: streams of any size in little memory,
 * parts that decrypt their segments alone, upload sessions, batches, versions and conditions as below.
 * Keys, sizes, times, etags and the service's own tags stay visible. What was changed, cut, moved to
 * another key or put there unencrypted fails with `corrupted`, what no key here opens with
 * `permission-denied`, and no byte is handed out that was not verified. Presigned requests, public URLs,
 * checksums of the service and its index are left out. It stands below compression, validation and
 * expiry, and over everything that retries or stores. The format stands in `encrypt/format.md`.
 * Errors: `invalid-config` for no key, several, and options that make no sense.
 */
export const createEncrypted: LayerFactory<EncryptOptions> = /* @__PURE__ */ defineLayer({
  name: 'encrypted',
  layer: (below, options: EncryptOptions) => encryptLayer(below, checkOptions(options)),
  notOver: () => BELOW_ENCRYPTION,
});

/** The provider with its content and attributes encrypted, as {@link createEncrypted} does it. */
export function withEncrypt(provider: StorageProvider, options: EncryptOptions): StorageProvider {
  return createEncrypted.provider(provider, options);
}
