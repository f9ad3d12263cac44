import { findBrowser, startBrowser, whyNoBrowser } from '@granary-tools/browser';
import { describe, expect, test } from 'vitest';

const entry = new URL('./pages/tab.ts', import.meta.url);
const hasFirefox = findBrowser('firefox') !== undefined;
if (!hasFirefox) console.log(whyNoBrowser('firefox'));

describe.skipIf(!hasFirefox)('in Firefox', () => {
  test('tabs lose no update and hear of each other', { timeout: 120_000 }, async () => {
    await using browser = await startBrowser({ entry, name: 'firefox' });
    const tabs = [await browser.open(), await browser.open()];
    const [one, two] = tabs;
    await one?.call('watch');
    await Promise.all(tabs.map((tab) => tab.call('count', 50)));
    for (const tab of tabs) {
      await expect.poll(() => tab.call('load', 'counter'), { timeout: 15_000 }).toBe(100);
    }
    await two?.call('save', 'theirs', { text: 'ü\u0000🌾' });
    const events = (await one?.call('seen', 101)) as unknown[];
    expect(events.at(-1)).toMatchObject({ key: 'theirs', isOwn: false });
    await expect.poll(() => one?.call('load', 'theirs')).toEqual({ text: 'ü\u0000🌾' });

    await one?.call('fillOrigin');
    await expect(one?.call('save', 'more', 'y'.repeat(1000))).rejects.toMatchObject({
      code: 'quota-exceeded',
    });
    expect(await one?.call('load', 'counter')).toBe(100);
  });

  test('every byte is there after a restart', { timeout: 120_000 }, async () => {
    await using browser = await startBrowser({ entry, name: 'firefox' });
    const tab = await browser.open();
    await tab.call('saveBytes', 'all', 65_536);
    await browser.restart();
    const again = await browser.open();
    expect(await again.call('checkBytes', 'all')).toBe(65_536);
  });
});
