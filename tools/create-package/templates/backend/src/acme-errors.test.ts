import { describe, expect, test } from 'vitest';
import { fromFailure, fromResponse } from './acme-errors.ts';

const answer = (status: number, headers: Record<string, string> = {}) =>
  fromResponse(new Response(null, { status, headers }));

describe('fromResponse', () => {
  test.each([
    [304, 'not-modified'],
    [401, 'unauthenticated'],
    [403, 'permission-denied'],
    [404, 'not-found'],
    [409, 'conflict'],
    [412, 'precondition-failed'],
    [413, 'too-large'],
    [416, 'range-not-satisfiable'],
    [429, 'rate-limited'],
    [507, 'quota-exceeded'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('makes %d %s', (status, code) => {
    expect(answer(status)).toMatchObject({ code, status });
  });

  test('tells a missing store from a missing object', () => {
    expect(answer(404, { 'acme-error': 'no-such-store' }).code).toBe('store-not-found');
    expect(answer(404, { 'acme-error': 'no-such-object' }).code).toBe('not-found');
  });

  test('says whether a write may have happened', () => {
    expect(answer(412).outcome).toBe('not-applied');
    expect(answer(503).outcome).toBe('not-applied');
    expect(answer(504).outcome).toBe('unknown');
  });

  test('keeps the request id and the wait that the service asks for', () => {
    expect(answer(429, { 'retry-after': '2', 'acme-request-id': 'r-1' })).toMatchObject({
      retryAfterMs: 2000,
      requestId: 'r-1',
    });
    expect(answer(429, { 'retry-after': 'soon' }).retryAfterMs).toBeUndefined();
  });
});

describe('fromFailure', () => {
  test('is retryable and keeps the cause', () => {
    const cause = new TypeError('fetch failed');
    expect(fromFailure(cause)).toMatchObject({
      code: 'unavailable',
      retryable: true,
      outcome: 'unknown',
      cause,
    });
  });
});
