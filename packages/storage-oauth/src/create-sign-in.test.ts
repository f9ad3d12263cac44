import { inspect } from 'node:util';
import { StorageError } from '@granary/storage-core';
import { createVault, memoryDriver } from '@granary/storage-credentials';
import { describe, expect, test, vi } from 'vitest';
import { fakeClock } from '../test/fake-clock.ts';
import { fakeNetwork, type SentRequest, tokens } from '../test/fake-fetch.ts';
import { memoryProvider } from '../test/memory-provider.ts';
import { createSignIn } from './create-sign-in.ts';
import type { Grant } from './grant.ts';
import { dropbox } from './providers/dropbox.ts';
import { microsoft } from './providers/microsoft.ts';
import { openId } from './providers/open-id.ts';
import type { SignInProvider } from './providers/provider.ts';
import type { SignInFlow, SignInOptions } from './sign-in.ts';
import { memoryTokenStore } from './stores/memory-token-store.ts';
import type { TokenStore } from './stores/token-store.ts';

const ISSUER = 'https://id.example';
const ENDPOINTS = {
  authorization: `${ISSUER}/authorize`,
  token: `${ISSUER}/token`,
  revocation: `${ISSUER}/revoke`,
};
const provider = openId({
  issuer: ISSUER,
  clientId: 'me',
  scopes: ['read', 'write'],
  endpoints: ENDPOINTS,
});
const SPACE = 'id.example/me';
const HOUR = 3_600_000;

interface Setup extends Partial<SignInOptions> {
  readonly answer?: (request: SentRequest, count: number) => object | Promise<object>;
  readonly grant?: Partial<Grant>;
}

function setUp({ answer, grant = {}, ...options }: Setup = {}) {
  const clock = fakeClock();
  const network = fakeNetwork(answer ?? ((_request, count) => tokens(count)));
  const store = memoryTokenStore();
  let signIns = 0;
  const flow: SignInFlow = {
    name: 'test',
    async signIn(_client, { scopes }) {
      signIns += 1;
      return {
        accessToken: `signed-in-${signIns}`,
        refreshToken: 'first-refresh-token',
        expiresAt: clock.now() + HOUR,
        scopes,
        ...grant,
      };
    },
  };
  const auth = createSignIn({ provider, flow, store, clock, fetch: network.fetch, ...options });
  const record = async (account = 'default') =>
    JSON.parse((await store.read({ space: SPACE, account })) ?? 'null');
  return { auth, clock, store, flow, network, sent: network.sent, record, signIns: () => signIns };
}

describe('a new token that cannot be stored at once', () => {
  test.each([
    ['is stored when that works again', 3, 'refreshed'],
    ['is no token that is kept when it never is', 99, 'unavailable'],
  ])('%s', async (_, failures, expected) => {
    const inner = memoryTokenStore();
    let left = 0;
    const store: TokenStore = {
      ...inner,
      async swap(name, before, text) {
        const isNew = JSON.parse(text).accessToken !== JSON.parse(before).accessToken;
        if (isNew && left-- > 0) throw new StorageError('unavailable', 'no place.');
        return inner.swap(name, before, text);
      },
    };
    const { auth, clock, sent } = setUp({ store });
    await auth.signIn();
    clock.advance(HOUR);
    left = failures;
    const asking = auth.getToken();
    if (expected === 'unavailable') {
      await expect(asking).rejects.toMatchObject({ code: 'unavailable' });
      return;
    }
    const { token } = await asking;
    expect(token).not.toBe('signed-in-1');
    expect(sent).toHaveLength(1);
    const kept = JSON.parse((await inner.read({ space: SPACE, account: 'default' })) ?? '{}');
    expect(kept.accessToken).toBe(token);
  });
});

