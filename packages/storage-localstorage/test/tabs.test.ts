import { type Browser, startBrowser } from '@granary-tools/browser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Reads of another tab are a little behind, and further on a busy machine. */
const soon = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 15_000 });

const entry = new URL('./pages/tab.ts', import.meta.url);

describe('tabs of one origin', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser({ entry });
  });
  afterAll(() => browser.stop());

  test('lose no update', async () => {
    const profile = 'updates';
    const tabs = await Promise.all([1, 2, 3].map(() => browser.open({ profile })));
    await Promise.all(tabs.map((tab) => tab.call('count', 100)));
    for (const tab of tabs) await soon(() => tab.call('load', 'counter')).toBe(300);
  });

  test('have one winner for each key that they race to create', async () => {
    const profile = 'creators';
    const tabs = await Promise.all([1, 2, 3].map(() => browser.open({ profile })));
    const won = await Promise.all(tabs.map((tab) => tab.call('create', 60)));
    expect(won.reduce((sum: number, one) => sum + Number(one), 0)).toBe(60);
  });

  test('hear of each other, and once of themselves', async () => {
    const profile = 'events';
    const [one, two] = [await browser.open({ profile }), await browser.open({ profile })];
    await one.call('watch');
    await one.call('save', 'mine', 1);
    await two.call('save', 'theirs', 2);
    const events = (await one.call('seen', 2)) as unknown[];
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await one.call('seen', 2)).toEqual([
      expect.objectContaining({ type: 'put', key: 'mine', isOwn: true }),
      expect.objectContaining({ type: 'put', key: 'theirs', isOwn: false }),
    ]);
    expect(events.length).toBe(2);
    expect(await one.call('storeId')).toBe(await two.call('storeId'));
  });

  test('leave whole objects behind when they are killed in the middle of writing', async () => {
    const profile = 'crash';
    const reader = await browser.open({ profile });
    for (let round = 0; round < 3; round += 1) {
      const writer = await browser.open({ profile });
      const before = await reader.call('load', 'pair');
      await writer.call('writeForever');
      // It is killed in the middle of its writing, however long the browser took to let it begin.
      await soon(() => reader.call('load', 'pair')).not.toEqual(before);
      await writer.crash();
      const pair = (await reader.call('load', 'pair')) as { half: string; other: string };
      expect(pair.half.length).toBeGreaterThan(0);
      expect(pair.other === pair.half).toBe(true);
      // The lock of the tab that is gone does not stop others.
      await reader.call('save', 'after', round);
    }
  });

  test('see what others wrote while they were frozen', async () => {
    const profile = 'freeze';
    const [one, two] = [await browser.open({ profile }), await browser.open({ profile })];
    await one.call('count', 5);
    await one.freeze();
    await two.call('count', 5);
    await one.thaw();
    await one.call('count', 5);
    await soon(() => two.call('load', 'counter')).toBe(15);
  });

  test('begin anew when the storage is cleared under them', async () => {
    const profile = 'cleared';
    const [one, two] = [await browser.open({ profile }), await browser.open({ profile })];
    await one.call('watch');
    await one.call('save', 'a', 1);
    await two.call('save', 'b', 1);
    const before = await one.call('storeId');
    await one.call('seen', 2);
    await browser.clearStorage();
    await soon(() => one.call('load', 'a')).toBe(null);
    expect(await one.call('seen', 3)).toContainEqual({ type: 'subtree', isOwn: false });
    await two.call('save', 'c', 1);
    await one.call('save', 'd', 1);
    await soon(() => one.call('list')).toEqual(['c', 'd']);
    await soon(() => one.call('storeId')).not.toBe(before);
    expect(await one.call('storeId')).toBe(await two.call('storeId'));
  });

  test('keep what they had, and what is not theirs, when the origin is full', async () => {
    const tab = await browser.open({ profile: 'full' });
    await tab.call('save', 'kept', 'x'.repeat(1000));
    await tab.call('fillOrigin');
    const foreign = await tab.call('foreignItems');
    await expect(tab.call('save', 'more', 'y'.repeat(1000))).rejects.toMatchObject({
      code: 'quota-exceeded',
      outcome: 'not-applied',
    });
    await expect(tab.call('save', 'kept', 'z'.repeat(1100))).rejects.toMatchObject({
      code: 'quota-exceeded',
    });
    expect(await tab.call('load', 'kept')).toBe('x'.repeat(1000));
    await tab.call('save', 'kept', 'z'.repeat(900));
    expect(await tab.call('foreignItems')).toBe(foreign);
  });

  test('find what was stored when the browser has been restarted', async () => {
    const profile = 'restart';
    const tab = await browser.open({ profile });
    const before = await tab.call('storeId');
    await tab.call('save', 'a', { deep: ['ü', '\u0000', 1] });
    await browser.restart();
    const again = await browser.open({ profile });
    expect(await again.call('load', 'a')).toEqual({ deep: ['ü', '\u0000', 1] });
    expect(await again.call('storeId')).toBe(before);
  });

  test('cannot use it in a worker', async () => {
    const worker = await browser.open({ profile: 'worker', in: 'worker' });
    await expect(worker.call('save', 'a', 1)).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('IndexedDB'),
    });
  });
});

test('a page that is not secure stores, and offers no conditions', async () => {
  await using browser = await startBrowser({ entry, insecure: true });
  const [one, two] = [await browser.open(), await browser.open()];
  await one.call('save', 'a', 1);
  expect(await one.call('capabilities')).toMatchObject({ createIfAbsent: false, durable: true });
  await one.call('save', 'b', { c: 'd' });
  await soon(() => two.call('load', 'b')).toEqual({ c: 'd' });
  expect(await two.call('storeId')).toBe(await one.call('storeId'));
  await expect(one.call('saveNew', 'c', 1)).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining('https'),
  });
});

test('a private window stores as long as it is open', async () => {
  await using browser = await startBrowser({ entry, incognito: true });
  const tab = await browser.open();
  await tab.call('save', 'a', 1);
  expect(await tab.call('load', 'a')).toBe(1);
});
