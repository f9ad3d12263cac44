import { StorageError } from '../errors/storage-error.ts';

/** Those that an operation was given. */
interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/**
 * Compares what a store holds with the conditions of a write. `etag` is that of the object, undefined
 * where there is none: a missing object meets no `ifMatch` (SPEC COND-3).
 * Errors: `precondition-failed`, with nothing applied.
 */
export function meetWriteConditions(
  etag: string | undefined,
  { ifMatch, ifNoneMatch }: Conditions,
  key?: string,
): void {
  if (ifNoneMatch !== undefined && etag !== undefined) {
    throw preconditionFailed('there is an object already.', key);
  }
  if (ifMatch !== undefined && ifMatch !== etag) {
    const what = etag === undefined ? 'there is no object' : 'the object has another etag now';
    throw preconditionFailed(`${what}, so ifMatch does not hold.`, key);
  }
}

/**
 * Compares an object with the conditions of a read; `ifMatch` is looked at first.
 * Errors: `precondition-failed`; `not-modified`.
 */
export function meetReadConditions(
  etag: string,
  { ifMatch, ifNoneMatch }: Conditions,
  key?: string,
): void {
  if (ifMatch !== undefined) meetWriteConditions(etag, { ifMatch }, key);
  if (ifNoneMatch === etag) {
    throw new StorageError('not-modified', 'the object still has this etag.', { key });
  }
}

function preconditionFailed(reason: string, key: string | undefined): StorageError {
  return new StorageError('precondition-failed', reason, {
    key,
    outcome: 'not-applied',
    hint: 'Read the object again and decide anew.',
  });
}
