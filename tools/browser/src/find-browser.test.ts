import { describe, expect, test } from 'vitest';
import { startBrowser } from './browser.ts';
import { findBrowser, whyNoBrowser } from './find-browser.ts';

describe('findBrowser', () => {
  test('finds what the variable names, and nothing else then', () => {
    const env = { CHROMIUM_PATH: '/opt/chromium' };
    expect(findBrowser('chromium', env, () => true)).toBe('/opt/chromium');
    expect(findBrowser('chromium', env, (path) => path !== '/opt/chromium')).toBeUndefined();
  });

  test('looks in the usual places', () => {
    expect(findBrowser('firefox', {}, (path) => path === '/usr/bin/firefox')).toBe(
      '/usr/bin/firefox',
    );
    expect(findBrowser('firefox', { FIREFOX_PATH: '' }, () => false)).toBeUndefined();
  });

  test('a browser that is missing is told of, with what to do', async () => {
    expect(whyNoBrowser('firefox')).toMatch(/apt-get install .* firefox-esr; .* FIREFOX_PATH\./);
    const before = process.env['CHROMIUM_PATH'];
    process.env['CHROMIUM_PATH'] = '/no/such/chromium';
    try {
      await expect(startBrowser({ entry: new URL(import.meta.url) })).rejects.toThrow(
        'There is no chromium on this machine.',
      );
    } finally {
      if (before === undefined) delete process.env['CHROMIUM_PATH'];
      else process.env['CHROMIUM_PATH'] = before;
    }
  });
});