describe('signing in', () => {
  test('keeps the tokens under the person, the name that was given, or "default"', async () => {
    const { auth, clock } = setUp();
    expect(await auth.accounts()).toEqual([]);
    expect(await auth.signIn()).toEqual({
      id: 'default',
      scopes: ['read', 'write'],
      missingScopes: [],
      signedInAt: new Date(clock.now()),
      isDefault: true,
      needsSignIn: false,
    });
    expect(await auth.getToken()).toEqual({
      token: 'signed-in-1',
      expiresAt: new Date(clock.now() + HOUR),
    });
    const { auth: other } = setUp({ grant: { person: '42', label: 'Ann' } });
    expect(await other.signIn()).toMatchObject({ id: '42', label: 'Ann' });
    expect(await other.signIn({ account: 'work' })).toMatchObject({ id: 'work' });
  });

  test('makes the last account the default, until another is chosen', async () => {
    const { auth, clock } = setUp();
    await auth.signIn({ account: 'one' });
    clock.advance(1);
    await auth.signIn({ account: 'two' });
    expect((await auth.getToken()).token).toBe('signed-in-2');
    expect((await auth.tokenSource('one').getToken({})).token).toBe('signed-in-1');
    await auth.setDefault('one');
    expect((await auth.accounts()).map(({ id, isDefault }) => [id, isDefault])).toEqual([
      ['one', true],
      ['two', false],
    ]);
    expect((await auth.getToken()).token).toBe('signed-in-1');
    await expect(auth.setDefault('three')).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('says what was not granted, and keeps it only when told to', async () => {
    const { auth } = setUp({ grant: { scopes: ['read'] } });
    await expect(auth.signIn()).rejects.toMatchObject({
      code: 'permission-denied',
      provider: 'id.example',
      message: expect.stringContaining('write is missing'),
    });
    expect(await auth.accounts()).toEqual([]);
    const account = await auth.signIn({ allowMissingScopes: true });
    expect(account.missingScopes).toEqual(['write']);
    expect((await auth.getToken()).token).toBe('signed-in-2');
    expect(await auth.signIn({ scopes: ['read'] })).toMatchObject({ missingScopes: [] });
  });

  test('ends when the caller gives up', async () => {
    const { auth } = setUp();
    const signal = AbortSignal.abort('enough');
    await expect(auth.signIn({ signal })).rejects.toMatchObject({ code: 'aborted' });
    const controller = new AbortController();
    const flow: SignInFlow = {
      name: 'waits',
      signIn: (_client, request) =>
        new Promise((_, reject) => {
          request.signal?.addEventListener('abort', () => reject(request.signal?.reason));
        }),
    };
    const { auth: other } = setUp({ flow });
    const waiting = other.signIn({ signal: controller.signal });
    controller.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    const own = new Error('own');
    const failing: SignInFlow = { name: 'fails', signIn: () => Promise.reject(own) };
    await expect(setUp({ flow: failing }).auth.signIn()).rejects.toBe(own);
  });

  test('asks nobody for tokens that cannot be kept', async () => {
    const flow: SignInFlow = {
      name: 'waits',
      signIn: (_client, request) =>
        new Promise((_, reject) => {
          request.signal?.addEventListener('abort', () => reject(request.signal?.reason));
        }),
    };
    const { auth } = setUp({ flow, store: memoryProvider({ replaceIfMatch: true }) });
    await expect(auth.signIn()).rejects.toMatchObject({
      code: 'invalid-config',
      hint: expect.stringContaining('createEncrypted'),
    });
  });

  test('refuses options and names that cannot be', async () => {
    const { auth, flow } = setUp();
    for (const account of ['', 'x'.repeat(201), '\ud800']) {
      await expect(auth.signIn({ account })).rejects.toMatchObject({ code: 'invalid-argument' });
    }
    for (const options of [
      { provider: { ...provider, clientId: '' } },
      { provider: undefined as unknown as SignInProvider },
      { provider, skewMs: -1 },
      { provider, store: {} as TokenStore },
      { provider, store: 'a text' as unknown as TokenStore },
    ]) {
      expect(() => createSignIn({ flow, ...options })).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      );
    }
  });

  test('goes on with what a page was opened with', async () => {
    const { auth } = setUp();
    expect(await auth.resume()).toBeUndefined();
    const grant = { accessToken: 'x', scopes: ['read', 'write'] };
    const request = { scopes: ['read', 'write'], account: 'ann' };
    const flow: SignInFlow = {
      name: 'resumes',
      signIn: () => Promise.reject(new Error()),
      resume: async () => ({ grant, request }),
    };
    const { auth: other } = setUp({ flow });
    expect(await other.resume()).toMatchObject({ id: 'ann' });
    expect((await other.getToken()).token).toBe('x');
  });

  test('asks nobody before, and shows nothing in logs', async () => {
    const { auth, sent } = setUp();
    await auth.signIn();
    const token = await auth.getToken();
    const shown = inspect([auth, token], { depth: 9, showHidden: true }) + JSON.stringify(token);
    expect(shown).not.toContain('signed-in-1');
    expect(shown).toContain('***');
    expect(sent).toEqual([]);
  });
});

describe('a token', () => {
  test('is replaced a minute before it ends, for all who ask, once', async () => {
    const { auth, clock, sent, record } = setUp();
    await auth.signIn();
    clock.advance(HOUR - 60_001);
    expect((await auth.getToken()).token).toBe('signed-in-1');
    clock.advance(1);
    const all = await Promise.all([
      auth.getToken(),
      auth.getToken(),
      auth.tokenSource('default').getToken({}),
    ]);
    expect(all.map(({ token }) => token)).toEqual(['access-1', 'access-1', 'access-1']);
    expect(sent.map(({ form }) => form.get('refresh_token'))).toEqual(['first-refresh-token']);
    expect(await record()).toMatchObject({ refreshToken: 'refresh-1', accessToken: 'access-1' });
    expect(await record()).not.toHaveProperty('lease');
  });

  test('is not read from its store for each request, and never that of an account before', async () => {
    const { auth, store, clock } = setUp();
    const read = vi.spyOn(store, 'read');
    const list = vi.spyOn(store, 'list');
    await auth.signIn({ account: 'one' });
    await auth.getToken();
    const reads = read.mock.calls.length + list.mock.calls.length;
    expect((await auth.getToken()).token).toBe('signed-in-1');
    expect(read.mock.calls.length + list.mock.calls.length).toBe(reads);
    clock.advance(1);
    await auth.signIn({ account: 'two' });
    expect((await auth.getToken()).token).toBe('signed-in-2');
    await auth.setDefault('one');
    expect((await auth.getToken()).token).toBe('signed-in-1');
    await auth.signOut('one');
    expect((await auth.getToken()).token).toBe('signed-in-2');
    await auth.signOut();
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('keeps a refresh token that is not replaced', async () => {
    const { auth, sent, record } = setUp({
      answer: () => ({ access_token: 'a', token_type: 'bearer' }),
    });
    await auth.signIn();
    await auth.getToken();
    expect(await auth.getToken({ refresh: true })).toEqual({ token: 'a' });
    expect(await record()).toMatchObject({ refreshToken: 'first-refresh-token' });
    // Without a time it is good until it is refused.
    await auth.getToken();
    expect(sent).toHaveLength(1);
  });

  test('that was refused is replaced, unless another has done so by now', async () => {
    const { auth, sent } = setUp();
    await auth.signIn();
    const [one, two] = [auth.tokenSource('default'), auth.tokenSource('default')];
    await Promise.all([one.getToken({}), two.getToken({})]);
    expect((await one.getToken({ refresh: true })).token).toBe('access-1');
    expect((await two.getToken({ refresh: true })).token).toBe('access-1');
    expect((await two.getToken({ refresh: true })).token).toBe('access-2');
    expect(sent).toHaveLength(2);
  });

  test('that still works is used while the provider cannot be reached', async () => {
    const { auth, clock, record } = setUp({ answer: () => Promise.reject(new TypeError('no')) });
    await auth.signIn();
    clock.advance(HOUR - 1000);
    expect((await auth.getToken()).token).toBe('signed-in-1');
    expect(await record()).not.toHaveProperty('lease');
    await expect(auth.getToken({ refresh: true })).rejects.toMatchObject({ code: 'unavailable' });
    clock.advance(1000);
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await record()).toMatchObject({ refreshToken: 'first-refresh-token' });
  });

  test('without a refresh token is used to its end, and then somebody signs in', async () => {
    const { store, clock, flow, network } = setUp();
    const bare: SignInFlow = {
      ...flow,
      signIn: async () => ({
        accessToken: 'x',
        expiresAt: clock.now() + 30_000,
        scopes: ['read', 'write'],
      }),
    };
    const auth = createSignIn({ provider, flow: bare, store, clock, fetch: network.fetch });
    await auth.signIn();
    expect((await auth.getToken()).token).toBe('x');
    clock.advance(30_000);
    await expect(auth.getToken()).rejects.toMatchObject({
      code: 'unauthenticated',
      hint: 'Sign in again: signIn().',
    });
  });

  test('is no more when the provider has ended the sign-in', async () => {
    const { auth, sent, record } = setUp({ answer: () => ({ error: 'invalid_grant' }) });
    await auth.signIn();
    await auth.getToken();
    await expect(auth.getToken({ refresh: true })).rejects.toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringContaining('signIn()'),
    });
    expect(await record()).not.toHaveProperty('refreshToken');
    expect(await auth.accounts()).toMatchObject([{ needsSignIn: true }]);
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(sent).toHaveLength(1);
    expect(await auth.signOut()).toMatchObject({ revoked: 'yes' });
  });

  test('is kept when an answer makes no sense', async () => {
    const { auth, record } = setUp({ answer: () => ({ token_type: 'bearer' }) });
    await auth.signIn();
    await auth.getToken();
    await expect(auth.getToken({ refresh: true })).rejects.toMatchObject({ code: 'invalid-data' });
    expect(await record()).toMatchObject({ refreshToken: 'first-refresh-token' });
  });

  test('tells narrowed consent from a sign-in that ended', async () => {
    const { auth, record } = setUp({
      answer: (_request, count) => tokens(count, { scope: 'read' }),
    });
    await auth.signIn();
    await auth.getToken();
    await expect(auth.getToken({ refresh: true })).rejects.toMatchObject({
      code: 'permission-denied',
      message: expect.stringContaining('write is missing'),
    });
    // The rotated refresh token is not lost.
    expect(await record()).toMatchObject({ refreshToken: 'refresh-1' });
    expect(await auth.accounts()).toMatchObject([{ missingScopes: ['write'], needsSignIn: false }]);
  });

  test('is not waited for by a caller who gives up, and comes for the others', async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const { auth } = setUp({ answer: () => promise });
    await auth.signIn();
    await auth.getToken();
    const controller = new AbortController();
    const given = auth.getToken({ refresh: true, signal: controller.signal });
    const patient = auth.getToken({ refresh: true });
    controller.abort('enough');
    await expect(given).rejects.toMatchObject({ code: 'aborted' });
    resolve(tokens(9));
    expect((await patient).token).toBe('access-9');
    const late = auth.getToken({ signal: controller.signal });
    await expect(late).rejects.toMatchObject({ code: 'aborted' });
    const fine = auth.getToken({ signal: new AbortController().signal });
    expect((await fine).token).toBe('access-9');
  });

  test('fails with what to do where nobody is signed in', async () => {
    const { auth } = setUp();
    await expect(auth.getToken()).rejects.toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringContaining('signIn()'),
    });
    const { auth: other } = setUp({ hint: 'Run: granary login gdrive' });
    await expect(other.getToken()).rejects.toMatchObject({ hint: 'Run: granary login gdrive' });
    await expect(other.tokenSource('ann').getToken({})).rejects.toMatchObject({
      code: 'unauthenticated',
      hint: 'Run: granary login gdrive',
    });
  });

  test('has the person sign in on demand, once', async () => {
    const { auth, signIns } = setUp({ onDemand: true });
    const [one, two] = await Promise.all([auth.getToken(), auth.getToken()]);
    expect([one.token, two.token]).toEqual(['signed-in-1', 'signed-in-1']);
    expect(signIns()).toBe(1);
    expect((await auth.tokenSource('ann').getToken({})).token).toBe('signed-in-2');
    expect((await auth.accounts()).map(({ id }) => id)).toEqual(['ann', 'default']);
  });
});

