import type { KeyDerivation } from '@granary/storage-core/crypto';
import {
  isStorageError,
  type OperationOptions,
  StorageError,
} from '@granary/storage-core/provider';
import type { Bytes, GcmKey } from './ciphers.ts';
import { MAX_KEY_ID_BYTES, MAX_WRAPPED_BYTES } from './header.ts';
import { ciphers } from './runtime-ciphers.ts';

/** The key of one object, wrapped under a key that the application keeps. It is no secret. */
export interface WrappedKey {
  /** Which key it is wrapped under. At most 63 bytes of UTF-8. */
  readonly keyId: string;
  /** At most 370. */
  readonly bytes: Uint8Array;
  /** How the wrapping key is made of a passphrase, where it is. */
  readonly derivation?: KeyDerivation;
}

/** Options of a {@link KeyProvider}'s `wrap`. */
export interface WrapOptions extends OperationOptions {
  /** A wrapped key that the store holds already, so that a passphrase can go on with its salt. Reads the store. */
  readonly sample?: () => Promise<WrappedKey | undefined>;
}

/**
 * Wraps and unwraps the keys of objects: a vault, a passphrase or a key service stands behind it. It
 * sees 32 random bytes for each object and never the content.
 */
export interface KeyProvider {
  /** Wraps 32 bytes under the key that is current. They are a copy, not to be kept. */
  wrap(fileKey: Uint8Array, options: WrapOptions): Promise<WrappedKey>;
  /**
   * The 32 bytes again. Errors: `permission-denied` for a key that it does not have, and for bytes
   * that the key does not fit. The code of a {@link StorageError} surfaces, but for those that would be
   * taken for the object's, such as `not-found`; they become `permission-denied` or `unavailable`, as
   * anything else does.
   */
  unwrap(wrapped: WrappedKey, options: OperationOptions): Promise<Uint8Array>;
  /** Whether it is wrapped under the key that is current, so that `rewrap` can pass it by. */
  isCurrent(wrapped: WrappedKey): boolean | Promise<boolean>;
}

/** A key of 256 bits: its bytes, or an AES-GCM `CryptoKey` that can encrypt and decrypt. */
export type EncryptionKey = Uint8Array | CryptoKey;

/** Settings of {@link keyRing}. Give `keys` or `find`. */
export interface KeyRingOptions {
  /** Id of the key that new objects are wrapped under, or what tells it. */
  readonly current: string | (() => string | Promise<string>);
  /** Keys by their ids. */
  readonly keys?: Readonly<Record<string, EncryptionKey>>;
  /** Finds a key, in a vault for example. Asked once for each id while the key is known. */
  readonly find?: (keyId: string) => EncryptionKey | undefined | Promise<EncryptionKey | undefined>;
}

export const FILE_KEY_BYTES = 32;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const MAX_KEYS = 64;

/**
 * Keys by their ids: new objects go under the current one, old ones stay readable while theirs is
 * there.
 * Errors: `invalid-config` for a key that is none of 256 bits, and for an id that is too long.
 */
export function keyRing({ current, keys = {}, find }: KeyRingOptions): KeyProvider {
  const known = new Map<string, Promise<GcmKey>>();
  for (const [id, key] of Object.entries(keys)) {
    checkKeyId(id);
    known.set(id, importKey(checkKey(key)));
  }
  if (typeof current === 'string') {
    checkKeyId(current);
    if (find === undefined && !known.has(current)) {
      throw invalidConfig(`the current key "${current}" is not among the keys.`);
    }
  }
  const given = known.size;

  async function lookUp(id: string): Promise<GcmKey> {
    const key = await find?.(id);
    if (key === undefined) throw unknownKey(id);
    return importKey(checkKey(key));
  }

  function keyOf(id: string): Promise<GcmKey> {
    const held = known.get(id);
    if (held !== undefined) return held;
    const looking = lookUp(id);
    looking.catch(() => known.delete(id));
    known.set(id, looking);
    if (known.size > given + MAX_KEYS) {
      const [oldest] = [...known.keys()].slice(given);
      if (oldest !== undefined) known.delete(oldest);
    }
    return looking;
  }

  const currentId = async () => (typeof current === 'string' ? current : current());
  return {
    async wrap(fileKey) {
      const keyId = await currentId();
      return { keyId, bytes: await wrapUnder(await keyOf(keyId), keyId, fileKey) };
    },
    async unwrap({ keyId, bytes }) {
      return unwrapUnder(await keyOf(keyId), keyId, bytes);
    },
    isCurrent: async ({ keyId }) => keyId === (await currentId()),
  };
}

/**
 * A single key, whose id is told by the key itself: what the option `key` makes. In a `keyChain`, it
 * opens what was written under it.
 * Errors: `invalid-config` for a key that is none of 256 bits.
 */
export function singleKey(given: EncryptionKey): KeyProvider {
  const key = importKey(checkKey(given));
  const id = key.then(keyIdOf);
  id.catch(() => {});
  return {
    async wrap(fileKey) {
      return { keyId: await id, bytes: await wrapUnder(await key, await id, fileKey) };
    },
    async unwrap({ keyId, bytes }) {
      if (keyId !== (await id)) throw unknownKey(keyId);
      return unwrapUnder(await key, keyId, bytes);
    },
    isCurrent: async ({ keyId }) => keyId === (await id),
  };
}

