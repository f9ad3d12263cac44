import { StorageError } from '../errors/storage-error.ts';

/** What names a store cannot hold, and so how segments of keys are written there. */
export interface SegmentRules {
  /** Matches one character that no name may have. */
  readonly characters?: RegExp;
  /**
   * What a name may not look like as a whole: reserved names, endings, the store's own names. The
   * first character of what matches is escaped, until nothing matches.
   */
  readonly patterns?: readonly RegExp[];
  /** Longest name; a longer segment becomes folders in folders. Units: UTF-8 bytes. Default: no limit. */
  readonly maxBytes?: number;
  /** Names that differ only in letter case or Unicode form are one name. */
  readonly foldsCase?: boolean;
}

/** Writes segments of keys as names, and reads them back. */
export interface SegmentCodec {
  /**
   * The name of a segment: the segment itself where that is possible. Different segments have
   * different names. A segment that is too long gives several names with slashes between.
   */
  encode(segment: string): string;
  /** The segment of a name, or of several with slashes between; `undefined` for one that is none of ours. */
  decode(name: string): string | undefined;
  /** Whether a name is the beginning of a long segment that goes on in the folder of that name. */
  isPart(name: string): boolean;
}

/** Ends the name of a folder in which a long segment goes on. */
const PART = '%-';
/** Begins the number whose bits are the upper-case letters, where letter case is lost. */
const CASE = '%^';
/** Marks of our own, which no segment may seem to have. */
const MARKS = /%[-^]/;
const ESCAPES = /(?:%[0-9A-F]{2})+/g;
const FEWEST_BYTES = 16;

/**
 * Makes a reversible escape of path segments from a table of what a store cannot hold. It writes
 * `%XX` for the bytes of what has to be escaped, so that a person still recognises the name, and
 * leaves ordinary names as they are, also those with a percent sign.
 * Errors: `invalid-config` for rules under which no name is possible.
 */
export function segmentCodec(rules: SegmentRules): SegmentCodec {
  const { maxBytes = Number.POSITIVE_INFINITY, foldsCase = false } = rules;
  const characters = rules.characters && new RegExp(rules.characters.source, 'gu');
  const patterns = [MARKS, ...(rules.patterns ?? [])].map(
    (pattern) => new RegExp(pattern.source, pattern.ignoreCase ? 'iu' : 'u'),
  );
  if (maxBytes < FEWEST_BYTES) throw impossible(`names have at most ${maxBytes} bytes`);

  function encode(segment: string): string {
    const escaped = escapeForbidden(segment);
    if (escaped === segment && !(segment.includes('%') && encodesAnother(segment))) {
      return split(segment, maxBytes);
    }
    const name = escapeForbidden(segment.replaceAll('%', '%25'));
    if (unpercent(name) !== segment) throw impossible(`${JSON.stringify(segment)} has no name`);
    return split(name, maxBytes);
  }

  /** Whether a segment that could stay as it is would be read as another one. */
  function encodesAnother(segment: string): boolean {
    const other = unpercent(segment);
    return other !== undefined && other !== segment && encode(other) === segment;
  }

  function decode(name: string): string | undefined {
    const joined = join(name);
    if (joined === undefined) return undefined;
    const segment = unpercent(joined);
    if (segment !== undefined && encode(segment) === name) return segment;
    return encode(joined) === name ? joined : undefined;
  }

  function escapeForbidden(text: string): string {
    let name = characters === undefined ? text : text.replace(characters, percent);
    if (foldsCase) name = escapeVariants(name);
    for (const pattern of patterns) {
      for (let left = text.length; left >= 0; left -= 1) {
        const match = pattern.exec(name);
        if (match === null) break;
        const first = String.fromCodePoint(name.codePointAt(match.index) ?? 0);
        const after = name.slice(match.index + first.length);
        name = name.slice(0, match.index) + percent(first) + after;
      }
    }
    return foldsCase ? markCase(name) : name;
  }

  return { encode, decode, isPart: (name) => name.endsWith(PART) };
}

function percent(text: string): string {
  let escaped = '';
  for (const byte of new TextEncoder().encode(text)) {
    escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** The text of a name without parts; `undefined` when its escapes are no UTF-8. */
function unpercent(name: string): string | undefined {
  if (!name.includes('%')) return name;
  try {
    return name.replace(/%\^[0-9a-f]+/, '').replace(ESCAPES, (run) => {
      const bytes = run.slice(1).split('%');
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      return decoder.decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
    });
  } catch {
    return undefined;
  }
}

/** Characters beyond ASCII that a store without letter case or Unicode forms would mix up. */
function escapeVariants(text: string): string {
  const forms = text.normalize('NFC') !== text;
  return text.replace(/\P{ASCII}/gu, (character) =>
    forms || character.toUpperCase().toLowerCase() !== character ? percent(character) : character,
  );
}

/** Writes down which ASCII letters are upper-case, before the extension. */
function markCase(name: string): string {
  let bits = 0n;
  let letter = 1n;
  for (const [piece] of name.matchAll(/%[0-9A-F]{2}|[A-Za-z]/g)) {
    if (piece.length > 1) continue;
    if (piece <= 'Z') bits |= letter;
    letter <<= 1n;
  }
  if (bits === 0n) return name;
  const dot = name.lastIndexOf('.');
  const end = dot > 0 ? dot : name.length;
  return `${name.slice(0, end)}${CASE}${bits.toString(16)}${name.slice(end)}`;
}

/** A long name as names of folders in folders. Escapes, marks and surrogate pairs stay whole. */
function split(name: string, maxBytes: number): string {
  if (name.length * 3 <= maxBytes || bytesOf(name) <= maxBytes) return name;
  const parts: string[] = [];
  let part = '';
  let room = maxBytes - PART.length;
  for (const [piece] of name.matchAll(/%[0-9A-F]{2}|[\s\S]/gu)) {
    const bytes = bytesOf(piece);
    if (bytes > room) {
      parts.push(part + PART);
      part = '';
      room = maxBytes - PART.length;
    }
    part += piece;
    room -= bytes;
  }
  return [...parts, part].join('/');
}

function join(name: string): string | undefined {
  const parts = name.split('/');
  const last = parts.pop() ?? '';
  if (parts.some((part) => !part.endsWith(PART))) return undefined;
  return parts.map((part) => part.slice(0, -PART.length)).join('') + last;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

function impossible(reason: string): StorageError {
  return new StorageError('invalid-config', `the rules of names cannot be kept: ${reason}.`);
}
