import { hash } from 'node:crypto';
import { segmentCodec } from '@granary/storage-core/provider';
import type { Claim, Purpose } from './fs-lock.ts';

/** Granary's own folder, in the root. */
export const HIDDEN_FOLDER = '.granary';
/** Longest name of a file: what file systems take less what is put behind it. Units: UTF-8 bytes. */
const MAX_NAME_BYTES = 230;
/** What file systems take. Units: UTF-8 bytes. */
const MAX_LITERAL_BYTES = 255;

// https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file (read 2026-11-21).
const FORBIDDEN = /[\p{Cc}<>:"|?*\\]/u;
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;
const ENDING = /[. ]$/;
const HIDDEN = /^\.granary/i;
/** The mark of a second name, see {@link KeyNames}. */
const SECOND = /%\+/;
const SECOND_NAME = /^(.*)%\+([fd])(\.[^.]*)?$/s;
/** Keys that surely are their own paths: what is forbidden anywhere, without looking closer. */
const SUSPICIOUS =
  /[\p{Cc}<>:"|?*\\%]|[. ](?:\/|$)|(?:^|\/)(?:\.granary|(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|con(?:in|out)\$) *(?:[./]|$))/iu;
const CASED = /[A-Z]|\P{ASCII}/u;

export type Role = 'file' | 'folder';

/** What a name on the disk stands for. */
export interface NamedSegment {
  readonly segment: string;
  /** Of several names for one segment, the one with the lowest rank counts. */
  readonly rank: number;
}

/**
 * How keys are written as paths. A segment's first name is the segment itself, escaped where some
 * system would not take it. Its second name (`report%+f.json`, `photos%+d`) is for a file whose
 * first name a folder has, or the other way round. Its literal name is the segment as it is, for
 * files that a person put there under a name that Granary would have escaped.
 */
export interface KeyNames {
  /** The path of a key by first names. */
  pathOf(key: string): string;
  /** Whether a key is its own path, so that it has no literal name. */
  isPlain(key: string): boolean;
  /** The names of a segment by rank. A long segment's are paths. */
  namesOf(segment: string, role: Role, withSecond: boolean): string[];
  /** The segment that a name stands for; `undefined` for what is none of a key. */
  segmentOf(name: string, role: Role): NamedSegment | undefined;
  secondName(name: string, role: Role): string;
  /** Whether a folder is the beginning of a long segment. */
  isPart(name: string): boolean;
  /** Whether a name on the disk is bookkeeping. */
  isHidden(name: string): boolean;
}

export interface KeyNamesSettings {
  /** Matches the names of files that hold attributes. */
  readonly companionNames: RegExp | undefined;
  /** Names that differ in letter case or Unicode form alone are one file. */
  readonly foldsCase: boolean;
}

export function keyNames({ companionNames, foldsCase }: KeyNamesSettings): KeyNames {
  const patterns = [RESERVED, ENDING, HIDDEN, SECOND];
  if (companionNames !== undefined) patterns.push(companionNames);
  const codec = segmentCodec({
    characters: FORBIDDEN,
    patterns,
    maxBytes: MAX_NAME_BYTES,
    foldsCase,
  });

  function isHidden(name: string): boolean {
    return HIDDEN.test(name) || (companionNames?.test(name) ?? false);
  }

  function isPlain(key: string): boolean {
    if (SUSPICIOUS.test(key)) return false;
    if (key.length * 3 > MAX_NAME_BYTES && hasLongSegment(key)) return false;
    if (foldsCase && CASED.test(key)) return false;
    // Every layout's names have this in them.
    return companionNames === undefined || !key.includes('meta');
  }

  function pathOf(key: string): string {
    if (isPlain(key)) return key;
    return key.split('/').map(codec.encode).join('/');
  }

  /** The name that a person gave, where a listing takes it for the segment. */
  function literalOf(segment: string, first: string, role: Role): string[] {
    const fits =
      segment !== first &&
      Buffer.byteLength(segment) <= MAX_LITERAL_BYTES &&
      !codec.isPart(segment) &&
      segmentOf(segment, role)?.segment === segment;
    return fits ? [segment] : [];
  }

  function segmentOf(name: string, role: Role): NamedSegment | undefined {
    const last = name.slice(name.lastIndexOf('/') + 1);
    if (isHidden(last)) return undefined;
    const [, stem, mark, extension = ''] = SECOND_NAME.exec(name) ?? [];
    if (stem !== undefined && mark === (role === 'file' ? 'f' : 'd')) {
      const segment = codec.decode(stem + extension);
      if (segment !== undefined && secondName(stem + extension, role) === name) {
        return { segment, rank: 1 };
      }
    }
    const segment = codec.decode(name);
    if (segment !== undefined) return { segment, rank: 0 };
    // What encode never writes is the name that a person gave.
    return name === last ? { segment: name, rank: 2 } : undefined;
  }

  return {
    pathOf,
    isPlain,

    namesOf(segment, role, withSecond) {
      const first = codec.encode(segment);
      const second = withSecond ? [secondName(first, role)] : [];
      return [first, ...second, ...literalOf(segment, first, role)];
    },

    segmentOf,
    secondName,
    isPart: codec.isPart,
    isHidden,
  };
}

function hasLongSegment(key: string): boolean {
  return key.split('/').some((segment) => Buffer.byteLength(segment) > MAX_NAME_BYTES);
}

function secondName(name: string, role: Role): string {
  if (role === 'folder') return `${name}%+d`;
  const start = name.lastIndexOf('/') + 1;
  const dot = name.lastIndexOf('.');
  const end = dot > start ? dot : name.length;
  return `${name.slice(0, end)}%+f${name.slice(end)}`;
}

/** The name of a key's lock: the same for keys that some file system would take for one. */
export function lockNameOf(key: string): string {
  return hash('sha1', key.normalize('NFC').toLowerCase(), 'hex').slice(0, 24);
}

/** What the lock of a key is taken for. */
export function claimOf(
  key: string,
  signal: AbortSignal | undefined,
  work: Purpose['work'] = 'write',
): Claim {
  return { name: lockNameOf(key), purpose: { work, key }, signal };
}