describe('two programs with one store', () => {
  function two(answer?: Setup['answer']) {
    const store = createVault({ driver: memoryDriver() });
    const one = setUp({ store, ...(answer && { answer }) });
    const other = createSignIn({
      provider,
      flow: one.flow,
      store,
      clock: one.clock,
      fetch: one.network.fetch,
    });
    const name = { service: `granary-oauth ${SPACE}`, account: 'default' };
    const change = async (fields: object): Promise<void> => {
      const record = JSON.parse((await store.get(name))?.reveal() ?? '');
      await store.set(name, JSON.stringify({ ...record, ...fields }));
    };
    const read = async () => JSON.parse((await store.get(name))?.reveal() ?? 'null');
    return { ...one, other, change, read, name, vault: store };
  }

  test.each([
    undefined,
    { request: async (_name: string, _options: object, work: () => Promise<void>) => work() },
  ])('refresh once, with and without locks of tabs', async (locks) => {
    const store = createVault({ driver: memoryDriver() });
    const { flow, clock, network, sent } = setUp();
    const programs = [1, 2, 3].map(() =>
      createSignIn({ provider, flow, store, clock, fetch: network.fetch, ...(locks && { locks }) }),
    );
    await programs[0]?.signIn();
    clock.advance(HOUR);
    const all = await Promise.all(programs.map((program) => program.getToken()));
    expect(all.map(({ token }) => token)).toEqual(['access-1', 'access-1', 'access-1']);
    expect(sent).toHaveLength(1);
  });

  test('wait for a refresh that goes on elsewhere, and take it over when that died', async () => {
    const { auth, clock, change, sent } = two();
    await auth.signIn();
    clock.advance(HOUR);
    await change({ lease: { owner: 'a process that died', until: clock.now() + 5_000 } });
    expect((await auth.getToken()).token).toBe('access-1');
    expect(clock.sleeps.length).toBeGreaterThan(20);
    expect(sent).toHaveLength(1);
  });

  test('do not wait for ever', async () => {
    const { auth, clock, change } = two();
    await auth.signIn();
    clock.advance(HOUR);
    await change({ lease: { owner: 'a clock that is wrong', until: clock.now() + 24 * HOUR } });
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('keep what came of a refresh whose lease was taken over', async () => {
    const all = two(async (_request, count) => {
      await all.change({ lease: { owner: 'another', until: all.clock.now() + 1_000 } });
      return tokens(count);
    });
    await all.auth.signIn();
    all.clock.advance(HOUR);
    expect((await all.auth.getToken()).token).toBe('access-1');
    expect(await all.read()).toMatchObject({ refreshToken: 'refresh-1' });
  });

  test('use what another has got with the refresh token that is refused here', async () => {
    const all = two(async () => {
      const expiresAt = all.clock.now() + HOUR;
      await all.change({
        accessToken: 'theirs',
        refreshToken: 'next',
        expiresAt,
        lease: undefined,
      });
      return { error: 'invalid_grant' };
    });
    await all.auth.signIn();
    all.clock.advance(HOUR);
    expect((await all.auth.getToken()).token).toBe('theirs');
    expect(await all.auth.accounts()).toMatchObject([{ needsSignIn: false }]);
  });

  test('do not bring back an account that signed out meanwhile', async () => {
    const all = two(async (_request, count) => {
      await all.vault.delete(all.name);
      return tokens(count);
    });
    await all.auth.signIn();
    all.clock.advance(HOUR);
    await expect(all.auth.tokenSource('default').getToken({})).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(await all.read()).toBeNull();
  });

  test('pass a tab that stands still with the lock', async () => {
    const request = vi.fn(() => Promise.reject(new DOMException('late', 'TimeoutError')));
    const store = createVault({ driver: memoryDriver() });
    const { auth, clock } = setUp({ store, locks: { request } });
    await auth.signIn();
    clock.advance(HOUR);
    expect((await auth.getToken()).token).toBe('access-1');
    expect(request).toHaveBeenCalledTimes(1);
    const { auth: other } = setUp({ store, locks: { request: async () => undefined } });
    clock.advance(HOUR);
    expect((await other.getToken({ refresh: true })).token).not.toBe('');
  });

  test('tell records of a newer version and of others', async () => {
    const { auth, store } = setUp();
    const name = { space: SPACE, account: 'default' };
    for (const text of ['{"version":2}', '{', '"text"', '{"version":1,"account":"other"}']) {
      await store.write(name, text);
      await expect(auth.accounts()).rejects.toMatchObject({ code: 'invalid-data' });
    }
    const { revoked, error } = await auth.signOut('default');
    expect([revoked, error]).toEqual(['failed', expect.objectContaining({ code: 'invalid-data' })]);
    expect(await auth.accounts()).toEqual([]);
  });
});

describe('signing out', () => {
  test('gives the grant back and forgets', async () => {
    const { auth, sent } = setUp({ answer: () => new Response('') });
    await auth.signIn();
    expect(await auth.signOut()).toEqual({ account: 'default', revoked: 'yes' });
    expect(sent[0]?.url).toBe(`${ISSUER}/revoke`);
    expect(sent[0]?.form.get('token')).toBe('first-refresh-token');
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(auth.signOut()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('forgets also when nothing could be given back, and says so', async () => {
    const { auth } = setUp({ answer: () => Promise.reject(new TypeError('no')) });
    await auth.signIn();
    const result = await auth.signOut();
    expect(result).toMatchObject({ revoked: 'failed', error: { code: 'unavailable' } });
    expect(await auth.accounts()).toEqual([]);
    const { auth: other } = setUp({
      provider: microsoft({ clientId: 'me', scopes: ['read', 'write'] }),
    });
    await other.signIn();
    expect(await other.signOut()).toMatchObject({
      revoked: 'unsupported',
      consentUrl: expect.stringContaining('account.live.com'),
    });
  });

  test("gets a good token first for Dropbox's call", async () => {
    const { auth, clock, sent } = setUp({
      provider: dropbox({ appKey: 'k' }),
      answer: ({ url }, count) => (url.endsWith('revoke') ? new Response('') : tokens(count)),
    });
    await auth.signIn();
    clock.advance(HOUR);
    expect(await auth.signOut()).toMatchObject({ revoked: 'yes' });
    expect(sent[1]?.headers.get('authorization')).toBe('Bearer access-1');
  });
});

test('the clock of the system is good enough', async () => {
  const { flow } = setUp();
  const auth = createSignIn({ provider, flow });
  const before = Date.now();
  const { signedInAt } = await auth.signIn();
  expect(signedInAt.getTime()).toBeGreaterThanOrEqual(before);
});
