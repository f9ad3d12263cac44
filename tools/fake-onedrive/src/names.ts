import { refuse } from './refusal.ts';

/** Units: UTF-16 code units of the decoded path. The same page. */
const MAX_PATH = 400;
const MAX_NAME = 255;
const CHARACTERS = /["*:<>?/\\|\p{Cc}]/u;
const RESERVED = /^(?:\.lock|con|prn|aux|nul|com\d|lpt\d|desktop\.ini)$|_vti_|^~\$/i;

/**
 * Refuses what no file or folder may be called.
 * https://support.microsoft.com/office/64883a5d-228e-48f5-b3d2-eb39e07630fa, read 2026-11-21
 */
export function checkName(name: string, isAtRoot: boolean): void {
  const bad =
    name === '' ||
    name.length > MAX_NAME ||
    CHARACTERS.test(name) ||
    RESERVED.test(name) ||
    name !== name.trim() ||
    name.endsWith('.') ||
    (isAtRoot && name.toLowerCase() === 'forms');
  if (bad)
    throw refuse.request('The provided name cannot contain or be what it is.', 'invalidName');
}

/** Refuses a path that is too long. */
export function checkPath(segments: readonly string[]): void {
  if (segments.join('/').length <= MAX_PATH) return;
  throw refuse.request('The specified path is too long.', 'pathIsTooLong');
}
