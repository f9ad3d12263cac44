import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChromium } from './chromium.ts';
import { cannot, type EngineOptions, type EnginePage, type RunningBrowser } from './engine.ts';
import { openEntryServer } from './entry-server.ts';
import { type BrowserName, findBrowser, whyNoBrowser } from './find-browser.ts';
import { startFirefox } from './firefox.ts';
import { openKeeper } from './kept-programs.ts';
import type { Place } from './place.ts';
import { openTab, type Tab } from './tab.ts';

/** How a browser is started. */
export interface BrowserOptions {
  /** The module whose exports tabs call, a TypeScript or JavaScript file. It is bundled as it is now. */
  readonly entry: URL;
  /** Default: chromium. */
  readonly name?: BrowserName;
  /** What the origin may store in each profile. Chromium only. Default: what the browser allows. Units: bytes. */
  readonly quotaBytes?: number;
  /** Serves pages at `http://granary.test`, which is no secure context. Default: false, at 127.0.0.1, which is one. */
  readonly insecure?: boolean;
  /** Keeps nothing on disk, as private windows do. Default: false. */
  readonly incognito?: boolean;
}

/** How a tab is opened. */
export interface TabOptions {
  /** Tabs of one profile share what they store; other profiles see nothing of it. Default: 'default'. */
  readonly profile?: string;
  /** Where the module runs; calls reach it there. Default: the page. */
  readonly in?: Place;
  /** Another module than the browser's, at the same origin. Default: the browser's. */
  readonly entry?: URL;
}

/** One origin of a browser, with what it stores. */
export interface Origin {
  /** Where the pages are served, as `http://127.0.0.1:1234`. */
  readonly origin: string;
  /** Opens a tab and waits until its module has run. Starts the browser of a profile on its first use. */
  open(options?: TabOptions): Promise<Tab>;
  /**
   * Limits what the origin may store from now on, in all profiles; undefined ends that. Counts for
   * IndexedDB, OPFS and caches, not for localStorage, and `estimate()` tells of it. It counts for what is
   * written after a page of the origin was opened; for IndexedDB give `quotaBytes` at the start, which
   * holds from the first write on. Chromium only. Units: bytes.
   */
  setQuota(bytes: number | undefined): Promise<void>;
  /** Deletes what the origin has stored, in all profiles, under the feet of open tabs. Chromium only. */
  clearStorage(): Promise<void>;
}

/** A further origin of a browser. Disposing of it closes its tabs. */
export interface Site extends Origin {
  [Symbol.asyncDispose](): Promise<void>;
}

