import { isKey, StorageError, segmentCodec } from '@granary/storage-core/provider';

/** Longest name. Units: characters. https://github.com/dropbox/dropbox-sdk-java/issues/229, read 2026-11-21 */
const MAX_NAME = 255;

/** What no name may look like, as patterns of a segment codec. */
const UNLIKE = [
  /** "Paths may not end with a slash or whitespace." https://www.dropbox.com/developers/documentation/http/documentation#path-formats, read 2026-11-21 */
  / $/,
  /**
   * Names that are refused as `disallowed_name`, and names of temporary files, which are not synced.
   * https://help.dropbox.com/sync/files-not-syncing and https://github.com/iterate-ch/docs/issues/107, read 2026-11-21
   */
  /^(?:desktop\.ini|thumbs\.db|\.ds_store|\.dropbox|\.dropbox\.attr|\.dropbox\.cache)$/i,
  /^~\$|^\.~|^~.*\.tmp$/i,
  /** Letter case does not count, so that `%5c` would be an escape too. */
  /%(?=[a-f][0-9A-Fa-f]|[0-9A-F][a-f])/,
];

/** Escapes of bytes beyond ASCII, which only {@link ASCII} names have. */
const WIDE_ESCAPE = /%(?=[89A-F][0-9A-F])/;

/**
 * What a folder or file may not be called. rclone found `\` and DEL refused by trying; control characters
 * are what Windows cannot have. https://rclone.org/dropbox/#restricted-filename-characters, read 2026-11-21
 */
const RULES = {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are refused
  characters: /[\x00-\x1f\\\x7f]/,
  patterns: [...UNLIKE, WIDE_ESCAPE],
};
const PLAIN = /* @__PURE__ */ segmentCodec(RULES);
/** Of names that are too long: they become folders in folders. */
const LONG = /* @__PURE__ */ segmentCodec({ ...RULES, maxBytes: MAX_NAME });
/** Of names that the service would change: it composes characters, and drops spaces of every kind at the end. */
const ASCII = /* @__PURE__ */ segmentCodec({
  characters: /[^ -[\]-~]/,
  patterns: UNLIKE,
  maxBytes: MAX_NAME,
});

/**
 * The path of a root: a slash before every name, and none at its end.
 * Errors: `invalid-config` for names that cannot be.
 */
export function rootPath(root: string): string {
  const trimmed = root.replace(/^\/+|\/+$/g, '');
  if (trimmed === '') return '';
  if (isKey(trimmed) && trimmed.split('/').every((name) => PLAIN.encode(name) === name)) {
    return `/${trimmed}`;
  }
  throw new StorageError('invalid-config', 'the option "root" is no path of a folder.');
}

/** The path of a key below a root. Different keys have different paths, letter case aside. */
export function toPath(key: string, root: string): string {
  return `${root}/${key.split('/').map(nameOf).join('/')}`;
}

/** Where a listing with a prefix looks: a folder's key, and what the names in it begin with. */
export interface PrefixPlace {
  /** Empty for the root. */
  readonly folder: string;
  readonly start: string;
}

/** Takes a prefix apart; `undefined` when no key can have it. */
export function placeOf(prefix: string): PrefixPlace | undefined {
  const slash = prefix.lastIndexOf('/');
  const folder = prefix.slice(0, Math.max(slash, 0));
  const isOdd = slash === 0 || (folder !== '' && !isKey(folder));
  return isOdd || !prefix.isWellFormed() ? undefined : { folder, start: prefix.slice(slash + 1) };
}

/**
 * The part of a key that names of folders and a file give; `undefined` for names that no key has. A name that
 * goes on in the folder of that name is one segment with what follows.
 */
export function toSegments(names: readonly string[]): string | undefined {
  const segments: string[] = [];
  let whole = '';
  for (const name of names) {
    whole = whole === '' ? name : `${whole}/${name}`;
    if (isPart(name)) continue;
    const segment = segmentOf(whole);
    if (segment === undefined) return undefined;
    segments.push(segment);
    whole = '';
  }
  return whole === '' ? segments.join('/') : undefined;
}

/** Whether a folder's name is the beginning of a segment that goes on inside. */
export function isPart(name: string): boolean {
  return LONG.isPart(name);
}

/** What the service compares paths by: neither letter case nor Unicode form counts. */
export function lowerOf(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function nameOf(segment: string): string {
  const name = PLAIN.encode(segment);
  if (name.normalize('NFC') !== name || /\s$/u.test(name)) return ASCII.encode(segment);
  return lengthOf(name) > MAX_NAME ? LONG.encode(segment) : name;
}

function segmentOf(name: string): string | undefined {
  for (const codec of [PLAIN, LONG, ASCII]) {
    const segment = codec.decode(name);
    if (segment !== undefined && nameOf(segment) === name) return segment;
  }
  return undefined;
}

function lengthOf(name: string): number {
  return [...name].length;
}
