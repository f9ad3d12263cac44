import { isStorageError, createStorage as openStorageOver } from '@granary/storage-core';
import { parseStorageUrl, StorageError } from '@granary/storage-core/provider';
import { createVault, memoryDriver } from '@granary/storage-credentials';
import { memoryTokenStore, type SignInFlow } from '@granary/storage-oauth';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as browser from './browser.ts';
import * as desktop from './desktop.ts';

afterEach(() => void vi.unstubAllGlobals());

/** A person who agrees to all, or fails to. */
function flowOf(answer: (count: number) => void = () => {}) {
  const asked: (readonly string[])[] = [];
  const flow: SignInFlow = {
    name: 'test',
    async signIn(_client, { scopes }) {
      asked.push(scopes);
      answer(asked.length);
      return { accessToken: `access-${asked.length}`, scopes };
    },
  };
  return { flow, asked };
}

/** A Dropbox that has nothing, and tells with which tokens it was asked. */
function emptyDropbox() {
  const tokens: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = async (_input, init) => {
    tokens.push(new Headers(init?.headers).get('authorization'));
    const error = { '.tag': 'path', path: { '.tag': 'not_found' } };
    return Response.json({ error_summary: 'path/not_found/', error }, { status: 409 });
  };
  return { fetch, tokens };
}

