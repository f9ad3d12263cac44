/** What kind of trouble an error is, for choosing a reaction. */
export type ErrorCategory = 'network' | 'storage' | 'corruption' | 'quota' | 'access' | 'usage';

/** What a code says by itself. */
export interface CodeFacts {
  readonly category: ErrorCategory;
  readonly retryable: boolean;
}

/** Code of a {@link StorageError}: a closed list. */
export type ErrorCode =
  | 'not-found'
  | 'store-not-found'
  | 'precondition-failed'
  | 'conflict'
  | 'not-modified'
  | 'range-not-satisfiable'
  | 'invalid-key'
  | 'invalid-argument'
  | 'invalid-config'
  | 'invalid-data'
  | 'unauthenticated'
  | 'permission-denied'
  | 'rate-limited'
  | 'quota-exceeded'
  | 'too-large'
  | 'unavailable'
  | 'timeout'
  | 'aborted'
  | 'unsupported'
  | 'corrupted'
  | 'cursor-expired'
  | 'closed'
  | 'unknown';

/** Every code with its category and whether trying again may help. */
export const ERROR_CODES: Readonly<Record<ErrorCode, CodeFacts>> = {
  'not-found': { category: 'storage', retryable: false },
  'store-not-found': { category: 'storage', retryable: false },
  'precondition-failed': { category: 'storage', retryable: false },
  conflict: { category: 'storage', retryable: true },
  'not-modified': { category: 'storage', retryable: false },
  'range-not-satisfiable': { category: 'usage', retryable: false },
  'invalid-key': { category: 'usage', retryable: false },
  'invalid-argument': { category: 'usage', retryable: false },
  'invalid-config': { category: 'usage', retryable: false },
  'invalid-data': { category: 'corruption', retryable: false },
  unauthenticated: { category: 'access', retryable: false },
  'permission-denied': { category: 'access', retryable: false },
  'rate-limited': { category: 'network', retryable: true },
  'quota-exceeded': { category: 'quota', retryable: false },
  'too-large': { category: 'quota', retryable: false },
  unavailable: { category: 'network', retryable: true },
  timeout: { category: 'network', retryable: true },
  aborted: { category: 'usage', retryable: false },
  unsupported: { category: 'usage', retryable: false },
  corrupted: { category: 'corruption', retryable: false },
  'cursor-expired': { category: 'usage', retryable: false },
  closed: { category: 'usage', retryable: false },
  unknown: { category: 'storage', retryable: false },
};
