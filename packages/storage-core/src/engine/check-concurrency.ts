import { StorageError } from '../errors/storage-error.ts';

/** Refuses a number of operations in flight that is none. Errors: `invalid-argument`. */
export function checkConcurrency(concurrency: number | undefined): void {
  if (concurrency === undefined || (Number.isInteger(concurrency) && concurrency >= 1)) return;
  throw new StorageError('invalid-argument', 'concurrency is not a whole number of at least 1.', {
    outcome: 'not-applied',
  });
}
