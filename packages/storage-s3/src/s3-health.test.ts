import { describe, expect, test } from 'vitest';
import { type Answer, refused, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { checkHealth } from './s3-health.ts';

const check = (answer: Answer) =>
  checkHealth(s3Store({ bucket: 'b', client: wire([answer]).client }), {});

describe('checkHealth', () => {
  test('is well when the bucket can be listed', async () => {
    expect(await check({ body: '<R><IsTruncated>false</IsTruncated></R>' })).toMatchObject({
      ok: true,
    });
  });

  test.each([
    [refused(403, 'InvalidAccessKeyId'), 'unauthenticated', /access key/],
    [refused(403, 'SignatureDoesNotMatch'), 'unauthenticated', /secretAccessKey/],
    [refused(403, 'RequestTimeTooSkewed'), 'unauthenticated', /clock/],
    [refused(404, 'NoSuchBucket'), 'store-not-found', /bucket/],
    [refused(403, 'AccessDenied'), 'permission-denied', /s3:ListBucket/],
    [{ error: new Error('connect') }, 'unavailable', /network/],
    [{ body: '<html></html>' }, 'unavailable', /endpoint/],
  ])('tells apart what is wrong, with a hint', async (answer, code, hint) => {
    const { ok, error } = await check(answer as Answer);
    expect(ok).toBe(false);
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
  });
});
