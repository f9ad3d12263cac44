import {
  isStorageError,
  type OperationOptions,
  raceAbort,
  StorageError,
} from '@granary/storage-core/provider';

/** Codes that say something of an object or its store, which a key provider knows nothing of. */
const OF_OBJECTS: ReadonlySet<string> = new Set([
  ...['not-found', 'store-not-found', 'precondition-failed', 'not-modified', 'conflict'],
  ...['range-not-satisfiable', 'invalid-key', 'invalid-data', 'quota-exceeded', 'closed'],
]);

/**
 * Asks a key provider, whose code is the application's: it may throw, and it may never answer.
 * Errors: what it failed with, as one about the object; `aborted`.
 */
export async function askProvider<Answer>(
  ask: () => Answer | Promise<Answer>,
  { signal }: OperationOptions,
): Promise<Answer> {
  try {
    return await raceAbort((async () => ask())(), signal);
  } catch (error) {
    return refusal(error);
  }
}

/**
 * What a key provider failed with. An error of another place, such as a vault, becomes the cause of one
 * about the object; its code stays, unless it would be taken for one about the object.
 */
function refusal(error: unknown): never {
  if (!isStorageError(error)) {
    throw new StorageError('unavailable', 'the key provider failed.', {
      cause: error,
      hint: 'See the cause.',
    });
  }
  const { code, provider, operation, key, hint, retryable, retryAfterMs, status } = error;
  const hasPlace = [provider, operation, key].some((part) => part !== undefined);
  // What a key service finds damaged is the wrapped key of the object; a vault means itself.
  const isOfObject = OF_OBJECTS.has(code) || (code === 'corrupted' && hasPlace);
  if (!isOfObject && !hasPlace) throw error;
  const { message } = error;
  const isAtEnd = hint !== undefined && message.endsWith(hint);
  const reason = isAtEnd ? message.slice(0, -hint.length).trimEnd() : message;
  const about = code === 'not-found' ? 'permission-denied' : 'unavailable';
  throw new StorageError(isOfObject ? about : code, `the key provider failed: ${reason}`, {
    ...{ hint, retryAfterMs, status, cause: error },
    ...((!isOfObject || retryable) && { retryable }),
  });
}
