import type { JsonValue } from '../contract/json.ts';
import { StorageError } from '../errors/storage-error.ts';
import { decodeBase64Url, encodeBase64Url } from '../listing/base64-url.ts';
import { fingerprint } from '../listing/fingerprint.ts';

const VERSION = 1;

/**
 * The token of an upload session: what a provider needs to open it again, bound to its key. It is no
 * protection against forging, so a provider trusts nothing in it that the service does not check.
 */
export function encodeToken(key: string, fields: JsonValue): string {
  const text = JSON.stringify([VERSION, binding(key, fields), fields]);
  return encodeBase64Url(new TextEncoder().encode(text));
}

/**
 * What {@link encodeToken} was given (SPEC UP-5).
 * Errors: `invalid-argument` for a token of another key, one that was changed, and what is no token.
 */
export function decodeToken(key: string, token: string): JsonValue {
  const [version, bound, fields] = parse(token);
  if (version === VERSION && fields !== undefined && bound === binding(key, fields)) return fields;
  throw new StorageError('invalid-argument', 'the token is not one of an upload to this key.', {
    hint: 'Begin the upload again without a token.',
  });
}

function parse(token: string): readonly JsonValue[] {
  try {
    const bytes = decodeBase64Url(token);
    // What decodes without being what was encoded was changed.
    if (encodeBase64Url(bytes) !== token) return [];
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function binding(key: string, fields: JsonValue): number {
  return fingerprint(JSON.stringify([key, fields]));
}
