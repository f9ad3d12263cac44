import type { Codec } from '../../contract/values.ts';
import { StorageError } from '../../errors/storage-error.ts';
import { decodeUtf8 } from './exact-json.ts';

/** Text as it is, in UTF-8. */
export const textCodec: Codec = {
  name: 'text',
  contentType: 'text/plain',
  encode(value) {
    if (typeof value === 'string' && value.isWellFormed()) return value;
    if (typeof value === 'string') {
      throw new StorageError('invalid-data', 'the text has a lone surrogate, unknown to UTF-8.', {
        outcome: 'not-applied',
        hint: 'Repair it with toWellFormed(), or keep it as it is with format: "json".',
      });
    }
    throw new StorageError('invalid-data', 'the value is no string, but is to be stored as text.', {
      outcome: 'not-applied',
      hint: 'Save a string, or say how to store it, such as format: "json".',
    });
  },
  decode: decodeUtf8,
};

/** Reads text in the character set that its content type names. Default: UTF-8. */
export function decodeText(bytes: Uint8Array, contentType: string): string {
  const charset = /;\s*charset="?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  if (/^utf-?8$/i.test(charset)) return decodeUtf8(bytes);
  return new TextDecoder(charset, { fatal: true }).decode(bytes);
}