/** A real browser without a window, for one test or for the tests of one file. */
export interface Browser extends Origin {
  readonly name: BrowserName;
  /**
   * Returns an origin for which nothing is stored yet, with a limit where one is given: as good as
   * another browser for most tests, and there at once. In a secure context. Units: bytes.
   */
  newSite(quotaBytes?: number): Promise<Site>;
  /** Ends every process of the browser by SIGKILL. Its profiles stay on disk. */
  kill(): Promise<void>;
  /** Starts the browser again with the same profiles; one that still runs is ended in order first. Tabs are opened anew. */
  restart(): Promise<void>;
  /** Ends the browser and removes its profiles. May be called again. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const INSECURE_HOST = 'granary.test';
const ENGINES: Readonly<Record<BrowserName, (options: EngineOptions) => Promise<RunningBrowser>>> =
  {
    chromium: startChromium,
    firefox: startFirefox,
  };

/**
 * Starts a server for the entry and gets ready to run a browser, which ends with this process however
 * that ends. Rejects when there is no such browser on this machine; {@link findBrowser} tells before.
 */
export async function startBrowser(options: BrowserOptions): Promise<Browser> {
  const { name = 'chromium', insecure = false, incognito = false } = options;
  const executablePath = findBrowser(name);
  if (executablePath === undefined) throw new Error(whyNoBrowser(name));
  if (name === 'firefox' && options.quotaBytes !== undefined) {
    throw cannot('Firefox', 'limit what a page may store', 'test that in Chromium.');
  }
  const programs = await openKeeper();
  const server = await openEntryServer();
  /** Profiles that were in use, with their browser while it runs. */
  const profiles = new Map<string, Promise<RunningBrowser> | undefined>();
  /** Limits by origin. */
  const quotas = new Map<string, number>();
  let sites = 0;
  let stopped: Promise<void> | undefined;
  let isKilled = false;

  async function start(profile: string): Promise<RunningBrowser> {
    const folder = join(programs.folder, encodeURIComponent(profile));
    const running = await ENGINES[name]({
      executablePath: String(executablePath),
      programs,
      folder,
      insecureHost: INSECURE_HOST,
      incognito,
    });
    for (const [origin, bytes] of quotas) await running.setQuota(origin, bytes);
    return running;
  }

  function run(profile: string): Promise<RunningBrowser> {
    const running = profiles.get(profile) ?? start(profile);
    profiles.set(profile, running);
    return running;
  }

  const running = async () =>
    (await Promise.all(profiles.values())).filter((one) => one !== undefined);
  const forget = () => {
    for (const profile of profiles.keys()) profiles.set(profile, undefined);
  };

  async function kill(): Promise<void> {
    isKilled = true;
    const all = await running();
    forget();
    await Promise.all(all.map((one) => one.kill()));
  }

  function stop(): Promise<void> {
    stopped ??= Promise.all([programs.stop(), server.close()]).then(() => undefined);
    return stopped;
  }

  async function setQuota(origin: string, bytes: number | undefined): Promise<void> {
    if (bytes === undefined) quotas.delete(origin);
    else quotas.set(origin, bytes);
    await Promise.all((await running()).map((one) => one.setQuota(origin, bytes)));
  }

  async function open(origin: string, tab: TabOptions): Promise<Tab> {
    const { profile = 'default', in: place = 'page', entry = options.entry } = tab;
    if (stopped !== undefined) throw new Error('The browser was stopped.');
    if (isKilled) throw new Error('The browser was killed; `restart()` starts it again.');
    const path = await server.pathOf(fileURLToPath(entry), place);
    const browser = await run(profile);
    const page = await browser.newPage();
    await loadEntry(page, `${origin}${path}`);
    return openTab(page, browser.gone);
  }

  function originAt(host: string): Origin {
    const origin = `http://${host}:${server.port}`;
    return {
      origin,
      open: (options = {}) => open(origin, options),
      setQuota: (bytes) => setQuota(origin, bytes),

      async clearStorage() {
        await Promise.all((await running()).map((one) => one.clearStorage(origin)));
      },
    };
  }

  const first = originAt(insecure ? INSECURE_HOST : '127.0.0.1');
  if (options.quotaBytes !== undefined) quotas.set(first.origin, options.quotaBytes);

  return {
    ...first,
    name,

    async newSite(quotaBytes) {
      sites += 1;
      // https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy, read 2026-11-22
      const site = originAt(`site-${sites}.localhost`);
      if (quotaBytes !== undefined) await site.setQuota(quotaBytes);
      const tabs: Tab[] = [];
      return {
        ...site,

        async open(options) {
          const tab = await site.open(options);
          tabs.push(tab);
          return tab;
        },

        async [Symbol.asyncDispose]() {
          await Promise.all(tabs.map((tab) => tab.close()));
        },
      };
    },

    kill,

    async restart() {
      const all = await running();
      forget();
      await Promise.all(all.map((one) => one.close()));
      isKilled = false;
      await Promise.all([...profiles.keys()].map(run));
    },

    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function loadEntry(page: EnginePage, url: string): Promise<void> {
  await page.load(url);
  try {
    await page.evaluate('granaryLoaded()');
  } catch (cause) {
    const lines = [(cause as Error).message, ...page.console];
    await page.close();
    throw new Error(`The module of the tab did not load. ${lines.join('\n')}`, { cause });
  }
}
