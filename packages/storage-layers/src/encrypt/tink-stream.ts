import { StorageError } from '@granary/storage-core/provider';
import type { Bytes, HkdfTerms, RootKey } from './ciphers.ts';

/**
 * Parameters of a Tink AES-GCM-HKDF streaming key
 * (https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming, read 2026-11-21).
 */
export interface TinkParameters {
  readonly hash: HkdfTerms['hash'];
  /** Units: bytes. The salt is as long. */
  readonly derivedKeyBytes: 16 | 32;
  /** Units: bytes. The first segment is shorter by the header. */
  readonly segmentBytes: number;
}

const NONCE_PREFIX_BYTES = 7;
const NONCE_BYTES = 12;

/** One stream: its header, and how its segments are sealed and opened. */
export interface TinkStream {
  /** Length of the header, salt and nonce prefix. */
  readonly header: Bytes;
  seal(index: number, isLast: boolean, plain: Uint8Array): Promise<Bytes>;
  /** Errors: `corrupted` for a segment that is not what was written at this place. */
  open(index: number, isLast: boolean, sealed: Uint8Array): Promise<Bytes>;
}

/** Length of a stream's header. Units: bytes. */
export function tinkHeaderBytes({ derivedKeyBytes }: TinkParameters): number {
  return 1 + derivedKeyBytes + NONCE_PREFIX_BYTES;
}

/** Begins a stream: a salt and a nonce prefix of its own, so that no nonce is ever used twice with a key. */
export function beginTinkStream(
  parameters: TinkParameters,
  key: RootKey,
  associatedData: Uint8Array,
): Promise<TinkStream> {
  const header = crypto.getRandomValues(new Uint8Array(tinkHeaderBytes(parameters)));
  header[0] = header.byteLength;
  return tinkStream(parameters, key, associatedData, header);
}

/** A stream by its header. Errors: `corrupted` for what is no header. */
export async function tinkStream(
  parameters: TinkParameters,
  key: RootKey,
  associatedData: Uint8Array,
  header: Uint8Array,
): Promise<TinkStream> {
  const { hash, derivedKeyBytes } = parameters;
  const own = new Uint8Array(header);
  if (own.byteLength !== tinkHeaderBytes(parameters) || own[0] !== own.byteLength) {
    throw damaged('the header of its stream is damaged');
  }
  const salt = own.subarray(1, 1 + derivedKeyBytes);
  const noncePrefix = own.subarray(1 + derivedKeyBytes);
  const streamKey = await key.gcm({ hash, salt, info: associatedData, length: derivedKeyBytes });

  function nonceOf(index: number, isLast: boolean): Bytes {
    const nonce = new Uint8Array(NONCE_BYTES);
    nonce.set(noncePrefix);
    new DataView(nonce.buffer).setUint32(NONCE_PREFIX_BYTES, index);
    nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
    return nonce;
  }

  return {
    header: own,
    async seal(index, isLast, plain) {
      return streamKey.seal(nonceOf(index, isLast), plain);
    },
    async open(index, isLast, sealed) {
      try {
        return await streamKey.open(nonceOf(index, isLast), sealed);
      } catch {
        throw damaged(`segment ${index} is not what was written there`);
      }
    },
  };
}

/** What content fails with that is not what was written. Nothing of it is handed out. */
export function damaged(what: string): StorageError {
  return new StorageError('corrupted', `${what}: the object was damaged or changed.`, {
    hint: 'Nothing of it was handed out. Bring it back from a version or a backup.',
  });
}

/** Bytes one after another, in memory of their own. */
export function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
