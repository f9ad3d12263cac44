import { isStorageError, type StorageWarning } from '@granary/storage/browser';

/** An error in words for somebody who writes notes. */
export interface ErrorWords {
  readonly title: string;
  /** What can be done next, where something is known. */
  readonly hint: string;
  /** The whole message, for who wants to know more. */
  readonly details: string;
}

const TITLES: Readonly<Record<string, string>> = {
  'quota-exceeded': 'There is no room left in this browser',
  'too-large': 'This is too large for the storage of this browser',
  'precondition-failed': 'This note was changed elsewhere meanwhile',
  'not-found': 'This is not there any more',
  unavailable: 'The storage does not answer',
  timeout: 'The storage does not answer',
  'permission-denied': 'The browser does not allow this',
  corrupted: 'What is stored cannot be read',
  closed: 'The storage is closed',
};

/** What each code asks of somebody who writes notes. The hint of the error, for who writes programs, stays in the details. */
const HINTS: Readonly<Record<string, string>> = {
  'quota-exceeded': 'Remove large files or free some space on the device, then try again.',
  'too-large': 'Attach a smaller file.',
  closed: 'Reload the page.',
};

/** Says what went wrong. `what` is what was attempted: "save this note". */
export function describeError(what: string, error: unknown): ErrorWords {
  const details = error instanceof Error ? error.message : String(error);
  if (!isStorageError(error)) return { title: `Could not ${what}`, hint: details, details };
  return {
    title: `${TITLES[error.code] ?? 'The storage reports an error'}: could not ${what}`,
    hint: HINTS[error.code] ?? error.hint ?? '',
    details,
  };
}

/** Says what a warning of the storage means for the notes. */
export function warningText({ code, message }: Pick<StorageWarning, 'code' | 'message'>): string {
  if (code !== 'not-durable') return message;
  return 'This browser keeps the notes in memory only: export them before you close the page.';
}
