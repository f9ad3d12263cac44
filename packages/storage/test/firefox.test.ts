import { findBrowser, startBrowser, whyNoBrowser } from '@granary-tools/browser';
import { describe, expect, test } from 'vitest';

const entry = new URL('./pages/tab.ts', import.meta.url);
const hasFirefox = findBrowser('firefox') !== undefined;
if (!hasFirefox) console.log(whyNoBrowser('firefox'));

describe.skipIf(!hasFirefox)('createStorage() in Firefox', () => {
  test('takes IndexedDB and moves up what is in localStorage', { timeout: 120_000 }, async () => {
    await using browser = await startBrowser({ entry, name: 'firefox' });
    const tab = await browser.open();
    await tab.call('forbid', 'indexedDB');
    expect(await tab.call('open', {})).toMatchObject({ provider: 'localstorage' });
    await tab.call('save', 'a', { deep: ['ü', 1] }, { tags: ['old'] });

    const next = await browser.open();
    expect(await next.call('open', {})).toMatchObject({ provider: 'idb', durable: true });
    expect(await next.call('item', 'a')).toMatchObject({
      value: { deep: ['ü', 1] },
      tags: ['old'],
    });
    expect(await next.call('belowKeys')).toEqual([]);
    await next.call('saveBytes', 'big', 9 * 1024 * 1024);
    expect(await next.call('checkBytes', 'big')).toBe(9 * 1024 * 1024);
  });

  test('works in a private window', { timeout: 120_000 }, async () => {
    await using browser = await startBrowser({ entry, name: 'firefox', incognito: true });
    const tab = await browser.open();
    await tab.call('open', {});
    await tab.call('save', 'a', 1);
    await tab.call('saveBytes', 'big', 9 * 1024 * 1024);
    expect(await tab.call('load', 'a')).toBe(1);
    expect(await tab.call('checkBytes', 'big')).toBe(9 * 1024 * 1024);
  });
});
