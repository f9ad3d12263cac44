import { type Browser, type Site, startBrowser, type Tab } from '@granary-tools/browser';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const entry = new URL('./pages/tab.ts', import.meta.url);

interface Told {
  readonly code: string;
  readonly chosen: string;
  readonly failed: readonly string[];
  readonly moved?: { readonly items: number; readonly left: readonly unknown[] };
}

const toldBy = async (tab: Tab) => (await tab.call('told')) as readonly Told[];
const codes = async (tab: Tab) => (await toldBy(tab)).map(({ code }) => code);

describe('createStorage() in a browser', () => {
  let browser: Browser;
  /** Where nobody has stored anything. */
  let site: Site;
  beforeAll(async () => {
    browser = await startBrowser({ entry });
  });
  afterAll(() => browser.stop());
  beforeEach(async () => {
    site = await browser.newSite();
  });
  afterEach(() => site[Symbol.asyncDispose]());

  test('takes IndexedDB, and says so', async () => {
    const tab = await site.open();
    expect(await tab.call('open', { appName: 'atlas' })).toMatchObject({
      provider: 'idb',
      durable: true,
      reason: 'This is a browser, and IndexedDB is the best that it has.',
    });
    await tab.call('save', 'a', { b: 1 });
    await browser.restart();
    const again = await site.open();
    await again.call('open', { appName: 'atlas' });
    expect(await again.call('load', 'a')).toEqual({ b: 1 });
    await again.call('open', { appName: 'another' });
    expect(await again.call('load', 'a')).toBe(null);
    expect(await codes(again)).toEqual([]);
  });

  test('takes it in workers, too', async () => {
    for (const place of ['worker', 'shared-worker', 'service-worker'] as const) {
      const tab = await site.open({ in: place });
      expect(await tab.call('open', {})).toMatchObject({ provider: 'idb', durable: true });
      await tab.call('save', place, 1);
    }
    const page = await site.open();
    await page.call('open', {});
    expect(await page.call('count')).toBe(3);
  });

  test('falls to localStorage where IndexedDB is switched off, and says why', async () => {
    const tab = await site.open();
    await tab.call('forbid', 'indexedDB');
    const info = await tab.call('open', {});
    expect(info).toMatchObject({ provider: 'localstorage', durable: true });
    expect(info).toHaveProperty('reason', expect.stringContaining('"idb" could not be used'));
    expect(await toldBy(tab)).toMatchObject([
      { code: 'fell-back', chosen: 'localstorage', failed: ['idb'] },
    ]);
  });

  test('falls to memory where all is switched off, and warns that it does not last', async () => {
    const tab = await site.open();
    await tab.call('forbid', 'indexedDB');
    await tab.call('forbid', 'localStorage');
    expect(await tab.call('open', {})).toMatchObject({ provider: 'memory', durable: false });
    expect(await codes(tab)).toEqual(['fell-back', 'not-durable']);
    await tab.call('save', 'a', 1);
    await expect(tab.call('open', { requireDurable: true })).rejects.toMatchObject({
      message: expect.stringContaining('none of idb, localstorage, memory can be used'),
      hint: expect.stringMatching(/localstorage: Storage may be switched off.*memory: Name a/),
    });
  });

  test('fails rather than hide what is in IndexedDB when that does not open', async () => {
    const tab = await site.open();
    await tab.call('open', { type: 'indexeddb', version: 2 });
    await tab.call('save', 'a', 'by version 2');
    await expect(tab.call('open', {})).rejects.toMatchObject({
      code: 'unsupported',
      provider: 'idb',
      operation: 'open',
      hint: expect.stringMatching(/reload/i),
      message: expect.stringMatching(/^idb open: "idb" holds data of this application.*version 2/),
    });
    expect(await tab.call('belowKeys')).toEqual([]);
    await tab.call('open', { type: 'indexeddb', version: 2 });
    expect(await tab.call('load', 'a')).toBe('by version 2');
  });

  test('says once when what was stored is gone', async () => {
    const tab = await site.open();
    await tab.call('open', { appName: 'gone' });
    await tab.call('save', 'a', 1);
    expect(await codes(tab)).toEqual([]);
    await tab.call('evict', 'gone');
    await tab.call('open', { appName: 'gone' });
    expect(await toldBy(tab)).toEqual([
      expect.objectContaining({
        ...{ code: 'evicted', chosen: 'idb', failed: [] },
        message: expect.stringMatching(/IndexedDB as "gone" is gone.*begins empty/),
      }),
    ]);
    expect(await tab.call('count')).toBe(0);
    await tab.call('open', { appName: 'gone' });
    expect(await codes(tab)).toEqual([]);
  });

  test('hands options of IndexedDB on, and refuses what would be left out', async () => {
    const tab = await site.open();
    await tab.call('open', { appName: 'opts', version: 3, durability: 'strict', indexes: ['a'] });
    await tab.call('save', 'a', 1);
    await expect(tab.call('open', { appName: 'opts' })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('version 3'),
    });
    for (const config of [{ dbName: 'x' }, { namespace: 'x' }, { verison: 3 }, { version: 0 }]) {
      await expect(tab.call('open', config)).rejects.toMatchObject({ code: 'invalid-config' });
    }
  });

  test('keeps large objects in the file system of the origin, or where it is told', async () => {
    const tab = await site.open();
    await tab.call('open', {});
    await tab.call('saveBytes', 'big', 9 * 1024 * 1024);
    expect(await tab.call('checkBytes', 'big')).toBe(9 * 1024 * 1024);
    expect(((await tab.call('files')) as string[]).length).toBe(1);
    await tab.call('open', { appName: 'inside', largeObjects: false });
    await tab.call('saveBytes', 'big', 9 * 1024 * 1024);
    expect(await tab.call('checkBytes', 'big')).toBe(9 * 1024 * 1024);
    expect(((await tab.call('files')) as string[]).length).toBe(1);
    expect(await codes(tab)).toEqual([]);
  });

  test('keeps large objects in the folder of the person, and says when it cannot', async () => {
    const tab = await site.open();
    await tab.call('openWithFolder', 'chosen');
    await tab.call('saveBytes', 'big', 2_000_000);
    expect(await tab.call('files')).toEqual(['chosen']);
    expect(await codes(tab)).toEqual([]);
    await tab.call('openWithFolder');
    await tab.call('saveBytes', 'other', 2_000_000);
    expect(await tab.call('checkBytes', 'other')).toBe(2_000_000);
    expect(await toldBy(tab)).toMatchObject([
      { code: 'large-objects', message: expect.stringContaining('kept in IndexedDB') },
    ]);
  });

  test('moves up what an earlier visit left in localStorage', async () => {
    const tab = await site.open();
    await tab.call('saveBelow', 50, 100);
    const info = await tab.call('open', {});
    expect(info).toMatchObject({ provider: 'idb' });
    expect(info).toHaveProperty(
      'reason',
      expect.stringMatching(/IndexedDB is the best.*50 items were moved from "localstorage"/),
    );
    expect(await toldBy(tab)).toMatchObject([
      { code: 'moved-up', chosen: 'idb', moved: { items: 50, left: [] } },
    ]);
    expect(await tab.call('item', 'item/7')).toEqual({
      value: { index: 7, text: 'x'.repeat(100) },
      tags: ['old'],
      metadata: { index: 7 },
    });
    expect(await tab.call('belowKeys')).toEqual([]);
    expect(await tab.call('count')).toBe(50);
    await tab.call('open', {});
    expect(await codes(tab)).toEqual([]);
  });

  test('moves all that fits into localStorage while it opens, and does not take long', async () => {
    const tab = await site.open();
    await tab.call('saveBelow', 4000, 300);
    const info = (await tab.call('open', {})) as { openedInMs: number };
    expect(info.openedInMs).toBeLessThan(30_000);
    expect(await tab.call('count')).toBe(4000);
    expect(await tab.call('belowKeys')).toEqual([]);
  });

  test('leaves an item below that is another one above, and loses neither', async () => {
    const tab = await site.open();
    await tab.call('open', {});
    await tab.call('save', 'item/1', 'newer');
    await tab.call('saveBelow', 3, 10);
    await tab.call('open', {});
    expect(await toldBy(tab)).toMatchObject([
      { code: 'moved-up', moved: { items: 2 } },
      { code: 'not-moved', moved: { left: [{ key: 'item/1', code: 'conflict' }] } },
    ]);
    expect(await tab.call('load', 'item/1')).toBe('newer');
    expect(await tab.call('belowKeys')).toEqual(['item/1']);
  });

  test('goes on with a move that was interrupted', async () => {
    const ITEMS = 3000;
    const [tab, witness] = [await site.open(), await site.open()];
    await tab.call('saveBelow', ITEMS, 200);
    const opening = tab.call('open', {}).catch(() => {});
    const left = async () => ((await witness.call('belowKeys')) as string[]).length;
    let below = await left();
    while (below === ITEMS) below = await left();
    await tab.crash();
    await opening;
    expect(await left()).toBeGreaterThan(0);
    const again = await site.open();
    await again.call('open', {});
    expect(await again.call('count')).toBe(ITEMS);
    expect(await again.call('belowKeys')).toEqual([]);
    expect(await again.call('item', `item/${ITEMS - 1}`)).toMatchObject({ tags: ['old'] });
  });

  test('moves once where two tabs open at once', async () => {
    const [one, two] = [await site.open(), await site.open()];
    await one.call('saveBelow', 300, 50);
    await Promise.all([one.call('open', {}), two.call('open', {})]);
    const moved = [...(await toldBy(one)), ...(await toldBy(two))];
    expect(moved.filter(({ code }) => code === 'moved-up')).toMatchObject([
      { moved: { items: 300 } },
    ]);
    expect(moved.some(({ code }) => code === 'not-moved')).toBe(false);
    expect(await two.call('count')).toBe(300);
    for (const tab of [one, two]) {
      await expect.poll(() => tab.call('belowKeys'), { timeout: 15_000 }).toEqual([]);
    }
  });

  test('tells the application when the browser has no more room', async () => {
    await using full = await browser.newSite(5_000_000);
    const tab = await full.open();
    expect(await tab.call('fillUp')).toEqual({
      told: 1,
      code: 'quota-exceeded',
      hint: expect.stringContaining('requestPersistence()'),
    });
  });
});

test('a private window gets IndexedDB as long as it is open', async () => {
  await using browser = await startBrowser({ entry, incognito: true });
  const tab = await browser.open();
  expect(await tab.call('open', {})).toMatchObject({ provider: 'idb' });
  await tab.call('save', 'a', 1);
  expect(await tab.call('load', 'a')).toBe(1);
});

test('a page that is not secure goes without OPFS and locks, and still moves up', async () => {
  await using browser = await startBrowser({ entry, insecure: true });
  const tab = await browser.open();
  await tab.call('saveBelow', 5, 10);
  expect(await tab.call('open', {})).toMatchObject({ provider: 'idb' });
  expect(await codes(tab)).toEqual(['large-objects', 'moved-up']);
  await tab.call('saveBytes', 'big', 9 * 1024 * 1024);
  expect(await tab.call('checkBytes', 'big')).toBe(9 * 1024 * 1024);
  expect(await tab.call('count')).toBe(6);
  await tab.call('open', { largeObjects: false });
  expect(await codes(tab)).toEqual([]);
});
