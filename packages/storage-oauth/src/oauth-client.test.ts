import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { fakeNetwork, idToken, type SentRequest, tokens } from '../test/fake-fetch.ts';
import { type OAuthClientSettings, oauthClient } from './oauth-client.ts';
import { dropbox } from './providers/dropbox.ts';
import { google } from './providers/google.ts';
import { microsoft } from './providers/microsoft.ts';
import { openId } from './providers/open-id.ts';
import type { SignInProvider } from './providers/provider.ts';

const REDIRECT = 'http://127.0.0.1:1234/';
const ISSUER = 'https://id.example';
const ENDPOINTS = {
  authorization: `${ISSUER}/authorize`,
  token: `${ISSUER}/token`,
  deviceAuthorization: `${ISSUER}/device`,
  revocation: `${ISSUER}/revoke`,
};

function clientOf(
  provider: SignInProvider,
  answer: (request: SentRequest, count: number) => object = () => tokens(1),
  more: Partial<OAuthClientSettings> = {},
) {
  const network = fakeNetwork(answer);
  const client = oauthClient({ provider, fetch: network.fetch, now: Date.now, ...more });
  return { client, sent: network.sent };
}

async function roundTrip(
  provider: SignInProvider,
  answer?: (request: SentRequest, count: number) => object,
  change: (query: URLSearchParams) => void = () => {},
  more: Partial<OAuthClientSettings> = {},
) {
  const { client, sent } = clientOf(provider, answer, more);
  const pending = await client.begin({ redirectUri: REDIRECT, scopes: provider.scopes });
  const query = new URLSearchParams({ code: 'the-code', state: pending.state });
  change(query);
  const grant = client.finish(pending, query);
  return { pending, grant, sent };
}

const plain = openId({ issuer: ISSUER, clientId: 'me', scopes: ['files'], endpoints: ENDPOINTS });

