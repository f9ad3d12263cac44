import {
  type ErrorCode,
  isStorageError,
  type RefusedAnswer,
  retryAfterMs,
  StorageError,
  type StorageErrorFields,
} from '@granary/storage-core/provider';

/**
 * What the members of the service's error unions mean. The innermost one that is here counts.
 * https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone and auth.stone, read 2026-11-21
 */
const CODE_OF_TAG: Readonly<Record<string, ErrorCode>> = {
  not_found: 'not-found',
  not_file: 'not-found',
  not_folder: 'not-found',
  invalid_revision: 'not-found',
  malformed_path: 'invalid-key',
  disallowed_name: 'invalid-key',
  restricted_content: 'permission-denied',
  no_write_permission: 'permission-denied',
  access_restricted: 'permission-denied',
  operation_suppressed: 'permission-denied',
  team_folder: 'permission-denied',
  not_allowed: 'permission-denied',
  cant_copy_shared_folder: 'permission-denied',
  cant_nest_shared_folder: 'permission-denied',
  cant_move_shared_folder: 'permission-denied',
  cant_transfer_ownership: 'permission-denied',
  cant_move_into_vault: 'permission-denied',
  cant_move_into_family: 'permission-denied',
  encryption_not_supported: 'unsupported',
  unsupported_content_type: 'unsupported',
  unsupported_file: 'unsupported',
  locked: 'conflict',
  insufficient_space: 'quota-exceeded',
  insufficient_quota: 'quota-exceeded',
  too_many_write_operations: 'rate-limited',
  too_many_requests: 'rate-limited',
  too_many_files: 'too-large',
  too_large: 'too-large',
  payload_too_large: 'too-large',
  content_hash_mismatch: 'corrupted',
  reset: 'cursor-expired',
  incorrect_offset: 'conflict',
  closed: 'conflict',
  internal_error: 'unavailable',
  in_progress: 'unavailable',
  invalid_async_job_id: 'unavailable',
  duplicated_or_nested_paths: 'invalid-argument',
  cant_move_folder_into_itself: 'invalid-argument',
  invalid_access_token: 'unauthenticated',
  expired_access_token: 'unauthenticated',
  missing_scope: 'permission-denied',
  user_suspended: 'permission-denied',
  invalid_select_user: 'permission-denied',
  invalid_select_admin: 'permission-denied',
  route_access_denied: 'permission-denied',
};

/** What a status means when the body says nothing closer. https://www.dropbox.com/developers/documentation/http/documentation#error-handling, read 2026-11-21 */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  409: 'unknown',
  413: 'too-large',
  416: 'range-not-satisfiable',
  422: 'store-not-found',
  429: 'rate-limited',
};

const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  unauthenticated:
    'Sign in again: the user may have disconnected the app, or the token is too old.',
  'store-not-found': 'Check "pathRoot": the namespace is not one of this user.',
  'quota-exceeded': "The user's Dropbox is full.",
};

/** What the service says of a failure, kept as the cause of the error. */
export interface DropboxFailure extends Error {
  /** Members of the union, from the outside in: `['path', 'conflict', 'file']`. */
  readonly tags: readonly string[];
  /** Where an upload session stands. Units: bytes. */
  readonly correctOffset?: number;
}

/** Makes a `StorageError` of an answer that is no success. */
export function fromAnswer({ status, headers, text, json }: RefusedAnswer): StorageError {
  const body = (json ?? {}) as { readonly error?: unknown };
  const asked = (body.error as { readonly retry_after?: unknown } | undefined)?.retry_after;
  const seconds = typeof asked === 'number' ? String(asked) : undefined;
  const scope = (body.error as { readonly required_scope?: unknown } | undefined)?.required_scope;
  const code = plainCode(status, text);
  return fromFailure(body.error, {
    status,
    ...(code && { code }),
    requestId: headers.get('x-dropbox-request-id') ?? undefined,
    retryAfterMs: retryAfterMs(headers.get('retry-after') ?? seconds),
    ...(typeof scope === 'string' && {
      hint: `The app lacks the scope "${scope}": allow it in the App Console, and sign in again.`,
    }),
  });
}

