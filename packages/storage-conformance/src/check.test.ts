import { StorageError } from '@granary/storage-core/provider';
import { describe, expect, it } from 'vitest';
import {
  CheckError,
  differs,
  ensure,
  equal,
  fail,
  failsWith,
  present,
  rejection,
  storageError,
} from './check.ts';

describe('checks', () => {
  it('say what differs', () => {
    expect(() => equal(1, 1, 'the number')).not.toThrow();
    expect(() => equal(1, 2, 'the number')).toThrow('the number: expected 2, got 1');
    expect(() => differs('a', 'b', 'the etag')).not.toThrow();
    expect(() => differs('a', 'a', 'the etag')).toThrow(
      'the etag: expected a change, both are "a"',
    );
    expect(() => ensure(false, 'it should hold')).toThrow('it should hold');
    expect(present(0, 'the size')).toBe(0);
    expect(() => present(undefined, 'the cursor')).toThrow('the cursor is missing');
    expect(() => fail('why', 'cause')).toThrow(CheckError);
  });

  it('say of long lists what is missing, too much, repeated or out of order', () => {
    const wanted = [...'abcdefghij'];
    expect(() => equal([...'abcdefghiz'], wanted, 'keys')).toThrow(
      'keys: of 10, ["j"] are missing and ["z"] are too much',
    );
    expect(() => equal([...'bacdefghij'], wanted, 'keys')).toThrow(
      'keys: another order: at 0 expected "a", got "b"',
    );
    expect(() => equal([...'abcdefghijj'], wanted, 'keys')).toThrow(
      'keys: expected 10, got 11 with some repeated',
    );
  });
});

describe('rejection', () => {
  it('gives the error of a promise and of a function', async () => {
    const error = new Error('no');
    expect(await rejection(Promise.reject(error), 'it')).toBe(error);
    expect(
      await rejection(() => {
        throw error;
      }, 'it'),
    ).toBe(error);
  });

  it('fails when nothing fails', async () => {
    await expect(rejection(() => 'well', 'get')).rejects.toThrow(
      'get: expected a failure, got "well"',
    );
  });
});

describe('failsWith', () => {
  const missing = new StorageError('not-found', 'it is not there.');

  it('gives the error when its code is one of those', async () => {
    expect(await failsWith(['closed', 'not-found'], Promise.reject(missing), 'get')).toBe(missing);
  });

  it('fails for another code, another error and no error', async () => {
    await expect(failsWith('closed', Promise.reject(missing), 'get')).rejects.toThrow(
      'get: expected "closed", got "not-found" (it is not there.)',
    );
    await expect(failsWith('closed', Promise.reject(new Error('plain')), 'get')).rejects.toThrow(
      'get: expected a StorageError "closed", got Error: plain',
    );
    await expect(failsWith('closed', Promise.resolve(1), 'get')).rejects.toThrow(
      'get: should fail with "closed": expected a failure, got 1',
    );
  });
});

describe('storageError', () => {
  it('gives the error, and fails for any other', () => {
    const error = new StorageError('closed', 'it is closed.');
    expect(storageError(error, 'get')).toBe(error);
    expect(() => storageError('text', 'get')).toThrow(
      'get should fail with a StorageError, not with "text"',
    );
  });
});
