import { type Browser, findBrowser, type Site, startBrowser } from '@granary-tools/browser';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const ENTRY = new URL('./pages/tab.ts', import.meta.url);
const WITHIN = { timeout: 30_000, interval: 50 };

describe.skipIf(findBrowser('chromium') === undefined)('tabs of one origin', () => {
  let browser: Browser;
  /** What nobody used before. */
  let site: Site;

  beforeAll(async () => {
    browser = await startBrowser({ entry: ENTRY });
  }, 60_000);
  afterAll(() => browser?.stop());

  beforeEach(async () => {
    site = await browser.newSite();
  });
  afterEach(() => site[Symbol.asyncDispose]());

  test('lose no increment of a counter, and let one creator win', { timeout: 60_000 }, async () => {
    const [one, other] = [await site.open(), await site.open()];
    await Promise.all([
      one.call('raise', 'counter.json', 20),
      other.call('raise', 'counter.json', 20),
    ]);
    expect(await one.call('load', 'counter.json')).toBe(40);
    for (let turn = 0; turn < 5; turn += 1) {
      const key = `lock-${turn}`;
      const won = await Promise.all([one.call('create', key), other.call('create', key)]);
      expect(won.filter(Boolean)).toHaveLength(1);
    }
  });

  test('sweep what a killed one left, and keep the old object', { timeout: 60_000 }, async () => {
    const [one, other] = [await site.open(), await site.open()];
    await other.call('put', 'a', 'old');
    await one.call('hang', 'a');
    expect(await other.call('leftovers')).toHaveLength(1);
    await one.crash();
    expect(await other.call('text', 'a')).toBe('old');
    await other.close();
    const next = await site.open();
    await next.call('info');
    expect(await next.call('leftovers')).toEqual([]);
    expect(await next.call('text', 'a')).toBe('old');
  });

  test('find a whole object after one was killed while it wrote', {
    timeout: 120_000,
  }, async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      await using fresh = await browser.newSite();
      const [one, other] = [await fresh.open(), await fresh.open()];
      await one.call('keepWriting', 'a');
      await expect.poll(() => other.call('keys'), WITHIN).toEqual(['a']);
      for (let seen = 0; seen < turn; seen += 1) {
        const tags = await other.call('tags', 'a');
        await expect.poll(() => other.call('tags', 'a'), WITHIN).not.toEqual(tags);
      }
      await one.crash();
      expect(await other.call('isWhole', 'a')).toBe(true);
      // Nobody holds the key any more.
      await other.call('put', 'a', 'new');
      expect(await other.call('tags', 'a')).toBeUndefined();
    }
  });

  test('leave the files of one that lives alone', { timeout: 60_000 }, async () => {
    const [one, other] = [await site.open(), await site.open()];
    await one.call('hang', 'a');
    await other.call('info');
    expect(await other.call('leftovers')).toHaveLength(1);
  });

  test('hear of each other, and of their own writes once', { timeout: 60_000 }, async () => {
    const [one, other] = [await site.open(), await site.open()];
    await one.call('watch');
    await other.call('watch');
    const etag = await one.call('put', 'a', 'new');
    await expect
      .poll(() => other.call('events'), WITHIN)
      .toEqual([{ type: 'put', key: 'a', etag, isOwn: false }]);
    const again = await other.call('put', 'b', 'new');
    await expect
      .poll(() => one.call('events'), WITHIN)
      .toEqual([
        { type: 'put', key: 'a', etag, isOwn: true },
        { type: 'put', key: 'b', etag: again, isOwn: false },
      ]);
  });

  test('go on with an upload of another one', { timeout: 60_000 }, async () => {
    const [one, other] = [await site.open(), await site.open()];
    const token = await one.call('beginUpload', 'big');
    await one.crash();
    await other.call('endUpload', 'big', token);
    expect(await other.call('text', 'big')).toBe('first-then');
  });

  test('keep what they held when nothing more fits', { timeout: 60_000 }, async () => {
    const tab = await site.open();
    await tab.call('putBytes', 'a', 1000);
    await site.setQuota(3_000_000);
    try {
      const failure = tab.call('putBytes', 'a', 8_000_000);
      await expect(failure).rejects.toMatchObject({
        code: 'quota-exceeded',
        outcome: 'not-applied',
        usage: { totalBytes: 3_000_000 },
      });
      expect(await tab.call('text', 'a')).toHaveLength(1000);
      expect(await tab.call('leftovers')).toEqual([]);
    } finally {
      await site.setQuota(undefined);
    }
    await tab.call('putBytes', 'a', 8_000_000);
  });

  test('go on when the storage was cleared under them', { timeout: 60_000 }, async () => {
    const tab = await site.open();
    await tab.call('put', 'a/b', 'old');
    await site.clearStorage();
    await expect(tab.call('text', 'a/b')).rejects.toMatchObject({ code: 'not-found' });
    expect(await tab.call('keys')).toEqual([]);
    await tab.call('put', 'a/b', 'new');
    expect(await tab.call('text', 'a/b')).toBe('new');
  });

  test('hear and keep what others wrote while they were frozen', { timeout: 60_000 }, async () => {
    const [one, other] = [await site.open(), await site.open()];
    await one.call('raise', 'counter.json', 3);
    await one.call('watch');
    await one.freeze();
    await other.call('raise', 'counter.json', 3);
    const etag = await other.call('put', 'a', 'meanwhile');
    await one.thaw();
    await one.call('raise', 'counter.json', 3);
    expect(await one.call('load', 'counter.json')).toBe(9);
    expect(await other.call('load', 'counter.json')).toBe(9);
    expect(await one.call('text', 'a')).toBe('meanwhile');
    await expect
      .poll(() => one.call('events'), WITHIN)
      .toContainEqual({ type: 'put', key: 'a', etag, isOwn: false });
  });

  test.each(['worker', 'shared-worker', 'service-worker'] as const)(
    'write from a %s',
    { timeout: 60_000 },
    async (place) => {
      const tab = await site.open({ in: place });
      await tab.call('putBytes', 'a', 3_000_000);
      await tab.call('putWithTag', 'b', 'text', 'x');
      expect(await tab.call('tags', 'b')).toEqual(['x']);
      expect(await tab.call('keys')).toEqual(['a', 'b']);
    },
  );
});

