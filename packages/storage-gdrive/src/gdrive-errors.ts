import {
  type ErrorCode,
  type RefusedAnswer,
  retryAfterMs,
  StorageError,
  type StorageErrorFields,
} from '@granary/storage-core/provider';

/**
 * What the service's reasons mean. https://developers.google.com/workspace/drive/api/guides/handle-errors
 * and, for those in capitals, https://cloud.google.com/apis/design/errors#error_info, read 2026-11-21
 */
const CODE_OF_REASON: Readonly<Record<string, ErrorCode>> = {
  notFound: 'not-found',
  fileNotFound: 'not-found',
  authError: 'unauthenticated',
  required: 'unauthenticated',
  insufficientPermissions: 'permission-denied',
  insufficientScopes: 'permission-denied',
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: 'permission-denied',
  appNotAuthorizedToFile: 'permission-denied',
  insufficientFilePermissions: 'permission-denied',
  insufficientParentPermissions: 'permission-denied',
  teamDriveMembershipRequired: 'permission-denied',
  domainPolicy: 'permission-denied',
  cannotDownloadAbusiveFile: 'permission-denied',
  fileNotDownloadable: 'permission-denied',
  fieldNotWritable: 'permission-denied',
  accessNotConfigured: 'invalid-config',
  SERVICE_DISABLED: 'invalid-config',
  userRateLimitExceeded: 'rate-limited',
  rateLimitExceeded: 'rate-limited',
  sharingRateLimitExceeded: 'rate-limited',
  dailyLimitExceeded: 'rate-limited',
  quotaExceeded: 'rate-limited',
  RATE_LIMIT_EXCEEDED: 'rate-limited',
  storageQuotaExceeded: 'quota-exceeded',
  teamDriveFileLimitExceeded: 'quota-exceeded',
  activeItemCreationLimitExceeded: 'quota-exceeded',
  numChildrenInNonRootLimitExceeded: 'quota-exceeded',
  propertyCountLimitExceeded: 'too-large',
  uploadTooLarge: 'too-large',
  myDriveHierarchyDepthLimitExceeded: 'invalid-key',
  teamDriveHierarchyTooDeep: 'invalid-key',
  requestedRangeNotSatisfiable: 'range-not-satisfiable',
  revisionDeletionNotSupported: 'unsupported',
  notSupportedForAppDataFolderFiles: 'unsupported',
  fileNotExportable: 'unsupported',
  backendError: 'unavailable',
  internalError: 'unavailable',
};

/** What a status means where no reason is known: gateways in front answer too. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  408: 'timeout',
  409: 'conflict',
  412: 'precondition-failed',
  413: 'too-large',
  416: 'range-not-satisfiable',
  429: 'rate-limited',
};

/** Statuses after which a write may still have happened. */
const OUTCOME_UNKNOWN: ReadonlySet<number> = new Set([408, 500, 502, 504]);
/** Waiting a moment does not help. */
const FOR_TODAY: ReadonlySet<string> = new Set(['dailyLimitExceeded', 'quotaExceeded']);

const HINTS: Partial<Readonly<Record<string, string>>> = {
  insufficientScopes:
    'The consent does not cover this: sign in again with drive.file, drive.appdata for the app folder, or drive.',
  appNotAuthorizedToFile:
    'With drive.file an app reaches what it made and what the user opened with it; let the user pick the file, or ask for more.',
  insufficientFilePermissions: 'The user may not change this file: ask its owner to share it.',
  domainPolicy: "The administrator of the user's organization does not allow this app.",
  cannotDownloadAbusiveFile:
    'Google holds the file for malware or spam and this backend never asks for it all the same; its owner can look at it in Drive.',
  accessNotConfigured: 'Enable the Google Drive API in the project that the OAuth client is of.',
  dailyLimitExceeded: "The project's quota for today is used up: try tomorrow, or ask for more.",
  storageQuotaExceeded: 'Free space in Google Drive: the trash, Gmail and Photos count too.',
  numChildrenInNonRootLimitExceeded: 'A folder holds 500,000 items at most.',
  myDriveHierarchyDepthLimitExceeded: 'Folders go 100 levels deep at most: use fewer slashes.',
  authError: 'Sign in again: the consent was withdrawn, or the token has expired.',
};

