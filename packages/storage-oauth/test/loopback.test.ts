import { inspect } from 'node:util';
import { createVault, memoryDriver } from '@granary/storage-credentials';
import type { Browser, BrowserContext } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSignIn, loopback, openId } from '../src/node.ts';
import { DESKTOP, type OidcServer, startOidcServer } from './oidc-server.ts';
import { type Choice, personIn, startChromium } from './person.ts';

const SCOPES = ['openid', 'email', 'offline_access', 'files.read', 'files.write'];

let browser: Browser;
let server: OidcServer;
let context: BrowserContext;

beforeAll(async () => {
  [browser, server] = await Promise.all([startChromium(), startOidcServer()]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});
beforeEach(async () => {
  context = await browser.newContext();
  server.grants.length = 0;
  server.refusals.length = 0;
  server.revoked.length = 0;
});
afterEach(() => context.close());

function signInAs(choice: Choice = {}, host: '127.0.0.1' | 'localhost' = '127.0.0.1') {
  const person = personIn(context, choice);
  const store = createVault({ driver: memoryDriver() });
  const provider = openId({
    issuer: server.issuer,
    clientId: DESKTOP,
    scopes: SCOPES,
    loopbackHost: host,
  });
  const auth = createSignIn({ provider, store, flow: loopback({ open: person.open }) });
  return { auth, person, store, provider };
}

describe('a desktop application', () => {
  test.each(['127.0.0.1', 'localhost'] as const)(
    'signs a person in through the browser of the system, back at %s',
    async (host) => {
      const { auth, person } = signInAs({}, host);
      const account = await auth.signIn();
      expect(account).toMatchObject({ id: 'ann', label: 'ann@example.com', isDefault: true });
      expect(account.scopes).toEqual(expect.arrayContaining(['files.read', 'files.write']));
      await person.done();
      const [page] = person.pages;
      await page?.getByText('You are signed in.').waitFor();
      // The code is neither in the address nor one step back.
      expect(page?.url()).toMatch(/\/signed-in$/);
      const { token } = await auth.getToken();
      const told = await fetch(`${server.issuer}/me`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(await told.json()).toMatchObject({ sub: 'ann' });
      // Nothing listens there any more.
      await expect(fetch(String(page?.url()))).rejects.toThrow();
    },
  );

  test('gets a new token with a rotated refresh token, and the old one is used once', async () => {
    const { auth } = signInAs();
    await auth.signIn();
    const before = await auth.getToken();
    const [one, two] = await Promise.all([
      auth.getToken({ refresh: true }),
      auth.getToken({ refresh: true }),
    ]);
    expect(one.token).not.toBe(before.token);
    expect(two.token).toBe(one.token);
    expect((await auth.getToken({ refresh: true })).token).not.toBe(one.token);
    expect(server.grants).toEqual(['authorization_code', 'refresh_token', 'refresh_token']);
    expect(server.refusals).toEqual([]);
  });

  test('says so when the person says no, and keeps nothing', async () => {
    const { auth, person } = signInAs({ denies: true });
    await expect(auth.signIn()).rejects.toMatchObject({
      code: 'permission-denied',
      provider: expect.stringContaining('127.0.0.1'),
      message: expect.stringContaining('access_denied'),
    });
    await person.pages[0]?.getByText('You are not signed in.').waitFor();
    expect(await auth.accounts()).toEqual([]);
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('names the scopes that the person did not grant', async () => {
    const { auth } = signInAs({ without: ['files.write'] });
    await expect(auth.signIn()).rejects.toMatchObject({
      code: 'permission-denied',
      message: expect.stringContaining('files.write is missing'),
    });
    expect(await auth.accounts()).toEqual([]);
    const { auth: other } = signInAs({ who: 'bob', without: ['files.write'] });
    await context.clearCookies();
    const account = await other.signIn({ allowMissingScopes: true });
    expect(account.missingScopes).toEqual(['files.write']);
    expect((await other.getToken()).token).not.toBe('');
  });

  test('is told to sign in again when the person has taken the consent back', async () => {
    const { auth } = signInAs();
    await auth.signIn();
    await auth.getToken();
    await server.revokeAll();
    const refused = auth.getToken({ refresh: true });
    await expect(refused).rejects.toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringContaining('signIn()'),
    });
    expect(await auth.accounts()).toMatchObject([{ id: 'ann', needsSignIn: true }]);
    server.refusals.length = 0;
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unauthenticated' });
    // It is known by now; nobody is asked again.
    expect(server.refusals).toEqual([]);
    await auth.signIn();
    expect((await auth.getToken()).token).not.toBe('');
  });

  test('signs out: the grant is gone at the provider too', async () => {
    const { auth } = signInAs();
    await auth.signIn();
    const { token } = await auth.getToken();
    expect(await auth.signOut()).toMatchObject({ account: 'ann', revoked: 'yes' });
    expect(server.revoked.length).toBeGreaterThan(0);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${server.issuer}/me`, { headers })).status).toBe(401);
    expect(await auth.accounts()).toEqual([]);
  });

  test('keeps several people apart', async () => {
    const { auth, person } = signInAs();
    await auth.signIn();
    await person.done();
    await context.clearCookies();
    const { auth: other, store } = signInAs({ who: 'bob' });
    void store;
    await other.signIn({ account: 'work' });
    expect(await other.accounts()).toMatchObject([{ id: 'work', label: 'bob@example.com' }]);
    expect(await auth.accounts()).toMatchObject([{ id: 'ann' }]);
  });

  test('shows no token, code or verifier in what is logged', async () => {
    const { auth, store, provider } = signInAs();
    await auth.signIn();
    const token = await auth.getToken();
    const text =
      (await store.get(`granary-oauth ${provider.id}/${DESKTOP}`, 'ann'))?.reveal() ?? '';
    const { accessToken, refreshToken } = JSON.parse(text);
    await server.revokeAll();
    const error = await auth.getToken({ refresh: true }).catch((thrown: unknown) => thrown);
    const shown = [auth, token, error, provider, await auth.accounts()]
      .map((value) => inspect(value, { depth: 9, showHidden: true }) + JSON.stringify(value))
      .join('');
    expect(shown).not.toContain(accessToken);
    expect(shown).not.toContain(refreshToken);
  });
});
