/** Longest name. https://github.com/dropbox/dropbox-sdk-java/issues/229, read 2026-11-21. Units: characters. */
const MAX_NAME = 255;

/**
 * Names that are refused as `disallowed_name`, by https://help.dropbox.com/sync/files-not-syncing and
 * https://github.com/iterate-ch/docs/issues/107, read 2026-11-21.
 */
const DISALLOWED =
  /^(?:desktop\.ini|thumbs\.db|\.ds_store|icon\r|\.dropbox|\.dropbox\.attr|\.dropbox\.cache|~\$.*|\.~.*|~.*\.tmp)$/is;

/**
 * What may not be in a path, or stand at the end of a name: "Paths may not end with a slash or whitespace", and
 * what rclone found by trying (backslash, DEL, a space at the end of a name).
 * https://www.dropbox.com/developers/documentation/http/documentation#path-formats and
 * https://rclone.org/dropbox/#restricted-filename-characters, read 2026-11-21
 */
const MALFORMED = /[\0\\\x7f]|\s(?:\/|$)/u;

/** Why a path is none; `undefined` for a good one. The root is the empty path. */
export function pathProblem(path: string): 'malformed_path' | 'disallowed_name' | undefined {
  if (path === '') return undefined;
  const names = path.slice(1).split('/');
  const isOdd = (name: string) =>
    name === '' || name === '.' || name === '..' || lengthOf(name) > MAX_NAME;
  if (!path.startsWith('/') || MALFORMED.test(path) || names.some(isOdd)) return 'malformed_path';
  return names.some((name) => DISALLOWED.test(name)) ? 'disallowed_name' : undefined;
}

/**
 * What paths are compared by. Letter case and Unicode forms do not count; the letters are those of Python 2.5
 * in the service, and those of JavaScript here.
 */
export function lowerOf(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** The folder that a path lies in. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function lengthOf(name: string): number {
  return [...name].length;
}
