import {
  type Browser,
  findBrowser,
  type Site,
  startBrowser,
  type Tab,
  whyNoBrowser,
} from '@granary-tools/browser';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const ENTRY = new URL('./pages/tab.ts', import.meta.url);
const MIB = 1024 * 1024;
const isMissing = findBrowser('chromium') === undefined;

/** What a write says that found no room. */
const FULL = {
  code: 'quota-exceeded',
  category: 'quota',
  outcome: 'not-applied',
  usage: { usedBytes: expect.any(Number), totalBytes: expect.any(Number) },
  hint: expect.stringContaining('requestPersistence'),
};

/** Stores noise under numbered keys until there is no more room; returns how many fit. */
async function fill(tab: Tab, prefix: string, size: number): Promise<number> {
  for (let count = 0; ; count += 1) {
    try {
      await tab.call('putNoise', `${prefix}${count}`, size);
    } catch (error) {
      expect(error).toMatchObject({ ...FULL, key: `${prefix}${count}` });
      return count;
    }
  }
}

let browser: Browser;
beforeAll(async () => {
  if (!isMissing) browser = await startBrowser({ entry: ENTRY });
}, 60_000);
afterAll(() => browser?.stop());

if (isMissing) test('there is no Chromium', ({ skip }) => skip(whyNoBrowser('chromium')));

describe.skipIf(isMissing)('a full store', { timeout: 60_000 }, () => {
  let site: Site;
  let tab: Tab;

  beforeEach(async () => {
    site = await browser.newSite(12 * MIB);
    tab = await site.open();
  }, 60_000);
  afterEach(() => site[Symbol.asyncDispose]());

  test('fails puts, batches, streams and uploads, and keeps what it held', async () => {
    await tab.call('start');
    await tab.call('putFilled', 'kept', 2 * MIB, 7);
    const count = await fill(tab, 'a/', 512 * 1024);
    expect(count).toBeGreaterThan(5);
    const keys = await tab.call('keys');
    for (const call of [
      ['putNoise', 'kept', 4 * MIB],
      ['putSlowly', 'kept', 64 * MIB, 1],
      ['noiseMany', 'b/', 40, 512 * 1024],
      ['uploadNoise', 'kept', 20, MIB],
    ] as const) {
      const [name, ...args] = call;
      await expect(tab.call(name, ...args), name).rejects.toMatchObject(FULL);
      expect(await tab.call('look', 'kept')).toEqual({ size: 2 * MIB, values: [7] });
      expect(await tab.call('count', 'writes')).toBe(0);
      expect(await tab.call('count', 'uploads')).toBe(0);
    }
    expect(await tab.call('keys')).toEqual(keys);

    await site.setQuota(undefined);
    await tab.call('putFilled', 'kept', 4 * MIB, 8);
    expect(await tab.call('look', 'kept')).toEqual({ size: 4 * MIB, values: [8] });
  });

  test('makes room with expired items, before anything else', async () => {
    await tab.call('start', { evictable: true, cleanup: 'chosen/' });
    await tab.call('putNoise', 'old', 4 * MIB, Date.now() + 1);
    await tab.call('putNoise', 'cache/a', 2 * MIB);
    await tab.call('putNoise', 'kept', 3 * MIB);
    await tab.call('putNoise', 'new', 4 * MIB);
    expect(await tab.call('keys')).toEqual(['cache/a', 'kept', 'new']);
    expect(await tab.call('told')).toMatchObject({ quotaEvents: [] });
  });

  test('evicts the oldest of what may go, and no more than it needs', async () => {
    await tab.call('start', { evictable: true });
    for (const key of ['cache/a', 'kept', 'cache/b', 'cache/c']) {
      await tab.call('putNoise', key, 2.5 * MIB);
    }
    await tab.call('putNoise', 'new', 2.5 * MIB);
    expect(await tab.call('keys')).toEqual(['cache/b', 'cache/c', 'kept', 'new']);
    await tab.call('noiseMany', 'many/', 8, 512 * 1024);
    const keys = (await tab.call('keys')) as readonly string[];
    expect(keys).toContain('kept');
    expect(keys.filter((key) => key.startsWith('many/'))).toHaveLength(8);
  });

  test('asks the application, whose cleanup makes the write succeed', async () => {
    await tab.call('start', { cleanup: 'chosen/' });
    const other = await site.open();
    await other.call('start');
    await other.call('watch');
    for (const key of ['chosen/a', 'chosen/b', 'kept']) await tab.call('putNoise', key, 3 * MIB);
    await tab.call('putNoise', 'new', 4 * MIB);
    expect(await tab.call('keys')).toEqual(['kept', 'new']);
    expect(await tab.call('told')).toMatchObject({
      quotaEvents: [
        {
          usage: FULL.usage,
          freedBytes: 0,
          freed: { deletedItems: 2, freedBytes: 6 * MIB },
        },
      ],
    });
    expect(await other.call('keys')).toEqual(['kept', 'new']);
  });

  test('of small items can still be emptied, and tells readers to list again', async () => {
    await tab.call('start');
    const { cursor } = (await tab.call('feed')) as { cursor: string };
    for (let batch = 0; ; batch += 1) {
      try {
        await tab.call('noiseMany', `small/${batch}/`, 50, 8 * 1024);
      } catch (error) {
        expect(error).toMatchObject(FULL);
        break;
      }
    }
    const keys = (await tab.call('keys', 'small/')) as readonly string[];
    expect(keys.length).toBeGreaterThan(200);
    await tab.call('remove', keys[0]);
    await tab.call('clear', 'small/');
    expect(await tab.call('keys')).toEqual([]);
    await site.setQuota(undefined);
    await tab.call('put', 'next', 'x');
    const { events } = (await tab.call('feed', cursor)) as { events: readonly unknown[] };
    const isWhole = events.length > 2 * keys.length;
    if (!isWhole) expect(events).toEqual([{ type: 'reset' }]);
  });

  test('tells its usage, and whether the browser keeps it', async () => {
    await tab.call('start');
    await tab.call('putNoise', 'a', MIB);
    expect(await tab.call('usage')).toMatchObject({
      usedBytes: expect.any(Number),
      totalBytes: expect.any(Number),
      objects: 1,
    });
    expect(await tab.call('persist')).toMatchObject({
      persisted: expect.any(Boolean),
      usage: FULL.usage,
    });
  });
});

