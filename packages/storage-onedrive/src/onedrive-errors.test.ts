import { describe, expect, test } from 'vitest';
import { fromAnswer } from './onedrive-errors.ts';

const answer = (status: number, error?: object, headers: Readonly<Record<string, string>> = {}) =>
  fromAnswer({ status, headers: new Headers(headers), text: '', json: error && { error } });

describe('an answer', () => {
  test.each([
    [401, { code: 'InvalidAuthenticationToken' }, 'unauthenticated', false],
    [403, { code: 'accessDenied' }, 'permission-denied', false],
    [404, { code: 'itemNotFound' }, 'not-found', false],
    [
      404,
      { code: 'ResourceNotFound', message: "User's mysite not found." },
      'store-not-found',
      false,
    ],
    [
      400,
      { code: 'BadRequest', message: 'Tenant does not have a SPO license.' },
      'store-not-found',
      false,
    ],
    [409, { code: 'nameAlreadyExists' }, 'conflict', false],
    [409, { code: 'resourceModified' }, 'conflict', true],
    [412, { code: 'resourceModified' }, 'precondition-failed', false],
    [410, { code: 'resyncRequired' }, 'cursor-expired', false],
    [423, { code: 'resourceLocked' }, 'conflict', true],
    [423, { code: 'notAllowed', innerError: { code: 'resourceLocked' } }, 'conflict', true],
    [429, { code: 'activityLimitReached' }, 'rate-limited', true],
    [507, { code: 'quotaLimitReached' }, 'quota-exceeded', false],
    [400, { code: 'invalidRequest', innererror: { code: 'pathIsTooLong' } }, 'invalid-key', false],
    [400, { code: 'invalidRequest' }, 'invalid-argument', false],
    [416, { code: 'invalidRange' }, 'range-not-satisfiable', false],
    [503, { code: 'serviceNotAvailable' }, 'unavailable', true],
    [502, undefined, 'unavailable', true],
    [418, { code: '' }, 'unknown', false],
    [413, undefined, 'too-large', false],
  ] as const)('%i %o is %s', (status, error, code, retryable) => {
    const made = answer(status, error);
    expect([made.code, made.retryable, made.status]).toEqual([code, retryable, status]);
  });

  test('tells when to come back, which request it was, and whether a write may have happened', () => {
    const made = answer(503, undefined, { 'retry-after': '5', 'request-id': 'r' });
    expect([made.retryAfterMs, made.requestId, made.outcome]).toEqual([5000, 'r', 'not-applied']);
    expect(answer(504).outcome).toBe('unknown');
  });

  test('that is no object says what its status says', () => {
    expect(fromAnswer({ status: 404, headers: new Headers(), text: '', json: null }).code).toBe(
      'not-found',
    );
    expect(
      fromAnswer({ status: 404, headers: new Headers(), text: '', json: { error: 'no' } }).code,
    ).toBe('not-found');
  });
});
