import { StorageError } from '@granary/storage-core/provider';
import { Dexie } from 'dexie';
import { expect, test } from 'vitest';
import { isConnectionLost, toIdbError } from './idb-errors.ts';

const dom = (name: string, message = 'no') => new DOMException(message, name);
const around = (inner: unknown) => new Dexie.AbortError('aborted', inner as Error);

test.each([
  ['QuotaExceededError', 'quota-exceeded', 'not-applied'],
  ['SecurityError', 'permission-denied', 'not-applied'],
  ['NotFoundError', 'invalid-data', 'not-applied'],
  ['VersionError', 'unsupported', 'not-applied'],
  ['ConstraintError', 'conflict', 'not-applied'],
  ['DataCloneError', 'invalid-argument', 'not-applied'],
  ['UnknownError', 'unavailable', 'unknown'],
  ['InvalidStateError', 'unavailable', 'unknown'],
  ['NotReadableError', 'corrupted', undefined],
  ['TimeoutError', 'timeout', undefined],
])('says of %s that it is %s', (name, code, outcome) => {
  const error = toIdbError(dom(name));
  expect(error).toMatchObject({ code, outcome });
  expect(error.hint).not.toBe('');
  expect(toIdbError(around(dom(name)))).toMatchObject({ code });
});

test('keeps what is a StorageError, also inside of others', () => {
  const own = new StorageError('conflict', 'raced.');
  expect(toIdbError(own)).toBe(own);
  expect(toIdbError(around(own))).toBe(own);
});

test('looks into the failures of many requests', () => {
  const bulk = { name: 'BulkError', message: '2 failed', failures: [dom('QuotaExceededError')] };
  expect(toIdbError(bulk)).toMatchObject({ code: 'quota-exceeded' });
});

test('says of a large value whose file is gone that it is corrupted', () => {
  const error = dom('DataError', 'Failed to read large IndexedDB value');
  expect(toIdbError(error)).toMatchObject({ code: 'corrupted' });
});

test('makes unknown errors unknown', () => {
  expect(toIdbError('text')).toMatchObject({ code: 'unknown' });
  expect(toIdbError(new TypeError('wrong'))).toMatchObject({ code: 'unknown' });
});

test('tells a lost connection from other failures', () => {
  expect(isConnectionLost(dom('UnknownError', 'Connection to Indexed Database server lost'))).toBe(
    true,
  );
  expect(isConnectionLost(new Dexie.DatabaseClosedError('closed'))).toBe(true);
  expect(isConnectionLost(dom('InvalidStateError'))).toBe(true);
  expect(isConnectionLost(around(dom('QuotaExceededError')))).toBe(false);
  expect(isConnectionLost(new TypeError('wrong'))).toBe(false);
  expect(isConnectionLost(undefined)).toBe(false);
});
