/*
 * What the format is made of: SHA-256, HKDF, HMAC and AES-GCM, as the runtime brings them. Web Crypto
 * is everywhere; Node has the same at once, without a turn of its threads for each call.
 */

/** Bytes in memory of their own, as Web Crypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A value that is there at once where the runtime computes it at once. */
export type Awaitable<Value> = Value | Promise<Value>;

/** The tag of AES-GCM. Units: bytes. */
export const TAG_BYTES = 16;

/** What a key is derived with. */
export interface HkdfTerms {
  readonly hash: 'SHA-1' | 'SHA-256' | 'SHA-512';
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
  /** Units: bytes. */
  readonly length: number;
}

/** A key that seals and opens. What is given to it is taken before the call returns. */
export interface GcmKey {
  /** The sealed bytes, with their tag at the end. */
  seal(nonce: Uint8Array, plain: Uint8Array, associatedData?: Uint8Array): Awaitable<Bytes>;
  /** Throws, or rejects, for what was not sealed so. */
  open(nonce: Uint8Array, sealed: Uint8Array, associatedData?: Uint8Array): Awaitable<Bytes>;
}

/** A key that signs. */
export interface HmacKey {
  /** HMAC-SHA-256. */
  sign(data: Uint8Array): Awaitable<Bytes>;
}

/** A key of which others are made by HKDF. */
export interface RootKey {
  gcm(terms: HkdfTerms): Awaitable<GcmKey>;
  hmac(terms: HkdfTerms): Awaitable<HmacKey>;
}

/** Keys stay inside the runtime; what they are made of may be wiped when the call returns. */
export interface Ciphers {
  /** Segments that are to be in the making at once: what keeps two cores busy, in 2 MiB, or one. */
  readonly inFlight: number;
  sha256(data: Uint8Array): Awaitable<Bytes>;
  /** The key of some random bytes. */
  root(bytes: Uint8Array): Awaitable<RootKey>;
  /** A key of an application: its bytes, or an AES-GCM `CryptoKey`. */
  gcm(key: Uint8Array | CryptoKey): Awaitable<GcmKey>;
}
