import type { ErrorCode } from '../errors/error-codes.ts';
import type { StorageError } from '../errors/storage-error.ts';

/** After these nobody knows whether a write was applied, unless the provider says. */
const UNSURE: ReadonlySet<ErrorCode> = /* @__PURE__ */ new Set<ErrorCode>([
  'unavailable',
  'timeout',
  'aborted',
  'unknown',
  'closed',
]);

/** What is known of a write that failed (SPEC ERR-3). */
export function outcomeOf({ outcome, code }: StorageError): 'not-applied' | 'unknown' {
  return outcome ?? (UNSURE.has(code) ? 'unknown' : 'not-applied');
}
