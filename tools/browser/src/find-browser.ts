import { existsSync } from 'node:fs';

/** The browsers that tests can drive. */
export type BrowserName = 'chromium' | 'firefox';

/** Where each browser is looked for: a variable first, then Debian's place, then others'. */
const PLACES: Readonly<Record<BrowserName, { variable: string; paths: readonly string[] }>> = {
  chromium: {
    variable: 'CHROMIUM_PATH',
    paths: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  },
  firefox: {
    variable: 'FIREFOX_PATH',
    paths: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
  },
};

/** Debian's package of a browser, or a like one. */
const PACKAGES: Readonly<Record<BrowserName, string>> = {
  chromium: 'chromium',
  firefox: 'firefox-esr',
};

/**
 * Returns the path of a browser on this machine, or undefined. `CHROMIUM_PATH` and `FIREFOX_PATH`
 * name another one than the system's.
 */
export function findBrowser(
  name: BrowserName,
  env: NodeJS.ProcessEnv = process.env,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  const { variable, paths } = PLACES[name];
  const named = env[variable];
  if (named !== undefined && named !== '') return exists(named) ? named : undefined;
  return paths.find((path) => exists(path));
}

/** Returns why there is no such browser and what to do, for an error or a skipped test. */
export function whyNoBrowser(name: BrowserName): string {
  return (
    `There is no ${name} on this machine. On Debian: apt-get install -y --no-install-recommends ` +
    `${PACKAGES[name]}; elsewhere name its program in ${PLACES[name].variable}.`
  );
}