describe('the authorization request', () => {
  test('has PKCE, a state and what the provider wants, and no secret', async () => {
    const provider = google({
      clientId: 'me',
      clientSecret: 'shipped',
      scopes: ['drive.file', 'openid'],
    });
    const { client } = clientOf(provider);
    const pending = await client.begin({
      redirectUri: REDIRECT,
      scopes: provider.scopes,
      mark: 'mine.',
      loginHint: 'ann',
      parameters: { prompt: 'select_account', state: 'of somebody else' },
    });
    const { origin, pathname, searchParams } = new URL(pending.url);
    expect(origin + pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth');
    expect(Object.fromEntries(searchParams)).toEqual({
      access_type: 'offline',
      prompt: 'select_account',
      login_hint: 'ann',
      scope: 'https://www.googleapis.com/auth/drive.file openid',
      nonce: pending.nonce,
      client_id: 'me',
      response_type: 'code',
      redirect_uri: REDIRECT,
      state: pending.state,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(pending.state).toMatch(/^mine\.[\w-]{43}$/);
    expect(pending.url).not.toContain(pending.verifier);
    expect(pending.url).not.toContain('shipped');
  });

  test('is as Microsoft and Dropbox document theirs', async () => {
    const { client } = clientOf(microsoft({ clientId: 'me', tenant: 'consumers' }));
    const { provider } = client;
    const one = await client.begin({ redirectUri: REDIRECT, scopes: provider.scopes });
    expect(one.url).toContain('https://login.microsoftonline.com/consumers/oauth2/v2.0/authorize?');
    expect(new URL(one.url).searchParams.get('scope')).toBe(
      'Files.ReadWrite.AppFolder offline_access',
    );
    const { client: other } = clientOf(dropbox({ appKey: 'key' }));
    const two = await other.begin({ redirectUri: REDIRECT, scopes: [] });
    const query = new URL(two.url).searchParams;
    expect([query.get('token_access_type'), query.get('scope')]).toEqual(['offline', null]);
  });

  test('goes only where nobody listens', async () => {
    for (const authorization of ['http://id.example/authorize', 'javascript:alert(1)', 'nothing']) {
      const endpoints = { ...ENDPOINTS, authorization };
      const { client } = clientOf(openId({ issuer: ISSUER, clientId: 'me', endpoints }));
      await expect(client.begin({ redirectUri: REDIRECT, scopes: [] })).rejects.toMatchObject({
        code: 'invalid-config',
      });
    }
  });
});

describe('discovery', () => {
  const discovered = openId({ issuer: `${ISSUER}/`, clientId: 'me' });
  const document = {
    issuer: `${ISSUER}/`,
    authorization_endpoint: ENDPOINTS.authorization,
    token_endpoint: ENDPOINTS.token,
  };

  test('is made once, and again after it failed', async () => {
    const { client, sent } = clientOf(discovered, (_request, count) =>
      count === 1 ? new Response('', { status: 503 }) : document,
    );
    const begin = () => client.begin({ redirectUri: REDIRECT, scopes: ['openid'] });
    await expect(begin()).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    await begin();
    await begin();
    expect(sent.map(({ url }) => url)).toEqual(
      Array(2).fill(`${ISSUER}/.well-known/openid-configuration`),
    );
  });

  test('takes no document of another issuer, and none without what is needed', async () => {
    const { client } = clientOf(discovered, () => ({
      ...document,
      issuer: 'https://evil.example',
    }));
    const begin = client.begin({ redirectUri: REDIRECT, scopes: [] });
    await expect(begin).rejects.toMatchObject({ code: 'invalid-data' });
    const { client: other } = clientOf(discovered, () => ({ issuer: `${ISSUER}/` }));
    await expect(other.begin({ redirectUri: REDIRECT, scopes: [] })).rejects.toMatchObject({
      code: 'unsupported',
    });
    await expect(other.startDevice([])).rejects.toMatchObject({ code: 'unsupported' });
    expect(await other.revoke({ accessToken: 'x' })).toBe(false);
  });

  test('is not made over plain http', async () => {
    const { client, sent } = clientOf(openId({ issuer: 'http://id.example', clientId: 'me' }));
    await expect(client.begin({ redirectUri: REDIRECT, scopes: [] })).rejects.toMatchObject({
      code: 'invalid-config',
    });
    expect(sent).toEqual([]);
  });
});

describe('the answer', () => {
  test('is exchanged with the verifier of its own sign-in', async () => {
    const { grant, sent, pending } = await roundTrip(plain, () =>
      tokens(1, { scope: 'files more' }),
    );
    expect(await grant).toMatchObject({ accessToken: 'access-1', scopes: ['files', 'more'] });
    expect(Object.fromEntries(sent[0]?.form ?? [])).toEqual({
      grant_type: 'authorization_code',
      code: 'the-code',
      code_verifier: pending.verifier,
      redirect_uri: REDIRECT,
      client_id: 'me',
    });
  });

  test('is exchanged with the secret that Google wants', async () => {
    const { grant, sent } = await roundTrip(google({ clientId: 'me', clientSecret: 'shipped' }));
    await grant;
    expect(sent[0]?.form.get('client_secret')).toBe('shipped');
  });

  test.each([
    ['another state', (query: URLSearchParams) => query.set('state', 'other')],
    ['no state', (query: URLSearchParams) => query.delete('state')],
    ['another issuer', (query: URLSearchParams) => query.set('iss', 'https://evil.example')],
  ])('with %s is not exchanged', async (_what, change) => {
    const { grant, sent } = await roundTrip(plain, undefined, change);
    await expect(grant).rejects.toMatchObject({ code: 'invalid-data', outcome: 'not-applied' });
    expect(sent).toEqual([]);
  });

  test('that is a refusal is told by its code', async () => {
    const { grant } = await roundTrip(plain, undefined, (query) => {
      query.delete('code');
      query.set('error', 'access_denied');
      query.set('error_description', 'No.');
    });
    await expect(grant).rejects.toMatchObject({
      code: 'permission-denied',
      message: expect.stringContaining('access_denied, "No."'),
    });
  });

  const asksId = openId({ issuer: ISSUER, clientId: 'me', endpoints: ENDPOINTS });

  test('names the person by the ID token, whose nonce must be ours', async () => {
    const { client, sent } = clientOf(asksId, () => tokens(1, { id_token: idToken(claims) }));
    const pending = await client.begin({ redirectUri: REDIRECT, scopes: asksId.scopes });
    const claims = { iss: ISSUER, aud: 'me', sub: '42', nonce: pending.nonce, name: 'Ann' };
    const query = new URLSearchParams({ code: 'x', state: pending.state });
    expect(await client.finish(pending, query)).toMatchObject({ person: '42', label: 'Ann' });
    for (const wrong of [{ nonce: 'other' }, { iss: 'https://evil.example' }, { aud: 'you' }]) {
      Object.assign(claims, { iss: ISSUER, aud: 'me', nonce: pending.nonce }, wrong);
      await expect(client.finish(pending, query)).rejects.toMatchObject({
        code: 'invalid-data',
      });
    }
    expect(sent).toHaveLength(4);
    const { grant } = await roundTrip(asksId, () => tokens(1));
    await expect(grant).rejects.toMatchObject({ code: 'invalid-data' });
  });

  test("is of Dropbox's person without an ID token", async () => {
    const { grant } = await roundTrip(dropbox({ appKey: 'k' }), () =>
      tokens(1, { account_id: 'dbid:1' }),
    );
    expect(await grant).toMatchObject({ person: 'dbid:1' });
  });
});

describe("Microsoft's issuer", () => {
  const TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
  const provider = microsoft({ clientId: 'me', scopes: ['Files.Read', 'openid'] });
  const issuer = `https://login.microsoftonline.com/${TENANT}/v2.0`;

  async function signIn(claims: object, change?: (query: URLSearchParams) => void) {
    const { client } = clientOf(provider, () => tokens(1, { id_token: idToken(all) }));
    const pending = await client.begin({ redirectUri: REDIRECT, scopes: provider.scopes });
    const all = { aud: 'me', sub: '1', nonce: pending.nonce, ...claims };
    const query = new URLSearchParams({ code: 'x', state: pending.state });
    change?.(query);
    return client.finish(pending, query);
  }

  test('is that of the tenant which the ID token names', async () => {
    expect(await signIn({ iss: issuer, tid: TENANT })).toMatchObject({ person: '1' });
    await signIn({ iss: issuer, tid: TENANT }, (query) => query.set('iss', issuer));
    for (const claims of [
      { iss: 'https://evil.example', tid: TENANT },
      { iss: issuer, tid: 'evil.example/x' },
      { iss: issuer },
    ]) {
      await expect(signIn(claims)).rejects.toMatchObject({ code: 'invalid-data' });
    }
    for (const iss of ['https://evil.example', issuer.replace(TENANT, 'x'), `${issuer}/x`]) {
      const wrong = signIn({ iss: issuer, tid: TENANT }, (query) => query.set('iss', iss));
      await expect(wrong).rejects.toMatchObject({ code: 'invalid-data' });
    }
  });

  test('does not matter to an answer without an ID token', async () => {
    const { client } = clientOf(provider, () => new Response('{', { status: 200 }));
    await expect(client.refresh('r', [])).rejects.toMatchObject({ code: 'unknown' });
    const { client: other } = clientOf(provider);
    expect(await other.refresh('r', ['a'])).toMatchObject({ scopes: ['a'] });
  });
});

describe('an exchange by the server of the application', () => {
  test('gets what the token endpoint would get, and answers for it', async () => {
    const seen: URLSearchParams[] = [];
    const exchange = async (parameters: URLSearchParams) => {
      seen.push(parameters);
      return seen.length === 1 ? tokens(1) : { error: 'invalid_grant' };
    };
    const provider = google({ clientId: 'me' });
    const { grant, sent } = await roundTrip(provider, undefined, undefined, { exchange });
    expect(await grant).toMatchObject({ accessToken: 'access-1' });
    expect(seen[0]?.get('code')).toBe('the-code');
    expect(sent).toEqual([]);
    const { client } = clientOf(provider, undefined, { exchange });
    expect(client.exchangesInPages).toBe(true);
    await expect(client.refresh('old', [])).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('may hand the answer on as it came', async () => {
    const exchange = async () => Response.json(tokens(7));
    const { client } = clientOf(google({ clientId: 'me' }), undefined, { exchange });
    expect(await client.refresh('old', [])).toMatchObject({ accessToken: 'access-7' });
  });
});

describe('a device code', () => {
  test("takes Google's name for the address", async () => {
    const { client, sent } = clientOf(google({ clientId: 'me' }), () => ({
      device_code: 'd',
      user_code: 'ABCD',
      verification_url: 'https://www.google.com/device',
      expires_in: 1800,
    }));
    expect(await client.startDevice(['a', 'b'])).toEqual({
      deviceCode: 'd',
      userCode: 'ABCD',
      verificationUri: 'https://www.google.com/device',
      expiresInMs: 1_800_000,
      intervalMs: 5_000,
    });
    expect(sent[0]?.form.get('scope')).toBe('a b');
  });

  test('shows no address that is not safe', async () => {
    const start = { device_code: 'd', user_code: 'A', expires_in: 1 };
    const address = { verification_uri: 'https://id.example/device' };
    for (const wrong of [
      { verification_uri: 'http://id.example' },
      { ...address, verification_uri_complete: 'file:///etc/passwd' },
    ]) {
      const { client } = clientOf(plain, () => ({ ...start, ...wrong }));
      await expect(client.startDevice([])).rejects.toMatchObject({ code: 'invalid-config' });
    }
  });
});

describe('giving a grant back', () => {
  test('is RFC 7009 with the refresh token, and without it', async () => {
    const { client, sent } = clientOf(plain, () => new Response(''));
    expect(await client.revoke({ accessToken: 'a', refreshToken: 'r' })).toBe(true);
    expect(await client.revoke({ accessToken: 'a' })).toBe(true);
    expect(sent.map(({ form }) => [form.get('token'), form.get('token_type_hint')])).toEqual([
      ['r', 'refresh_token'],
      ['a', 'access_token'],
    ]);
  });

  test("is a call with the access token at Dropbox's", async () => {
    const { client, sent } = clientOf(
      dropbox({ appKey: 'k' }),
      (_request, count) => new Response('', { status: [200, 401, 500][count - 1] ?? 200 }),
    );
    expect(await client.revoke({ accessToken: 'a', refreshToken: 'r' })).toBe(true);
    expect(sent[0]?.headers.get('authorization')).toBe('Bearer a');
    expect(sent[0]?.url).toBe('https://api.dropboxapi.com/2/auth/token/revoke');
    expect(await client.revoke({ accessToken: 'a' })).toBe(true);
    await expect(client.revoke({ accessToken: 'a' })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('is nothing that Microsoft has', async () => {
    const { client, sent } = clientOf(microsoft({ clientId: 'me' }));
    expect(await client.revoke({ accessToken: 'a' })).toBe(false);
    expect(sent).toEqual([]);
  });
});

describe('what goes wrong', () => {
  test.each([
    [{ error: 'invalid_grant' }, 'unauthenticated'],
    [{ error: 'invalid_client' }, 'invalid-config'],
    [
      { error: 'invalid_request', error_description: 'client_secret is missing.' },
      'invalid-config',
    ],
    [{ error: 'temporarily_unavailable' }, 'unavailable'],
    [{ error: 'of_their_own' }, 'unknown'],
    [{ error: 'constructor' }, 'unknown'],
    [{ error: 'no code of OAuth, but a sentence' }, 'unknown'],
    [new Response('busy', { status: 429, headers: { 'retry-after': '7' } }), 'rate-limited'],
    [new Response('<html>', { status: 502 }), 'unavailable'],
    [new Response('<html>', { status: 404 }), 'unknown'],
    [new Response('<html>', { status: 200 }), 'unknown'],
  ])('%# is told as what it means', async (answer, code) => {
    const { client } = clientOf(plain, () => answer);
    await expect(client.refresh('the-refresh-token', [])).rejects.toMatchObject({
      code,
      provider: 'id.example',
      operation: 'refresh',
    });
  });

  test('is told with the words of the provider, unless they quote a secret', async () => {
    const say = async (error_description: string) => {
      const { client } = clientOf(google({ clientId: 'me', clientSecret: 'shipped' }), () => ({
        error: 'invalid_request',
        error_description,
      }));
      const error = await client.refresh('the-refresh-token', []).catch((thrown) => thrown);
      return inspect(error, { showHidden: true, depth: 9 });
    };
    expect(await say('client_secret is missing.')).toContain('client_secret is missing.');
    expect(await say('client_secret is missing.')).toContain('Desktop app');
    expect(await say('bad: the-refresh-token')).not.toContain('the-refresh-token');
    expect(await say('bad: shipped')).not.toContain('bad');
    expect(await say('one\nline')).not.toContain('line"');
    expect(await say('\u001b[31m')).not.toContain('\u001b');
  });

  test('is a network that does not answer, or a caller who gives up', async () => {
    const network = () => Promise.reject(new TypeError('fetch failed'));
    const client = oauthClient({ provider: plain, fetch: network, now: Date.now });
    await expect(client.refresh('r', [])).rejects.toMatchObject({
      code: 'unavailable',
    });
    const signal = AbortSignal.abort('enough');
    await expect(client.startDevice([], signal)).rejects.toMatchObject({ code: 'aborted' });
    const odd = () => Promise.reject('a text');
    const other = oauthClient({ provider: plain, fetch: odd, now: Date.now });
    await expect(other.refresh('r', [])).rejects.toMatchObject({ code: 'unknown' });
  });
});

test('says so when its code cannot be loaded, and loads it when it can be', async () => {
  vi.resetModules();
  vi.doMock('./oauth-requests.ts', () => {
    throw new TypeError('Failed to fetch dynamically imported module');
  });
  const { oauthClient: fresh } = await import('./oauth-client.ts');
  const provider = openId({ issuer: ISSUER, clientId: 'me', endpoints: ENDPOINTS });
  const client = fresh({ provider, now: Date.now });
  const begin = () => client.begin({ redirectUri: REDIRECT, scopes: [] });
  await expect(begin()).rejects.toMatchObject({
    code: 'unavailable',
    outcome: 'not-applied',
    message: expect.stringContaining('the code of the sign-in could not be loaded.'),
  });
  vi.doUnmock('./oauth-requests.ts');
  expect((await begin()).url).toContain(`${ISSUER}/authorize?`);
});
