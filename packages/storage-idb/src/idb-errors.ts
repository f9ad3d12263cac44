import {
  type ErrorCode,
  isStorageError,
  StorageError,
  toStorageError,
} from '@granary/storage-core/provider';

interface Translation {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
  readonly retryable?: boolean;
  readonly outcome?: 'not-applied' | 'unknown';
}

const CLOSED: Translation = {
  code: 'unavailable',
  reason: 'the connection to the database was lost.',
  hint: 'Try again: the database is opened anew. If it goes on, reload the page.',
  outcome: 'unknown',
};
const LOST: Translation = {
  code: 'corrupted',
  reason: 'the browser has lost the file that held the content.',
  hint: 'Delete the object and store it again.',
};

/**
 * What the browser says, and what we say: https://www.w3.org/TR/IndexedDB/#exceptions and
 * https://developer.mozilla.org/docs/Web/API/IDBRequest/error (read 2026-11-21), and the names
 * that Dexie gives besides: https://dexie.org/docs/DexieErrors/DexieError (read 2026-11-21).
 */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  QuotaExceededError: {
    code: 'quota-exceeded',
    reason: 'the browser has no more room for this site.',
    hint: 'Delete what is not needed; what was stored before is still there.',
    outcome: 'not-applied',
  },
  SecurityError: {
    code: 'permission-denied',
    reason: 'the browser does not let this page use IndexedDB.',
    hint: 'Allow the site to store data, and do not use it in a sandboxed or opaque frame.',
    outcome: 'not-applied',
  },
  MissingAPIError: {
    code: 'unsupported',
    reason: 'there is no IndexedDB here.',
    hint: 'Use a browser that has it, or another storage such as createMemory().',
    outcome: 'not-applied',
  },
  NotFoundError: {
    code: 'invalid-data',
    reason: 'the database lacks a table that it should have.',
    hint: 'Give the storage a dbName that nothing else uses.',
    outcome: 'not-applied',
  },
  VersionError: {
    code: 'unsupported',
    reason: 'another tab has upgraded the database.',
    hint: 'Reload the page to get its newest version.',
    outcome: 'not-applied',
  },
  ConstraintError: {
    code: 'conflict',
    reason: 'another write came in between.',
    hint: 'Try again.',
    outcome: 'not-applied',
  },
  DataCloneError: {
    code: 'invalid-argument',
    reason: 'the metadata holds something that cannot be stored.',
    hint: 'Metadata takes values that JSON can hold.',
    outcome: 'not-applied',
  },
  TimeoutError: {
    code: 'timeout',
    reason: 'the database took too long.',
    hint: 'Try again.',
  },
  // https://chromestatus.com/feature/5140210640486400 (read 2026-11-21)
  NotReadableError: LOST,
  DatabaseClosedError: CLOSED,
  InvalidStateError: CLOSED,
  AbortError: CLOSED,
  UnknownError: CLOSED,
  OpenFailedError: CLOSED,
  PrematureCommitError: CLOSED,
  TransactionInactiveError: CLOSED,
};

/**
 * Says in our words what IndexedDB or Dexie has thrown; a `StorageError` stays what it is. Of an
 * error with others inside, the innermost that we know tells the reason.
 */
export function toIdbError(error: unknown): StorageError {
  if (isStorageError(error)) return error;
  for (const one of chainOf(error).toReversed()) {
    if (isStorageError(one)) return one;
    const found = isLargeValueLost(one) ? LOST : translationOf(one.name);
    if (found !== undefined) {
      const { code, reason, ...fields } = found;
      return new StorageError(code, reason, { ...fields, cause: error });
    }
  }
  return toStorageError(error);
}

/**
 * Whether the connection went away under an operation: closed by another tab's upgrade, by the
 * browser, or by Safari's "Connection to Indexed Database server lost" (https://bugs.webkit.org/show_bug.cgi?id=197050,
 * read 2026-11-21).
 */
export function isConnectionLost(error: unknown): boolean {
  const names = chainOf(error).map(({ name }) => name);
  if (names.some((name) => name === 'QuotaExceededError')) return false;
  const innermost = names.at(-1) ?? '';
  if (innermost === 'UnknownError') return true;
  return ['DatabaseClosedError', 'InvalidStateError', 'AbortError'].includes(innermost);
}

interface NamedError {
  readonly name: string;
  readonly message: string;
}

/** The error and what caused it, the outermost first: Dexie keeps the browser's own in `inner`. */
function chainOf(error: unknown): readonly NamedError[] {
  const chain: NamedError[] = [];
  let next = error;
  while (isNamed(next) && !chain.includes(next) && chain.length < 5) {
    chain.push(next);
    next = innerOf(next);
  }
  return chain;
}

function innerOf(error: object): unknown {
  const { inner, failures } = error as { readonly inner?: unknown; readonly failures?: unknown };
  if (inner !== undefined && inner !== null) return inner;
  return Array.isArray(failures) ? failures[0] : undefined;
}

function translationOf(name: string): Translation | undefined {
  return Object.hasOwn(TRANSLATIONS, name) ? TRANSLATIONS[name] : undefined;
}

/** Chromium before 2025 said `DataError` or `NotFoundError` here: https://github.com/w3c/IndexedDB/issues/423 (read 2026-11-21). */
function isLargeValueLost({ message }: NamedError): boolean {
  return message.includes('Failed to read large IndexedDB value');
}

function isNamed(error: unknown): error is NamedError {
  return (
    typeof error === 'object' &&
    error !== null &&
    typeof (error as Partial<NamedError>).name === 'string' &&
    typeof (error as Partial<NamedError>).message === 'string'
  );
}
