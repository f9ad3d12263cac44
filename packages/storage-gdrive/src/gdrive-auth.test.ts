import { google } from 'googleapis';
import { describe, expect, test } from 'vitest';
import { checkNoSignInOptions, type GdriveSignIn, tokensOf } from './gdrive-auth.ts';

const signedIn = () => {
  const auth = new google.auth.OAuth2();
  auth.setCredentials({ access_token: 'good' });
  return auth;
};

describe('tokensOf', () => {
  test('takes a text, a function, a source and what googleapis signs in with', async () => {
    const auth = signedIn();
    const ways: GdriveSignIn[] = [
      { auth: 'good' },
      { auth: () => 'good' },
      { auth: { getToken: async () => ({ token: 'good' }) } },
      { auth },
      { auth: { getAccessToken: async () => 'good' } },
      { client: auth },
      { client: google.drive({ version: 'v3', auth }) },
    ];
    for (const way of ways) {
      expect(await tokensOf(way).getToken({})).toMatchObject({ token: 'good' });
    }
  });

  test('asks the library for another token when the service refused the last', async () => {
    let token = 'old';
    const auth = {
      getAccessToken: async () => ({ token }),
      async refreshAccessToken() {
        token = 'new';
      },
    };
    const source = tokensOf({ auth });
    expect(await source.getToken({})).toEqual({ token: 'old' });
    expect(await source.getToken({ refresh: true })).toEqual({ token: 'new' });
    const plain = tokensOf({ auth: { getAccessToken: async () => 'same' } });
    expect(await plain.getToken({ refresh: true })).toEqual({ token: 'same' });
  });

  test('says that nobody is signed in, and keeps what the library said as the cause', async () => {
    const failed = tokensOf({ auth: new google.auth.OAuth2() });
    await expect(failed.getToken({ refresh: true })).rejects.toMatchObject({
      code: 'unauthenticated',
      cause: expect.any(Error),
    });
    for (const answer of [null, undefined, '', { token: null }, {}]) {
      const empty = tokensOf({ auth: { getAccessToken: async () => answer } });
      await expect(empty.getToken({})).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  test('refuses no sign-in, two, and a client that is none', () => {
    const refused = { code: 'invalid-config' };
    const thrown = (options: object) => {
      try {
        return tokensOf(options);
      } catch (error) {
        return error;
      }
    };
    expect(thrown({})).toMatchObject(refused);
    expect(thrown({ auth: 'a', client: signedIn() })).toMatchObject(refused);
    expect(thrown({ client: {} })).toMatchObject(refused);
    expect(thrown({ client: google.drive({ version: 'v3', auth: 'api-key' }) })).toMatchObject(
      refused,
    );
    expect(thrown({ auth: 7 })).toMatchObject(refused);
  });
});

test('names the package that has a sign-in where options ask for one', () => {
  expect(() => checkNoSignInOptions({ clientId: 'x' })).toThrow(/storage-oauth/);
  expect(() => checkNoSignInOptions({ scopes: [] })).toThrow(/"scopes"/);
  expect(() => checkNoSignInOptions({ auth: 'x' })).not.toThrow();
});
