import {
  type ErrorCode,
  isStorageError,
  retryAfterMs,
  StorageError,
} from '@granary/storage-core/provider';

/** What a status means when the service says nothing closer, as in the answer to a `HEAD`. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  301: 'invalid-config',
  302: 'invalid-config',
  304: 'not-modified',
  307: 'invalid-config',
  308: 'invalid-config',
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  405: 'unsupported',
  408: 'timeout',
  409: 'conflict',
  412: 'precondition-failed',
  413: 'too-large',
  416: 'range-not-satisfiable',
  429: 'rate-limited',
  501: 'unsupported',
  507: 'quota-exceeded',
};

/**
 * Native codes that say more than their status.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, read 2026-11-21
 */
const CODE_OF_NAME: Readonly<Record<string, ErrorCode>> = {
  AccessDenied: 'permission-denied',
  AccountProblem: 'permission-denied',
  AllAccessDisabled: 'permission-denied',
  AuthorizationHeaderMalformed: 'invalid-config',
  BadDigest: 'corrupted',
  ConditionalRequestConflict: 'conflict',
  CredentialsProviderError: 'unauthenticated',
  EntityTooLarge: 'too-large',
  EntityTooSmall: 'invalid-argument',
  ExpiredToken: 'unauthenticated',
  IllegalLocationConstraintException: 'invalid-config',
  IncompleteBody: 'unavailable',
  InternalError: 'unavailable',
  InvalidAccessKeyId: 'unauthenticated',
  InvalidBucketName: 'invalid-config',
  InvalidDigest: 'corrupted',
  InvalidObjectState: 'conflict',
  InvalidRange: 'range-not-satisfiable',
  InvalidToken: 'unauthenticated',
  KeyTooLongError: 'invalid-key',
  MetadataTooLarge: 'too-large',
  NoSuchBucket: 'store-not-found',
  NoSuchKey: 'not-found',
  NoSuchUpload: 'conflict',
  NoSuchVersion: 'not-found',
  NotImplemented: 'unsupported',
  NotSignedUp: 'unauthenticated',
  OperationAborted: 'conflict',
  PermanentRedirect: 'invalid-config',
  PreconditionFailed: 'precondition-failed',
  QuotaExceeded: 'quota-exceeded',
  RequestLimitExceeded: 'rate-limited',
  RequestTimeTooSkewed: 'unauthenticated',
  RequestTimeout: 'timeout',
  SignatureDoesNotMatch: 'unauthenticated',
  SlowDown: 'rate-limited',
  Throttling: 'rate-limited',
  ThrottlingException: 'rate-limited',
  TimeoutError: 'timeout',
  TokenRefreshRequired: 'unauthenticated',
  TooManyRequests: 'rate-limited',
  XAmzContentChecksumMismatch: 'corrupted',
  XAmzContentSHA256Mismatch: 'corrupted',
  XMinioStorageFull: 'quota-exceeded',
};

/** What to do next. A region's name is put in where the service tells it. */
const HINT_OF_NAME: Readonly<Record<string, string>> = {
  CredentialsProviderError:
    'Give accessKeyId and secretAccessKey or credentials, or sign in as the AWS SDK expects it.',
  ExpiredToken: 'The temporary credentials are over: sign in again.',
  InvalidAccessKeyId: 'There is no such access key here: check accessKeyId and the endpoint.',
  InvalidObjectState: 'The object is archived: restore it first.',
  NoSuchBucket: 'Check the name of the bucket and the endpoint, or make the bucket.',
  NoSuchUpload: 'The upload has ended or was aborted: begin it again.',
  NotImplemented: 'This store has only a part of what S3 has.',
  RequestTimeTooSkewed: "This machine's clock is wrong: set it, then try again.",
  SignatureDoesNotMatch: 'Check secretAccessKey, and that nothing on the way changes the request.',
};

const FORBIDDEN_HINT =
  'Allow the action to these credentials; without s3:ListBucket a missing key is answered like this, too.';
const REGION_HINT = 'Set the option "region" to the region of the bucket';

/** Statuses after which a write may still have happened. */
const OUTCOME_UNKNOWN: ReadonlySet<number> = new Set([408, 500, 502, 504]);