/** Other words for the same. */
const SAME_HINT: Readonly<Record<string, string>> = {
  insufficientPermissions: 'insufficientScopes',
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: 'insufficientScopes',
  SERVICE_DISABLED: 'accessNotConfigured',
  quotaExceeded: 'dailyLimitExceeded',
  teamDriveHierarchyTooDeep: 'myDriveHierarchyDepthLimitExceeded',
  insufficientParentPermissions: 'insufficientFilePermissions',
};

/** Makes a `StorageError` of an answer that is no success. */
export function fromAnswer({ status, headers, json }: RefusedAnswer): StorageError {
  const { reason, location, isOurs } = saidBy(json, headers);
  const code = codeOf(reason, status, location, isOurs);
  const words = reason === '' ? '' : ` (${reason})`;
  return new StorageError(code, `the service answered ${status}${words}.`, {
    status,
    requestId: headers.get('x-guploader-uploadid') ?? undefined,
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
    outcome: OUTCOME_UNKNOWN.has(status) ? 'unknown' : 'not-applied',
    hint: hintOf(reason, code),
    ...(FOR_TODAY.has(reason) && { retryable: false }),
  });
}

/** What an answer fails with that is not what the service sends, such as a page of a proxy. */
export function notDrive(what: string, fields: StorageErrorFields = {}): StorageError {
  return new StorageError(
    'unavailable',
    `the answer is not one that Google Drive gives: ${what}.`,
    {
      outcome: 'unknown',
      hint: 'A proxy in between may have answered.',
      ...fields,
    },
  );
}

/** What is said of a key under which there is nothing. */
export function notFound(what = 'there is no such object.'): StorageError {
  return new StorageError('not-found', what, { outcome: 'not-applied' });
}

interface Said {
  readonly reason: string;
  readonly location: string;
  /** The answer has the form of the service's. */
  readonly isOurs: boolean;
}

interface ErrorBody {
  readonly error?: {
    readonly errors?: readonly { readonly reason?: unknown; readonly location?: unknown }[];
    readonly details?: readonly { readonly reason?: unknown }[];
  };
}

function saidBy(json: unknown, headers: Headers): Said {
  const { error } = (json ?? {}) as ErrorBody;
  const first = Array.isArray(error?.errors) ? error.errors[0] : undefined;
  const details = Array.isArray(error?.details) ? error.details : [];
  const closer = details.find(({ reason }) => known(reason))?.reason;
  const isScope = /insufficient_scope/.test(headers.get('www-authenticate') ?? '');
  return {
    reason: isScope ? 'insufficientScopes' : text(closer ?? first?.reason),
    location: text(first?.location),
    isOurs: typeof error === 'object' && error !== null,
  };
}

function known(reason: unknown): boolean {
  return typeof reason === 'string' && Object.hasOwn(CODE_OF_REASON, reason);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function codeOf(reason: string, status: number, location: string, isOurs: boolean): ErrorCode {
  if (status === 404 && location === 'driveId') return 'store-not-found';
  if (known(reason)) return CODE_OF_REASON[reason] ?? 'unknown';
  if (status === 404) return isOurs ? 'not-found' : 'unavailable';
  return CODE_OF_STATUS[status] ?? (status >= 400 && status < 500 ? 'unknown' : 'unavailable');
}

function hintOf(reason: string, code: ErrorCode): string | undefined {
  const hint = HINTS[SAME_HINT[reason] ?? reason];
  if (hint !== undefined) return hint;
  if (code === 'unauthenticated') return HINTS['authError'];
  if (code === 'store-not-found')
    return 'Check the option "driveId", and that the user is a member.';
  return undefined;
}
