import {
  type JsonValue,
  type ObjectAttributes,
  type OperationOptions,
  pickAttributes,
} from '@granary/storage-core/provider';
import type { Bytes } from './ciphers.ts';
import {
  type Binding,
  bindingDigest,
  type FileKeyring,
  type FileKeys,
  text,
} from './file-cipher.ts';
import { derivationFrom, encodeDerivation, keyIdFrom } from './header.ts';
import type { WrappedKey } from './key-provider.ts';
import { damaged, joined } from './tink-stream.ts';

/** The name under which the attributes of an encrypted object stand below. */
export const RECORD_NAME = 'granary.encrypted';

const VERSION = 1;
const FILE_ID_BYTES = 16;
const DERIVATION_BYTES = 28;
const NONCE_BYTES = 12;

/** What stands in a record without being encrypted: what is needed to open it. */
interface RecordHead {
  readonly fileId: Bytes;
  readonly wrapped: WrappedKey;
}

/** The attributes of an object, and which object they were written with. */
export interface OpenedRecord extends RecordHead {
  readonly attributes: ObjectAttributes;
}

/** Attributes as text for the metadata below. Its layout stands in format.md. */
export async function sealRecord(
  keys: FileKeys,
  fileId: Bytes,
  attributes: ObjectAttributes,
  binding: Binding,
  key: string,
): Promise<string> {
  const head = encodeHead({ fileId, wrapped: keys.wrapped });
  return encodeRecord(head, keys, attributes, await bindingDigest(binding, key));
}

async function encodeRecord(
  head: Bytes,
  keys: FileKeys,
  attributes: ObjectAttributes,
  binding: Uint8Array,
): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const additionalData = recordData(head, binding);
  const plain = text(JSON.stringify(pickAttributes(attributes)));
  const sealed = await (await keys.attributes()).seal(iv, plain, additionalData);
  return toBase64Url(joined(head, iv, sealed));
}

/** Errors: `corrupted` for a record that was changed or is another object's; `permission-denied`. */
export async function openRecord(
  keyring: FileKeyring,
  record: JsonValue,
  binding: Binding,
  key: string,
  options: OperationOptions,
): Promise<OpenedRecord> {
  const bytes = typeof record === 'string' ? fromBase64Url(record) : undefined;
  if (bytes === undefined) throw damagedRecord();
  const { fileId, wrapped, length } = decodeHead(bytes);
  const keys = await keyring.unwrap(wrapped, options);
  const additionalData = recordData(bytes.subarray(0, length), await bindingDigest(binding, key));
  const iv = bytes.subarray(length, length + NONCE_BYTES);
  const sealed = bytes.subarray(length + NONCE_BYTES);
  let plain: Bytes;
  try {
    plain = await (await keys.attributes()).open(iv, sealed, additionalData);
  } catch {
    throw damagedRecord();
  }
  const { expiresAt, ...attributes } = JSON.parse(new TextDecoder().decode(plain));
  return {
    fileId,
    wrapped,
    attributes: { ...attributes, ...(expiresAt && { expiresAt: new Date(expiresAt) }) },
  };
}

function encodeHead({ fileId, wrapped }: RecordHead): Bytes {
  const { keyId, bytes, derivation } = wrapped;
  const id = text(keyId);
  return joined(
    Uint8Array.of(VERSION),
    fileId,
    derivation === undefined ? Uint8Array.of(0) : encodeDerivation(derivation),
    Uint8Array.of(id.byteLength),
    id,
    Uint8Array.of(bytes.byteLength >> 8, bytes.byteLength & 255),
    bytes,
  );
}

function decodeHead(bytes: Bytes): RecordHead & { readonly length: number } {
  let at = 0;
  function take(count: number): Bytes {
    const piece = bytes.slice(at, at + count);
    if (piece.byteLength < count) throw damagedRecord();
    at += count;
    return piece;
  }
  if (take(1)[0] !== VERSION) throw damagedRecord();
  const fileId = take(FILE_ID_BYTES);
  const derivation = derivationFrom(take(bytes[at] === 0 ? 1 : DERIVATION_BYTES));
  const keyId = keyIdFrom(take(new DataView(take(1).buffer).getUint8(0)));
  const wrapped = take(new DataView(take(2).buffer).getUint16(0));
  return {
    fileId,
    wrapped: {
      keyId,
      bytes: wrapped,
      ...derivation,
    },
    length: at,
  };
}

function recordData(head: Uint8Array, binding: Uint8Array): Bytes {
  return joined(text('granary attributes'), head, binding);
}

function damagedRecord() {
  return damaged('its attributes are not what was written');
}

function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** `undefined` for what is not the one text of some bytes. */
function fromBase64Url(encoded: string): Bytes | undefined {
  if (!/^[\w-]*$/.test(encoded) || encoded.length % 4 === 1) return undefined;
  const binary = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return toBase64Url(bytes) === encoded ? bytes : undefined;
}
