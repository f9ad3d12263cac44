import type { OperationOptions } from '../contract/operations.ts';

/** The options of another operation on behalf of this one. */
export function onlySignal({ signal }: OperationOptions): OperationOptions {
  return signal === undefined ? {} : { signal };
}