describe.skipIf(isMissing)('large objects as files', { timeout: 60_000 }, () => {
  test('that find no room leave the old object and no file behind', async () => {
    await using site = await browser.newSite(24 * MIB);
    const tab = await site.open();
    await tab.call('start', { filesFromBytes: MIB });
    await tab.call('putFilled', 'big', 4 * MIB, 1);
    await expect(tab.call('putSlowly', 'big', 64 * MIB, 2)).rejects.toMatchObject(FULL);
    expect(await tab.call('look', 'big')).toEqual({ size: 4 * MIB, values: [1] });
    expect(await tab.call('files')).toHaveLength(1);
    expect(await tab.call('count', 'writes')).toBe(0);
    await tab.call('putFilled', 'big', 6 * MIB, 3);
    expect(await tab.call('look', 'big')).toEqual({ size: 6 * MIB, values: [3] });
  });

  test.each(['bytes', 'blob'] as const)(
    'get room from what has expired, from what may go, and from the application, as %s',
    async (kind) => {
      await using site = await browser.newSite(34 * MIB);
      const tab = await site.open();
      await tab.call('start', { filesFromBytes: MIB, evictable: true, cleanup: 'chosen/' });
      await tab.call('putNoise', 'old', 9 * MIB, Date.now() + 1);
      await tab.call('putNoise', 'cache/a', 9 * MIB);
      await tab.call('putNoise', 'chosen/a', 9 * MIB);
      await tab.call('putNoiseAs', kind, 'one', 9 * MIB);
      expect(await tab.call('keys')).toEqual(['cache/a', 'chosen/a', 'one']);
      await tab.call('putNoiseAs', kind, 'two', 9 * MIB);
      expect(await tab.call('keys')).toEqual(['chosen/a', 'one', 'two']);
      expect(await tab.call('told')).toMatchObject({ quotaEvents: [] });
      await tab.call('putNoiseAs', kind, 'three', 9 * MIB);
      expect(await tab.call('keys')).toEqual(['one', 'three', 'two']);
      expect(await tab.call('told')).toMatchObject({
        quotaEvents: [{ key: 'three', neededBytes: 9 * MIB, freed: { freedBytes: 9 * MIB } }],
      });
      await expect(tab.call('putNoiseAs', kind, 'four', 9 * MIB)).rejects.toMatchObject({
        ...FULL,
        key: 'four',
      });
      expect(await tab.call('keys')).toEqual(['one', 'three', 'two']);
      expect(await tab.call('files')).toHaveLength(3);
      expect(await tab.call('count', 'writes')).toBe(0);
    },
  );

  test('have room made for the next try when they come from a stream', async () => {
    await using site = await browser.newSite(34 * MIB);
    const tab = await site.open();
    await tab.call('start', { filesFromBytes: MIB, evictable: true, cleanup: 'chosen/' });
    await tab.call('putNoise', 'cache/a', 14 * MIB);
    await tab.call('putNoise', 'chosen/a', 14 * MIB);
    for (const [key, keys] of [
      ['one', ['chosen/a']],
      ['two', ['one']],
    ] as const) {
      await expect(tab.call('putNoiseAs', 'stream', key, 14 * MIB)).rejects.toMatchObject({
        ...FULL,
        key,
        hint: expect.stringContaining('Send it again'),
      });
      expect(await tab.call('keys')).toEqual(keys);
      await tab.call('putNoiseAs', 'stream', key, 14 * MIB);
    }
    expect(await tab.call('told')).toMatchObject({ quotaEvents: [{ key: 'two' }] });
    expect(await tab.call('files')).toHaveLength(2);
  });

  test.each([
    ['worker', [], 1],
    ['page', ['no-file-access'], 0],
  ] as const)('in a %s that has synchronous handles at most', async (place, notices, files) => {
    await using site = await browser.newSite();
    const tab = await site.open({ in: place });
    await tab.call('start', { filesFromBytes: MIB, withoutWritable: true });
    for (const fill of [1, 2]) {
      await tab.call('putFilled', 'big', 5 * MIB, fill);
      expect(await tab.call('look', 'big')).toEqual({ size: 5 * MIB, values: [fill] });
    }
    expect(await tab.call('files')).toHaveLength(files);
    expect(await tab.call('told')).toMatchObject({ notices });
  });
});
