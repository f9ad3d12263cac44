import { findBrowser, whyNoBrowser } from '@granary-tools/browser';
import { startFakeDropbox } from '@granary-tools/fake-dropbox';
import { startFakeOneDrive } from '@granary-tools/fake-onedrive';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DrivePageServer, startDrivePages } from './drive-page-server.ts';
import { type OAuthServer, startOAuthServer } from './oauth-server.ts';

const CLIENT = { clientId: 'a-page', clientSecret: 'of the test server' };

let browser: Browser;
let context: BrowserContext;
let signIn: OAuthServer;
let pages: DrivePageServer;
const ending: (() => PromiseLike<unknown>)[] = [];

beforeAll(async () => {
  const executablePath = findBrowser('chromium');
  if (executablePath === undefined) throw new Error(whyNoBrowser('chromium'));
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'],
  });
  ending.push(() => browser.close());
  const onedrive = await startFakeOneDrive();
  const dropbox = await startFakeDropbox();
  signIn = await startOAuthServer({
    ...CLIENT,
    // Microsoft is always asked for scopes, and Dropbox gives what the app is registered with.
    issue: (scope) =>
      scope.includes('Files.')
        ? onedrive.token(scope.split(' ').filter((name) => name.startsWith('Files.')))
        : dropbox.accessToken,
  });
  pages = await startDrivePages({
    signIn,
    client: CLIENT,
    services: {
      ...{ 'v1.0': onedrive.url, dl: onedrive.url, up: onedrive.url },
      2: dropbox.url,
    },
  });
  ending.push(
    () => onedrive.stop(),
    () => dropbox.stop(),
    () => signIn[Symbol.asyncDispose](),
    () => pages[Symbol.asyncDispose](),
  );
});
afterAll(async () => {
  for (const end of ending.toReversed()) await end();
});
beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(() => context.close());

const call = (page: Page, name: string): Promise<unknown> => page.evaluate(`app.${name}()`);

async function filled(page: Page, field: string): Promise<unknown> {
  await page.waitForFunction(`globalThis.app?.${field} !== undefined`);
  return page.evaluate(`app.${field}`);
}

async function openApp(path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(pages.origin + path);
  await page.waitForFunction('document.title === "ready"');
  return page;
}

/** Reads and writes with what was signed in, and gives it back. */
async function usesDrive(page: Page, path: string): Promise<void> {
  const value = { text: 'Buy bread.' };
  expect(await call(page, 'roundTrip')).toEqual({ value: { value, tags: ['todo'] } });
  expect(page.url()).toBe(pages.origin + path);
  const form = pages.tokenRequests.at(-1);
  expect([form?.get('grant_type'), form?.get('client_id')]).toEqual([
    'authorization_code',
    CLIENT.clientId,
  ]);
  expect(form?.get('code_verifier')).toMatch(/^[\w-]{43,}$/);
  expect(form?.has('client_secret')).toBe(false);
  // Another page of the origin has the same sign-in.
  const other = await openApp(path);
  expect(await call(other, 'load')).toEqual({ value });
  expect(await call(other, 'accounts')).toMatchObject({ value: [{ isDefault: true }] });
  expect(await call(other, 'signOut')).toMatchObject({ value: { account: expect.any(String) } });
  expect(await call(page, 'accounts')).toEqual({ value: [] });
  expect(await call(other, 'load')).toMatchObject({ code: 'unauthenticated' });
}

// Google exchanges no codes with pages: its token model is tested in storage-oauth, its server there too.
describe.each(['onedrive', 'dropbox'])('a page over %s', (drive) => {
  test('signs in in a window, and stays', async () => {
    const path = `/${drive}/popup`;
    const page = await openApp(path);
    expect(await call(page, 'load')).toMatchObject({ code: 'unauthenticated' });
    const [opened] = await Promise.all([page.waitForEvent('popup'), page.click('#sign-in')]);
    expect(await filled(page, 'clicked')).toMatchObject({ value: { needsSignIn: false } });
    await expect.poll(() => opened.isClosed()).toBe(true);
    await usesDrive(page, path);
  });

  test('leaves to sign in, and is signed in when it is back', async () => {
    const path = `/${drive}/redirect`;
    const page = await openApp(path);
    expect(await filled(page, 'resumed')).toEqual({ value: null });
    await Promise.all([page.waitForEvent('framenavigated'), page.click('#sign-in')]);
    await page.waitForURL(pages.origin + path);
    expect(await filled(page, 'resumed')).toMatchObject({ value: { needsSignIn: false } });
    await usesDrive(page, path);
  });
});
