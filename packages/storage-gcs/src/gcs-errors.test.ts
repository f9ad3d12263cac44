import { StorageError } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { fromAnswer, fromFailure, fromSignIn, notGcs } from './gcs-errors.ts';

const json = (status: number, reason = '', message = '', headers = {}) =>
  fromAnswer({
    status,
    headers,
    text: JSON.stringify({ error: { code: status, message, errors: [{ reason, message }] } }),
  });
const xml = (status: number, code: string, message = '') =>
  fromAnswer({
    status,
    headers: {},
    text: `<?xml version='1.0'?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  });

describe('fromAnswer', () => {
  test.each([
    [301, 'invalid-config'],
    [304, 'not-modified'],
    [400, 'invalid-argument'],
    [401, 'unauthenticated'],
    [403, 'permission-denied'],
    [404, 'not-found'],
    [408, 'timeout'],
    [409, 'conflict'],
    [412, 'precondition-failed'],
    [413, 'too-large'],
    [416, 'range-not-satisfiable'],
    [418, 'unknown'],
    [429, 'rate-limited'],
    [501, 'unsupported'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('makes %d %s', (status, code) => {
    expect(json(status)).toMatchObject({ code, status });
    expect(fromAnswer({ status, headers: {}, text: 'no error at all' }).code).toBe(code);
    expect(fromAnswer({ status, headers: {}, text: 'null' }).code).toBe(code);
  });

  test.each([
    [404, '', 'The specified bucket does not exist.', 'store-not-found'],
    [404, 'notFound', 'No such object: b/k', 'not-found'],
    [400, 'invalid', "Provided MD5 hash doesn't match calculated MD5 hash", 'corrupted'],
    [400, 'invalid', 'Disallowed unicode characters in object name', 'invalid-key'],
    [403, 'rateLimitExceeded', '', 'rate-limited'],
    [403, 'quotaExceeded', '', 'quota-exceeded'],
    [412, 'orgPolicyConstraintFailed', '', 'permission-denied'],
  ])('makes %d of the reason "%s" and the message "%s" %s', (status, reason, message, code) => {
    expect(json(status, reason, message).code).toBe(code);
  });

  test.each([
    [404, 'NoSuchBucket', 'store-not-found'],
    [404, 'NoSuchKey', 'not-found'],
    [400, 'BadDigest', 'corrupted'],
    [400, 'EntityTooLarge', 'too-large'],
  ])('makes %d of the code %s %s', (status, code, ours) => {
    expect(xml(status, code).code).toBe(ours);
  });

  test.each(['NoSuchUpload', 'InvalidPart'])('says that a session is lost after %s', (code) => {
    expect(xml(404, code)).toMatchObject({ code: 'conflict', retryable: false, restart: true });
  });

  test('says whether a write may have happened', () => {
    expect(json(412).outcome).toBe('not-applied');
    expect(json(429).outcome).toBe('not-applied');
    expect(json(503).outcome).toBe('unknown');
    expect(json(408).outcome).toBe('unknown');
  });

  test('keeps the request id and the wait that the service asks for', () => {
    const headers = { 'retry-after': '2', 'x-guploader-uploadid': ['r-1', 'r-2'] };
    expect(json(429, '', '', headers)).toMatchObject({ retryAfterMs: 2000, requestId: 'r-1' });
  });

  test('names the permission that is lacking, or the hold that protects', () => {
    const message = "a@b does not have storage.objects.get access. Permission 'x' denied";
    expect(json(403, 'forbidden', message).hint).toMatch(/^Grant storage\.objects\.get/);
    expect(json(403, 'forbidden', 'Object is under active Temporary hold').hint).toMatch(/hold/);
    expect(json(403).hint).toMatch(/roles\/storage\.objectUser/);
  });
});

describe('fromFailure', () => {
  test('tells a server that was not reached from a connection that broke', () => {
    const refused = fromFailure(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
    expect(refused).toMatchObject({ code: 'unavailable', outcome: 'not-applied' });
    const reset = fromFailure(Object.assign(new Error('no'), { code: 'ECONNRESET' }));
    expect(reset).toMatchObject({ code: 'unavailable', outcome: 'unknown', retryable: true });
    expect(fromFailure(undefined)).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  });

  test('passes on what is told already', () => {
    const error = new StorageError('conflict', 'raced.');
    expect(fromFailure(error)).toBe(error);
  });
});

describe('fromSignIn', () => {
  const refused = (error_description: string) => ({
    response: { status: 400, data: { error: 'invalid_grant', error_description } },
  });

  test('tells a wrong clock from a wrong key', () => {
    expect(fromSignIn(refused('Check your iat and exp values')).hint).toMatch(/clock/);
    const wrong = fromSignIn(refused('Invalid JWT Signature.'));
    expect(wrong).toMatchObject({ code: 'unauthenticated', outcome: 'not-applied', status: 400 });
    expect(wrong.message).toMatch(/invalid_grant/);
  });

  test.each([
    [new Error('Could not load the default credentials'), 'unauthenticated'],
    [undefined, 'unauthenticated'],
    [{ response: { status: 503 } }, 'unavailable'],
    [{ status: 429 }, 'unavailable'],
    [{ code: 'ENOTFOUND' }, 'unavailable'],
    [{ response: { status: 400, data: 'text' } }, 'unauthenticated'],
  ])('makes %j %s', (error, code) => {
    expect(fromSignIn(error).code).toBe(code);
  });
});

test('an answer of something else is no final word', () => {
  expect(notGcs('it is not JSON')).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
});
