import { findBrowser, startBrowser, whyNoBrowser } from '@granary-tools/browser';
import { describe, expect, test } from 'vitest';

const ENTRY = new URL('./pages/tab.ts', import.meta.url);
const isMissing = findBrowser('chromium') === undefined;

if (isMissing) test('there is no Chromium', ({ skip }) => skip(whyNoBrowser('chromium')));

describe.skipIf(isMissing)('two tabs', { timeout: 60_000 }, () => {
  test.each([undefined, 'a passphrase'])(
    'make one key and lose nothing, passphrase %s',
    async (passphrase) => {
      await using browser = await startBrowser({ entry: ENTRY });
      const tabs = await Promise.all([
        browser.open(),
        browser.open(),
        browser.open({ in: 'worker' }),
      ]);
      await Promise.all(tabs.map((tab) => tab.call('start', ...(passphrase ? [passphrase] : []))));
      const keys = await Promise.all(tabs.map((tab) => tab.call('key', 'data')));
      expect(keys[1]).toEqual(keys[0]);
      expect(keys[2]).toEqual(keys[0]);
      await Promise.all(tabs.map((tab, number) => tab.call('setMany', `${number}/`, 20)));
      for (const tab of tabs) expect(await tab.call('names')).toBe(60);
      expect(await tabs[0]?.call('get', '2/19')).toBe('2/');
      await tabs[0]?.call('set', 'db', 'x');
      const rotations = await Promise.all(tabs.map((tab) => tab.call('rotate', 'db')));
      const won = rotations.filter((result) => result !== 'conflict').toSorted();
      expect(await tabs[1]?.call('get', 'db')).toBe(won.at(-1));
      expect(won.length).toBeGreaterThan(0);
    },
  );

  test('a tab that is killed while it writes leaves old or new, and no lock', async () => {
    await using browser = await startBrowser({ entry: ENTRY });
    const [survivor, victim] = [await browser.open(), await browser.open()];
    for (const tab of [survivor, victim]) await tab.call('start');
    const writing = victim.call('setMany', 'v/', 100_000).catch(() => {});
    await expect.poll(() => survivor.call('names'), { timeout: 10_000 }).toBeGreaterThan(10);
    await victim.crash();
    await writing;
    expect(await survivor.call('get', 'v/9')).toBe('v/');
    await survivor.call('set', 'later', 'y');
    expect(await survivor.call('get', 'later')).toBe('y');
  });
});
