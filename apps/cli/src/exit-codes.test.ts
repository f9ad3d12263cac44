import { ERROR_CODES, type ErrorCode, StorageError } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { exitCodeOf, isUsageError, usageError } from './exit-codes.ts';
import { interruptionOf } from './host.ts';

describe('exitCodeOf', () => {
  test.each<[ErrorCode, number]>([
    ['unknown', 1],
    ['invalid-config', 2],
    ['unsupported', 2],
    ['not-found', 3],
    ['store-not-found', 3],
    ['permission-denied', 4],
    ['unauthenticated', 4],
    ['timeout', 5],
    ['rate-limited', 5],
    ['quota-exceeded', 6],
    ['corrupted', 7],
    ['precondition-failed', 8],
    ['aborted', 130],
  ])('of %s is %d', (code, exit) => {
    expect(exitCodeOf(new StorageError(code, 'it failed.'))).toBe(exit);
  });

  test('is never 0', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      expect(exitCodeOf(new StorageError(code, 'it failed.'))).toBeGreaterThan(0);
    }
    expect(exitCodeOf(new Error('any'))).toBe(1);
    expect(exitCodeOf(undefined)).toBe(1);
  });

  test('of wrong usage is 2', () => {
    expect(exitCodeOf(usageError('wrong.'))).toBe(2);
    expect(isUsageError(new Error('any'))).toBe(false);
  });
});

describe('interruptionOf', () => {
  test('is what aborted the signal, and an interrupt otherwise', () => {
    expect(interruptionOf(AbortSignal.abort('SIGTERM'))).toBe('SIGTERM');
    expect(interruptionOf(AbortSignal.abort(new Error('any')))).toBe('SIGINT');
  });
});
