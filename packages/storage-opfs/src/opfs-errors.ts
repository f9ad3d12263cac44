import {
  type ErrorCode,
  isStorageError,
  StorageError,
  type StorageErrorFields,
  type Usage,
} from '@granary/storage-core/provider';

interface Meaning {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly fields?: StorageErrorFields;
}

/**
 * What the names of exceptions mean here: https://fs.spec.whatwg.org/ and
 * https://wicg.github.io/file-system-access/ (read 2026-11-21). `NotFoundError` of a file is told
 * apart from that of the folder where it comes up.
 */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NotAllowedError: {
    code: 'permission-denied',
    reason: 'the browser no longer allows this folder to be used.',
    fields: {
      hint: 'Call requestAccess(handleId), or requestPermission() of the handle, when the person clicks.',
    },
  },
  SecurityError: {
    code: 'permission-denied',
    reason: 'the browser refuses this here.',
    fields: {
      hint: 'Pickers and permission prompts need a click or a key press just before, in a page that is no foreign frame.',
    },
  },
  QuotaExceededError: {
    code: 'quota-exceeded',
    reason: 'there is no room left for this.',
    fields: {
      outcome: 'not-applied',
      hint: 'Delete something, or ask for more with navigator.storage.persist().',
    },
  },
  NotReadableError: {
    code: 'conflict',
    reason: 'the object was replaced while it was read.',
    fields: { hint: 'Read it again.' },
  },
  NoModificationAllowedError: {
    code: 'conflict',
    reason: 'the file is open elsewhere.',
    fields: { hint: 'Try again when others have closed it.' },
  },
  InvalidStateError: {
    code: 'unavailable',
    reason: 'the browser lost the file or the folder for a moment.',
    fields: { hint: 'Try again.' },
  },
  NotFoundError: {
    code: 'store-not-found',
    reason: 'the folder of the storage is not there.',
    fields: { hint: 'It was moved or deleted. Choose it again with chooseDirectory().' },
  },
};

/** A `StorageError` for what the browser threw; anything else comes back as it is. */
export function toOpfsError(error: unknown): unknown {
  if (isStorageError(error)) return error;
  const meaning = MEANINGS[nameOf(error)];
  if (meaning === undefined) return error;
  return new StorageError(meaning.code, meaning.reason, { ...meaning.fields, cause: error });
}

/** The same, with how full the storage is where that is the trouble. */
export async function toFullError(
  error: unknown,
  usage: (() => Promise<Usage>) | undefined,
): Promise<unknown> {
  const known = toOpfsError(error);
  if (!isStorageError(known, 'quota-exceeded') || known.usage !== undefined) return known;
  const full = await usage?.().catch(() => undefined);
  return full === undefined ? known : known.with({ usage: full });
}

export function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';
}

export function isMissing(error: unknown): boolean {
  return nameOf(error) === 'NotFoundError';
}

/** A file is there where a folder was expected, or the other way round. */
export function isOtherKind(error: unknown): boolean {
  return nameOf(error) === 'TypeMismatchError';
}

export function notFound(): StorageError {
  return new StorageError('not-found', 'there is no such object.');
}

export function changedMeanwhile(): StorageError {
  return new StorageError('conflict', 'the object was replaced while it was read.', {
    hint: 'Read it again.',
  });
}

export function inTheWay(reason: string): StorageError {
  return new StorageError('conflict', reason, {
    retryable: false,
    outcome: 'not-applied',
    hint: 'A key and keys below it cannot both be objects here; use other keys.',
  });
}

/** The error with what is known of the write, unless it says so itself. */
export function withOutcome(error: unknown, outcome: 'not-applied' | 'unknown'): unknown {
  const known = toOpfsError(error);
  if (!isStorageError(known)) {
    return new StorageError('unknown', known instanceof Error ? known.message : String(known), {
      outcome,
      cause: known,
    });
  }
  return known.outcome === undefined ? known.with({ outcome }) : known;
}
