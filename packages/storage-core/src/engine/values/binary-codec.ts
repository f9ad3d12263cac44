import type { Codec } from '../../contract/values.ts';
import { StorageError } from '../../errors/storage-error.ts';

/** Bytes as they are. */
export const binaryCodec: Codec = {
  name: 'binary',
  contentType: 'application/octet-stream',
  encode(value) {
    if (isByteValue(value)) return value as Uint8Array;
    throw new StorageError(
      'invalid-data',
      'the value is not bytes, but is to be stored as bytes.',
      {
        outcome: 'not-applied',
        hint: 'Save a Uint8Array, ArrayBuffer or Blob, or say how to store it, such as format: "json".',
      },
    );
  },
  decode: (bytes) => bytes,
};

/** Whether a value is bytes that `save` stores as they are. All of them load as a `Uint8Array`. */
export function isByteValue(value: unknown): value is Uint8Array | ArrayBuffer | Blob {
  if (typeof value !== 'object' || value === null) return false;
  switch ((value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]) {
    case 'Uint8Array':
    case 'ArrayBuffer':
    case 'Blob':
    case 'File':
      return true;
    default:
      return false;
  }
}