test.skipIf(findBrowser('chromium') === undefined)(
  'is refused on an insecure origin with what to do',
  { timeout: 60_000 },
  async () => {
    await using browser = await startBrowser({ entry: ENTRY, insecure: true });
    const tab = await browser.open();
    await expect(tab.call('put', 'a', 'text')).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('https'),
    });
  },
);

test.skipIf(findBrowser('chromium') === undefined)(
  'works in a private window as long as that is open',
  { timeout: 60_000 },
  async () => {
    await using browser = await startBrowser({ entry: ENTRY, incognito: true });
    for (const place of ['page', 'worker'] as const) {
      const tab = await browser.open({ in: place });
      await tab.call('putWithTag', 'a', place, 'x');
      await tab.call('putBytes', 'large', 3_000_000);
      expect(await tab.call('text', 'a')).toBe(place);
      expect(await tab.call('text', 'large')).toHaveLength(3_000_000);
      expect(await tab.call('keys')).toEqual(['a', 'large']);
      await tab.close();
    }
  },
);

test.skipIf(findBrowser('firefox') === undefined)(
  'works in Firefox',
  { timeout: 120_000 },
  async () => {
    await using browser = await startBrowser({ entry: ENTRY, name: 'firefox' });
    const tab = await browser.open();
    await tab.call('putWithTag', 'a/b', 'text', 'x');
    await tab.call('putWithTag', 'a/b', 'again', 'y');
    await tab.call('putBytes', 'large', 3_000_000);
    expect(await tab.call('text', 'a/b')).toBe('again');
    expect(await tab.call('tags', 'a/b')).toEqual(['y']);
    expect(await tab.call('keys')).toEqual(['a/b', 'large']);
    await tab.call('raise', 'counter.json', 3);
    expect(await tab.call('load', 'counter.json')).toBe(3);
  },
);
