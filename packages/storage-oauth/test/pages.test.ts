import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OidcServer, PAGE, startOidcServer } from './oidc-server.ts';
import { type PageServer, startPageServer } from './page-server.ts';
import { answerPages, startChromium } from './person.ts';

let browser: Browser;
let pages: PageServer;
let server: OidcServer;
let context: BrowserContext;

beforeAll(async () => {
  [browser, pages] = await Promise.all([startChromium(), startPageServer()]);
  server = await startOidcServer([`${pages.origin}/app`, `${pages.origin}/back`]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), pages?.close(), server?.close()]);
});
beforeEach(async () => {
  context = await browser.newContext();
  server.grants.length = 0;
  server.refusals.length = 0;
});
afterEach(() => context.close());

async function openApp(flow: 'popup' | 'redirect'): Promise<Page> {
  const page = await context.newPage();
  const query = new URLSearchParams({ issuer: server.issuer, client: PAGE, flow });
  await page.goto(`${pages.origin}/app?${query}`);
  await isReady(page);
  return page;
}

async function isReady(page: Page): Promise<void> {
  await page.waitForFunction('document.title === "ready"');
}

const call = (page: Page, expression: string): Promise<unknown> =>
  page.evaluate(`app.${expression}`);

async function filled(page: Page, field: string): Promise<unknown> {
  await page.waitForFunction(`app.${field} !== undefined`);
  return call(page, field);
}

describe('a page with a window for signing in', () => {
  async function clickAndGet(page: Page): Promise<Page> {
    const [opened] = await Promise.all([page.waitForEvent('popup'), page.click('#sign-in')]);
    return opened;
  }

  test('stays, and is signed in when the window closes', async () => {
    const page = await openApp('popup');
    const opened = await clickAndGet(page);
    await answerPages(opened);
    expect(await filled(page, 'clicked')).toMatchObject({
      value: { id: 'ann', label: 'ann@example.com' },
    });
    await expect.poll(() => opened.isClosed()).toBe(true);
    expect(page.url()).not.toContain('code=');
    expect(await call(page, 'token()')).toMatchObject({ value: expect.stringMatching(/.+/) });
    expect(await call(page, 'signOut()')).toMatchObject({ value: { revoked: 'yes' } });
    expect(await call(page, 'accounts()')).toEqual({ value: [] });
  });

  test('notices that the person closed the window', async () => {
    const page = await openApp('popup');
    const opened = await clickAndGet(page);
    await opened.locator('#next').waitFor();
    // As long as a person needs to see the page.
    await opened.waitForTimeout(500);
    await opened.close();
    expect(await filled(page, 'clicked')).toMatchObject({ code: 'aborted' });
  });

  test('gets the answer of a provider that cuts the window off', async () => {
    server.isolatesWindows = true;
    try {
      const page = await openApp('popup');
      const opened = await clickAndGet(page);
      await opened.locator('#next').waitFor();
      // The window is open, and seems not to be.
      expect(await opened.evaluate('opener')).toBeNull();
      await answerPages(opened);
      expect(await filled(page, 'clicked')).toMatchObject({ value: { id: 'ann' } });
      await expect.poll(() => opened.isClosed()).toBe(true);
    } finally {
      server.isolatesWindows = false;
    }
  });

  test('hears that the person said no', async () => {
    const page = await openApp('popup');
    const opened = await clickAndGet(page);
    await answerPages(opened, { denies: true });
    expect(await filled(page, 'clicked')).toMatchObject({ code: 'permission-denied' });
  });

  test('says so when the browser does not open the window', async () => {
    const page = await openApp('popup');
    await page.evaluate('window.open = () => null');
    expect(await call(page, 'signIn()')).toMatchObject({
      code: 'permission-denied',
      message: expect.stringContaining('in a click'),
    });
  });
});

describe('a page that leaves for signing in', () => {
  test('comes back signed in, with a clean address', async () => {
    const page = await openApp('redirect');
    await page.click('#sign-in');
    await answerPages(page);
    await page.waitForURL(`${pages.origin}/app`);
    await isReady(page);
    expect(await filled(page, 'resumed')).toMatchObject({ value: { id: 'ann' } });
    expect(page.url()).toBe(`${pages.origin}/app`);
    // What was remembered for the way is gone.
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage })')).not.toContain('verifier');
    await page.reload();
    await isReady(page);
    expect(await filled(page, 'resumed')).toEqual({ value: null });
    expect(await call(page, 'token()')).toMatchObject({ value: expect.stringMatching(/.+/) });
  });

  test('does not take an answer that is to no sign-in of this tab', async () => {
    const page = await openApp('redirect');
    await page.goto(`${pages.origin}/app?code=stolen&state=granary-redirect.made-up`);
    await isReady(page);
    expect(await filled(page, 'resumed')).toMatchObject({ code: 'unauthenticated' });
    expect(page.url()).toBe(`${pages.origin}/app`);
    expect(server.grants).toEqual([]);
  });
});

describe('two tabs', () => {
  test('that need a new token at once refresh once, and share it', async () => {
    const page = await openApp('redirect');
    await page.click('#sign-in');
    await answerPages(page);
    await page.waitForURL(`${pages.origin}/app`);
    await filled(page, 'resumed');
    const tabs = [page, await openApp('redirect'), await openApp('redirect')];
    // Each has handed the first token out, and is told that it is refused.
    const firsts = await Promise.all(tabs.map((tab) => call(tab, 'token()')));
    const seconds = await Promise.all(tabs.map((tab) => call(tab, 'token(true)')));
    expect(seconds[0]).not.toEqual(firsts[0]);
    for (const second of seconds) expect(second).toEqual(seconds[0]);
    expect(server.grants).toEqual(['authorization_code', 'refresh_token']);
    expect(server.refusals).toEqual([]);
  });
});
