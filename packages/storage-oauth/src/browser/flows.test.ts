import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { fakeNetwork, tokens } from '../../test/fake-fetch.ts';
import { type FakePage, fakePage } from '../../test/fake-page.ts';
import { createSignIn as createSignInOver } from '../create-sign-in.ts';
import { google } from '../providers/google.ts';
import { openId } from '../providers/open-id.ts';
import type { CommonSignInOptions, SignInFlow } from '../sign-in.ts';
import { createSignIn } from './create-browser-sign-in.ts';
import { finishPopup } from './finish-popup.ts';
import { type PopupOptions, popup } from './popup.ts';
import { redirect } from './redirect.ts';

const ISSUER = 'https://id.example';
const provider = openId({
  issuer: ISSUER,
  clientId: 'me',
  scopes: ['files'],
  endpoints: { authorization: `${ISSUER}/authorize`, token: `${ISSUER}/token` },
});

function setUp(flow: SignInFlow, more: Partial<CommonSignInOptions> = {}) {
  const clock = fakeClock();
  const { fetch, sent } = fakeNetwork((_request, count) => tokens(count));
  return { auth: createSignInOver({ provider, flow, clock, fetch, ...more }), clock, sent };
}

async function until(isSo: () => unknown): Promise<void> {
  await vi.waitFor(() => expect(isSo()).toBeTruthy());
}

