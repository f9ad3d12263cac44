import {
  type ErrorCode,
  isStorageError,
  retryAfterMs,
  StorageError,
} from '@granary/storage-core/provider';

/** What a status means when the service says nothing closer. */
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
  410: 'conflict',
  411: 'invalid-argument',
  412: 'precondition-failed',
  413: 'too-large',
  416: 'range-not-satisfiable',
  429: 'rate-limited',
  501: 'unsupported',
};

/**
 * Reasons of the JSON API and codes of the XML API that say more than their status.
 * https://cloud.google.com/storage/docs/json_api/v1/status-codes, read 2026-11-21
 * https://cloud.google.com/storage/docs/xml-api/reference-status, read 2026-11-21
 */
const CODE_OF_REASON: Readonly<Record<string, ErrorCode>> = {
  BadDigest: 'corrupted',
  EntityTooLarge: 'too-large',
  EntityTooSmall: 'invalid-argument',
  InvalidBucketName: 'invalid-config',
  InvalidPart: 'conflict',
  InvalidURI: 'invalid-key',
  KeyTooLong: 'invalid-key',
  MetadataTooLarge: 'too-large',
  NoSuchBucket: 'store-not-found',
  NoSuchUpload: 'conflict',
  SlowDown: 'rate-limited',
  dailyLimitExceeded: 'quota-exceeded',
  metadataTooLarge: 'too-large',
  orgPolicyConstraintFailed: 'permission-denied',
  quotaExceeded: 'quota-exceeded',
  rateLimitExceeded: 'rate-limited',
  uploadTooLarge: 'too-large',
  userRateLimitExceeded: 'rate-limited',
};

/** What to do next. */
const HINT_OF_CODE: Readonly<Partial<Record<ErrorCode, string>>> = {
  'store-not-found': 'Check the name of the bucket and the endpoint, or make the bucket.',
  unauthenticated:
    'Give credentials, keyFilename or authClient, or sign in with "gcloud auth application-default login".',
  'invalid-config': 'Check the endpoint: the service sent the request elsewhere.',
  conflict: 'The object changed at the same time: try again.',
};

const CLOCK_HINT = "This machine's clock is wrong: set it, then try again.";
const UPLOAD_HINT = 'The upload has ended or was aborted: begin it again.';
const HELD_HINT = 'A hold or a retention policy protects the object: release it first.';

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

/** An answer that is no success. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The start of its body. */
  readonly text: string;
}

interface Said {
  readonly reason: string | undefined;
  readonly message: string;
}

/** Makes a `StorageError` of an answer that is no success. */
export function fromAnswer({ status, headers, text }: FailedAnswer): StorageError {
  const said = jsonSaid(text) ?? xmlSaid(text);
  const code = codeOf(status, said);
  const { reason } = said;
  const isLost = reason === 'NoSuchUpload' || reason === 'InvalidPart';
  return new StorageError(code, `the service answered ${status}${reason ? ` (${reason})` : ''}.`, {
    status,
    requestId: first(headers['x-guploader-uploadid']),
    retryAfterMs: retryAfterMs(first(headers['retry-after'])),
    outcome: status === 408 || status >= 500 ? 'unknown' : 'not-applied',
    hint: hintOf(code, said),
    ...(isLost && { retryable: false, restart: true }),
  });
}

/** Makes a `StorageError` of a request that got no whole answer. */
export function fromFailure(thrown: unknown): StorageError {
  if (isStorageError(thrown)) return thrown;
  const { code } = (thrown ?? {}) as { readonly code?: unknown };
  const name = typeof code === 'string' ? code : undefined;
  const isSent = name === undefined || !NOT_SENT.has(name);
  return new StorageError(
    'unavailable',
    isSent
      ? `the connection broke${name ? ` (${name})` : ''}.`
      : `the service could not be reached (${name}).`,
    {
      cause: thrown,
      outcome: isSent ? 'unknown' : 'not-applied',
      hint: 'Check the endpoint and the network, then try again.',
    },
  );
}

