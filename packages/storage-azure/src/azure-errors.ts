import {
  abortedError,
  type ErrorCode,
  isStorageError,
  retryAfterMs,
  StorageError,
} from '@granary/storage-core/provider';

/**
 * What the service's own codes mean.
 * https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and
 * https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes (read 2026-11-21)
 */
const CODE_OF_NAME: Readonly<Record<string, ErrorCode>> = {
  BlobNotFound: 'not-found',
  ResourceNotFound: 'not-found',
  ContainerNotFound: 'store-not-found',
  ContainerBeingDeleted: 'store-not-found',
  ContainerDisabled: 'store-not-found',

  BlobAlreadyExists: 'precondition-failed',
  SourceConditionNotMet: 'precondition-failed',
  TargetConditionNotMet: 'precondition-failed',

  BlobArchived: 'conflict',
  BlobBeingRehydrated: 'conflict',
  InvalidBlobOrBlock: 'conflict',
  InvalidBlockList: 'conflict',
  LeaseAlreadyPresent: 'conflict',
  LeaseIdMismatchWithBlobOperation: 'conflict',
  LeaseIdMissing: 'conflict',
  LeaseLost: 'conflict',
  LeaseNotPresentWithBlobOperation: 'conflict',
  OperationNotAllowedOnRootBlob: 'conflict',
  PendingCopyOperation: 'conflict',
  SnapshotsPresent: 'conflict',

  AuthenticationFailed: 'unauthenticated',
  InvalidAuthenticationInfo: 'unauthenticated',
  NoAuthenticationInformation: 'unauthenticated',
  AccountIsDisabled: 'permission-denied',
  AuthorizationFailure: 'permission-denied',
  AuthorizationPermissionMismatch: 'permission-denied',
  BlobImmutableDueToLegalHold: 'permission-denied',
  BlobImmutableDueToPolicy: 'permission-denied',
  InsufficientAccountPermissions: 'permission-denied',
  KeyBasedAuthenticationNotPermitted: 'permission-denied',
  PublicAccessNotPermitted: 'permission-denied',

  InvalidResourceName: 'invalid-key',
  InvalidUri: 'invalid-key',
  InvalidRange: 'range-not-satisfiable',
  Crc64Mismatch: 'corrupted',
  Md5Mismatch: 'corrupted',
  BlockCountExceedsLimit: 'too-large',
  MetadataTooLarge: 'too-large',
  RequestBodyTooLarge: 'too-large',
  OperationTimedOut: 'timeout',
  ServerBusy: 'rate-limited',
  FeatureNotSupportedByAccount: 'unsupported',
};

/** What a status means when the service says nothing closer. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  304: 'not-modified',
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  408: 'timeout',
  409: 'conflict',
  412: 'precondition-failed',
  413: 'too-large',
  416: 'range-not-satisfiable',
  429: 'rate-limited',
};

/** Conflicts that last until somebody does something. */
const LASTING: Readonly<Record<string, string>> = {
  BlobArchived: 'Move the blob to an online tier first; that takes hours.',
  BlobBeingRehydrated: 'It can be read when it has left the archive.',
  OperationNotAllowedOnRootBlob: 'Delete the object instead of its current version.',
  SnapshotsPresent: 'Delete its snapshots first, or say { deleteSnapshots: true }.',
};

const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  'store-not-found': 'Make the container first, or check its name and the account.',
  unauthenticated:
    'Check the account, its key or token, and whether a shared access signature has expired.',
  'permission-denied':
    'Give the role Storage Blob Data Contributor, or a signature with the permissions racwdl, and check the firewall and policies of the account.',
};

/** Statuses after which a write may still have happened. */
const OUTCOME_UNKNOWN: ReadonlySet<number> = new Set([408, 500, 502, 504]);

/** A request is refused when its time is further off. https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
const MAX_SKEW_MS = 15 * 60_000;

/** An answer that is no success, as far as it is known. */
export interface AzureAnswer {
  readonly status: number;
  /** The service's own code. */
  readonly name: string | undefined;
  header(name: string): string | undefined;
}

interface ErrorShape {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
  readonly details?: { readonly errorCode?: unknown };
}

/** Makes a `StorageError` of what the SDK throws. Nothing of the request, where secrets are, is kept. */
export function fromFailure(error: unknown, signal?: AbortSignal): StorageError {
  if (isStorageError(error)) return error;
  if (signal?.aborted) return abortedError(signal);
  const { statusCode, response, details, code } = shapeOf(error);
  if (typeof statusCode !== 'number') return unreachable(error);
  const header = (name: string) => response?.headers?.get(name);
  const named = header('x-ms-error-code') ?? details?.errorCode ?? code;
  return fromAnswer({
    status: statusCode,
    name: typeof named === 'string' ? named : undefined,
    header,
  });
}

/** Makes a `StorageError` of an answer that is no success. */
export function fromAnswer({ status, name, header }: AzureAnswer): StorageError {
  const copySource = header('x-ms-copy-source-status-code');
  const meant = name === 'CannotVerifyCopySource' && copySource ? Number(copySource) : status;
  const known = name === undefined ? undefined : CODE_OF_NAME[name];
  const code = known ?? CODE_OF_STATUS[meant] ?? 'unavailable';
  const lasting = name === undefined ? undefined : LASTING[name];
  const hint = lasting ?? skewHint(code, header('date')) ?? HINTS[code];
  const isLost = OUTCOME_UNKNOWN.has(status) || (status >= 200 && status < 300);
  return new StorageError(code, `the service answered ${status}${name ? ` (${name})` : ''}.`, {
    status,
    requestId: header('x-ms-request-id'),
    retryAfterMs: retryAfterMs(header('retry-after')),
    outcome: isLost ? 'unknown' : 'not-applied',
    ...(lasting !== undefined && { retryable: false }),
    hint,
  });
}

/** An answer that lacks what it must have: it comes from something else than the service. */
export function badAnswer(what: string): StorageError {
  return new StorageError('unavailable', `the answer ${what}, so it is not the service's.`, {
    outcome: 'unknown',
    hint: 'Check the endpoint, and what stands between.',
  });
}

function unreachable(error: unknown): StorageError {
  const { name, message, code } = shapeOf(error);
  // The SDK's own error holds the request with its signature.
  const cause = new Error(`${String(code ?? name ?? 'Error')}: ${String(message ?? error)}`);
  return new StorageError('unavailable', 'the service could not be reached.', {
    cause,
    outcome: 'unknown',
    hint: 'Check the endpoint and the network, then try again.',
  });
}

function skewHint(code: ErrorCode, date: string | undefined): string | undefined {
  const skewMs = Math.abs(Date.parse(date ?? '') - Date.now());
  if (code !== 'unauthenticated' || !(skewMs > MAX_SKEW_MS)) return undefined;
  return `The clock of this machine is ${Math.round(skewMs / 60_000)} minutes off: set it right.`;
}

function shapeOf(error: unknown): ErrorShape {
  return typeof error === 'object' && error !== null ? (error as ErrorShape) : {};
}
