import {
  type DerivationName,
  deriveKey,
  type KeyDerivation,
  newKeyDerivation,
} from '@granary/storage-core/crypto';
import { isStorageError, StorageError } from '@granary/storage-core/provider';
import type { GcmKey } from './ciphers.ts';
import {
  invalidConfig,
  type KeyProvider,
  keyIdOf,
  unknownKey,
  unwrapUnder,
  type WrapOptions,
  type WrappedKey,
  wrapUnder,
} from './key-provider.ts';
import { ciphers } from './runtime-ciphers.ts';

/** Settings of {@link passphraseKeys}. */
export interface PassphraseOptions {
  /** Default: `PBKDF2`. */
  readonly keyDerivation?: DerivationName;
  /** How new keys are made: a salt that the application keeps, or more rounds. Default: what the store began with, else a fresh salt. */
  readonly derivation?: KeyDerivation;
  /**
   * The store has no other passphrase: where this one does not open what stands there, nothing is
   * written under it, and with the next write what asks for it is asked again. Default: `false`; the option `passphrase`
   * says so.
   */
  readonly isOnly?: boolean;
}

/** A key that was made of the passphrase, with its id. */
interface Derived {
  readonly key: GcmKey;
  readonly keyId: string;
  readonly derivation: KeyDerivation;
}

/** Keys that are kept, so that each is derived once. */
const MAX_DERIVED = 16;

/**
 * Keys made of a passphrase, or of what asks for it when it is first needed. A key is derived once for
 * each salt and kept; a store has one salt, as long as it is written after something was read or listed.
 * Errors: `invalid-config` for an empty passphrase and an unknown derivation.
 */
export function passphraseKeys(
  passphrase: string | (() => string | Promise<string>),
  { keyDerivation = 'PBKDF2', derivation: own, isOnly = false }: PassphraseOptions = {},
): KeyProvider {
  if (typeof passphrase !== 'function' && (typeof passphrase !== 'string' || passphrase === '')) {
    throw invalidConfig('the passphrase is empty.', 'Give a passphrase, or a key.');
  }
  if (keyDerivation !== 'PBKDF2' && keyDerivation !== 'Argon2id') {
    throw invalidConfig(
      `there is no key derivation "${String(keyDerivation)}".`,
      'There are PBKDF2 and Argon2id.',
    );
  }
  const derived = new Map<string, Promise<Derived>>();
  let asked: Promise<string> | undefined;
  let writing: Promise<Derived> | undefined;
  /** It has opened something, or something was written under it. */
  let isKnown = false;

  function phrase(): Promise<string> {
    asked ??= (async () => (typeof passphrase === 'function' ? passphrase() : passphrase))();
    asked.catch(() => {
      asked = undefined;
    });
    return asked;
  }

  async function derive(derivation: KeyDerivation): Promise<Derived> {
    const text = await phrase();
    const derived = await deriveKey(text, derivation).catch((error) => {
      // A caller's empty answer is no fault of the store.
      if (!isStorageError(error, 'invalid-argument')) throw error;
      asked = undefined;
      throw new StorageError('permission-denied', 'no passphrase was given.', {
        hint: 'Give the passphrase that the store was written with.',
      });
    });
    const key = await ciphers.gcm(derived);
    return { key, keyId: await keyIdOf(key), derivation };
  }

  function keyFor(derivation: KeyDerivation): Promise<Derived> {
    const place = [...Object.values(derivation)].map(String).join(' ');
    const held = derived.get(place);
    if (held !== undefined) return held;
    const deriving = derive(derivation);
    derived.set(place, deriving);
    deriving.catch(() => derived.delete(place));
    if (derived.size > MAX_DERIVED) derived.delete([...derived.keys()][0] ?? '');
    return deriving;
  }

  /** Errors: `permission-denied` where the store holds what the only passphrase does not open. */
  async function checkOnly(found: WrappedKey | undefined): Promise<void> {
    if (!isOnly || isKnown || found?.derivation === undefined) return;
    if ((await keyFor(found.derivation)).keyId === found.keyId) return;
    if (typeof passphrase === 'function') {
      // It is asked for again when the next write needs it.
      asked = undefined;
      derived.clear();
    }
    throw new StorageError(
      'permission-denied',
      'what the store holds is encrypted under another passphrase, so nothing is written.',
      {
        outcome: 'not-applied',
        hint: 'Give that one. To change it, or to write beside it, give passphraseKeys as keyProvider.',
      },
    );
  }

  async function begin({ sample }: WrapOptions): Promise<Derived> {
    if (own !== undefined) return keyFor(own);
    const found = await sample?.();
    await checkOnly(found);
    const isStrong = found?.derivation !== undefined && isAtLeast(found.derivation, keyDerivation);
    if (found?.derivation !== undefined && isStrong) {
      const known = await keyFor(found.derivation);
      // Only what the passphrase opens is believed: nobody else can have chosen these numbers.
      if (known.keyId === found.keyId && (await opens(known, found))) return known;
    }
    return keyFor(newKeyDerivation(keyDerivation));
  }

  return {
    async wrap(fileKey, options) {
      writing ??= begin(options);
      writing.catch(() => {
        writing = undefined;
      });
      const { key, keyId, derivation } = await writing;
      isKnown = true;
      return { keyId, bytes: await wrapUnder(key, keyId, fileKey), derivation };
    },
    async unwrap({ keyId, bytes, derivation }) {
      if (derivation === undefined) throw unknownKey(keyId);
      const known = await keyFor(derivation);
      if (known.keyId !== keyId) throw wrongPassphrase();
      const fileKey = await unwrapUnder(known.key, keyId, bytes);
      isKnown = true;
      return fileKey;
    },
    async isCurrent({ keyId, derivation }) {
      if (derivation === undefined || !isAtLeast(derivation, keyDerivation)) return false;
      if (own !== undefined && !isAtLeast(derivation, own.name, own)) return false;
      return (await keyFor(derivation)).keyId === keyId;
    },
  };
}

/** Whether a derivation costs a guesser at least what a new one does. */
function isAtLeast(
  derivation: KeyDerivation,
  name: DerivationName,
  least: KeyDerivation = newKeyDerivation(name),
): boolean {
  if (derivation.name !== name || derivation.iterations < least.iterations) return false;
  return (
    derivation.name !== 'Argon2id' ||
    (least.name === 'Argon2id' && derivation.memoryKiB >= least.memoryKiB)
  );
}

async function opens({ key, keyId }: Derived, { bytes }: WrappedKey): Promise<boolean> {
  try {
    (await unwrapUnder(key, keyId, bytes)).fill(0);
    return true;
  } catch {
    return false;
  }
}

function wrongPassphrase(): StorageError {
  return new StorageError('permission-denied', 'the passphrase is not the one of this object.', {
    hint: 'Give the passphrase that it was written with.',
  });
}
