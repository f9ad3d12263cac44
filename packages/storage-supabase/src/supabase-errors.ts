import {
  type ErrorCode,
  isStorageError,
  retryAfterMs,
  StorageError,
  type StorageErrorFields,
  toStorageError,
} from '@granary/storage-core/provider';

/**
 * What the service's own codes mean. Nearly all come with HTTP 400; the status that is meant is in
 * the body. https://supabase.com/docs/guides/storage/debugging/error-codes and
 * https://github.com/supabase/storage/blob/master/src/internal/errors/codes.ts, read 2026-11-21
 */
const CODE_OF_NAME: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'not-found',
  NoSuchBucket: 'store-not-found',
  TenantNotFound: 'store-not-found',
  InvalidKey: 'invalid-key',
  InvalidBucketName: 'invalid-config',
  InvalidRequest: 'invalid-argument',
  InvalidParameter: 'invalid-argument',
  MissingParameter: 'invalid-argument',
  InvalidMimeType: 'invalid-argument',
  InvalidRange: 'range-not-satisfiable',
  EntityTooLarge: 'too-large',
  KeyAlreadyExists: 'precondition-failed',
  ResourceAlreadyExists: 'precondition-failed',
  ResourceLocked: 'conflict',
  TransactionError: 'conflict',
  LockTimeout: 'conflict',
  AccessDenied: 'permission-denied',
  InvalidJWT: 'unauthenticated',
  InvalidSignature: 'unauthenticated',
  ExpiredToken: 'unauthenticated',
  SlowDown: 'rate-limited',
  DatabaseTimeout: 'unavailable',
  DatabaseReadOnly: 'unavailable',
  DatabaseError: 'unavailable',
  InternalError: 'unavailable',
  S3Error: 'unavailable',
};

/** What a status means when the body says nothing closer: gateways in front answer too. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  401: 'unauthenticated',
  402: 'quota-exceeded',
  403: 'permission-denied',
  408: 'timeout',
  409: 'conflict',
  413: 'too-large',
  415: 'invalid-argument',
  416: 'range-not-satisfiable',
  423: 'conflict',
  429: 'rate-limited',
  499: 'unavailable',
  507: 'quota-exceeded',
};

/** Statuses after which a write may still have happened. */
const OUTCOME_UNKNOWN: ReadonlySet<number> = new Set([408, 499, 500, 502, 504, 520, 522, 524, 544]);
/** `AccessDenied` is said of tokens too; these are the words of policies. */
const POLICY_WORDS = /row-level security|^Access denied|permission denied/i;

const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  'permission-denied':
    'A row-level security policy on storage.objects does not allow this: select, insert, update and delete each need one, and replacing an object needs the first three.',
  unauthenticated:
    "Check the key, and that the user's session has not expired and belongs to this project; a clock that is wrong makes tokens invalid too.",
  'store-not-found':
    'Make the bucket in the project, or check its name and the url of the project.',
};

/** What an answer that is no success says. */
export interface Answer {
  readonly status: number;
  readonly headers?: Headers | undefined;
  /** The service's own code, such as `NoSuchKey`. */
  readonly name?: string | undefined;
  /** The status that the body says, which is the true one. */
  readonly statusCode?: string | undefined;
  readonly message?: string | undefined;
}

/** Makes a `StorageError` of an answer that is no success. */
export function fromAnswer(answer: Answer): StorageError {
  const { status, headers, name = '', statusCode = '', message = '' } = answer;
  const said = Number.parseInt(statusCode, 10) || status;
  const code = codeOf(name, said, message);
  const words = name === '' ? '' : ` (${name})`;
  return new StorageError(code, `the service answered ${said}${words}.`, {
    status: said,
    requestId: headers?.get('sb-request-id') ?? headers?.get('cf-ray') ?? undefined,
    retryAfterMs: retryAfterMs(headers?.get('retry-after')),
    outcome: OUTCOME_UNKNOWN.has(said) ? 'unknown' : 'not-applied',
    hint: HINTS[code],
  });
}

/** Makes a `StorageError` of an answer that is no success. Its body is read. */
export async function fromResponse(response: Response): Promise<StorageError> {
  const { status, headers } = response;
  const body = parse(await response.text().catch(() => ''));
  return fromAnswer({
    status,
    headers,
    name: body['code'],
    statusCode: body['statusCode'],
    message: body['message'],
  });
}

/** Makes a `StorageError` of what storage-js hands back in the place of data. */
export function fromSdk(error: unknown, headers: Headers | undefined): unknown {
  const { status, statusCode, code, message, originalError } = error as SdkError;
  if (isStorageError(originalError)) return originalError;
  if (originalError !== undefined) return unreadable(originalError);
  if (typeof status !== 'number') return error;
  return fromAnswer({ status, headers, name: code, statusCode, message });
}

/** Makes a `StorageError` of a request that got no answer. */
export function fromFailure(error: unknown): StorageError {
  return new StorageError('unavailable', 'the service could not be reached.', {
    cause: error,
    outcome: 'unknown',
    hint: 'Check the url of the project and the network, and that the project is not paused.',
  });
}

/** What an answer fails with that is not what the service sends, such as a page of a proxy. */
export function unreadable(cause?: unknown, fields: StorageErrorFields = {}): StorageError {
  return new StorageError('unavailable', 'the answer is not one that Supabase Storage gives.', {
    cause,
    outcome: 'unknown',
    hint: 'Check the url of the project; a proxy in between may have answered.',
    ...fields,
  });
}

/** What a write fails with whose request was answered, while a question about it was not. */
export function afterWrite(error: unknown, signal: AbortSignal | undefined): StorageError {
  return toStorageError(error, {}, signal).with({ outcome: 'unknown' });
}

interface SdkError {
  readonly status?: number;
  readonly statusCode?: string;
  readonly code?: string;
  readonly message?: string;
  readonly originalError?: unknown;
}

function codeOf(name: string, status: number, message: string): ErrorCode {
  if (name === 'AccessDenied' && !POLICY_WORDS.test(message)) return 'unauthenticated';
  // Older servers say it in words alone; a 404 without them is of a gateway that knows no such project.
  if (status === 404 && name === '') {
    return message.startsWith('Object not found') ? 'not-found' : 'store-not-found';
  }
  if (status === 429) return 'rate-limited';
  return (Object.hasOwn(CODE_OF_NAME, name) && CODE_OF_NAME[name]) || fromStatus(status);
}

function fromStatus(status: number): ErrorCode {
  return CODE_OF_STATUS[status] ?? (status < 500 ? 'unknown' : 'unavailable');
}

function parse(text: string): Readonly<Record<string, string | undefined>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return {};
    const texts = Object.entries(value).filter(([, field]) => typeof field === 'string');
    return Object.fromEntries(texts);
  } catch {
    return {};
  }
}
