import type { RetryOptions } from '../contract/factory.ts';
import { StorageError } from '../errors/storage-error.ts';

const BACKOFFS: readonly string[] = ['exponential', 'constant', 'none'];
/** The least that each number may be. */
const LEAST = {
  attempts: 1,
  totalTimeoutMs: 1,
  baseDelayMs: 0,
  maxDelayMs: 0,
  maxRetryAfterMs: 0,
  attemptTimeoutMs: 0,
  idleTimeoutMs: 0,
} as const satisfies Partial<Record<keyof RetryOptions, number>>;

/** Errors: `invalid-config` for options that a retry loop cannot work by. */
export function checkRetry(options: RetryOptions): void {
  const { backoff } = options;
  if (backoff !== undefined && !BACKOFFS.includes(backoff)) {
    throw new StorageError('invalid-config', `retry.backoff is one of: ${BACKOFFS.join(', ')}.`);
  }
  for (const [name, least] of Object.entries(LEAST)) {
    const value = options[name as keyof typeof LEAST];
    if (value === undefined || value >= least) continue;
    throw new StorageError('invalid-config', `retry.${name} is ${value}; it is at least ${least}.`);
  }
}