/** Makes a `StorageError` of a value of one of the service's error unions, such as that of an entry of a batch. */
export function fromFailure(
  error: unknown,
  { code: known, ...fields }: StorageErrorFields & { readonly code?: ErrorCode } = {},
): StorageError {
  const { tags, correctOffset } = readFailure(error);
  const { status = 409 } = fields;
  const code = known ?? codeOf(tags, status);
  const words = tags.length > 0 ? ` (${tags.join('/')})` : '';
  const isUnsure = status >= 500 || tags.includes('internal_error');
  return new StorageError(code, `the service answered ${status}${words}.`, {
    hint: HINTS[code],
    outcome: isUnsure ? 'unknown' : 'not-applied',
    ...(isFolderConflict(tags) && { retryable: false }),
    ...(code === 'corrupted' && { retryable: true }),
    ...fields,
    status,
    cause: Object.assign(new Error(tags.join('/')), {
      tags,
      ...(correctOffset !== undefined && { correctOffset }),
    }) satisfies DropboxFailure,
  });
}

/** What the service said of a failure; `undefined` for an error that is not of the service. */
export function failureOf(error: unknown): DropboxFailure | undefined {
  if (!isStorageError(error) || typeof error.cause !== 'object' || error.cause === null) {
    return undefined;
  }
  return 'tags' in error.cause ? (error.cause as DropboxFailure) : undefined;
}

/** Whether a file, or a folder, is in the way. */
export function isConflict(error: unknown, what: 'file' | 'folder'): boolean {
  const tags = failureOf(error)?.tags ?? [];
  return tags.at(-2) === 'conflict' && tags.at(-1) === what;
}

/** What an answer fails with that is not what the service sends, such as a page of a proxy. */
export function unreadable(cause?: unknown): StorageError {
  return new StorageError('unavailable', 'the answer is not one that Dropbox gives.', {
    cause,
    outcome: 'unknown',
    hint: 'A proxy in between may have answered.',
  });
}

function codeOf(tags: readonly string[], status: number): ErrorCode {
  if (isFolderConflict(tags)) return 'conflict';
  if (tags.includes('conflict')) return 'precondition-failed';
  const known = tags.findLast((tag) => Object.hasOwn(CODE_OF_TAG, tag));
  if (known !== undefined) return CODE_OF_TAG[known] ?? 'unknown';
  return CODE_OF_STATUS[status] ?? (status < 500 ? 'unknown' : 'unavailable');
}

/** A folder where a file should be, or a file above it: no object and its folder have one name. */
function isFolderConflict(tags: readonly string[]): boolean {
  return tags.includes('conflict') && (tags.includes('folder') || tags.includes('file_ancestor'));
}

/** What text without a structure means: 400 is said of tokens that are none, too. */
function plainCode(status: number, text: string): ErrorCode | undefined {
  if (status === 400 && /authorization|access token/i.test(text)) return 'unauthenticated';
  // No route is missing, so that is another server.
  return status === 404 ? 'unavailable' : undefined;
}

/** Walks down a union: each member's value is under its name, in `reason`, or beside the tag. */
function readFailure(error: unknown): Pick<DropboxFailure, 'tags' | 'correctOffset'> {
  const tags: string[] = [];
  let correctOffset: number | undefined;
  for (let at = error; typeof at === 'object' && at !== null; ) {
    const fields = at as Readonly<Record<string, unknown>>;
    const tag = fields['.tag'];
    if (typeof tag === 'string') tags.push(tag);
    const offset = fields['correct_offset'];
    if (typeof offset === 'number') correctOffset = offset;
    at = (typeof tag === 'string' ? fields[tag] : undefined) ?? fields['reason'];
  }
  return { tags, ...(correctOffset !== undefined && { correctOffset }) };
}
