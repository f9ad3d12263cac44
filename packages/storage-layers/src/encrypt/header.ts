import { checkKeyDerivation, type KeyDerivation } from '@granary/storage-core/crypto';
import type { Bytes } from './ciphers.ts';
import type { WrappedKey } from './key-provider.ts';
import { HEADER_BYTES } from './layout.ts';
import { damaged } from './tink-stream.ts';

/** `\x8aGRANENC`: no text begins like this. */
export const MAGIC: Uint8Array = Uint8Array.of(0x8a, 0x47, 0x52, 0x41, 0x4e, 0x45, 0x4e, 0x43);
const VERSION = 1;
/** AES-GCM-HKDF streams with HKDF-SHA-256, keys of 32 bytes, segments of 128 KiB, chunks of 1 MiB. */
const SUITE = 1;

const BOUND_TO_KEY = 1;
const HAS_ATTRIBUTES = 2;
const DERIVATIONS = ['none', 'PBKDF2', 'Argon2id'] as const;

/** What is the same after the file key was wrapped anew: the associated data of the streams. */
export const FIXED_BYTES = 32;
const FILE_ID_BYTES = 16;
/** Longest id of a key. Units: UTF-8 bytes. */
export const MAX_KEY_ID_BYTES = 63;
/** Longest wrapped file key. Units: bytes. */
export const MAX_WRAPPED_BYTES = 370;
const TAG_OFFSET = 496;

/** A chunk's header, without its tag. */
export interface Header {
  readonly boundToKey: boolean;
  /** Attributes were stored with the object. */
  readonly hasAttributes: boolean;
  readonly chunk: number;
  readonly fileId: Bytes;
  readonly wrapped: WrappedKey;
}

/** A header with room for its tag. Its layout stands in format.md. */
export function encodeHeader(header: Header): Bytes {
  const { boundToKey, hasAttributes, chunk, fileId, wrapped } = header;
  const { keyId, bytes, derivation } = wrapped;
  const encoded = new Uint8Array(HEADER_BYTES);
  const view = new DataView(encoded.buffer);
  encoded.set(MAGIC);
  encoded[8] = VERSION;
  encoded[9] = SUITE;
  view.setUint16(10, (boundToKey ? BOUND_TO_KEY : 0) | (hasAttributes ? HAS_ATTRIBUTES : 0));
  view.setUint32(12, chunk);
  encoded.set(fileId, 16);
  if (derivation !== undefined) encoded.set(encodeDerivation(derivation), 32);
  const id = new TextEncoder().encode(keyId);
  encoded[60] = id.byteLength;
  encoded.set(id, 61);
  view.setUint16(124, bytes.byteLength);
  encoded.set(bytes, 126);
  return encoded;
}

/** The part of a header that its tag covers. */
export function taggedPart(encoded: Uint8Array): Uint8Array {
  return encoded.subarray(0, TAG_OFFSET);
}

/** Whether content begins as an encrypted object does. */
export function hasMagic(bytes: Uint8Array): boolean {
  return bytes.byteLength >= MAGIC.byteLength && MAGIC.every((byte, at) => bytes[at] === byte);
}

/** Errors: `corrupted` for what is no header. It is not verified yet. */
export function decodeHeader(encoded: Uint8Array): Header {
  if (!hasMagic(encoded) || encoded.byteLength < HEADER_BYTES) {
    throw damaged('it does not begin as an encrypted object does');
  }
  const view = new DataView(encoded.buffer, encoded.byteOffset, HEADER_BYTES);
  if (encoded[8] !== VERSION || encoded[9] !== SUITE) {
    throw damaged('its format is not one that this version knows');
  }
  const flags = view.getUint16(10);
  return {
    boundToKey: (flags & BOUND_TO_KEY) !== 0,
    hasAttributes: (flags & HAS_ATTRIBUTES) !== 0,
    chunk: view.getUint32(12),
    fileId: encoded.slice(16, 16 + FILE_ID_BYTES) as Bytes,
    wrapped: {
      keyId: keyIdFrom(encoded.subarray(61, 61 + Math.min(view.getUint8(60), MAX_KEY_ID_BYTES))),
      bytes: encoded.slice(126, 126 + Math.min(view.getUint16(124), MAX_WRAPPED_BYTES)),
      ...derivationFrom(encoded.subarray(32, 60)),
    },
  };
}

/** Errors: `corrupted` for what is no text. */
export function keyIdFrom(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damaged('the id of its key is damaged');
  }
}

/** 28 bytes: kind, parallelism, two zeros, iterations, memory, salt. */
export function encodeDerivation(derivation: KeyDerivation): Bytes {
  const encoded = new Uint8Array(28);
  const view = new DataView(encoded.buffer);
  encoded[0] = DERIVATIONS.indexOf(derivation.name);
  view.setUint32(4, derivation.iterations);
  if (derivation.name === 'Argon2id') {
    encoded[1] = derivation.parallelism;
    view.setUint32(8, derivation.memoryKiB);
  }
  encoded.set(derivation.salt, 12);
  return encoded;
}

/** Errors: `corrupted` for numbers that are no derivation, or one that would take far too long. */
export function derivationFrom(encoded: Uint8Array): { readonly derivation?: KeyDerivation } {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const name = DERIVATIONS[view.getUint8(0)];
  if (name === 'none') return {};
  const iterations = view.getUint32(4);
  const salt = encoded.slice(12, 28);
  const derivation: KeyDerivation =
    name === 'Argon2id'
      ? { name, iterations, memoryKiB: view.getUint32(8), parallelism: view.getUint8(1), salt }
      : { name: 'PBKDF2', iterations, salt };
  if (name !== undefined && isDerivation(derivation)) return { derivation };
  throw damaged('how its key is made from the passphrase is damaged');
}

/** Whether the numbers can have been meant, and do not take far too long. */
function isDerivation(derivation: KeyDerivation): boolean {
  try {
    checkKeyDerivation(derivation);
    return true;
  } catch {
    return false;
  }
}
