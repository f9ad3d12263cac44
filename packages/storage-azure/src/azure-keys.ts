import { checkKey, StorageError } from '@granary/storage-core/provider';

/** Begins an escape. It is hardly ever part of a name, so names look as they are meant. */
const MARK = '\u201b';
/**
 * What a blob name cannot hold: control characters, characters that are no text, the backslash, which
 * the service takes for a slash, and our own mark.
 * https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
 * (read 2026-11-21); the backslash and the dot at the end as rclone found them to behave.
 */
const FORBIDDEN = /[\p{Control}\p{Private_Use}\p{Noncharacter_Code_Point}\\\u201b]/gu;
const LAST_DOT = /\.(?=\/|$)/g;
const ESCAPE = /\u201b([0-9A-F]{4})/g;

/** Longest name, in characters, and most segments of one. Same page. */
const MAX_NAME_LENGTH = 1024;
const MAX_SEGMENTS = 254;

/** Names below this are ours, not keys: no key is written with a mark that ends so. */
export const OWN_NAMES: string = `${MARK}granary/`;
/** Where the parts of uploads wait. */
export const UPLOAD_NAMES: string = `${OWN_NAMES}uploads/`;
/** Where an object is made ready whose content headers change. */
export const DRAFT_NAMES: string = `${OWN_NAMES}drafts/`;

/**
 * The name of the blob of a key: the key itself, but for characters that no name can hold.
 * Errors: `invalid-key` for more than 1,024 characters or 254 segments.
 */
export function toName(key: string): string {
  const name = escapeText(key).replace(LAST_DOT, escapeCharacter);
  if (name.length > MAX_NAME_LENGTH || name.split('/').length > MAX_SEGMENTS) {
    throw new StorageError(
      'invalid-key',
      `the name has ${name.length} characters and ${name.split('/').length} segments, ${MAX_NAME_LENGTH} and ${MAX_SEGMENTS} are the most.`,
      { key, hint: 'Control characters and backslashes count five.' },
    );
  }
  return name;
}

/** The key of a blob's name; `undefined` for a name that no key has, such as a folder's marker. */
export function toKey(name: string): string | undefined {
  if (name.startsWith(OWN_NAMES)) return undefined;
  const key = unescapeText(name);
  try {
    checkKey(key);
    return toName(key) === name ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The group of keys that a group of names stands for; `undefined` for one of ours. */
export function toGroup(name: string): string | undefined {
  const key = toKey(name.slice(0, -1));
  return key === undefined ? undefined : `${key}/`;
}

/**
 * The starts of names whose keys start with the prefix: one, or two when it ends with a dot, which
 * is written in another way at the end of a segment. None when no key can have the prefix.
 */
export function toNamePrefixes(prefix: string): readonly string[] {
  if (!prefix.isWellFormed() || prefix.includes('\0')) return [];
  const end = prefix.endsWith('.') ? prefix.length - 1 : prefix.length;
  const start = escapeText(prefix.slice(0, end)).replace(/\.(?=\/)/g, escapeCharacter);
  const starts = end === prefix.length ? [start] : [start + escapeCharacter('.'), `${start}.`];
  return starts.filter(({ length }) => length <= MAX_NAME_LENGTH);
}

function escapeText(text: string): string {
  return text.replace(FORBIDDEN, (character) =>
    Array.from({ length: character.length }, (_, index) =>
      escapeCharacter(character.charAt(index)),
    ).join(''),
  );
}

function escapeCharacter(unit: string): string {
  return MARK + unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}

function unescapeText(name: string): string {
  return name.replace(ESCAPE, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