describe('a drive on a desktop', () => {
  test('has the person sign in with the first operation, and keeps the tokens', async () => {
    const { fetch, tokens } = emptyDropbox();
    const { flow, asked } = flowOf();
    const vault = createVault({ driver: memoryDriver() });
    const options = { appKey: 'key', tokens: vault, flow, fetch };
    const storage = desktop.createDropbox(options);
    expect(await storage.auth.accounts()).toEqual([]);
    expect([asked, tokens]).toEqual([[], []]);
    expect(await storage.exists('a')).toBe(false);
    expect(asked).toEqual([[]]);
    expect(tokens[0]).toBe('Bearer access-1');
    expect(await vault.list()).toMatchObject([
      { service: 'granary-oauth dropbox/key', account: 'default' },
    ]);
    // The next program finds them.
    expect(await desktop.createDropbox(options).exists('a')).toBe(false);
    expect(asked).toHaveLength(1);
    await storage.auth.signOut();
    expect(await vault.list()).toEqual([]);
  });

  test('says what to call where it may not ask', async () => {
    const { fetch, tokens } = emptyDropbox();
    const { flow, asked } = flowOf();
    const own = { appKey: 'key', tokens: memoryTokenStore(), flow, fetch, signInOnDemand: false };
    const storage = desktop.createDropbox(own);
    await expect(storage.exists('a')).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('somebody has to sign in.'),
      hint: expect.stringContaining('Call storage.auth.signIn()'),
    });
    expect([asked, tokens]).toEqual([[], []]);
    const hinted = desktop.createDropbox({ ...own, signInHint: 'Run: app login' });
    await expect(hinted.exists('a')).rejects.toMatchObject({ hint: 'Run: app login' });
    await storage.auth.signIn();
    expect(await storage.exists('a')).toBe(false);
  });

  test('asks again after the person gave up, and not by itself', async () => {
    const { flow, asked } = flowOf((count) => {
      if (count > 1) return;
      throw new StorageError('aborted', 'the window was closed.', { outcome: 'not-applied' });
    });
    const { fetch } = emptyDropbox();
    const storage = desktop.createDropbox({ appKey: 'k', tokens: memoryTokenStore(), flow, fetch });
    await expect(storage.exists('a')).rejects.toMatchObject({ code: 'aborted' });
    expect(asked).toHaveLength(1);
    expect(await storage.exists('a')).toBe(false);
  });

  test('leaves trouble that may pass to the loop around the backend', async () => {
    const { flow } = flowOf((count) => {
      if (count > 1) return;
      throw new StorageError('unavailable', 'nobody answers.', { retryable: true });
    });
    const { fetch } = emptyDropbox();
    const storage = desktop.createDropbox({ appKey: 'k', tokens: memoryTokenStore(), flow, fetch });
    expect(await storage.exists('a')).toBe(false);
  });

  test('uses and signs in one account of several', async () => {
    const { fetch, tokens } = emptyDropbox();
    const { flow } = flowOf();
    const own = { appKey: 'key', tokens: memoryTokenStore(), flow, fetch };
    await desktop.createDropbox({ ...own, account: 'work' }).exists('a');
    await desktop.createDropbox({ ...own, account: 'home' }).exists('a');
    const work = desktop.createDropbox({ ...own, account: 'work' });
    await work.exists('a');
    expect(tokens.at(-1)).toBe('Bearer access-1');
    expect(await work.auth.accounts()).toMatchObject([{ id: 'home' }, { id: 'work' }]);
  });

  test('asks for the scopes that its place needs', async () => {
    const { flow, asked } = flowOf();
    const tokens = memoryTokenStore();
    const open = (options: object) =>
      desktop.createOneDrive({ clientId: 'id', tokens, flow, ...options }).auth.signIn();
    await open({});
    await open({ root: 'Notes' });
    await open({ scopes: ['Files.Read'], tenant: 'contoso.com' });
    expect(asked).toEqual([
      ['Files.ReadWrite.AppFolder', 'offline_access'],
      ['Files.ReadWrite', 'offline_access'],
      ['Files.Read', 'offline_access'],
    ]);
  });

  test('is a backend of a configuration', async () => {
    const { fetch } = emptyDropbox();
    const { backend, provider } = desktop.createDropbox;
    expect(backend).toMatchObject({ name: 'dropbox' });
    const options = backend.fromConfig({ url: parseStorageUrl('dropbox:///Notes?appKey=k') });
    const made = provider({
      ...(options as { readonly appKey: string }),
      ...{ tokens: memoryTokenStore(), flow: flowOf().flow, fetch },
    });
    await made.auth.signIn();
    expect(await openStorageOver(made).exists('a')).toBe(false);
    expect(made.capabilities.changes).toBe(true);
  });

  test('leaves signing in to who gives a sign-in', async () => {
    const { fetch, tokens } = emptyDropbox();
    const storage = desktop.createDropbox({ auth: () => 'mine', fetch, prefix: 'a' });
    expect('auth' in storage).toBe(false);
    expect(await storage.exists('a')).toBe(false);
    expect(tokens[0]).toBe('Bearer mine');
    expect('auth' in desktop.createOneDrive.provider({ auth: () => 'mine' })).toBe(false);
  });

  test.each<[string, () => unknown, string]>([
    [
      'no id',
      () => desktop.createGoogleDrive({ clientId: '' }),
      'the option "clientId" is missing.',
    ],
    [
      'nothing at all',
      () => (desktop.createDropbox as unknown as () => unknown)(),
      'the option "appKey" is missing.',
    ],
    [
      'two sign-ins',
      () => desktop.createOneDrive({ clientId: 'id', auth: 'token' } as never),
      '"clientId" is for signing in, and "auth" or "client" has signed in already.',
    ],
    [
      'an address of another machine',
      () => desktop.createOneDrive({ clientId: 'id', redirectUri: 'https://app.example/' }),
      'the "redirectUri" of a desktop is an address of this machine.',
    ],
    [
      'no address',
      () => desktop.createOneDrive({ clientId: 'id', redirectUri: 'app' }),
      'the "redirectUri" of a desktop is an address of this machine.',
    ],
    [
      'an address beside a flow',
      () =>
        desktop.createDropbox({
          appKey: 'k',
          flow: flowOf().flow,
          redirectUri: 'http://localhost',
        }),
      'a flow that is given brings its own redirect address.',
    ],
    [
      'the flow of a browser',
      () => desktop.createDropbox({ appKey: 'k', flow: 'popup' as never }),
      'there is no flow "popup" on a desktop.',
    ],
  ])('refuses %s', (_what, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('tells an option of the backend that makes no sense', () => {
    const make = () => desktop.createGoogleDrive({ clientId: 'id', appFolder: true, driveId: 'x' });
    expect(make).toThrow('"appFolder" or "driveId"');
  });
});

