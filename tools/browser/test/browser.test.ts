import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, findBrowser, startBrowser, whyNoBrowser } from '../src/index.ts';

const ENTRY = new URL('./pages/tab.ts', import.meta.url);
const WITHIN = { timeout: 60_000, interval: 20 };
const BROWSER_TIMEOUT_MS = 60_000;

describe.each(['chromium', 'firefox'] as const)('%s', (name) => {
  const isMissing = findBrowser(name) === undefined;
  let browser: Browser;

  beforeAll(async () => {
    if (!isMissing) browser = await startBrowser({ entry: ENTRY, name });
  }, BROWSER_TIMEOUT_MS);
  afterAll(() => browser?.stop(), BROWSER_TIMEOUT_MS);

  if (isMissing) test('is missing', ({ skip }) => skip(whyNoBrowser(name)));

  describe.skipIf(isMissing)('a tab', () => {
    test('is called with values and answers with values', async () => {
      const tab = await browser.open();
      expect(await tab.call('echo', 1, 'grün', { list: [null, true] })).toEqual([
        1,
        'grün',
        { list: [null, true] },
      ]);
      expect(await tab.call('throwLater')).toBeUndefined();
      expect(await tab.call('scope')).toEqual({
        name: 'Window',
        isSecure: true,
        origin: browser.origin,
      });
      await tab.close();
      await tab.close();
    });

    test('rejects with what the call has thrown', async () => {
      const tab = await browser.open();
      await expect(tab.call('fail')).rejects.toMatchObject({
        name: 'RangeError',
        message: 'it is too much',
        code: 'too-much',
        usage: { usedBytes: 3 },
      });
      await expect(tab.call('failOddly')).rejects.toThrow('no error at all');
      await expect(tab.call('failInRings')).rejects.toThrow('it holds itself');
      await expect(tab.call('bytes')).rejects.toThrow("'deep' is a Uint8Array");
      await expect(tab.call('none')).rejects.toThrow("no function 'none'; it has askWorker, bytes");
      await tab.close();
    });

    test('keeps what is printed and what nobody catches', async () => {
      const tab = await browser.open();
      await tab.call('throwLater');
      await expect.poll(() => tab.console.join('\n'), WITHIN).toContain('nobody catches this');
      expect(tab.console[0]).toBe('log: the module runs');
      await tab.close();
    });

    test('starts a worker that lies beside its module', async () => {
      const tab = await browser.open();
      expect(await tab.call('askWorker', 'loud')).toBe('LOUD');
      await tab.close();
    });

    test.each([
      ['worker', 'DedicatedWorkerGlobalScope'],
      ['shared-worker', 'SharedWorkerGlobalScope'],
      ['service-worker', 'ServiceWorkerGlobalScope'],
    ] as const)('runs its module in a %s', async (place, scope) => {
      const tab = await browser.open({ in: place });
      expect(await tab.call('scope')).toMatchObject({ name: scope, isSecure: true });
      expect(await tab.call('echo', 'a')).toEqual(['a']);
      await expect(tab.call('fail')).rejects.toMatchObject({ code: 'too-much' });
      await tab.close();
    });

    test('runs another module at the same origin', async () => {
      const tab = await browser.open({ entry: new URL('./pages/waits.ts', import.meta.url) });
      expect(await tab.call('origin')).toBe(browser.origin);
      await tab.close();
      const worker = await browser.open({
        entry: new URL('./pages/waits.ts', import.meta.url),
        in: 'worker',
      });
      expect(await worker.call('origin')).toBe(browser.origin);
      await worker.close();
    });

    test.each(['page', 'worker'] as const)(
      'does not open when its module fails in a %s',
      async (place) => {
        const entry = new URL('./pages/fails.ts', import.meta.url);
        await expect(browser.open({ entry, in: place })).rejects.toThrow('this module is broken');
      },
    );

    test('does not open when its module cannot be bundled', async () => {
      const entry = new URL('./pages/none.ts', import.meta.url);
      await expect(browser.open({ entry })).rejects.toThrow('none.ts');
    });
  });

  if (name === 'firefox' && !isMissing) {
    test('says what it cannot do', async () => {
      const tab = await browser.open();
      await expect(tab.freeze()).rejects.toThrow('Firefox cannot freeze a tab');
      await expect(tab.thaw()).rejects.toThrow('Firefox cannot thaw a tab');
      await expect(tab.crash()).rejects.toThrow('Firefox cannot crash one tab');
      await expect(browser.setQuota(1)).rejects.toThrow('Firefox cannot limit');
      await expect(browser.clearStorage()).rejects.toThrow('Firefox cannot clear');
      await browser.setQuota(undefined);
      const limited = { entry: ENTRY, name, quotaBytes: 1 };
      await expect(startBrowser(limited)).rejects.toThrow('Firefox cannot limit');
      await tab.close();
    });
  }

  describe.skipIf(isMissing)('the browser', () => {
    test('keeps its profiles when it is killed and when it is started anew', async () => {
      const tab = await browser.open();
      await tab.call('write', 'kept', 'before');
      const hanging = tab.call('hang');
      const isGone = expect(hanging).rejects.toMatchObject({ name: 'TabGone' });
      await browser.kill();
      await isGone;
      await expect(tab.call('read', 'kept')).rejects.toMatchObject({ name: 'TabGone' });
      await expect(browser.open()).rejects.toThrow('`restart()` starts it again');

      await browser.restart();
      const next = await browser.open();
      expect(await next.call('read', 'kept')).toBe('before');
      await next.close();
    });

    test('shares what it stores with tabs of its profile', async () => {
      const [one, other, stranger] = await Promise.all([
        browser.open(),
        browser.open(),
        browser.open({ profile: 'stranger' }),
      ]);
      await one.call('write', 'key', 'text');
      expect(await other.call('read', 'key')).toBe('text');
      expect(await stranger.call('read', 'key')).toBeUndefined();
      await Promise.all([one, other, stranger].map((tab) => tab.close()));
    });

    test('has sites that share nothing', async () => {
      const first = await browser.open();
      await first.call('write', 'key', 'first');
      await using site = await browser.newSite();
      const tab = await site.open();
      expect(await tab.call('scope')).toMatchObject({ isSecure: true, origin: site.origin });
      expect(await tab.call('read', 'key')).toBeUndefined();
      await tab.call('write', 'key', 'site');
      await using another = await browser.newSite();
      expect(await (await another.open()).call('read', 'key')).toBeUndefined();
      expect(await (await site.open()).call('read', 'key')).toBe('site');
      expect(await first.call('read', 'key')).toBe('first');
      await site[Symbol.asyncDispose]();
      await expect(tab.call('echo')).rejects.toMatchObject({ name: 'TabGone' });
      await first.close();
    });

    test('is no secure context when it is asked to be none', async () => {
      await using insecure = await startBrowser({ entry: ENTRY, name, insecure: true });
      const tab = await insecure.open();
      expect(await tab.call('scope')).toMatchObject({ isSecure: false, origin: insecure.origin });
      expect(insecure.origin).toMatch(/^http:\/\/granary\.test:\d+$/);
      await expect(insecure.open({ in: 'service-worker' })).rejects.toThrow('no service worker');
    });

    test('forgets what was stored in private', async () => {
      await using secretive = await startBrowser({ entry: ENTRY, name, incognito: true });
      const tab = await secretive.open();
      await tab.call('write', 'key', 'text');
      const other = await secretive.open();
      expect(await other.call('read', 'key')).toBe('text');
      await expect(other.freeze()).rejects.toThrow('cannot freeze a');
      await secretive.restart();
      expect(await (await secretive.open()).call('read', 'key')).toBeUndefined();
    });

    test('opens no tab once it was stopped', async () => {
      const short = await startBrowser({ entry: ENTRY, name });
      await short.stop();
      await short.stop();
      await expect(short.open()).rejects.toThrow('was stopped');
    });
  });
});

