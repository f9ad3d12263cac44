import { StorageError } from '@granary/storage-core/provider';

/**
 * Characters that no name has, `!` left to this file.
 * https://github.com/supabase/storage/blob/master/src/storage/limits.ts, read 2026-11-21
 */
const FORBIDDEN = /[^A-Za-z0-9_/!.*'() &$=@;:+,?-]+/gu;
const ESCAPES = /(?:![0-9A-F]{2})+/g;
/**
 * The service keeps an object on S3 under `project/bucket/name/version`, and S3 keys have at most
 * 1,024 bytes. Project references have 20, versions are UUIDs.
 * https://github.com/supabase/storage/blob/master/src/storage/locator.ts, read 2026-11-21
 */
const S3_KEY_BYTES = 1024;
const PROJECT_BYTES = 20;
const VERSION_BYTES = 36;
const SLASHES = 3;

/** Longest name in a bucket. Units: bytes. */
export function maxNameBytes(bucket: string): number {
  return S3_KEY_BYTES - PROJECT_BYTES - bucket.length - VERSION_BYTES - SLASHES;
}

/**
 * The name of an object: the key itself where the service takes it; else with `!XX` for each byte of
 * what it does not take, so that a person still recognises it. Different keys have different names.
 * Errors: `invalid-key` when the name is too long with its escapes.
 */
export function toName(key: string, bucket: string): string {
  const name = key.split('/').map(encode).join('/');
  if (name.length <= maxNameBytes(bucket)) return name;
  throw new StorageError(
    'invalid-key',
    `the key is stored as a name of ${name.length} bytes, and names in this bucket have at most ${maxNameBytes(bucket)}.`,
    {
      outcome: 'not-applied',
      hint: 'Characters that Supabase refuses, such as "ä" or "%", take three bytes for each of theirs.',
    },
  );
}

/** The key of a name. Every name that the service can have is that of one key. */
export function toKey(name: string): string {
  return name.split('/').map(decode).join('/');
}

/**
 * The longest start that the names of all keys with this prefix have. An escape may depend on what
 * follows, so it ends with the first `!`; a surrogate that has lost its half ends it too.
 */
export function namePrefix(prefix: string): string {
  const whole = prefix.replace(/[\uD800-\uDBFF]$/, '');
  const mark = whole.indexOf('!');
  return escaped(mark < 0 ? whole : whole.slice(0, mark + 1));
}

/** Whether a prefix is the start of names too, so that nothing is left to look at. */
export function isWholePrefix(prefix: string): boolean {
  return !prefix.includes('!') && toKey(namePrefix(prefix)) === prefix;
}

/** A name as it stands in the path of a URL. */
export function toPath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

/** Segment by segment, so that the name of a folder does not depend on what is in it. */
function encode(segment: string): string {
  const name = escaped(segment);
  if (!segment.includes('!') || (name === segment && !isNameOfAnother(segment))) return name;
  return escaped(segment.replaceAll('!', '\0')).replaceAll('!00', '!21');
}

function decode(name: string): string {
  const segment = unescaped(name);
  return segment !== undefined && encode(segment) === name ? segment : name;
}

/** Whether a segment that could be its own name would be read as another one. */
function isNameOfAnother(segment: string): boolean {
  const other = unescaped(segment);
  return other !== undefined && other !== segment && encode(other) === segment;
}

function escaped(text: string): string {
  return text.replace(FORBIDDEN, (run) => {
    let bytes = '';
    for (const byte of new TextEncoder().encode(run)) {
      bytes += `!${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }
    return bytes;
  });
}

/** The text of a name; `undefined` when its escapes are no UTF-8. */
function unescaped(name: string): string | undefined {
  if (!name.includes('!')) return name;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return name.replace(ESCAPES, (run) => {
      const bytes = run.slice(1).split('!');
      return decoder.decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
    });
  } catch {
    return undefined;
  }
}