describe('a drive in a browser', () => {
  test('opens no window by itself', async () => {
    const { fetch, tokens } = emptyDropbox();
    const { flow, asked } = flowOf();
    const own = { appKey: 'key', tokens: memoryTokenStore(), flow, fetch };
    const storage = browser.createDropbox(own);
    await expect(storage.exists('a')).rejects.toMatchObject({
      code: 'unauthenticated',
      hint: 'Call storage.auth.signIn() when the person clicks, before anything is awaited.',
    });
    expect([asked, tokens]).toEqual([[], []]);
    await storage.auth.signIn();
    expect(await storage.exists('a')).toBe(false);
    const asking = browser.createDropbox({
      ...{ ...own, tokens: memoryTokenStore(), signInOnDemand: true },
    });
    expect(await asking.exists('a')).toBe(false);
  });

  test('opens the window at once when it is asked to sign in', async () => {
    const open = vi.fn(() => null);
    vi.stubGlobal('open', open);
    vi.stubGlobal('location', { href: 'https://app.example/a?b', origin: 'https://app.example' });
    const storage = browser.createOneDrive({
      clientId: 'id',
      redirectUri: 'https://app.example/in',
    });
    const signingIn = storage.auth.signIn();
    expect(open).toHaveBeenCalledTimes(1);
    await expect(signingIn).rejects.toMatchObject({ code: 'permission-denied' });
    const google = browser.createGoogleDrive({ clientId: 'id' });
    await expect(google.auth.signIn()).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('only with the client secret'),
    });
    expect(open).toHaveBeenCalledTimes(1);
  });

  test('leaves the page where it is told to', async () => {
    const assign = vi.fn();
    const location = { href: 'https://app.example/', origin: 'https://app.example', pathname: '/' };
    vi.stubGlobal('location', { ...location, assign });
    const kept = new Map<string, string>();
    vi.stubGlobal('sessionStorage', {
      setItem: (name: string, value: string) => kept.set(name, value),
      getItem: (name: string) => kept.get(name) ?? null,
    });
    const storage = browser.createOneDrive({ clientId: 'id', flow: 'redirect' });
    storage.auth.signIn().catch(() => undefined);
    await vi.waitFor(() => expect(assign).toHaveBeenCalledTimes(1));
    const [[address]] = assign.mock.calls as [[string]];
    expect(new URL(address).searchParams.get('scope')).toContain('Files.ReadWrite.AppFolder');
  });

  test.each<[string, () => unknown, string]>([
    [
      'the flow of a desktop',
      () => browser.createDropbox({ appKey: 'k', flow: 'loopback' as never }),
      'there is no flow "loopback" in a browser.',
    ],
    [
      'an address beside a flow',
      () =>
        browser.createDropbox({
          appKey: 'k',
          flow: flowOf().flow,
          redirectUri: 'https://a.example/',
        }),
      'a flow that is given brings its own redirect address.',
    ],
    [
      'a tenant that is none',
      () => browser.createOneDrive({ clientId: 'id', tenant: 'a/b' }),
      'the tenant is no id, domain or word.',
    ],
    [
      'a store for the token model',
      () =>
        browser.createGoogleDrive({
          clientId: 'id',
          oauth2: {} as never,
          tokens: memoryTokenStore(),
        }),
      '"tokens" is nothing to it.',
    ],
  ])('refuses %s', (_what, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe("Google's token model", () => {
  /** Google's library, with a person who agrees. */
  function googleLibrary() {
    const asked: string[] = [];
    return {
      asked,
      oauth2: {
        initTokenClient: ({
          scope,
          callback,
        }: {
          readonly scope: string;
          callback(answer: object): void;
        }) => ({
          requestAccessToken() {
            asked.push(scope);
            callback({ access_token: `ya29.${asked.length}`, expires_in: 3600, scope });
          },
        }),
        revoke: (_token: string, done: () => void) => done(),
      },
    };
  }

  test('signs in in a click and is forgotten with the page', async () => {
    const { oauth2, asked } = googleLibrary();
    const sent: (string | null)[] = [];
    const storage = browser.createGoogleDrive({
      clientId: 'id',
      oauth2,
      async fetch(_input, init) {
        sent.push(new Headers(init?.headers).get('authorization'));
        return Response.json({ files: [] });
      },
    });
    const { auth } = storage;
    const before = await storage.list('').catch((error: unknown) => error);
    expect(isStorageError(before, 'unauthenticated')).toBe(true);
    expect(before).toHaveProperty('hint', expect.stringContaining('storage.auth.signIn()'));
    await expect(auth.setDefault('default')).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await auth.accounts()).toEqual([]);
    expect(asked).toEqual([]);
    const account = await auth.signIn({ account: 'default' });
    expect(account).toMatchObject({ id: 'default', scopes: ['drive.file'], needsSignIn: false });
    expect(await auth.accounts()).toEqual([account]);
    await auth.setDefault('default');
    expect(await auth.resume()).toBeUndefined();
    await storage.list('');
    expect(sent[0]).toBe('Bearer ya29.1');
    expect((await auth.tokenSource('default').getToken({})).token).toBe('ya29.1');
    expect(asked).toEqual(['https://www.googleapis.com/auth/drive.file']);
    await expect(auth.signIn({ loginHint: 'ann' })).rejects.toMatchObject({ code: 'unsupported' });
    expect(await auth.signOut()).toEqual({ account: 'default', revoked: 'yes' });
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('asks by itself where it may', async () => {
    const { oauth2 } = googleLibrary();
    const options = { clientId: 'id', oauth2, signInOnDemand: true, scopes: ['drive.appdata'] };
    const { auth } = browser.createGoogleDrive(options);
    expect((await auth.getToken()).token).toBe('ya29.1');
    expect(await auth.accounts()).toMatchObject([{ scopes: ['drive.appdata'] }]);
  });
});