/** Failures before anything was sent. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What the SDK throws, as far as it is looked at. */
interface SdkFailure {
  readonly name?: string;
  readonly message?: string;
  /** Of the connection. */
  readonly code?: unknown;
  /** Of the service. */
  readonly Code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: {
    readonly statusCode?: number;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

/** Makes a `StorageError` of what the SDK throws. */
export function fromFailure(thrown: unknown): StorageError {
  if (isStorageError(thrown)) return thrown;
  const error = (thrown ?? {}) as SdkFailure;
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  const name = nameOf(error);
  if (status === undefined) return withoutAnswer(error, name);
  const headers = error.$response?.headers ?? {};
  const code = codeOf(name, status);
  return new StorageError(code, `the service answered ${status}${name ? ` (${name})` : ''}.`, {
    status,
    requestId: error.$metadata?.requestId,
    retryAfterMs: retryAfterMs(headers['retry-after']),
    outcome: isUnsure(status, name) ? 'unknown' : 'not-applied',
    hint: hintOf(code, name, headers['x-amz-bucket-region']),
    cause: plainCause(error),
    ...(name === 'NoSuchUpload' && { retryable: false, restart: true }),
    ...(name === 'InvalidObjectState' && { retryable: false }),
    // The SDK has learnt the service's time from the answer, so the next request is right.
    ...(name === 'RequestTimeTooSkewed' && { retryable: true }),
  });
}

/** What a request fails with that the service cannot have meant: a page of a proxy, say. */
export function notS3(what: string): StorageError {
  return new StorageError('unavailable', `the answer is none of S3: ${what}.`, {
    outcome: 'unknown',
    hint: 'Check the endpoint, and what stands between here and there.',
  });
}

/** Whether a write may have happened. An error may stand in an answer that began as a success. */
function isUnsure(status: number, name: string | undefined): boolean {
  return OUTCOME_UNKNOWN.has(status) || status < 300 || name === 'InternalError';
}

function codeOf(name: string | undefined, status: number): ErrorCode {
  const known = name === undefined ? undefined : CODE_OF_NAME[name];
  if (known !== undefined) return known;
  return CODE_OF_STATUS[status] ?? 'unavailable';
}

function withoutAnswer(error: SdkFailure, name: string | undefined): StorageError {
  const known = name === undefined ? undefined : CODE_OF_NAME[name];
  if (known !== undefined && known !== 'timeout') {
    return new StorageError(known, 'no credentials could be had.', {
      outcome: 'not-applied',
      hint: HINT_OF_NAME[name ?? ''],
      cause: plainCause(error),
    });
  }
  if (/region is missing/i.test(error.message ?? '')) {
    return new StorageError('invalid-config', 'the region of the bucket is not known.', {
      outcome: 'not-applied',
      hint: `${REGION_HINT}, or AWS_REGION.`,
    });
  }
  if (/^checksum mismatch/i.test(error.message ?? '')) {
    return new StorageError('corrupted', 'the content is not what its checksum says.', {
      hint: 'It changed on its way, or in the store. Read it again.',
      cause: plainCause(error),
    });
  }
  // The SDK calls a connection that was cut a timeout, too.
  const isTimeout = known === 'timeout' && !/^(?:ECONNRESET|EPIPE)$/.test(String(error.code));
  return new StorageError(
    isTimeout ? 'timeout' : 'unavailable',
    'the service could not be reached.',
    {
      cause: plainCause(error),
      outcome: NOT_SENT.has(String(error.code)) ? 'not-applied' : 'unknown',
      hint: 'Check the endpoint and the network, then try again.',
    },
  );
}

function hintOf(
  code: ErrorCode,
  name: string | undefined,
  region: string | undefined,
): string | undefined {
  if (code === 'invalid-config' && name !== 'InvalidBucketName') {
    return `${REGION_HINT}${region === undefined ? '' : `, "${region}"`}, or check the endpoint.`;
  }
  if (code === 'permission-denied') return FORBIDDEN_HINT;
  return name === undefined ? undefined : HINT_OF_NAME[name];
}

/** The code that the service gave; the SDK calls what it does not know `Unknown` or `UnknownError`. */
function nameOf({ Code, name }: SdkFailure): string | undefined {
  if (typeof Code === 'string' && Code !== '') return Code;
  return name === undefined || /^(?:Unknown(?:Error)?|Error|NotFound|Forbidden|\d+)$/.test(name)
    ? undefined
    : name;
}

/** The error without the answer and what the service repeats of the request: keys, signatures. */
function plainCause({ name, message, code }: SdkFailure): Error {
  const cause = new Error(message ?? 'no reason was given');
  return Object.assign(cause, { name: name ?? 'Error', ...(code !== undefined && { code }) });
}
