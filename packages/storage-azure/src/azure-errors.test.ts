import { StorageError } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { fromAnswer, fromFailure } from './azure-errors.ts';

const answer = (status: number, name?: string, headers: Record<string, string> = {}) =>
  fromAnswer({ status, name, header: (header) => headers[header] });

describe('fromAnswer', () => {
  test.each([
    [404, 'BlobNotFound', 'not-found'],
    [404, 'ContainerNotFound', 'store-not-found'],
    [409, 'BlobAlreadyExists', 'precondition-failed'],
    [412, 'ConditionNotMet', 'precondition-failed'],
    [304, 'ConditionNotMet', 'not-modified'],
    [412, 'LeaseIdMissing', 'conflict'],
    [403, 'AuthenticationFailed', 'unauthenticated'],
    [403, 'AuthorizationPermissionMismatch', 'permission-denied'],
    [416, 'InvalidRange', 'range-not-satisfiable'],
    [400, 'Md5Mismatch', 'corrupted'],
    [413, 'RequestBodyTooLarge', 'too-large'],
    [503, 'ServerBusy', 'rate-limited'],
    [500, 'OperationTimedOut', 'timeout'],
    [500, 'InternalError', 'unavailable'],
    [400, undefined, 'invalid-argument'],
    [418, undefined, 'unavailable'],
    [200, 'PARSE_ERROR', 'unavailable'],
  ])('makes %d %s %s', (status, name, code) => {
    expect(answer(status, name)).toMatchObject({ code, status });
  });

  test('tells what the source of a copy answered', () => {
    const headers = { 'x-ms-copy-source-status-code': '404' };
    expect(answer(409, 'CannotVerifyCopySource', headers).code).toBe('not-found');
    expect(answer(409, 'CannotVerifyCopySource').code).toBe('conflict');
  });

  test('tells a conflict that lasts from one that passes', () => {
    expect(answer(409, 'SnapshotsPresent')).toMatchObject({ code: 'conflict', retryable: false });
    expect(answer(409, 'PendingCopyOperation')).toMatchObject({
      code: 'conflict',
      retryable: true,
    });
  });

  test('names a clock that is wrong', () => {
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    expect(answer(403, 'AuthenticationFailed', { date }).hint).toMatch(/60 minutes off/);
    const now = { date: new Date().toUTCString() };
    expect(answer(403, 'AuthenticationFailed', now).hint).toMatch(/Check the account/);
  });

  test('takes along what the service asks for, and what is known of the write', () => {
    const headers = { 'retry-after': '7', 'x-ms-request-id': 'r1' };
    expect(answer(503, 'ServerBusy', headers)).toMatchObject({
      retryAfterMs: 7000,
      requestId: 'r1',
      outcome: 'not-applied',
    });
    expect(answer(500).outcome).toBe('unknown');
    expect(answer(201).outcome).toBe('unknown');
  });
});

describe('fromFailure', () => {
  test('keeps errors that are ours', () => {
    const error = new StorageError('conflict', 'x.');
    expect(fromFailure(error)).toBe(error);
  });

  test('tells an abort', () => {
    const reason = new Error('the user left');
    const aborted = fromFailure(new Error('x'), AbortSignal.abort(reason));
    expect(aborted).toMatchObject({ code: 'aborted', cause: reason });
  });

  test('reads the errors of the SDK, without the request in them', () => {
    const response = {
      headers: { get: (name: string) => (name === 'x-ms-error-code' ? 'BlobNotFound' : undefined) },
    };
    const error = fromFailure({
      statusCode: 404,
      response,
      request: { url: 'https://x?sig=secret' },
    });
    expect(error.code).toBe('not-found');
    expect(error.cause).toBeUndefined();
    expect(fromFailure({ statusCode: 404, details: { errorCode: 'ContainerNotFound' } }).code).toBe(
      'store-not-found',
    );
    expect(fromFailure({ statusCode: 409, code: 'BlobAlreadyExists' }).code).toBe(
      'precondition-failed',
    );
    expect(fromFailure({ statusCode: 409, code: 17 }).code).toBe('conflict');
  });

  test('takes anything without an answer for a service that cannot be reached', () => {
    for (const thrown of [new Error('reset'), { code: 'ECONNREFUSED' }, 'text', null]) {
      expect(fromFailure(thrown)).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    }
  });
});
