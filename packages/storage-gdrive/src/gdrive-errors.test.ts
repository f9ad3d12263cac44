import { describe, expect, test } from 'vitest';
import { fromAnswer } from './gdrive-errors.ts';

const said = (
  status: number,
  reason?: string,
  more: {
    readonly location?: string;
    readonly headers?: HeadersInit;
    readonly details?: readonly { readonly reason?: string }[];
  } = {},
) => {
  const { location, headers, details } = more;
  const errors = reason === undefined ? undefined : [{ reason, location, message: 'secret words' }];
  const json = { error: { code: status, errors, details, message: 'secret words' } };
  return fromAnswer({ status, headers: new Headers(headers), text: '', json });
};

describe('fromAnswer', () => {
  test.each([
    [403, 'userRateLimitExceeded', 'rate-limited', true],
    [403, 'rateLimitExceeded', 'rate-limited', true],
    [429, 'rateLimitExceeded', 'rate-limited', true],
    [403, 'dailyLimitExceeded', 'rate-limited', false],
    [403, 'quotaExceeded', 'rate-limited', false],
    [403, 'storageQuotaExceeded', 'quota-exceeded', false],
    [403, 'teamDriveFileLimitExceeded', 'quota-exceeded', false],
    [403, 'insufficientFilePermissions', 'permission-denied', false],
    [403, 'appNotAuthorizedToFile', 'permission-denied', false],
    [403, 'insufficientPermissions', 'permission-denied', false],
    [403, 'cannotDownloadAbusiveFile', 'permission-denied', false],
    [403, 'domainPolicy', 'permission-denied', false],
    [403, 'accessNotConfigured', 'invalid-config', false],
    [403, 'myDriveHierarchyDepthLimitExceeded', 'invalid-key', false],
    [403, 'neverSeen', 'permission-denied', false],
    [401, 'authError', 'unauthenticated', false],
    [404, 'notFound', 'not-found', false],
    [400, 'invalid', 'invalid-argument', false],
    [412, 'conditionNotMet', 'precondition-failed', false],
    [418, 'teapot', 'unknown', false],
    [500, 'internalError', 'unavailable', true],
    [503, 'backendError', 'unavailable', true],
    [307, undefined, 'unavailable', true],
  ])('%i %s is %s', (status, reason, code, retryable) => {
    const error = said(status, reason);
    expect(error).toMatchObject({ code, retryable, status });
    expect(error.message).not.toContain('secret words');
  });

  test('tells a wrong scope, an API that is not enabled and a missing drive by what is beside the reason', () => {
    const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="x"' };
    expect(said(403, 'forbidden', { headers: challenge })).toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('sign in again'),
    });
    expect(said(403, 'forbidden', { details: [{}, { reason: 'SERVICE_DISABLED' }] })).toMatchObject(
      {
        code: 'invalid-config',
        hint: expect.stringContaining('Enable the Google Drive API'),
      },
    );
    expect(said(404, 'notFound', { location: 'driveId' })).toMatchObject({
      code: 'store-not-found',
      hint: expect.stringContaining('driveId'),
    });
  });

  test('reads the wait, the request id and the outcome', () => {
    const error = said(429, 'rateLimitExceeded', {
      headers: { 'retry-after': '7', 'x-guploader-uploadid': 'id' },
    });
    expect(error).toMatchObject({ retryAfterMs: 7000, requestId: 'id', outcome: 'not-applied' });
    expect(said(502)).toMatchObject({ outcome: 'unknown' });
  });

  test('takes pages of other servers for what they are', () => {
    const page = (status: number) =>
      fromAnswer({ status, headers: new Headers(), text: '<html>', json: undefined });
    expect(page(404)).toMatchObject({ code: 'unavailable' });
    expect(page(401)).toMatchObject({ code: 'unauthenticated', hint: expect.any(String) });
    expect(page(502)).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    expect(
      fromAnswer({ status: 403, headers: new Headers(), text: '', json: { error: 'x' } }),
    ).toMatchObject({ code: 'permission-denied' });
  });
});
