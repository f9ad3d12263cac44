import { type ErrorCode, StorageError } from '@granary/storage-core/provider';

/** What a status means when the service says nothing closer. https://docs.acme.example/errors */
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
  507: 'quota-exceeded',
};

/** What the service's own codes mean, where they say more than the status. */
const CODE_OF_NAME: Readonly<Record<string, ErrorCode>> = {
  'no-such-store': 'store-not-found',
};

/** Statuses after which a write may still have happened. */
const OUTCOME_UNKNOWN: ReadonlySet<number> = new Set([408, 500, 502, 504]);

/** Makes a `StorageError` of an answer that is no success. */
export function fromResponse(response: Response): StorageError {
  const { status, headers } = response;
  const name = headers.get('acme-error') ?? undefined;
  const code = (name && CODE_OF_NAME[name]) || (CODE_OF_STATUS[status] ?? 'unavailable');
  return new StorageError(code, `the service answered ${status}${name ? ` (${name})` : ''}.`, {
    status,
    requestId: headers.get('acme-request-id') ?? undefined,
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
    outcome: OUTCOME_UNKNOWN.has(status) ? 'unknown' : 'not-applied',
  });
}

/** Makes a `StorageError` of a request that got no answer. */
export function fromFailure(error: unknown): StorageError {
  return new StorageError('unavailable', 'the service could not be reached.', {
    cause: error,
    outcome: 'unknown',
    hint: 'Check the endpoint and the network, then try again.',
  });
}

/** Reads `Retry-After` in seconds. The service sends no dates. */
function retryAfterMs(header: string | null): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
