import { StorageError } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { fromFailure, notS3 } from './s3-errors.ts';

const failure = (status: number | undefined, name: string, more: object = {}) =>
  fromFailure({
    name,
    message: 'm',
    $metadata: { httpStatusCode: status, requestId: 'R1' },
    ...more,
  });

describe('fromFailure', () => {
  test.each([
    [403, 'AccessDenied', 'permission-denied'],
    [403, 'SignatureDoesNotMatch', 'unauthenticated'],
    [403, 'InvalidAccessKeyId', 'unauthenticated'],
    [400, 'ExpiredToken', 'unauthenticated'],
    [403, 'RequestTimeTooSkewed', 'unauthenticated'],
    [404, 'NoSuchKey', 'not-found'],
    [404, 'NotFound', 'not-found'],
    [404, 'NoSuchBucket', 'store-not-found'],
    [404, 'NoSuchVersion', 'not-found'],
    [404, 'NoSuchUpload', 'conflict'],
    [409, 'ConditionalRequestConflict', 'conflict'],
    [412, 'PreconditionFailed', 'precondition-failed'],
    [304, 'Unknown', 'not-modified'],
    [416, 'InvalidRange', 'range-not-satisfiable'],
    [503, 'SlowDown', 'rate-limited'],
    [503, 'ServiceUnavailable', 'unavailable'],
    [500, 'InternalError', 'unavailable'],
    [400, 'RequestTimeout', 'timeout'],
    [400, 'EntityTooLarge', 'too-large'],
    [400, 'MetadataTooLarge', 'too-large'],
    [400, 'BadDigest', 'corrupted'],
    [403, 'InvalidObjectState', 'conflict'],
    [403, 'QuotaExceeded', 'quota-exceeded'],
    [501, 'NotImplemented', 'unsupported'],
    [418, 'Teapot', 'unavailable'],
  ])('makes of %s %s the code %s', (status, name, code) => {
    expect(failure(status, name)).toMatchObject({ code, status, requestId: 'R1' });
  });

  test('tells the region where the bucket is', () => {
    const $response = { headers: { 'x-amz-bucket-region': 'eu-central-1' } };
    const error = failure(301, 'PermanentRedirect', { $response });
    expect(error).toMatchObject({ code: 'invalid-config' });
    expect(error.hint).toContain('"eu-central-1"');
    expect(failure(400, 'InvalidBucketName').hint).toBeUndefined();
  });

  test('names the right that a missing key needs', () => {
    expect(failure(403, 'Forbidden').hint).toContain('s3:ListBucket');
  });

  test('says what may be tried again, and when', () => {
    const $response = { headers: { 'retry-after': '2' } };
    expect(failure(503, 'SlowDown', { $response })).toMatchObject({
      retryable: true,
      retryAfterMs: 2000,
    });
    expect(failure(404, 'NoSuchUpload')).toMatchObject({ retryable: false, restart: true });
    expect(failure(403, 'InvalidObjectState').retryable).toBe(false);
    expect(failure(403, 'RequestTimeTooSkewed').retryable).toBe(true);
  });

  test('knows nothing of the outcome after an error inside an answer that began well', () => {
    expect(failure(200, 'SyntaxError').outcome).toBe('unknown');
    expect(failure(500, 'InternalError').outcome).toBe('unknown');
    expect(failure(503, 'SlowDown').outcome).toBe('not-applied');
  });

  test('takes the code that the service gave, and the status of an answer without one', () => {
    expect(
      fromFailure({ Code: 'NoSuchKey', name: 'x', $response: { statusCode: 404 } }),
    ).toMatchObject({
      code: 'not-found',
      status: 404,
    });
    expect(failure(503, 'x', { name: undefined }).code).toBe('unavailable');
  });

  test('keeps what the service repeats of the request out of the cause', () => {
    const error = failure(403, 'SignatureDoesNotMatch', {
      AWSAccessKeyId: 'AKIDEXAMPLE',
      StringToSign: 'secret',
      $response: { headers: { authorization: 'secret' } },
    });
    expect(Object.keys(error.cause as object)).toEqual(['name']);
  });

  test('tells what was not sent from what may have been', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), {
      code: 'ECONNRESET',
      name: 'TimeoutError',
    });
    const nobody = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const late = Object.assign(new Error('late'), { code: 'ETIMEDOUT', name: 'TimeoutError' });
    expect(fromFailure(reset)).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    expect(fromFailure(nobody)).toMatchObject({ code: 'unavailable', outcome: 'not-applied' });
    expect(fromFailure(late)).toMatchObject({ code: 'timeout', outcome: 'unknown' });
    expect(fromFailure(undefined)).toMatchObject({ code: 'unavailable' });
  });

  test('says what is missing before anything is sent', () => {
    const credentials = Object.assign(new Error('none'), { name: 'CredentialsProviderError' });
    expect(fromFailure(credentials)).toMatchObject({
      code: 'unauthenticated',
      outcome: 'not-applied',
    });
    expect(fromFailure(new Error('Region is missing'))).toMatchObject({
      code: 'invalid-config',
      outcome: 'not-applied',
    });
  });

  test('leaves errors of its own as they are', () => {
    const known = new StorageError('aborted', 'x');
    expect(fromFailure(known)).toBe(known);
    expect(notS3('x')).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  });
});
