import { type CDPSession, chromium, type Page } from 'playwright-core';
import {
  cannot,
  type EngineOptions,
  type EnginePage,
  type RunningBrowser,
  START_TIMEOUT_MS,
} from './engine.ts';

/** What Chromium is started with, besides what is given for one profile. */
const ARGUMENTS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-component-update',
  '--disable-sync',
  '--password-store=basic',
  '--use-mock-keychain',
  // Each tab its own process, so that one can crash alone; and `estimate()` says the real quota instead
  // of 10 GiB: https://chromestatuslite.com/feature/4977371751645184, read 2026-11-21.
  '--disable-features=ProcessPerSiteUpToMainFrameThreshold,StaticStorageQuota',
  '--remote-debugging-port=0',
];

/** Starts Chromium with one profile and attaches to it through its debugging port. */
export async function startChromium(options: EngineOptions): Promise<RunningBrowser> {
  const { executablePath, programs, folder, insecureHost, incognito } = options;
  const program = await programs.start({
    command: executablePath,
    args: [
      ...ARGUMENTS,
      `--user-data-dir=${folder}`,
      `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`,
      'about:blank',
    ],
    env: { HOME: folder },
    ready: /DevTools listening on (ws:\S+)/,
    timeoutMs: START_TIMEOUT_MS,
  });
  // Without Playwright's defaults: they make every page visible, and a visible page does not freeze.
  const browser = await chromium.connectOverCDP(program.said, { noDefaults: true });
  // A context of its own is a private window: https://chromedevtools.github.io/devtools-protocol/tot/Target/.
  const [onDisk] = browser.contexts();
  const context = incognito || !onDisk ? await browser.newContext() : onDisk;
  // Stays in front, where no other page is looked at, and holds the limit of the quota.
  const desk = context.pages()[0] ?? (await context.newPage());
  const deskSession = await context.newCDPSession(desk);

  return {
    gone: program.gone,

    async newPage() {
      const page = await context.newPage();
      return chromiumPage(page, await context.newCDPSession(page), async () => {
        // Playwright keeps these visible.
        if (incognito) throw cannot('Chromium', 'freeze a private tab', 'leave `incognito` out.');
        await desk.bringToFront();
      });
    },

    async setQuota(origin, bytes) {
      const quotaSize = bytes === undefined ? {} : { quotaSize: bytes };
      await deskSession.send('Storage.overrideQuotaForOrigin', { origin, ...quotaSize });
    },

    async clearStorage(origin) {
      await deskSession.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
    },

    async close() {
      const session = await browser.newBrowserCDPSession();
      await session.send('Browser.close');
      await program.gone;
    },

    kill: () => program.kill(),
  };
}

async function chromiumPage(
  page: Page,
  session: CDPSession,
  hide: () => Promise<void>,
): Promise<EnginePage> {
  const lines: string[] = [];
  const { promise: gone, resolve: end } = Promise.withResolvers<void>();
  page.on('console', (message) => lines.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => lines.push(`error: ${error.message}`));
  page.on('crash', () => end());
  page.on('close', () => end());
  // As if every tab were the one that is looked at: hidden ones have slow timers.
  const focus = (enabled: boolean) =>
    session.send('Emulation.setFocusEmulationEnabled', { enabled });
  await focus(true);

  return {
    gone,
    console: lines,

    async load(url) {
      await page.goto(url);
    },

    evaluate: (expression) => page.evaluate(expression),

    async freeze() {
      await hide();
      await focus(false);
      await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    },

    async thaw() {
      await session.send('Page.setWebLifecycleState', { state: 'active' });
      await focus(true);
    },

    async crash() {
      // Answered by nobody: the process that would is the one that ends.
      session.send('Page.crash').catch(() => undefined);
      await gone;
    },

    close: () => page.close(),
  };
}
