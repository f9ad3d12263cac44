import { type ErrorCode, isStorageError } from '@granary/storage-core';

/** What the process ends with. Scripts depend on these numbers. */
export const EXIT = {
  ok: 0,
  /** A difference was found, some objects failed, or an error has no number of its own. */
  failed: 1,
  usage: 2,
  notFound: 3,
  access: 4,
  network: 5,
  full: 6,
  corrupted: 7,
  conflict: 8,
  hungUp: 129,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

const EXIT_BY_CODE: Readonly<Record<ErrorCode, number>> = {
  'not-found': EXIT.notFound,
  'store-not-found': EXIT.notFound,
  'precondition-failed': EXIT.conflict,
  conflict: EXIT.conflict,
  'not-modified': EXIT.conflict,
  'range-not-satisfiable': EXIT.usage,
  'invalid-key': EXIT.usage,
  'invalid-argument': EXIT.usage,
  'invalid-config': EXIT.usage,
  'invalid-data': EXIT.corrupted,
  unauthenticated: EXIT.access,
  'permission-denied': EXIT.access,
  'rate-limited': EXIT.network,
  'quota-exceeded': EXIT.full,
  'too-large': EXIT.full,
  unavailable: EXIT.network,
  timeout: EXIT.network,
  aborted: EXIT.interrupted,
  unsupported: EXIT.usage,
  corrupted: EXIT.corrupted,
  'cursor-expired': EXIT.failed,
  closed: EXIT.failed,
  unknown: EXIT.failed,
};

/** Returns the exit code that tells what kind of error ended the command. */
export function exitCodeOf(error: unknown): number {
  if (isUsageError(error)) return EXIT.usage;
  if (isStorageError(error)) return EXIT_BY_CODE[error.code];
  return EXIT.failed;
}

const USAGE: unique symbol = Symbol('usage');

/** The command line asks for something that makes no sense; nothing was done. */
export interface UsageError extends Error {
  readonly [USAGE]: true;
  readonly hint: string | undefined;
}

export function usageError(message: string, hint?: string): UsageError {
  return Object.assign(new Error(message), { [USAGE]: true as const, hint });
}

export function isUsageError(error: unknown): error is UsageError {
  return error instanceof Error && USAGE in error;
}
