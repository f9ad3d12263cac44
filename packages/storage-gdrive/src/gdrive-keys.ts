import { isKey } from '@granary/storage-core/provider';

/**
 * A name can be anything here, so every segment is its own name.
 * https://rclone.org/drive/#restricted-filename-characters, read 2026-11-21
 */
export function segmentsOf(path: string): readonly string[] {
  return path === '' ? [] : path.split('/');
}

/** Whether a name in a folder can be a segment of a key: other programs have names with slashes. */
export function isSegment(name: string): boolean {
  return !name.includes('/') && isKey(name);
}

/**
 * Text in a search query. "Escape single quotes … with \'", and backslashes with another.
 * https://developers.google.com/workspace/drive/api/guides/search-files, read 2026-11-21
 */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** The segments of the option `root`. Slashes at its ends are dropped. */
export function rootSegments(root: string | undefined): readonly string[] {
  return segmentsOf((root ?? '').replace(/^\/+|\/+$/g, ''));
}
