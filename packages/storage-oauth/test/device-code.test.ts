import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, BrowserContext } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSignIn, type DevicePrompt, deviceCode, openId } from '../src/node.ts';
import { DESKTOP, type OidcServer, startOidcServer } from './oidc-server.ts';
import { answerPages, type Choice, startChromium } from './person.ts';

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
});
afterEach(() => context.close());

async function enter({ verificationUri, userCode }: DevicePrompt, choice: Choice): Promise<void> {
  const page = await context.newPage();
  await page.goto(verificationUri);
  await page.fill('input[name=user_code]', userCode);
  await page.click('[type=submit]');
  await page.getByText(userCode).waitFor();
  await page.locator('button[type=submit][autofocus], [type=submit]').first().click();
  await answerPages(page, choice);
}

function terminal(choice: Choice) {
  const prompts: DevicePrompt[] = [];
  const provider = openId({
    issuer: server.issuer,
    clientId: DESKTOP,
    scopes: ['openid', 'offline_access', 'files.read', 'files.write'],
  });
  const flow = deviceCode({
    onPrompt(prompt) {
      prompts.push(prompt);
      void enter(prompt, choice);
    },
    sleep: () => delay(100),
  });
  return { auth: createSignIn({ provider, flow }), prompts };
}

test('a terminal shows a code, and is signed in when it was entered elsewhere', async () => {
  const { auth, prompts } = terminal({});
  expect(await auth.signIn()).toMatchObject({ id: 'ann' });
  const [prompt] = prompts;
  expect(prompt).toMatchObject({
    verificationUri: `${server.issuer}/device`,
    userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
    verificationUriComplete: expect.stringContaining('user_code='),
  });
  const { token } = await auth.getToken();
  expect((await auth.getToken({ refresh: true })).token).not.toBe(token);
  expect(await auth.signOut()).toMatchObject({ revoked: 'yes' });
});

test('a terminal hears that the person said no', async () => {
  const { auth } = terminal({ denies: true });
  await expect(auth.signIn()).rejects.toMatchObject({ code: 'permission-denied' });
});

test('a terminal hears which scope was not granted', async () => {
  const { auth } = terminal({ without: ['files.read'] });
  await expect(auth.signIn()).rejects.toMatchObject({
    code: 'permission-denied',
    message: expect.stringContaining('files.read is missing'),
  });
});
