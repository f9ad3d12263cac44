import {
  type ErrorCode,
  type RefusedAnswer,
  retryAfterMs,
  StorageError,
  type StorageErrorFields,
} from '@granary/storage-core/provider';

/**
 * What Graph's codes mean, those inside `innerError` among them.
 * https://learn.microsoft.com/graph/errors and
 * https://learn.microsoft.com/onedrive/developer/rest-api/concepts/errors, read 2026-11-21
 */
const CODE_OF_NAME: Readonly<Record<string, ErrorCode>> = {
  invalidauthenticationtoken: 'unauthenticated',
  unauthenticated: 'unauthenticated',
  accessdenied: 'permission-denied',
  notallowed: 'permission-denied',
  malwaredetected: 'permission-denied',
  itemnotfound: 'not-found',
  resourcenotfound: 'store-not-found',
  namealreadyexists: 'conflict',
  resourcelocked: 'conflict',
  lockmismatch: 'conflict',
  activitylimitreached: 'rate-limited',
  throttledrequest: 'rate-limited',
  toomanyrequests: 'rate-limited',
  quotalimitreached: 'quota-exceeded',
  insufficientspaceavailable: 'quota-exceeded',
  maxfilesizeexceeded: 'too-large',
  pathistoolong: 'invalid-key',
  pathtoolong: 'invalid-key',
  invalidname: 'invalid-key',
  invalidrange: 'range-not-satisfiable',
  resyncrequired: 'cursor-expired',
  resyncchangesapplydifferences: 'cursor-expired',
  resyncchangesuploaddifferences: 'cursor-expired',
  servicenotavailable: 'unavailable',
};

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  408: 'timeout',
  409: 'conflict',
  410: 'cursor-expired',
  412: 'precondition-failed',
  413: 'too-large',
  416: 'range-not-satisfiable',
  423: 'conflict',
  429: 'rate-limited',
  507: 'quota-exceeded',
  509: 'rate-limited',
};

/** Statuses after which a write may still have happened. */
const OUTCOME_UNKNOWN: ReadonlySet<number> = new Set([408, 500, 502, 504]);
/** Said as `BadRequest` of an account whose drive was never made. */
const NO_DRIVE = /SPO license|mysite not found|not provisioned/i;

const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  unauthenticated: 'Sign in again: the token is missing, has expired or was revoked.',
  'permission-denied':
    'The sign-in needs Files.ReadWrite, or Files.ReadWrite.AppFolder with { appFolder: true }, and a file may be shared for reading only.',
  'store-not-found':
    'The account has no such drive: it may never have opened OneDrive, have no license for it, or driveId or siteId is wrong.',
  'quota-exceeded': 'The drive is full: free some room, the recycle bin included.',
};

/** What a body says of an error. */
interface GraphError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly innerError?: GraphError;
  readonly innererror?: GraphError;
}

/** Makes a `StorageError` of an answer that is no success. */
export function fromAnswer({ status, headers, json }: RefusedAnswer): StorageError {
  const error = errorIn(json);
  const names = namesIn(error);
  const code = codeOf(status, names, String(error?.message ?? ''));
  const name = typeof error?.code === 'string' && error.code !== '' ? ` (${error.code})` : '';
  return new StorageError(code, `Microsoft Graph answered ${status}${name}.`, {
    status,
    requestId: headers.get('request-id') ?? undefined,
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
    outcome: OUTCOME_UNKNOWN.has(status) ? 'unknown' : 'not-applied',
    hint: HINTS[code],
    ...(names.includes('namealreadyexists') && { retryable: false }),
  });
}

/** What an answer fails with that is not what Graph sends, such as a page of a proxy. */
export function unreadable(cause?: unknown, fields: StorageErrorFields = {}): StorageError {
  return new StorageError('unavailable', 'the answer is not one that Microsoft Graph gives.', {
    cause,
    outcome: 'unknown',
    hint: 'A proxy in between may have answered.',
    ...fields,
  });
}

/** Whether the answer says that the name is another item's. */
export function isTaken(error: StorageError): boolean {
  return error.status === 409 && error.code === 'conflict' && !error.retryable;
}

function codeOf(status: number, names: readonly string[], message: string): ErrorCode {
  if (NO_DRIVE.test(message)) return 'store-not-found';
  // The same code comes with 409 when other writes are under way, which may be tried again.
  if (names.includes('resourcemodified'))
    return status === 409 ? 'conflict' : 'precondition-failed';
  for (const name of names.toReversed()) {
    const code = Object.hasOwn(CODE_OF_NAME, name) && CODE_OF_NAME[name];
    if (code) return code;
  }
  return CODE_OF_STATUS[status] ?? (status < 500 ? 'unknown' : 'unavailable');
}

function errorIn(json: unknown): GraphError | undefined {
  const error = (json as { readonly error?: unknown } | null | undefined)?.error;
  return typeof error === 'object' && error !== null ? error : undefined;
}

/** Codes from the outermost to the closest, in lower case: both spellings are seen. */
function namesIn(error: GraphError | undefined): readonly string[] {
  const names: string[] = [];
  for (let one = error; one; one = one.innerError ?? one.innererror) {
    if (typeof one.code === 'string') names.push(one.code.toLowerCase());
  }
  return names;
}
