import { describe, expect, test } from 'vitest';
import { failureOf, fromAnswer, fromFailure, isConflict, unreadable } from './dropbox-errors.ts';

const answer = (status: number, body: unknown = '', headers: Record<string, string> = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const json = typeof body === 'string' ? undefined : body;
  return fromAnswer({ status, headers: new Headers(headers), text, json });
};
const tagged = (...tags: readonly string[]) => {
  const [first = '', ...rest] = tags;
  return rest.length === 0 ? { '.tag': first } : { '.tag': first, [first]: inner(rest) };
};
const inner = (tags: readonly string[]): object => tagged(...tags);

describe('fromFailure', () => {
  test.each([
    [['path', 'not_found'], 'not-found'],
    [['path_lookup', 'not_file'], 'not-found'],
    [['from_lookup', 'not_found'], 'not-found'],
    [['path', 'malformed_path'], 'invalid-key'],
    [['path', 'disallowed_name'], 'invalid-key'],
    [['path', 'conflict', 'file'], 'precondition-failed'],
    [['path', 'conflict', 'folder'], 'conflict'],
    [['to', 'conflict', 'file_ancestor'], 'conflict'],
    [['path', 'insufficient_space'], 'quota-exceeded'],
    [['insufficient_quota'], 'quota-exceeded'],
    [['path', 'no_write_permission'], 'permission-denied'],
    [['path', 'too_many_write_operations'], 'rate-limited'],
    [['too_many_files'], 'too-large'],
    [['payload_too_large'], 'too-large'],
    [['unsupported_file'], 'unsupported'],
    [['reset'], 'cursor-expired'],
    [['internal_error'], 'unavailable'],
    [['something_new'], 'unknown'],
  ])('takes %j for %s', (tags, code) => {
    const error = fromFailure(tagged(...tags));
    expect(error).toMatchObject({ code, status: 409 });
    expect(failureOf(error)?.tags).toEqual(tags);
  });

  test('tells what may be tried again, and what is known of the outcome', () => {
    expect(fromFailure(tagged('path', 'conflict', 'folder')).retryable).toBe(false);
    expect(fromFailure(tagged('path', 'too_many_write_operations')).retryable).toBe(true);
    expect(fromFailure(tagged('content_hash_mismatch'))).toMatchObject({
      code: 'corrupted',
      retryable: true,
      outcome: 'not-applied',
    });
    expect(fromFailure(tagged('internal_error')).outcome).toBe('unknown');
  });

  test('finds the reason of an upload, and where a session stands', () => {
    const upload = { '.tag': 'path', reason: tagged('conflict', 'file'), upload_session_id: 'x' };
    expect(isConflict(fromFailure(upload), 'file')).toBe(true);
    expect(isConflict(fromFailure(upload), 'folder')).toBe(false);
    const offset = {
      '.tag': 'lookup_failed',
      lookup_failed: { '.tag': 'incorrect_offset', correct_offset: 7 },
    };
    expect(failureOf(fromFailure(offset))?.correctOffset).toBe(7);
    expect(
      failureOf(fromFailure({ '.tag': 'incorrect_offset', correct_offset: 0 }))?.correctOffset,
    ).toBe(0);
  });
});

describe('fromAnswer', () => {
  test('tells tokens, scopes, roots and other servers apart', () => {
    expect(answer(401, { error: tagged('expired_access_token') })).toMatchObject({
      code: 'unauthenticated',
      status: 401,
    });
    expect(
      answer(401, { error: { '.tag': 'missing_scope', required_scope: 'files.content.write' } }),
    ).toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('"files.content.write"'),
    });
    expect(answer(401, { error: tagged('user_suspended') }).code).toBe('permission-denied');
    expect(answer(400, 'Error in call: Invalid authorization value in HTTP header').code).toBe(
      'unauthenticated',
    );
    expect(answer(400, 'Error in call: Invalid "cursor" parameter').code).toBe('invalid-argument');
    expect(answer(403, { error: tagged('invalid_account_type', 'endpoint') }).code).toBe(
      'permission-denied',
    );
    expect(answer(422, { error: tagged('no_permission') }).code).toBe('store-not-found');
    expect(answer(404, '<html>').code).toBe('unavailable');
    expect(answer(409, 'conflict').code).toBe('unknown');
    expect(answer(418).code).toBe('unknown');
  });

  test('keeps the time that the service asks for, wherever it says it', () => {
    const body = { error: { reason: tagged('too_many_requests'), retry_after: 30 } };
    expect(answer(429, body)).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 30_000,
      outcome: 'not-applied',
    });
    expect(answer(429, '', { 'retry-after': '5' })).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 5000,
    });
    expect(answer(503, '', { 'x-dropbox-request-id': 'abc' })).toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
      requestId: 'abc',
    });
  });
});

test('is not misled by errors of others', () => {
  expect(failureOf(new Error('x'))).toBeUndefined();
  expect(failureOf(unreadable())).toBeUndefined();
  expect(failureOf(unreadable(new Error('x')))).toBeUndefined();
  expect(isConflict(undefined, 'file')).toBe(false);
});
