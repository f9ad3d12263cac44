import type { OperationOptions } from '../contract/operations.ts';

/** The options of a call that was given none. One object, so that the fast way can be told by it. */
export const NO_OPTIONS: OperationOptions = /* @__PURE__ */ Object.freeze({});

/** The signal alone out of some options, for calls below. */
export function signalOf({ signal }: OperationOptions): OperationOptions {
  return signal === undefined ? NO_OPTIONS : { signal };
}
