import { StorageError } from '@granary/storage-core';
import { fromBase64, toBase64 } from './base64.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** What AES-256-GCM made of some bytes, as base64: a nonce of 96 random bits, and the ciphertext with its tag. */
export interface Sealed {
  readonly iv: string;
  readonly data: string;
}

const IV_BYTES = 12;
const KEY_BYTES = 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Encrypts bytes, bound to `place`: what is sealed for one place opens at no other. */
async function sealBytes(key: CryptoKey, bytes: Bytes, place: string): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const additionalData = encoder.encode(place);
  const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, bytes);
  return { iv: toBase64(iv), data: toBase64(new Uint8Array(data)) };
}

export async function sealText(key: CryptoKey, text: string, place: string): Promise<Sealed> {
  return sealBytes(key, encoder.encode(text), place);
}

/** `undefined` where the key is another one, or anything was changed. */
async function openBytes(
  key: CryptoKey,
  sealed: Sealed,
  place: string,
): Promise<Bytes | undefined> {
  const [iv, data] = [fromBase64(sealed.iv), fromBase64(sealed.data)];
  if (iv?.byteLength !== IV_BYTES || data === undefined) return undefined;
  const additionalData = encoder.encode(place);
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, data),
    );
  } catch {
    return undefined;
  }
}

/** Errors: `corrupted`. */
export async function openText(key: CryptoKey, sealed: Sealed, place: string): Promise<string> {
  const bytes = await openBytes(key, sealed, place);
  if (bytes !== undefined) return decoder.decode(bytes);
  throw new StorageError('corrupted', 'what is stored there was changed or damaged.', {
    hint: 'Nothing of it is shown. Restore the vault from a backup, or set the secret again.',
  });
}

/** A new key, sealed under another one, and ready for use. */
export async function newSealedKey(
  under: CryptoKey,
  place: string,
): Promise<{ readonly sealed: Sealed; readonly key: CryptoKey }> {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const sealed = await sealBytes(under, bytes, place);
  const key = await importKey(bytes);
  bytes.fill(0);
  return { sealed, key };
}

/** The key that was sealed; `undefined` where `under` is the wrong one. */
export async function openSealedKey(
  under: CryptoKey,
  sealed: Sealed,
  place: string,
): Promise<CryptoKey | undefined> {
  const bytes = await openBytes(under, sealed, place);
  if (bytes === undefined) return undefined;
  const key = await importKey(bytes);
  bytes.fill(0);
  return key;
}

/** The same key sealed under another one; `undefined` where `under` is the wrong one. */
export async function resealKey(
  under: CryptoKey,
  sealed: Sealed,
  place: string,
  next: { readonly under: CryptoKey; readonly place: string },
): Promise<Sealed | undefined> {
  const bytes = await openBytes(under, sealed, place);
  if (bytes === undefined) return undefined;
  const resealed = await sealBytes(next.under, bytes, next.place);
  bytes.fill(0);
  return resealed;
}

/** A key that only encrypts and decrypts: it cannot be exported. */
export function importKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** Whether a value that came from a store can be one. */
export function isSealed(value: unknown): value is Sealed {
  const { iv, data } = (value ?? {}) as Partial<Sealed>;
  return typeof iv === 'string' && typeof data === 'string';
}

export function wrongPassphrase(): StorageError {
  return new StorageError('permission-denied', 'the passphrase or key is wrong.', {
    outcome: 'not-applied',
    hint: 'Nothing was changed. Try again with the right one; without it the secrets cannot be read.',
  });
}
