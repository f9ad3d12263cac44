import {
  type Browser,
  findBrowser,
  startBrowser,
  type Tab,
  whyNoBrowser,
} from '@granary-tools/browser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EvictedEvent } from '../src/index.ts';

const ENTRY = new URL('./pages/tab.ts', import.meta.url);
const WITHIN = { timeout: 10_000, interval: 20 };
const isMissing = findBrowser('chromium') === undefined;

async function evictionsOf(tab: Tab): Promise<readonly EvictedEvent[]> {
  const told = (await tab.call('told')) as { readonly evictions: readonly EvictedEvent[] };
  return told.evictions;
}

if (isMissing) test('there is no Chromium', ({ skip }) => skip(whyNoBrowser('chromium')));

describe.skipIf(isMissing)('a store that is cleared', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser({ entry: ENTRY });
  }, 60_000);
  afterAll(() => browser?.stop());

  test('by the browser under open tabs is a new one for them, and they say so', async () => {
    await using site = await browser.newSite();
    const tabs = [await site.open(), await site.open({ in: 'worker' })];
    const [first] = tabs;
    let before: unknown;
    for (const tab of tabs) before = await tab.call('start');
    await first?.call('put', 'a', 'gone');
    for (const tab of tabs) await tab.call('watch');
    await site.clearStorage();
    for (const tab of tabs) {
      const keys = await tab.call('keys');
      expect(keys).toEqual([]);
      await tab.call('put', 'b', 'new');
      expect(await tab.call('get', 'b')).toBe('new');
      expect(await tab.call('storeId')).not.toBe(before);
      await expect
        .poll(() => evictionsOf(tab), WITHIN)
        .toMatchObject([{ dbName: 'granary', previousStoreId: before }]);
      await tab.call('remove', 'b');
    }
    const heard = async () => JSON.stringify(await first?.call('events'));
    await expect.poll(heard, WITHIN).toContain('reset');
  });

  test('with the developer tools, is a new one after a reload, which says so', async () => {
    await using site = await browser.newSite();
    const tab = await site.open();
    const before = await tab.call('start');
    await tab.call('put', 'a', 'gone');
    const tools = await site.open();
    await tools.call('deleteFromTools');
    await expect(tab.call('get', 'a')).rejects.toMatchObject({ code: 'not-found' });
    expect(await tab.call('storeId')).not.toBe(before);
    await expect.poll(() => evictionsOf(tab), WITHIN).toHaveLength(1);

    await tools.call('deleteFromTools');
    for (const place of ['page', 'worker'] as const) {
      const next = await site.open({ in: place });
      const after = await next.call('start');
      expect(after).not.toBe(before);
      const evictions = await evictionsOf(next);
      const expected = place === 'page' ? [{ dbName: 'granary', storeId: after }] : [];
      expect(evictions).toMatchObject(expected);
    }
  });

  test('on purpose is no alarm, neither for open tabs nor for later ones', async () => {
    await using site = await browser.newSite();
    const tab = await site.open();
    const before = await tab.call('start');
    await tab.call('put', 'a', 'deleted');
    const other = await site.open({ in: 'worker' });
    await other.call('deleteDatabase');
    expect(await tab.call('keys')).toEqual([]);
    expect(await tab.call('storeId')).not.toBe(before);
    for (const place of ['page', 'worker'] as const) {
      const next = await site.open({ in: place });
      await next.call('start');
      expect(await next.call('told')).toMatchObject({ evictions: [] });
    }
    expect(await tab.call('told')).toMatchObject({ evictions: [] });
  });

  test('on first use is no alarm', async () => {
    await using site = await browser.newSite();
    for (const place of ['page', 'worker', 'shared-worker', 'page'] as const) {
      const tab = await site.open({ in: place });
      await tab.call('start');
      expect(await tab.call('told')).toMatchObject({ evictions: [] });
    }
  });
});

describe.skipIf(isMissing)('a private window', { timeout: 60_000 }, () => {
  test('works as any other, until it is closed', async () => {
    await using secretive = await startBrowser({ entry: ENTRY, incognito: true });
    const [one, two] = [await secretive.open(), await secretive.open({ in: 'worker' })];
    for (const tab of [one, two]) await tab.call('start', { filesFromBytes: 1024 * 1024 });
    await two.call('watch');
    await one.call('putFilled', 'big', 2 * 1024 * 1024, 5);
    expect(await two.call('look', 'big')).toEqual({ size: 2 * 1024 * 1024, values: [5] });
    const heard = async () => JSON.stringify(await two.call('events'));
    await expect.poll(heard, WITHIN).toContain('"big"');
    expect(await one.call('told')).toEqual({ evictions: [], quotaEvents: [], notices: [] });
  });
});
