import { StorageError } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { toFullError, toOpfsError, withOutcome } from './opfs-errors.ts';

const named = (name: string) => new DOMException('why', name);

describe('an exception of the browser', () => {
  test.each([
    ['NotAllowedError', 'permission-denied', false],
    ['SecurityError', 'permission-denied', false],
    ['QuotaExceededError', 'quota-exceeded', false],
    ['NotReadableError', 'conflict', true],
    ['NoModificationAllowedError', 'conflict', true],
    ['InvalidStateError', 'unavailable', true],
    ['NotFoundError', 'store-not-found', false],
  ])('%s is %s', (name, code, retryable) => {
    const cause = named(name);
    expect(toOpfsError(cause)).toMatchObject({ code, retryable, cause, hint: expect.any(String) });
  });

  test('that is another stays what it is', () => {
    const error = named('OddError');
    expect(toOpfsError(error)).toBe(error);
    expect(toOpfsError('text')).toBe('text');
    expect(withOutcome(error, 'unknown')).toMatchObject({ code: 'unknown', outcome: 'unknown' });
    expect(withOutcome('text', 'unknown')).toMatchObject({ message: 'text' });
  });
});

test('a full storage tells how full it is', async () => {
  const usage = { usedBytes: 9, totalBytes: 10 };
  const full = await toFullError(named('QuotaExceededError'), async () => usage);
  expect(full).toMatchObject({ code: 'quota-exceeded', outcome: 'not-applied', usage });
  expect(await toFullError(full, undefined)).toBe(full);
  const unknown = await toFullError(named('QuotaExceededError'), () => Promise.reject(new Error()));
  expect(unknown).toMatchObject({ code: 'quota-exceeded', usage: undefined });
});

test('what is known of a write stays', () => {
  const error = new StorageError('conflict', 'why', { outcome: 'unknown' });
  expect(withOutcome(error, 'not-applied')).toBe(error);
});
