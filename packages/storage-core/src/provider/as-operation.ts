import { isStorageError } from '../errors/storage-error.ts';

/**
 * Runs a step of an operation of a layer; its errors are told as the operation's, about its key where
 * that is given, and not as those of the step.
 */
export async function asOperation<Result>(
  operation: string,
  step: () => Promise<Result>,
  key?: string,
): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    const isOther = isStorageError(error) && ![undefined, operation].includes(error.operation);
    // An older copy of core has no such method.
    if (!isOther || !('forOperation' in error)) throw error;
    const named = error.forOperation(operation);
    throw key === undefined ? named : named.forKey(key);
  }
}