/** Codes of Node for a network that fails. Those of a file that cannot be read begin alike. */
const NETWORK_CODE =
  /^(?:E(?:CONN\w+|TIMEDOUT|PIPE|NOTFOUND|AI_\w+|NETUNREACH|HOSTUNREACH|PROTO)|UND_ERR_\w+)$/;

/** What Google's sign-in failed with. https://developers.google.com/identity/protocols/oauth2/service-account#error-codes */
export function fromSignIn(thrown: unknown): StorageError {
  const error = (thrown ?? {}) as SignInFailure;
  const status = error.response?.status ?? error.status;
  const said = error.response?.data;
  const fields = typeof said === 'object' && said !== null ? said : {};
  const isWords = 'error' in fields && typeof fields.error === 'string';
  const reason = isWords ? fields.error : undefined;
  const isSkewed = /iat and exp|reasonable timeframe/i.test(fields.error_description ?? '');
  const isPassing =
    status === undefined
      ? typeof error.code === 'string' && NETWORK_CODE.test(error.code)
      : status >= 500 || status === 429;
  if (isPassing) {
    return new StorageError('unavailable', "Google's sign-in could not be reached.", {
      status,
      outcome: 'not-applied',
      hint: 'Check the network, then try again.',
    });
  }
  return new StorageError(
    'unauthenticated',
    `no access token could be had${reason ? ` (${reason})` : ''}.`,
    {
      status,
      outcome: 'not-applied',
      hint: isSkewed ? CLOCK_HINT : HINT_OF_CODE.unauthenticated,
    },
  );
}

interface SignInFailure {
  readonly code?: unknown;
  readonly status?: number;
  readonly response?: {
    readonly status?: number;
    readonly data?: { readonly error?: unknown; readonly error_description?: string };
  };
}

/** An answer that is a success, but not one of this service. */
export function notGcs(what: string): StorageError {
  return new StorageError('unavailable', `the answer is not one of the service: ${what}.`, {
    outcome: 'unknown',
    hint: 'Check the endpoint, and what stands between it and this machine.',
  });
}

function codeOf(status: number, { reason, message }: Said): ErrorCode {
  const known = CODE_OF_REASON[reason ?? ''];
  if (known !== undefined) return known;
  if (status === 404 && /bucket does not exist/i.test(message)) return 'store-not-found';
  if (status === 400 && /match(?:es)? calculated/i.test(message)) return 'corrupted';
  if (status === 400 && /object name/i.test(message)) return 'invalid-key';
  if (status >= 500 && CODE_OF_STATUS[status] === undefined) return 'unavailable';
  return CODE_OF_STATUS[status] ?? 'unknown';
}

function hintOf(code: ErrorCode, { reason, message }: Said): string | undefined {
  if (reason === 'NoSuchUpload' || reason === 'InvalidPart') return UPLOAD_HINT;
  if (code !== 'permission-denied') return HINT_OF_CODE[code];
  if (/\bhold\b|retention/i.test(message)) return HELD_HINT;
  const [permission] = /\bstorage\.[a-z]+\.[a-zA-Z]+/.exec(message) ?? [];
  return permission === undefined
    ? 'Grant these credentials a role on the bucket, such as roles/storage.objectUser; without storage.objects.list a missing key is answered like this, too.'
    : `Grant ${permission} on the bucket; without storage.objects.list a missing key is answered like this, too.`;
}

function jsonSaid(text: string): Said | undefined {
  let value: JsonFailure | null;
  try {
    value = JSON.parse(text) as JsonFailure | null;
  } catch {
    return undefined;
  }
  const { message = '', errors = [] } = value?.error ?? {};
  return { reason: errors[0]?.reason, message };
}

interface JsonFailure {
  readonly error?: {
    readonly message?: string;
    readonly errors?: readonly { readonly reason?: string }[];
  };
}

function xmlSaid(text: string): Said {
  const [, reason] = /<Code>(\w+)<\/Code>/.exec(text) ?? [];
  const [, message = ''] = /<Message>([^<]*)<\/Message>/.exec(text) ?? [];
  const [, details = ''] = /<Details>([^<]*)<\/Details>/.exec(text) ?? [];
  return { reason, message: `${message} ${details}` };
}

function first(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' || header === undefined ? header : header[0];
}
