import {
  type Browser,
  findBrowser,
  startBrowser,
  type Tab,
  whyNoBrowser,
} from '@granary-tools/browser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Heard } from './pages/tab.ts';

const ENTRY = new URL('./pages/tab.ts', import.meta.url);
const WITHIN = { timeout: 10_000, interval: 20 };
const isMissing = findBrowser('chromium') === undefined;

let browser: Browser;
beforeAll(async () => {
  if (!isMissing) browser = await startBrowser({ entry: ENTRY });
}, 60_000);
afterAll(() => browser?.stop());

async function eventsOf(tab: Tab): Promise<readonly Heard[]> {
  return (await tab.call('events')) as readonly Heard[];
}

function keysOf(heard: readonly Heard[], isOwn: boolean): readonly (string | undefined)[] {
  return heard.flatMap(({ event }) =>
    event.type === 'put' && event.isOwn === isOwn ? [event.key] : [],
  );
}

/** When all tabs have been told what to do. Units: ms since 1970. */
const soon = () => Date.now() + 1000;

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`);

if (isMissing) test('there is no Chromium', ({ skip }) => skip(whyNoBrowser('chromium')));

describe.skipIf(isMissing)('two tabs', { timeout: 60_000 }, () => {
  test('hear each other within a second, without loss or echo, while both write', async () => {
    await using site = await browser.newSite();
    const places = ['page', 'page', 'worker'] as const;
    const tabs = await Promise.all(places.map((place) => site.open({ in: place })));
    for (const tab of tabs) {
      await tab.call('start');
      await tab.call('watch');
    }
    const writing = tabs.slice(1).map((tab, at) => tab.call('writeMany', `${at}/`, 500));
    const times = (await Promise.all(writing)) as (readonly number[])[];
    for (const [number, tab] of tabs.entries()) {
      await expect.poll(async () => (await eventsOf(tab)).length, WITHIN).toBe(1000);
      const heard = await eventsOf(tab);
      const mine = number - 1;
      expect(keysOf(heard, true)).toEqual(mine < 0 ? [] : numbered(`${mine}/`, 500));
      for (const other of [0, 1].filter((at) => at !== mine)) {
        const keys = keysOf(heard, false).filter((key) => key?.startsWith(`${other}/`));
        expect(keys).toEqual(numbered(`${other}/`, 500));
      }
      for (const { event, at } of heard) {
        const [writer = '', index = ''] = 'key' in event ? (event.key ?? '').split('/') : [];
        expect(at - (times[Number(writer)]?.[Number(index)] ?? 0)).toBeLessThan(1000);
      }
    }
  });

  test('goes on where it stood after it was frozen', async () => {
    await using site = await browser.newSite();
    const [sleeper, writer] = [await site.open(), await site.open()];
    for (const tab of [sleeper, writer]) await tab.call('start');
    await sleeper.call('watch');
    const { cursor } = (await sleeper.call('feed')) as { cursor: string };
    await sleeper.freeze();
    await writer.call('writeMany', 'a/', 300);
    await sleeper.thaw();
    await expect.poll(async () => (await eventsOf(sleeper)).length, WITHIN).toBe(300);
    expect(keysOf(await eventsOf(sleeper), false)).toEqual(numbered('a/', 300));
    const missed = (await sleeper.call('feed', cursor)) as { events: readonly unknown[] };
    expect(missed.events).toHaveLength(300);
  });

  test('does not lose the change of a tab that is killed after its commit', async () => {
    await using site = await browser.newSite();
    const [survivor, victim] = [await site.open(), await site.open()];
    for (const tab of [survivor, victim]) await tab.call('start');
    await survivor.call('watch');
    const { cursor } = (await survivor.call('feed')) as { cursor: string };
    const writing = victim.call('writeMany', 'v/', 100_000).catch(() => {});
    await expect.poll(async () => (await eventsOf(survivor)).length, WITHIN).toBeGreaterThan(50);
    await victim.crash();
    await writing;
    const keys = (await survivor.call('keys', 'v/')) as readonly string[];
    const { events } = (await survivor.call('feed', cursor)) as { events: readonly unknown[] };
    expect(events).toHaveLength(keys.length);
    // The last hint may have died with the tab; the next one, or the timer, brings what it was about.
    await survivor.call('put', 'later', 'x');
    await expect.poll(async () => (await eventsOf(survivor)).length, WITHIN).toBe(keys.length + 1);
  });
});

describe.skipIf(isMissing)(
  'tabs and workers that write under conditions',
  { timeout: 60_000 },
  () => {
    const PLACES = ['page', 'page', 'worker', 'worker'] as const;

    test('raise one number at the same time, and none of them is lost', async () => {
      await using site = await browser.newSite();
      const tabs = await Promise.all(PLACES.map((place) => site.open({ in: place })));
      await Promise.all(tabs.map((tab) => tab.call('start')));
      let start = soon();
      await Promise.all(tabs.map((tab) => tab.call('raise', 'count', 50, start)));
      expect(await tabs[0]?.call('get', 'count')).toBe('200');

      await tabs[0]?.call('put', 'by hand', '0');
      start = soon();
      const lost = await Promise.all(
        tabs.map((tab) => tab.call('raiseByHand', 'by hand', 50, start)),
      );
      expect(await tabs[0]?.call('get', 'by hand')).toBe('200');
      // Otherwise they did not meet, and this has shown nothing.
      expect(lost.reduce((sum: number, times) => sum + Number(times), 0)).toBeGreaterThan(10);
    });

    test('create the same keys, of which each has one winner', async () => {
      await using site = await browser.newSite();
      const tabs = await Promise.all(PLACES.map((place) => site.open({ in: place })));
      await Promise.all(tabs.map((tab) => tab.call('start')));
      const start = soon();
      const creating = tabs.map((tab, at) =>
        tab.call('createAll', 'k/', 100, (at >> 1) * 50, `tab ${at}`, start),
      );
      const won = (await Promise.all(creating)) as (readonly number[])[];
      const keys = (await tabs[0]?.call('keys', 'k/')) as readonly string[];
      expect(keys).toHaveLength(100);
      const winners = new Map<string, unknown>();
      for (const key of keys) winners.set(key, await tabs[0]?.call('get', key));
      for (const [tab, numbers] of won.entries()) {
        for (const number of numbers) expect(winners.get(`k/${number}`)).toBe(`tab ${tab}`);
      }
      expect(won.flat()).toHaveLength(100);
      expect(won.filter(({ length }) => length > 0).length).toBeGreaterThan(1);
    });
  },
);

describe.skipIf(isMissing)('a tab that is killed', { timeout: 120_000 }, () => {
  test.each([
    ['pieces in the database', {}],
    ['a file in OPFS', { filesFromBytes: 1024 * 1024 }],
  ] as const)('while it streams %s leaves the old object, and nothing else', async (_, options) => {
    await using site = await browser.newSite();
    const [victim, survivor] = [await site.open(), await site.open()];
    await survivor.call('start', options);
    await survivor.call('putFilled', 'big', 6 * 1024 * 1024, 1);
    await victim.call('start', options);
    const writing = victim.call('putSlowly', 'big', 512 * 1024 * 1024, 2).catch(() => {});
    await expect.poll(() => survivor.call('count', 'writes'), WITHIN).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await victim.crash();
    await writing;
    expect(await survivor.call('look', 'big')).toEqual({ size: 6 * 1024 * 1024, values: [1] });

    const next = await site.open();
    await next.call('start', options);
    expect(await next.call('look', 'big')).toEqual({ size: 6 * 1024 * 1024, values: [1] });
    await expect.poll(() => next.call('count', 'writes'), WITHIN).toBe(0);
    const held = 'filesFromBytes' in options ? 1 : 0;
    await expect
      .poll(async () => ((await next.call('files')) as string[]).length, WITHIN)
      .toBe(held);
    await expect.poll(() => next.call('count', 'chunks'), WITHIN).toBe(held === 1 ? 0 : 6);
  });

  test('while it stores batches leaves one of them, whole', async () => {
    await using site = await browser.newSite();
    const survivor = await site.open();
    await survivor.call('start');
    await survivor.call('putAll', 'k/', 500, 'round 0');
    for (const pauseMs of [50, 150, 300]) {
      const victim = await site.open();
      await victim.call('start');
      const writing = victim.call('overwriteForever', 'k/', 500).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await victim.crash();
      await writing;
      const values = (await survivor.call('loadAll', 'k/')) as readonly string[];
      expect(values).toHaveLength(500);
      expect(new Set(values).size).toBe(1);
    }
  });

  test('while it moves large objects leaves each of them whole, and another one goes on', async () => {
    const MIB = 1024 * 1024;
    await using site = await browser.newSite();
    const old = await site.open();
    await old.call('start', { filesFromBytes: MIB, filesIn: 'old' });
    const names = Array.from({ length: 12 }, (_, at) => `big/${at}`);
    for (const [at, key] of names.entries()) await old.call('putFilled', key, 8 * MIB, at + 1);
    const options = { filesFromBytes: MIB, filesIn: 'young' };
    const survivor = await site.open();
    for (const objects of [1, 4]) {
      const victim = await site.open();
      await victim.call('start', options);
      const moving = victim.call('moveLarge', 'old').catch(() => {});
      await expect
        .poll(async () => Number(await victim.call('moveProgress')), {
          timeout: 10_000,
          interval: 2,
        })
        .toBeGreaterThanOrEqual(objects);
      await victim.crash();
      await moving;
    }
    await survivor.call('start', options);
    const before = ((await survivor.call('files', 'young')) as readonly string[]).length;
    expect(before).toBeGreaterThan(1);
    const result = (await survivor.call('moveLarge', 'old')) as { readonly movedObjects: number };
    expect(result).toMatchObject({ left: 0 });
    expect(result.movedObjects).toBeLessThan(names.length);
    for (const [at, key] of names.entries()) {
      expect(await survivor.call('look', key)).toEqual({ size: 8 * MIB, values: [at + 1] });
    }
    expect(await survivor.call('files', 'old')).toEqual([]);
    const next = await site.open();
    await next.call('start', options);
    await expect.poll(() => next.call('count', 'writes'), WITHIN).toBe(0);
    const filesOf = async () => ((await next.call('files', 'young')) as readonly string[]).length;
    await expect.poll(filesOf, WITHIN).toBe(names.length);
  });

  test('with the whole browser leaves what was stored, after a restart', async () => {
    await using killed = await startBrowser({ entry: ENTRY });
    const tab = await killed.open();
    const before = await tab.call('start', { durability: 'strict' });
    await tab.call('put', 'a', 'kept');
    await killed.kill();
    await killed.restart();
    const again = await killed.open();
    expect(await again.call('start')).toBe(before);
    expect(await again.call('get', 'a')).toBe('kept');
    expect(await again.call('told')).toMatchObject({ evictions: [] });
  });
});

describe.skipIf(isMissing)('two versions of the app', { timeout: 60_000 }, () => {
  test('open at once: the older one lets go and says that it wants a reload', async () => {
    await using site = await browser.newSite();
    const [older, newer] = [await site.open(), await site.open()];
    await older.call('start', { version: 1 });
    await older.call('put', 'a', 'by version 1');
    await older.call('watch');
    await newer.call('start', { version: 2 });
    expect(await newer.call('get', 'a')).toBe('by version 1');
    await newer.call('put', 'b', 'by version 2');
    for (const call of [['put', 'a', 'x'], ['get', 'a'], ['keys']] as const) {
      await expect(older.call(call[0], ...call.slice(1))).rejects.toMatchObject({
        code: 'unsupported',
      });
    }
    expect(await newer.call('get', 'a')).toBe('by version 1');
    await expect(older.call('start', { version: 1 })).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('Reload'),
    });
    await older.call('start', { version: 2 });
    expect(await older.call('get', 'b')).toBe('by version 2');
  });

  test('leave a database of a later format of ours as it is', async () => {
    await using site = await browser.newSite();
    const [later, now] = [await site.open(), await site.open()];
    const before = await later.call('start');
    await later.call('put', 'a', 'kept');
    await later.call('pretendLaterFormat', 99);
    await expect(now.call('start')).rejects.toMatchObject({
      code: 'invalid-data',
      hint: expect.stringContaining('nothing in the database was changed'),
    });
    expect(await later.call('get', 'a')).toBe('kept');
    expect(await later.call('storeId')).toBe(before);
  });
});
