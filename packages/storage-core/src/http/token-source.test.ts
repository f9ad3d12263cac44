import { expect, test } from 'vitest';
import { toTokenSource } from './token-source.ts';

test('takes a token, a function and a source', async () => {
  const source = { getToken: async () => ({ token: 'c' }) };
  const expiresAt = new Date(0);
  expect(await toTokenSource('a').getToken({})).toEqual({ token: 'a' });
  expect(await toTokenSource(() => 'b').getToken({})).toEqual({ token: 'b' });
  expect(await toTokenSource(async () => ({ token: 'b', expiresAt })).getToken({})).toEqual({
    token: 'b',
    expiresAt,
  });
  expect(toTokenSource(source)).toBe(source);
});

test('asks a function again for each refresh, and says that a text has no refresh', async () => {
  let asked = 0;
  const counting = toTokenSource(() => `token-${++asked}`);
  await counting.getToken({});
  expect(await counting.getToken({ refresh: true })).toEqual({ token: 'token-2' });

  const fixed = toTokenSource('secret-token');
  const error = await fixed.getToken({ refresh: true }).catch((found) => found);
  expect(error).toMatchObject({ code: 'unauthenticated', outcome: 'not-applied' });
  expect(String(error)).not.toContain('secret-token');
});

test('refuses what gives no token, and what is no sign-in', async () => {
  expect(() => toTokenSource('')).toThrow('gave no access token');
  await expect(toTokenSource(() => '').getToken({})).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  await expect(
    toTokenSource((() => undefined) as unknown as () => string).getToken({}),
  ).rejects.toMatchObject({ code: 'unauthenticated' });
  for (const input of [undefined, null, 7, {}]) {
    expect(() => toTokenSource(input as unknown as string)).toThrow('is no sign-in');
  }
});
