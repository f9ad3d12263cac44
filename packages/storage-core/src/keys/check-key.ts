import { StorageError } from '../errors/storage-error.ts';

/** Longest key where a provider declares nothing. Units: UTF-8 bytes. */
export const DEFAULT_MAX_KEY_BYTES = 1024;

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * Refuses what is not a key (SPEC KEY-1). Errors: `invalid-key`.
 * Units: `maxKeyBytes` in UTF-8 bytes; 1,024 by default.
 */
export function checkKey(key: string, maxKeyBytes: number = DEFAULT_MAX_KEY_BYTES): void {
  const problem = keyProblem(key, maxKeyBytes);
  if (problem !== undefined) throw invalidKey(key, problem);
}

/** Whether a name that a service lists is a key: others were put there by other means, as marks of folders are. */
export function isKey(name: string): boolean {
  return keyProblem(name, Number.POSITIVE_INFINITY) === undefined;
}

/** Whether some key can start with this prefix. A listing of any other prefix is empty. */
export function canStartKey(prefix: string, maxKeyBytes: number = DEFAULT_MAX_KEY_BYTES): boolean {
  return prefix === '' || scan(prefix, maxKeyBytes, true) === undefined;
}

function keyProblem(key: string, maxKeyBytes: number): string | undefined {
  if (typeof key !== 'string') return 'a key is a string';
  if (key === '') return 'a key is not empty';
  return scan(key, maxKeyBytes, false);
}

/** Walks a key once: its segments, its characters and its length in UTF-8. */
function scan(key: string, maxKeyBytes: number, open: boolean): string | undefined {
  const { length } = key;
  let bytes = length;
  let start = 0;
  for (let index = 0; index <= length; index += 1) {
    const unit = index === length ? SLASH : key.charCodeAt(index);
    if (unit === SLASH) {
      if (!open || index < length) {
        const problem = segmentProblem(key, start, index);
        if (problem !== undefined) return problem;
      }
      start = index + 1;
    } else if (unit === 0) {
      return 'a key has no NUL character';
    } else if (unit >= 0x80) {
      bytes += unit < 0x800 ? 1 : 2;
      if (unit >= 0xd800 && unit < 0xe000) {
        const next = index + 1 < length ? key.charCodeAt(index + 1) : 0;
        if (unit >= 0xdc00 || next < 0xdc00 || next >= 0xe000) {
          return 'a key has no lone surrogate; it could not be written in UTF-8';
        }
        // Two units that stand for four bytes together.
        index += 1;
      }
    }
  }
  if (bytes > maxKeyBytes) {
    return `a key here has at most ${maxKeyBytes} bytes in UTF-8, this one has ${bytes}`;
  }
  return undefined;
}

function segmentProblem(key: string, start: number, end: number): string | undefined {
  const length = end - start;
  if (length > 2) return undefined;
  if (length === 0) {
    if (start === 0) return 'a key does not start with a slash';
    return end === key.length
      ? 'a key does not end with a slash'
      : 'a key has no empty segment (two slashes in a row)';
  }
  if (key.charCodeAt(start) === DOT && (length === 1 || key.charCodeAt(start + 1) === DOT)) {
    return `a key has no segment "${key.slice(start, end)}"`;
  }
  return undefined;
}

function invalidKey(key: unknown, reason: string): StorageError {
  const known = typeof key === 'string' ? { key } : {};
  return new StorageError('invalid-key', `not a key: ${reason}.`, known);
}
