import { StorageError } from '@granary/storage-core';
import {
  checkKeyDerivation,
  type DerivationName,
  type KeyDerivation,
  newKeyDerivation,
} from '@granary/storage-core/crypto';
import { fromBase64, toBase64 } from './base64.ts';

/** How a key comes from a passphrase, as it is stored. */
export type StoredDerivation = Readonly<Record<string, string | number>>;

/** How a new key is to be made, with more rounds where that is asked for. Errors: `invalid-config`. */
export function makeDerivation(name: DerivationName, iterations?: number): KeyDerivation {
  const derivation = newKeyDerivation(name);
  if (iterations === undefined) return derivation;
  if (Number.isSafeInteger(iterations) && iterations >= derivation.iterations) {
    return { ...derivation, iterations };
  }
  throw new StorageError('invalid-config', 'so few iterations are not safe.', {
    hint: `Use at least ${derivation.iterations} for ${name}, or leave the option out.`,
  });
}

export function storeDerivation({ salt, ...numbers }: KeyDerivation): StoredDerivation {
  return { ...numbers, salt: toBase64(salt) };
}

/** Errors: `invalid-data`. */
export function readDerivation(stored: StoredDerivation): KeyDerivation {
  const salt = fromBase64(String(stored['salt'])) ?? new Uint8Array();
  const derivation = { ...stored, salt } as unknown as KeyDerivation;
  checkKeyDerivation(derivation);
  return derivation;
}