describe('leaving the page', () => {
  async function leave(page: FakePage, more: Partial<CommonSignInOptions> = {}) {
    const all = setUp(redirect({}, page), more);
    void all.auth.signIn({ account: 'ann' }).catch(() => undefined);
    await until(() => page.left.length > 0);
    const url = new URL(page.left[0] ?? '');
    return { ...all, state: url.searchParams.get('state') ?? '', url };
  }

  test('remembers what it needs in this tab, and goes on when it is back', async () => {
    const page = fakePage();
    const { auth, sent, state, url } = await leave(page);
    expect(url.searchParams.get('redirect_uri')).toBe('https://app.example/notes');
    expect(page.kept.size).toBe(1);
    page.address = `https://app.example/notes?x=1&code=c&state=${state}&iss=${ISSUER}&session_state=s#top`;
    expect(await auth.resume()).toMatchObject({ id: 'ann' });
    expect(page.address).toBe('https://app.example/notes?x=1#top');
    expect(page.kept.size).toBe(0);
    expect(sent[0]?.form.get('code')).toBe('c');
    expect(await auth.resume()).toBeUndefined();
  });

  test('leaves answers to others alone', async () => {
    const page = fakePage();
    const { state } = await leave(page);
    const own = { ...provider, clientId: 'another client' };
    const { auth } = setUp(redirect({}, page), { provider: own });
    page.address = `https://app.example/?code=c&state=${state}`;
    expect(await auth.resume()).toBeUndefined();
    page.address = 'https://app.example/?code=c&state=of-another-library';
    expect(await auth.resume()).toBeUndefined();
    expect(page.address).toContain('code=c');
    expect(page.kept.size).toBe(1);
  });

  test('takes no answer twice, late, or of a sign-in that this tab did not begin', async () => {
    const page = fakePage();
    const { auth, state, clock, sent } = await leave(page);
    const address = `https://app.example/?code=c&state=${state}`;
    clock.advance(3_600_001);
    page.address = address;
    await expect(auth.resume()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(page.address).toBe('https://app.example/');
    page.address = address;
    await expect(auth.resume()).rejects.toMatchObject({ code: 'unauthenticated' });
    page.kept.set(`granary-sign-in:${state}`, '{');
    page.address = address;
    await expect(auth.resume()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(sent).toEqual([]);
  });

  test('is told the no of the person', async () => {
    const page = fakePage();
    const { auth, state } = await leave(page);
    page.address = `https://app.example/?error=access_denied&state=${state}`;
    await expect(auth.resume()).rejects.toMatchObject({ code: 'permission-denied' });
    expect(page.kept.size).toBe(0);
  });

  test('can be given up by a page that stays', async () => {
    const page = fakePage();
    const { auth } = setUp(redirect({ redirectUri: 'https://app.example/back' }, page));
    const controller = new AbortController();
    const waiting = auth.signIn({ signal: controller.signal });
    await until(() => page.left.length > 0);
    controller.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('a window', () => {
  beforeEach(
    () =>
      void vi.useFakeTimers({
        toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'],
      }),
  );
  afterEach(() => void vi.useRealTimers());

  async function open(page: FakePage, options: PopupOptions = {}, signal?: AbortSignal) {
    const all = setUp(popup(options, page));
    const work = all.auth.signIn(signal ? { signal } : {});
    work.catch(() => undefined);
    // Opened before anything was waited for.
    const [opened] = page.opened;
    expect(opened?.location.href).toBe('about:blank');
    await until(() => opened?.location.href !== 'about:blank');
    const url = new URL(opened?.location.href ?? '');
    return { ...all, work, opened, url, state: url.searchParams.get('state') ?? '' };
  }

  const post = (page: FakePage, data: unknown, origin = 'https://app.example') => {
    for (const listener of page.listeners) listener({ data, origin } as MessageEvent);
  };

  test('stands in the middle, and answers over the channel of its origin', async () => {
    const page = fakePage();
    const { work, opened, state, url } = await open(page);
    expect(opened?.features).toBe('popup,width=500,height=650,left=250,top=75');
    expect(url.searchParams.get('redirect_uri')).toBe('https://app.example/notes');
    const inside = fakePage(`https://app.example/notes?code=c&state=${state}`);
    expect(finishPopup(inside)).toBe(true);
    expect(inside.address).toBe('https://app.example/notes');
    expect(inside.closes).toHaveLength(1);
    expect(inside.posted).toEqual([
      {
        message: { granary: 'sign-in', query: `code=c&state=${state}` },
        origin: 'https://app.example',
      },
    ]);
    expect(await work).toMatchObject({ id: 'default' });
    expect(opened?.closed).toBe(true);
    expect(page.listeners.size).toBe(0);
  });

  test('answers by a message too, which must be of this origin and to this sign-in', async () => {
    const page = fakePage();
    const { work, state, sent } = await open(page, { redirectUri: 'https://app.example/back' });
    const query = `code=c&state=${state}`;
    post(page, { granary: 'sign-in', query: query.replace('=c', '=evil') }, 'https://evil.example');
    post(page, { granary: 'sign-in', query: 'code=c&state=other' });
    post(page, { granary: 'sign-in', query: 7 });
    post(page, undefined);
    post(page, { granary: 'sign-in', query });
    await work;
    expect(sent.map(({ form }) => form.get('code'))).toEqual(['c']);
  });

  test('that the person closed ends the sign-in, when no answer comes any more', async () => {
    const page = fakePage();
    const { work, opened } = await open(page);
    await vi.advanceTimersByTimeAsync(250);
    Object.assign(opened ?? {}, { isAway: true });
    await vi.advanceTimersByTimeAsync(250);
    opened?.close();
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(work).rejects.toMatchObject({ code: 'aborted', retryable: false });
  });

  test.each([
    [true, false],
    [false, true],
  ])(
    'that seems to be closed is waited for where that says nothing',
    async (noticesClosing, isAway) => {
      const page = fakePage();
      const { work, opened } = await open(page, { noticesClosing, timeoutMs: 10_000 });
      Object.assign(opened ?? {}, { isAway });
      await vi.advanceTimersByTimeAsync(250);
      opened?.close();
      await vi.advanceTimersByTimeAsync(9_750);
      await expect(work).rejects.toMatchObject({ code: 'timeout', retryable: false });
    },
  );

  test('closes when the caller gives up', async () => {
    const page = fakePage();
    const controller = new AbortController();
    const { work, opened } = await open(page, {}, controller.signal);
    controller.abort('enough');
    await expect(work).rejects.toMatchObject({ code: 'aborted' });
    expect(opened?.closed).toBe(true);
  });

  test('that the browser does not open is told', async () => {
    const { auth } = setUp(popup({}, fakePage(undefined, true)));
    await expect(auth.signIn()).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('click'),
    });
  });

  test('is closed when there is nowhere to go', async () => {
    const page: FakePage = { ...fakePage(), screen: undefined } as never;
    const bad = openId({ issuer: 'http://id.example', clientId: 'me' });
    const { auth } = setUp(popup({}, page), { provider: bad });
    await expect(auth.signIn()).rejects.toMatchObject({ code: 'invalid-config' });
    expect(page.opened[0]?.closed).toBe(true);
    expect(page.opened[0]?.features).toContain('left=0,top=0');
  });

  test('does nothing where there is no answer', async () => {
    const page = fakePage('https://app.example/?state=granary-popup.x');
    expect(finishPopup(page)).toBe(false);
    const { auth } = setUp(popup({}, page));
    expect(await auth.resume()).toBeUndefined();
    expect(page.closes).toEqual([]);
  });
});

describe('a page', () => {
  test('does not hold a secret, and exchanges no codes of Google', async () => {
    for (const wrong of [
      google({ clientId: 'me' }),
      openId({ issuer: ISSUER, clientId: 'me', clientSecret: 's' }),
    ]) {
      for (const flow of [popup({}, fakePage()), redirect({}, fakePage())]) {
        const { auth } = setUp(flow, { provider: wrong });
        await expect(auth.signIn()).rejects.toMatchObject({
          code: 'invalid-config',
          hint: expect.stringContaining('exchange'),
        });
      }
    }
    const page = fakePage();
    const exchange = async () => tokens(1);
    const { auth } = setUp(redirect({}, page), { provider: google({ clientId: 'me' }), exchange });
    void auth.signIn();
    await until(() => page.left.length > 0);
    expect(page.left[0]).toContain('accounts.google.com');
  });

  test('signs in in a window, unless it is told otherwise', async () => {
    const page = fakePage();
    expect(createSignIn({ provider }).provider).toBe(provider);
    const auth = createSignIn({ provider, flow: redirect({}, page) });
    expect(await auth.resume()).toBeUndefined();
  });
});