/**
 * Several providers as one: new objects go under the first, and each object is read with the first
 * that has its key. So a store moves from a passphrase to another one, or to a key service.
 */
export function keyChain(current: KeyProvider, ...older: readonly KeyProvider[]): KeyProvider {
  return {
    wrap: (fileKey, options) => current.wrap(fileKey, options),
    async unwrap(wrapped, options) {
      let denied: unknown;
      for (const provider of [current, ...older]) {
        try {
          return await provider.unwrap(wrapped, options);
        } catch (error) {
          if (!isStorageError(error, 'permission-denied')) throw error;
          denied ??= error;
        }
      }
      throw denied;
    },
    isCurrent: (wrapped) => current.isCurrent(wrapped),
  };
}

/** Wraps with AES-256-GCM: a random nonce, the wrapped key, its tag. The key's id is associated data. */
export async function wrapUnder(key: GcmKey, keyId: string, fileKey: Uint8Array): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await key.seal(iv, fileKey, wrapData(keyId));
  const wrapped = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  wrapped.set(iv);
  wrapped.set(sealed, NONCE_BYTES);
  return wrapped;
}

/** Errors: `permission-denied`. */
export async function unwrapUnder(key: GcmKey, keyId: string, wrapped: Uint8Array): Promise<Bytes> {
  try {
    const [nonce, sealed] = [wrapped.slice(0, NONCE_BYTES), wrapped.slice(NONCE_BYTES)];
    return await key.open(nonce, sealed, wrapData(keyId));
  } catch {
    throw new StorageError('permission-denied', `the key "${keyId}" does not open this object.`, {
      hint: 'Another key has this id, or what was wrapped with it was damaged.',
    });
  }
}

/**
 * What a key is called when nobody names it: the first 8 bytes, in hex, of the tag of AES-256-GCM
 * over nothing, with a nonce of zeros and the associated data "granary key id". The nonce is used for
 * this alone.
 */
export async function keyIdOf(key: GcmKey): Promise<string> {
  const data = new TextEncoder().encode('granary key id');
  const tag = await key.seal(new Uint8Array(NONCE_BYTES), new Uint8Array(0), data);
  return Array.from(tag.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What a provider unwrapped, when it is bytes. Errors: `invalid-config`. */
export function checkUnwrapped(answer: Uint8Array): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(answer) && answer.BYTES_PER_ELEMENT === 1) return answer as Bytes;
  throw invalidConfig('the key provider unwrapped no Uint8Array.', 'See its unwrap.');
}

/** What a provider wrapped, when it fits a header. Errors: `invalid-config`. */
export function checkWrapped(wrapped: WrappedKey): WrappedKey {
  if (!ArrayBuffer.isView(wrapped?.bytes) || wrapped.bytes.BYTES_PER_ELEMENT !== 1) {
    throw invalidConfig('the key provider wrapped no { keyId, bytes }.', 'See its wrap.');
  }
  checkKeyId(wrapped.keyId);
  const { byteLength } = wrapped.bytes;
  if (byteLength > 0 && byteLength <= MAX_WRAPPED_BYTES) return wrapped;
  throw invalidConfig(
    `the key provider made ${byteLength} bytes of a wrapped key, and ${MAX_WRAPPED_BYTES} fit.`,
    'Wrap with a symmetric key, or with RSA of at most 2,960 bits.',
  );
}

/** Errors: `permission-denied`. */
export function unknownKey(keyId: string): StorageError {
  return new StorageError(
    'permission-denied',
    `it is encrypted with the key "${keyId}", which is not here.`,
    { hint: 'Give the key that it was written with.' },
  );
}

export function invalidConfig(reason: string, hint?: string): StorageError {
  return new StorageError('invalid-config', reason, { hint });
}

function checkKeyId(id: string): void {
  const length = typeof id === 'string' ? new TextEncoder().encode(id).byteLength : 0;
  if (length >= 1 && length <= MAX_KEY_ID_BYTES && id.isWellFormed()) return;
  throw invalidConfig(`the id of a key has 1 to ${MAX_KEY_ID_BYTES} bytes of UTF-8.`);
}

/** Errors: `invalid-config`, which says nothing of the key itself. */
function checkKey(key: EncryptionKey): EncryptionKey {
  if (ArrayBuffer.isView(key)) {
    if (key.byteLength === KEY_BYTES) return key;
    throw invalidConfig(
      `a key has ${KEY_BYTES} bytes, not ${key.byteLength}.`,
      'Make one with crypto.getRandomValues(new Uint8Array(32)), or give a passphrase.',
    );
  }
  const { algorithm, usages } = key as Partial<CryptoKey>;
  const { name, length } = (algorithm ?? {}) as Partial<AesKeyAlgorithm>;
  const isAes256 = name === 'AES-GCM' && length === KEY_BYTES * 8;
  if (isAes256 && usages?.includes('encrypt') && usages.includes('decrypt')) return key;
  throw invalidConfig(
    'the key is neither 32 bytes nor an AES-GCM CryptoKey of 256 bits that encrypts and decrypts.',
  );
}

/** The bytes are taken before this returns, so the caller may wipe its own. */
async function importKey(key: EncryptionKey): Promise<GcmKey> {
  return ciphers.gcm(key);
}

function wrapData(keyId: string): Bytes {
  return new TextEncoder().encode(`granary file key\0${keyId}`) as Bytes;
}
