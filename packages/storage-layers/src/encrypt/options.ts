import type { DerivationName } from '@granary/storage-core/crypto';
import type { Binding } from './file-cipher.ts';
import { type EncryptionKey, invalidConfig, type KeyProvider, singleKey } from './key-provider.ts';
import { passphraseKeys } from './passphrase-keys.ts';
import { type EncryptionRule, type EncryptionRules, encryptionRules } from './rules.ts';

/** Where keys come from: exactly one of `key`, `passphrase` and `keyProvider`. */
export interface KeySource {
  readonly encryption?: {
    /** The only one there is. */
    readonly algorithm?: 'AES-256-GCM';
    /** How the key is made of a passphrase; without one it has no part. Default: `PBKDF2`. */
    readonly keyDerivation?: DerivationName;
  };
  /** A key of 256 bits: 32 bytes, or an AES-GCM `CryptoKey`, which need not be extractable. */
  readonly key?: EncryptionKey;
  /**
   * A passphrase, or what asks for it when it is first needed. Nothing is written under one that does
   * not open what the store holds.
   */
  readonly passphrase?: string | (() => string | Promise<string>);
  /** A ring of keys, a vault or a key service. */
  readonly keyProvider?: KeyProvider;
  /**
   * What an object is bound to. `key`: its key, so that objects that were swapped are noticed, and a
   * copy is encrypted anew. `context`: the context alone, so that the service can copy. Default: `key`.
   */
  readonly bind?: 'key' | 'context';
  /** Names what the store is for; objects of another context are not read. Default: none. */
  readonly context?: string;
}

/** Options of {@link createEncrypted}. */
export interface EncryptOptions extends KeySource {
  /**
   * `required`: everything is encrypted, and what is not is refused as `corrupted`. `per-save`: what is
   * saved with `encrypt: true`, and what a rule names; the rest is stored and read as it is, so whoever
   * can write to the store can put plain content in the place of encrypted. Default: `required`.
   */
  readonly mode?: 'required' | 'per-save';
  /** What is encrypted by itself in the mode `per-save`. */
  readonly rules?: readonly EncryptionRule[] | EncryptionRules;
}

/** Options that were checked. */
export interface EncryptSettings {
  readonly provider: KeyProvider;
  readonly binding: Binding;
  readonly isRequired: boolean;
  readonly rules: EncryptionRules;
}

/** Errors: `invalid-config`, which shows nothing of a key or passphrase. */
export function checkOptions(options: EncryptOptions): EncryptSettings {
  const { mode = 'required', rules } = options;
  if (mode !== 'required' && mode !== 'per-save') {
    throw invalidConfig(`there is no mode "${String(mode)}".`, 'There are required and per-save.');
  }
  if (mode === 'required' && rules !== undefined) {
    throw invalidConfig(
      'rules choose what is encrypted, and here everything is.',
      "Leave them out, or say mode: 'per-save'.",
    );
  }
  return {
    ...checkKeySource(options),
    isRequired: mode === 'required',
    rules: rules !== undefined && 'set' in rules ? rules : encryptionRules(rules),
  };
}

/** Errors: `invalid-config`. */
export function checkKeySource(source: KeySource): Pick<EncryptSettings, 'provider' | 'binding'> {
  const { encryption = {}, key, passphrase, keyProvider, bind = 'key', context = '' } = source;
  const { algorithm = 'AES-256-GCM', keyDerivation } = encryption;
  if (algorithm !== 'AES-256-GCM') {
    throw invalidConfig(
      `there is no encryption algorithm "${String(algorithm)}".`,
      'There is AES-256-GCM.',
    );
  }
  if (keyDerivation !== undefined && !['PBKDF2', 'Argon2id'].includes(keyDerivation)) {
    throw invalidConfig(
      `there is no key derivation "${String(keyDerivation)}".`,
      'There are PBKDF2 and Argon2id.',
    );
  }
  if (bind !== 'key' && bind !== 'context') {
    throw invalidConfig(
      `objects cannot be bound to "${String(bind)}".`,
      'They can to key and context.',
    );
  }
  if (typeof context !== 'string' || !context.isWellFormed()) {
    throw invalidConfig('the context is not a text.');
  }
  const given = [key, passphrase, keyProvider].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw invalidConfig(
      given.length === 0
        ? 'there is no key to encrypt with.'
        : 'there is more than one of key, passphrase and keyProvider.',
      'Give exactly one of key (32 bytes), passphrase and keyProvider.',
    );
  }
  return { provider: providerFrom(source), binding: { to: bind, context } };
}

function providerFrom({ encryption, key, passphrase, keyProvider }: KeySource): KeyProvider {
  if (key !== undefined) return singleKey(key);
  if (passphrase !== undefined) {
    const { keyDerivation } = encryption ?? {};
    return passphraseKeys(passphrase, {
      isOnly: true,
      ...(keyDerivation !== undefined && { keyDerivation }),
    });
  }
  const isProvider =
    typeof keyProvider === 'object' &&
    [keyProvider.wrap, keyProvider.unwrap, keyProvider.isCurrent].every(
      (method) => typeof method === 'function',
    );
  if (isProvider) return keyProvider;
  throw invalidConfig(
    'the keyProvider has no wrap, unwrap and isCurrent.',
    'Make one with keyRing, passphraseKeys or keyChain, or write the three.',
  );
}
