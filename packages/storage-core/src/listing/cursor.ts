import type { JsonValue } from '../contract/json.ts';
import type { ListOptions } from '../contract/operations.ts';
import { StorageError } from '../errors/storage-error.ts';
import { decodeBase64Url, encodeBase64Url } from './base64-url.ts';
import { fingerprint } from './fingerprint.ts';

/** The part of a listing's options that a cursor is bound to. */
export type CursorQuery = Pick<ListOptions, 'prefix' | 'delimiter' | 'startAfter'>;

const VERSION = 1;

/** A cursor: a place in a listing, bound to its query, that survives JSON and the process. */
export function encodeCursor(query: CursorQuery, position: JsonValue): string {
  const text = JSON.stringify([VERSION, bindingOf(query), position]);
  return encodeBase64Url(new TextEncoder().encode(text));
}

/**
 * The place that a cursor stands for (SPEC LIST-8).
 * Errors: `invalid-argument` when it is no cursor, or one of another query.
 */
export function decodeCursor(cursor: string, query: CursorQuery): JsonValue {
  const [version, bound, position] = parse(cursor);
  if (version !== VERSION || position === undefined) {
    throw refusal('the cursor is not one that a page of this listing carried.');
  }
  if (bound !== bindingOf(query)) {
    throw refusal('the cursor belongs to a listing with another prefix, delimiter or startAfter.');
  }
  return position;
}

function parse(cursor: string): readonly JsonValue[] {
  try {
    const bytes = decodeBase64Url(cursor);
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function bindingOf({ prefix = '', delimiter = '', startAfter = '' }: CursorQuery): number {
  return fingerprint(JSON.stringify([prefix, delimiter, startAfter]));
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', reason, {
    hint: 'Start the listing again without it.',
  });
}
