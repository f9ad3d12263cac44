import { StorageError } from '@granary/storage-core/provider';

/**
 * Names cannot hold CR and LF. They and the characters that stand for them become two characters each,
 * so that names keep the order, the prefixes and the groups of their keys.
 * https://cloud.google.com/storage/docs/objects#naming, read 2026-11-21
 */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\v\u0001'],
  ['\v', '\v\u0002'],
  ['\r', '\u000e\u0001'],
  ['\u000e', '\u000e\u0002'],
]);

/** The name of an object, or the start of it, in the bucket. */
export function toName(key: string): string {
  if (Array.from(ESCAPES.keys()).every((character) => !key.includes(character))) return key;
  return Array.from(key, (character) => ESCAPES.get(character) ?? character).join('');
}

/** The key that a name stands for. An escaped escape comes after what it escapes. */
export function toKey(name: string): string {
  let key = name;
  for (const [character, escaped] of ESCAPES) key = key.replaceAll(escaped, character);
  return key;
}

/** The first name behind that of a key: no key holds NUL. */
export function nameBehind(key: string): string {
  return `${toName(key)}\u0001`;
}

/** A delimiter as it stands in names. Errors: `unsupported` for one that escapes would hold, too. */
export function toDelimiter(delimiter: string): string {
  const isInEscapes = delimiter.startsWith('\u0001') || delimiter.startsWith('\u0002');
  if (!isInEscapes) return toName(delimiter);
  throw new StorageError(
    'unsupported',
    'names in this bucket cannot be grouped by that character.',
  );
}

/** A key as one segment of a path of the JSON API. */
export function toSegment(key: string): string {
  return encodeURIComponent(toName(key));
}

/** A key as a path of the XML API: each segment percent-encoded, so that no key means another path. */
export function toPath(key: string): string {
  return toName(key).split('/').map(encodeURIComponent).join('/');
}
