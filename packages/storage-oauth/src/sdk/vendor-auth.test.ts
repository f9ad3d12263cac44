import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import {
  fromAzureCredential,
  fromDropboxAuth,
  fromGoogleAuth,
  fromGraphAuth,
} from './vendor-auth.ts';

const AT = new Date('2026-11-21T12:00:00Z');

describe('the auth of a vendor', () => {
  test('of Google is asked for tokens, and for new ones where it can', async () => {
    let number = 1;
    const auth = {
      credentials: { refresh_token: 'r', expiry_date: AT.getTime() },
      getAccessToken: async () => ({ token: `token-${number}` }),
      refreshAccessToken: async () => {
        number += 1;
      },
    };
    const source = fromGoogleAuth(auth);
    expect(await source.getToken({})).toEqual({ token: 'token-1', expiresAt: AT });
    expect(await source.getToken({ refresh: true })).toEqual({ token: 'token-2', expiresAt: AT });
    expect(inspect(await source.getToken({}))).not.toContain('token-2');
    const service = fromGoogleAuth({ getAccessToken: async () => 'of a service account' });
    expect(await service.getToken({})).toEqual({ token: 'of a service account' });
    await expect(service.getToken({ refresh: true })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    const nobody = fromGoogleAuth({ getAccessToken: async () => null });
    await expect(nobody.getToken({})).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('of Graph is asked with the scopes that were given', async () => {
    const getAccessToken = vi.fn(async () => 'token');
    await fromGraphAuth({ getAccessToken }).getToken({});
    const scopes = ['Files.Read'];
    expect(await fromGraphAuth({ getAccessToken }, { scopes }).getToken({})).toEqual({
      token: 'token',
    });
    expect(getAccessToken.mock.calls).toEqual([[undefined], [{ scopes }]]);
  });

  test('of Azure is asked with scopes and the signal of the caller', async () => {
    const getToken = vi.fn(async () => ({ token: 't', expiresOnTimestamp: AT.getTime() }));
    const { signal } = new AbortController();
    const source = fromAzureCredential({ getToken });
    expect(await source.getToken({ signal })).toEqual({ token: 't', expiresAt: AT });
    expect(getToken).toHaveBeenCalledWith(['https://graph.microsoft.com/.default'], {
      abortSignal: signal,
    });
    const none = fromAzureCredential({ getToken: async () => null }, { scopes: ['a'] });
    await expect(none.getToken({})).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(none.getToken({ signal: AbortSignal.abort() })).rejects.toThrow();
  });

  test('of Dropbox checks its token, and refreshes one that was refused', async () => {
    const calls: string[] = [];
    let token = 'one';
    const auth = {
      checkAndRefreshAccessToken: () => calls.push('check'),
      refreshAccessToken: async () => {
        calls.push('refresh');
        token = 'two';
      },
      getAccessToken: () => token,
      getAccessTokenExpiresAt: () => AT,
      getRefreshToken: (): string | undefined => 'r',
    };
    const source = fromDropboxAuth(auth);
    expect(await source.getToken({})).toEqual({ token: 'one', expiresAt: AT });
    expect(await source.getToken({ refresh: true })).toEqual({ token: 'two', expiresAt: AT });
    expect(calls).toEqual(['check', 'refresh']);
    const short = fromDropboxAuth({ ...auth, getRefreshToken: () => undefined });
    await short.getToken({});
    await expect(short.getToken({ refresh: true })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});
