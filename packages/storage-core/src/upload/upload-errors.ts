import { StorageError, type StorageErrorFields } from '../errors/storage-error.ts';

/** What a session fails with that the service has no more. */
export function lostUpload(
  fields: Pick<StorageErrorFields, 'cause' | 'status'> = {},
): StorageError {
  return new StorageError('conflict', 'the upload is gone: completed, aborted or expired.', {
    ...fields,
    retryable: false,
    restart: true,
    outcome: 'not-applied',
    hint: 'Begin the upload again.',
  });
}

/** What a part fails with that was sent before with other content, where a service cannot replace parts. */
export function partSentBefore(): StorageError {
  return new StorageError('invalid-argument', 'the part was sent with other content before.', {
    outcome: 'not-applied',
    hint: 'This service cannot replace a part: abort the upload and begin it again.',
  });
}
