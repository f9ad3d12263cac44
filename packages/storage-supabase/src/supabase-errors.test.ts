import { isStorageError } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { fromAnswer, fromFailure, fromResponse, fromSdk } from './supabase-errors.ts';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  fromResponse(
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers }),
  );

describe('fromResponse', () => {
  test.each([
    ['404', 'NoSuchKey', 'Object not found', 'not-found'],
    ['404', 'NoSuchBucket', 'Bucket not found', 'store-not-found'],
    ['409', 'KeyAlreadyExists', 'The resource already exists', 'precondition-failed'],
    ['403', 'AccessDenied', 'new row violates row-level security policy', 'permission-denied'],
    ['403', 'AccessDenied', 'signature verification failed', 'unauthenticated'],
    ['403', 'AccessDenied', '"exp" claim timestamp check failed', 'unauthenticated'],
    ['400', 'InvalidJWT', 'jwt', 'unauthenticated'],
    ['400', 'InvalidKey', 'Invalid key: ä', 'invalid-key'],
    ['413', 'EntityTooLarge', 'too large', 'too-large'],
    ['415', 'InvalidMimeType', 'mime type', 'invalid-argument'],
    ['423', 'ResourceLocked', 'locked', 'conflict'],
    ['429', 'SlowDown', 'Too many connections', 'rate-limited'],
    ['500', 'InternalError', 'Internal Server Error', 'unavailable'],
    ['418', 'NeverSeen', 'odd', 'unknown'],
    ['418', 'constructor', 'odd', 'unknown'],
  ])('makes %s %s (%s) %s', async (statusCode, code, message, wanted) => {
    const error = await answer(400, { statusCode, code, error: code, message });
    expect(error).toMatchObject({ code: wanted, status: Number(statusCode) });
  });

  test.each([
    [401, 'unauthenticated'],
    [402, 'quota-exceeded'],
    [403, 'permission-denied'],
    [404, 'store-not-found'],
    [413, 'too-large'],
    [429, 'rate-limited'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [544, 'unavailable'],
  ])('makes %d of a gateway %s', async (status, code) => {
    expect(await answer(status, '<html>')).toMatchObject({ code, status });
    expect(await answer(status, '1')).toMatchObject({ code, status });
  });

  test('keeps the time to wait and the id of the request, and no text of the service', async () => {
    const error = await answer(
      429,
      { message: 'token=secret' },
      { 'retry-after': '3', 'sb-request-id': 'r1' },
    );
    expect(error).toMatchObject({ retryAfterMs: 3000, requestId: 'r1', outcome: 'not-applied' });
    expect(error.message).not.toContain('secret');
    expect((await answer(500, '', { 'cf-ray': 'c1' })).requestId).toBe('c1');
  });

  test('says when nobody knows whether a write happened', async () => {
    expect((await answer(502, '')).outcome).toBe('unknown');
    expect((await answer(503, '')).outcome).toBe('not-applied');
  });

  test('knows an object that is missing from one of an older server', async () => {
    const body = { statusCode: '404', error: 'not_found', message: 'Object not found' };
    expect(await answer(400, body)).toMatchObject({ code: 'not-found' });
    const bucket = { ...body, message: 'Bucket not found' };
    expect(await answer(400, bucket)).toMatchObject({ code: 'store-not-found' });
  });

  test('survives a body that breaks', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) });
    expect(await fromResponse(new Response(body, { status: 500 }))).toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('fromSdk', () => {
  test('reads an error of the service', () => {
    const error = {
      status: 400,
      statusCode: '404',
      code: 'NoSuchKey',
      message: 'Object not found',
    };
    expect(fromSdk(error, new Headers({ 'sb-request-id': 'r' }))).toMatchObject({
      code: 'not-found',
      requestId: 'r',
    });
  });

  test('takes our own error out of the one that storage-js puts around it', () => {
    const own = fromFailure(new Error('reset'));
    expect(fromSdk({ originalError: own }, undefined)).toBe(own);
  });

  test('makes what is no answer of the service unavailable, and passes the rest on', () => {
    expect(fromSdk({ originalError: new SyntaxError('<') }, undefined)).toMatchObject({
      code: 'unavailable',
    });
    const odd = new Error('odd');
    expect(fromSdk(odd, undefined)).toBe(odd);
    expect(isStorageError(odd)).toBe(false);
  });
});

test('fromAnswer needs no words', () => {
  expect(fromAnswer({ status: 400 })).toMatchObject({ code: 'invalid-argument' });
});