describe.skipIf(findBrowser('chromium') === undefined)('Chromium alone', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser({ entry: ENTRY });
  }, BROWSER_TIMEOUT_MS);
  afterAll(() => browser?.stop(), BROWSER_TIMEOUT_MS);

  test('freezes a tab and lets it go on', async () => {
    const tab = await browser.open();
    const ticks = async () => Number(await tab.call('countTicks'));
    await expect.poll(ticks, WITHIN).toBeGreaterThan(5);
    await tab.freeze();
    const before = await ticks();
    // Another tab runs meanwhile.
    const other = await browser.open();
    await expect.poll(() => other.call('countTicks'), WITHIN).toBeGreaterThan(20);
    expect(await ticks()).toBeLessThan(before + 3);
    await tab.thaw();
    await expect.poll(ticks, WITHIN).toBeGreaterThan(before + 5);
    await Promise.all([tab.close(), other.close()]);
  });

  test('kills one tab and leaves the other', async () => {
    const [tab, other] = await Promise.all([browser.open(), browser.open()]);
    const isGone = expect(tab.call('hang')).rejects.toThrow("'hang' got no answer from the tab");
    await tab.crash();
    await isGone;
    await expect(tab.call('echo')).rejects.toMatchObject({ name: 'TabGone' });
    expect(await other.call('echo', 1)).toEqual([1]);
    await tab.close();
    await other.close();
  });

  test('rejects a call whose page is left before it answers', async () => {
    const tab = await browser.open();
    const error = await tab.call('leave').catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).name).not.toBe('TabGone');
    await tab.close();
  });

  test('limits what is stored, and ends that', async () => {
    await using full = await startBrowser({ entry: ENTRY, quotaBytes: 2_000_000 });
    const tab = await full.open();
    expect(await tab.call('quota')).toBe(2_000_000);
    const fitting = await tab.call('fill', 100_000);
    expect(fitting).toBeGreaterThan(10);
    expect(fitting).toBeLessThan(20);
    await full.setQuota(3_000_000);
    expect(await tab.call('quota')).toBe(3_000_000);
    await full.setQuota(undefined);
    expect(await tab.call('quota')).toBeGreaterThan(3_000_000);
  });

  test('limits and clears one site and leaves the others', async () => {
    await using site = await browser.newSite(2_000_000);
    await using other = await browser.newSite();
    const [tab, free] = await Promise.all([site.open(), other.open()]);
    expect(await tab.call('quota')).toBe(2_000_000);
    expect(await free.call('quota')).toBeGreaterThan(3_000_000);
    for (const one of [tab, free]) await one.call('write', 'key', 'text');
    await site.clearStorage();
    expect(await tab.call('read', 'key')).toBeUndefined();
    expect(await free.call('read', 'key')).toBe('text');
    await site.setQuota(undefined);
    expect(await tab.call('quota')).toBeGreaterThan(3_000_000);
  });

  test('keeps its profiles when it is started anew in order', async () => {
    const tab = await browser.open();
    await tab.call('write', 'kept', 'text');
    await browser.restart();
    await expect(tab.call('echo')).rejects.toMatchObject({ name: 'TabGone' });
    const next = await browser.open();
    expect(await next.call('read', 'kept')).toBe('text');
    await next.close();
  });

  test('clears what is stored under the feet of a tab', async () => {
    const tab = await browser.open();
    await tab.call('write', 'key', 'text');
    await browser.clearStorage();
    expect(await tab.call('read', 'key')).toBeUndefined();
    await tab.close();
  });
});
