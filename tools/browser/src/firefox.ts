import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Page } from 'puppeteer-core';
import {
  cannot,
  type EngineOptions,
  type EnginePage,
  type RunningBrowser,
  START_TIMEOUT_MS,
} from './engine.ts';

/** Keeps Firefox from asking, from calling home, and from a safe mode after it was killed. */
const PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'browser.tabs.unloadOnLowMemory': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.ipc.reportProcessHangs': false,
  'dom.max_script_run_time': 0,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.http.speculative-parallel-limit': 0,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.startup.max_resumed_crashes': -1,
};
const BACKGROUND_PREFERENCES: Readonly<Record<string, number>> = {
  // Tabs that are not in front run as fast as the one that is.
  'dom.min_background_timeout_value': 4,
  'dom.timeout.background_throttling_max_budget': -1,
};

/** Starts Firefox with one profile and attaches to it by WebDriver BiDi. */
export async function startFirefox(options: EngineOptions): Promise<RunningBrowser> {
  const { executablePath, programs, folder, insecureHost, incognito } = options;
  await mkdir(folder, { recursive: true });
  const preferences = {
    ...PREFERENCES,
    ...BACKGROUND_PREFERENCES,
    'network.dns.localDomains': insecureHost,
    'browser.privatebrowsing.autostart': incognito,
  };
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  await writeFile(join(folder, 'user.js'), lines.join('\n'));
  const program = await programs.start({
    command: executablePath,
    args: ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', folder],
    env: { HOME: folder, MOZ_CRASHREPORTER_DISABLE: '1' },
    ready: /WebDriver BiDi listening on (ws:\S+)/,
    timeoutMs: START_TIMEOUT_MS,
  });
  const browser = await connect({
    browserWSEndpoint: `${program.said}/session`,
    protocol: 'webDriverBiDi',
    defaultViewport: null,
    // What waits for longer is stopped by the test that waits.
    protocolTimeout: 0,
  });

  return {
    gone: program.gone,

    newPage: async () => firefoxPage(await browser.newPage()),

    async setQuota(_origin, bytes) {
      if (bytes === undefined) return;
      throw cannot('Firefox', 'limit what a page may store', 'test that in Chromium.');
    },

    async clearStorage() {
      throw cannot('Firefox', 'clear the storage of an origin', 'delete it inside the page.');
    },

    async close() {
      await browser.close();
      await program.gone;
    },

    kill: () => program.kill(),
  };
}

function firefoxPage(page: Page): EnginePage {
  const lines: string[] = [];
  const { promise: gone, resolve: end } = Promise.withResolvers<void>();
  page.on('console', (message) => lines.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => lines.push(`error: ${(error as Error).message}`));
  page.on('close', () => end());
  return {
    gone,
    console: lines,

    async load(url) {
      await page.goto(url);
    },

    evaluate: (expression) => page.evaluate(expression),

    async freeze() {
      throw cannot('Firefox', 'freeze a tab', 'test that in Chromium.');
    },

    async thaw() {
      throw cannot('Firefox', 'thaw a tab', 'it never freezes one.');
    },

    async crash() {
      throw cannot('Firefox', 'crash one tab', 'kill the whole browser instead.');
    },

    close: () => page.close(),
  };
}
