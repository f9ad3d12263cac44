import { resolve, sep } from 'node:path';
import { formatStorageUrl, parseStorageUrl, type StorageUrl } from '@granary/storage-core/provider';
import { usageError } from '../exit-codes.ts';

/** What a word of the command line names: a store, a folder in it, or an object. */
export interface Place {
  /** As it was typed, without secrets. */
  readonly label: string;
  /** Its URL without the path, which is in `segments`. Of a store with a name, see {@link storePlace}. */
  readonly url: StorageUrl;
  /** The file that gives its store a name; nothing for all others. */
  readonly config?: string;
  /** The path, taken apart; for `file:` from the root of the file system. */
  readonly segments: readonly string[];
  /** It was written with a slash at its end, or can be nothing but a folder. */
  readonly isFolder: boolean;
}

/** A scheme of one letter is a Windows drive. */
const SCHEME = /^([a-z][a-z\d+.-]+):/i;
/** How a drive stands in a URL: `/C:/folder`. */
const DRIVE_PATH = /^\/[a-z]:/i;
/** A path that ends so names a folder. */
const FOLDER_END: RegExp = sep === '/' ? /(^|\/)\.{0,2}$/ : /(^|[\\/])\.{0,2}$/;
const FILE_URL: StorageUrl = { scheme: 'file', host: '', path: '', query: {} };

/** Reads a URL or a path; a path is relative to `cwd`. Errors: usage, `invalid-config`. */
export function parsePlace(text: string, cwd: string): Place {
  if (text === '') throw usageError('a place cannot be empty.', 'Name a path or a URL.');
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return filePlace(text, FILE_URL, text, cwd);
  const url = parseStorageUrl(text);
  return scheme === 'file' ? filePlace(formatStorageUrl(url), url, url.path, cwd) : urlPlace(url);
}

function filePlace(label: string, url: StorageUrl, path: string, cwd: string): Place {
  if (url.host !== '') {
    throw usageError(`${label} is on another computer.`, 'Write file:///path or file:./path.');
  }
  const native = DRIVE_PATH.test(path) ? path.slice(1) : path;
  const segments = resolve(cwd, native)
    .split(sep)
    .filter((segment) => segment !== '');
  return { label, url: { ...url, path: '' }, segments, isFolder: FOLDER_END.test(native) };
}

/**
 * A place in a store that a file gives a name: its URL has no scheme, and the name as its host. What
 * follows the colon is a key as it is, not an escaped one.
 */
export function storePlace(label: string, name: string, path: string, config: string): Place {
  const segments = path.split('/').filter((segment) => segment !== '');
  return {
    label,
    url: { scheme: '', host: name, path: '', query: {} },
    config,
    segments,
    isFolder: segments.length === 0 || path.endsWith('/'),
  };
}

function urlPlace(url: StorageUrl): Place {
  const segments = url.path.split('/').filter((segment) => segment !== '');
  return {
    label: formatStorageUrl(url),
    url: { ...url, path: '' },
    segments,
    isFolder: segments.length === 0 || url.path.endsWith('/'),
  };
}

/** The URL of the first segments of a place. */
export function urlOf(place: Place, segments: readonly string[] = place.segments): StorageUrl {
  const isBare = segments.length === 0 && place.url.scheme !== 'file';
  return { ...place.url, path: isBare ? '' : `/${segments.join('/')}` };
}

/** What tells one store from another: all of its URL, secrets too, so it is never shown. */
export function storeId({ scheme, host, path, username, password, query }: StorageUrl): string {
  return JSON.stringify([scheme, host, path, username, password, Object.entries(query)]);
}

/** Whether two places are of one store or of one file system. */
export function isSameOrigin(one: Place, other: Place): boolean {
  return storeId(one.url) === storeId(other.url);
}

/** The place of a name in a folder. */
export function below(folder: Place, name: string): Place {
  return {
    ...folder,
    label: labelBelow(folder, name),
    segments: [...folder.segments, name],
    isFolder: false,
  };
}

/** The last segment: what a copy in a folder is called. */
export function nameOf(place: Place): string {
  return place.segments.at(-1) ?? '';
}

/** Writes the name of something below a place. */
export function labelBelow(place: Place, key: string): string {
  if (key === '') return place.label;
  const [head = '', ...query] = place.config === undefined ? place.label.split('?') : [place.label];
  const tail = query.length === 0 ? '' : `?${query.join('?')}`;
  return `${head}${head.endsWith('/') || head.endsWith(':') ? '' : '/'}${key}${tail}`;
}

/** The path of a `file:` place, as the operating system writes it. */
export function localPath({ segments }: Place): string {
  return sep === '/' ? `/${segments.join('/')}` : segments.join(sep);
}
