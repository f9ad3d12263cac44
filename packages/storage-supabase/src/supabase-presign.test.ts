import { describe, expect, test } from 'vitest';
import { createSupabase } from './index.ts';

const claims = (exp: number) => `x.${btoa(JSON.stringify({ exp })).replaceAll('=', '')}.x`;
const EXP = 2_000_000_000;

function signer(answer: unknown) {
  const fetch: typeof globalThis.fetch = async () => Response.json(answer);
  const url = 'https://xyz.supabase.co';
  return createSupabase({ url, key: 'k', bucket: 'photos', fetch, retry: false });
}

const signed = { error: null, path: 'a', signedURL: `/object/sign/photos/a?token=${claims(EXP)}` };

describe('presign', () => {
  test('tells when the token ends', async () => {
    const request = await signer([signed]).presign('a?b c');
    expect(request.expiresAt).toEqual(new Date(EXP * 1000));
    expect(request.url).toContain('/storage/v1/object/sign/photos/a%3Fb%20c?token=');
  });

  test.each([
    ['attachment', ''],
    ['attachment;', ''],
    ['attachment; filename=a.txt', 'a.txt'],
    ['attachment; filename="a \\"b\\".txt"', 'a "b".txt'],
    ["attachment; filename=x; filename*=UTF-8''%C3%A4.txt", 'ä.txt'],
  ])('asks for %s', async (responseDisposition, name) => {
    const { url } = await signer([signed]).presign('a', { responseDisposition });
    expect(new URL(url).searchParams.get('download')).toBe(name);
  });

  test.each(['inline', 'inline; filename=a', "attachment; filename*=UTF-8''%"])(
    'refuses the disposition %s',
    async (responseDisposition) => {
      await expect(signer([signed]).presign('a', { responseDisposition })).rejects.toMatchObject({
        code: 'unsupported',
      });
    },
  );

  test('refuses a time for a PUT that the service does not give', async () => {
    const storage = signer({ url: `/object/upload/sign/photos/a?token=${claims(EXP)}` });
    const put = { method: 'PUT' } as const;
    expect((await storage.presign('a', put)).expiresAt).toEqual(new Date(EXP * 1000));
    await storage.presign('a', { ...put, expiresInMs: 2 * 60 * 60 * 1000 });
    await expect(storage.presign('a', { ...put, expiresInMs: 60_000 })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test('refuses answers that are none', async () => {
    const unavailable = { code: 'unavailable' };
    const without = signer([{ ...signed, signedURL: null }]);
    await expect(without.presign('a')).rejects.toMatchObject(unavailable);
    for (const token of ['x', 'x.e30.x', 'x.!.x']) {
      const odd = signer([{ ...signed, signedURL: `?token=${token}` }]);
      await expect(odd.presign('a')).rejects.toMatchObject(unavailable);
    }
    const missing = signer([{ error: 'no', signedURL: null }]);
    await expect(missing.presign('a')).rejects.toMatchObject({ code: 'not-found' });
  });
});
