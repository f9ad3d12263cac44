import { describe, expect, test, vi } from 'vitest';
import { isStorageError, StorageError } from './storage-error.ts';
import { abortedError, toStorageError, unsupported } from './to-storage-error.ts';

const place = { provider: 's3', operation: 'get', key: 'a' };

describe('toStorageError', () => {
  test('keeps what a StorageError says and adds what it lacks', () => {
    const error = new StorageError('unavailable', 'busy.', { key: 'inner', retryAfterMs: 5 });
    const labelled = toStorageError(error, { ...place, outcome: 'unknown' });
    expect(labelled).toMatchObject({ code: 'unavailable', provider: 's3', key: 'inner' });
    expect(labelled).toMatchObject({ retryAfterMs: 5, outcome: 'unknown', retryable: true });
    expect(labelled.message).toBe('s3 get "inner": busy.');
  });

  test('returns the very error when there is nothing to add', () => {
    const error = new StorageError('unavailable', 'busy.', { ...place, outcome: 'not-applied' });
    expect(toStorageError(error, { ...place, outcome: 'unknown' })).toBe(error);
    expect(toStorageError(error)).toBe(error);
  });

  test('knows an error of another copy of this package', () => {
    const foreign = Object.assign(new Error('busy.'), {
      [Symbol.for('@granary/storage-core/error')]: true,
      name: 'StorageError',
      code: 'rate-limited',
      retryable: true,
      retryAfterMs: 7,
      provider: undefined,
    });
    const labelled = toStorageError(foreign, place);
    expect(labelled).toMatchObject({ code: 'rate-limited', provider: 's3', retryAfterMs: 7 });
    expect(labelled.message).toBe('s3 get "a": busy.');
  });

  test('takes anything else as unknown, with the cause', () => {
    for (const [thrown, message] of [
      [new TypeError('fetch failed'), 'fetch failed'],
      ['a text', 'a text'],
      [{ message: 'like an error' }, 'like an error'],
      [undefined, 'undefined'],
      [new Error(''), 'failed for a reason that was not given.'],
      [Object.create(null), 'failed for a reason that was not given.'],
      [Symbol('x'), 'Symbol(x)'],
      [null, 'null'],
    ] as const) {
      const error = toStorageError(thrown, place);
      expect(error).toMatchObject({ code: 'unknown', retryable: false });
      expect(error.message).toBe(`s3 get "a": ${message}`);
      expect(error.cause).toBe(thrown);
    }
  });

  test('tells an abort from a timeout', () => {
    const abort = new DOMException('no', 'AbortError');
    const timeout = new DOMException('late', 'TimeoutError');
    expect(toStorageError(abort)).toMatchObject({ code: 'aborted', cause: abort });
    expect(toStorageError(timeout)).toMatchObject({ code: 'timeout', cause: timeout });
  });

  test('has the reason of the signal as the cause of an abort', () => {
    const reason = new Error('the user left');
    const signal = AbortSignal.abort(reason);
    expect(toStorageError(reason, {}, signal)).toMatchObject({ code: 'aborted', cause: reason });
    const thrown = new DOMException('no', 'AbortError');
    expect(toStorageError(thrown, {}, signal)).toMatchObject({ code: 'aborted', cause: reason });
    expect(toStorageError(new Error('other'), {}, signal).code).toBe('unknown');
  });

  test('takes credentials and signatures out of foreign messages', () => {
    const error = toStorageError(
      new Error('GET https://me:secret@host/a?X-Amz-Signature=abc failed for "s3://k:v@b/c?d=e#f"'),
    );
    expect(error.message).toBe('GET https://…@host/a?… failed for "s3://…@b/c?…#f"');
  });
});

test('says what is unsupported and by whom', () => {
  expect(unsupported('dropbox', 'range')).toMatchObject({
    code: 'unsupported',
    provider: 'dropbox',
    outcome: 'not-applied',
  });
  expect(unsupported(undefined, 'range').message).toContain('by this storage');
});

test('makes the error of an abort', () => {
  const error = abortedError(AbortSignal.abort('why'), place);
  expect(error).toMatchObject({ code: 'aborted', cause: 'why', key: 'a' });
});

describe('StorageError', () => {
  test('is told about another key by the layer that changes keys', () => {
    const cause = new Error('deep');
    const error = new StorageError('not-found', 'gone.', {
      ...place,
      hint: 'Look.',
      cause,
      status: 404,
    });
    const above = error.forKey('b');
    expect(above).toMatchObject({ code: 'not-found', key: 'b', status: 404, cause });
    expect(above.message).toBe('s3 get "b": gone. Look.');
    expect(above.stack).toContain('s3 get "b": gone. Look.');
    expect(isStorageError(above, 'not-found')).toBe(true);
  });

  test('shows neither cause nor undefined fields in JSON', () => {
    const error = new StorageError('corrupted', 'bad.', { key: 'a', cause: { secret: 1 } });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'StorageError',
      message: '"a": bad.',
      code: 'corrupted',
      category: 'corruption',
      key: 'a',
      retryable: false,
    });
  });

  test('is told from other errors by brand', () => {
    expect(isStorageError(new Error('x'))).toBe(false);
    expect(isStorageError(null)).toBe(false);
    expect(isStorageError(new StorageError('closed', 'x'), 'timeout')).toBe(false);
  });

  test('keeps everything that it knows when more is said', () => {
    const fields = {
      ...place,
      status: 409,
      requestId: 'r',
      retryAfterMs: 1,
      hint: 'h',
      cause: 'c',
    };
    const error = new StorageError('conflict', 'x.', {
      ...fields,
      restart: true,
      outcome: 'unknown',
    });
    expect(error.with({}).toJSON()).toEqual(error.toJSON());
    expect(error.forKey('b').toJSON()).toMatchObject({ key: 'b', restart: true, requestId: 'r' });
    const other = error.forOperation('copy');
    expect(other.toJSON()).toMatchObject({ operation: 'copy', restart: true, requestId: 'r' });
    expect(other.message).toContain('copy');
  });

  test('survives a stack that was taken away', () => {
    const error = new StorageError('closed', 'x');
    Reflect.deleteProperty(error, 'stack');
    Object.defineProperty(error, 'stack', { value: undefined });
    expect(error.with({ key: 'a' }).message).toBe('"a": x');
  });
});

test('says of a page that is not secure what it lacks', () => {
  vi.stubGlobal('isSecureContext', false);
  expect(unsupported('x', 'update').hint).toContain('https');
  vi.stubGlobal('isSecureContext', true);
  expect(unsupported('x', 'update').hint).toBeUndefined();
  vi.unstubAllGlobals();
});
