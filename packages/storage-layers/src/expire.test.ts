import { createStorage } from '@granary/storage-core';
import { StorageError, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createExpiring, type ExpireOptions, type SweepReport, withExpire } from './expire.ts';
import { createMock, fakeClock, withMock } from './mock.ts';

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

function setup(options: Omit<ExpireOptions, 'now'> = {}) {
  const clock = fakeClock({ startMs: START_MS });
  const { now } = clock;
  const mock = createMock({ clock });
  const sweep = options.sweep && {
    random: () => 0.5,
    lock: false as const,
    sleep: (ms: number, signal: AbortSignal) => clock.sleep(ms, signal),
    ...options.sweep,
  };
  const storage = createExpiring(
    { underlying: mock, ...options, ...(sweep && { sweep }), now },
    { now },
  );
  return { clock, mock, storage };
}

const at = (ms: number) => new Date(START_MS + ms);

describe('a time to live', () => {
  test('is given where the writer says nothing, by the pattern that says most', async () => {
    const { mock, storage, clock } = setup({
      ttl: { '*': 1000, 'cache/*': 500, 'cache/long/*': 5000, 'cache/a': 9000 },
    });
    const expiry = async (key: string) => (await mock.stat(key)).expiresAt;
    await storage.save('x', 1);
    await storage.save('cache/b', 1);
    await storage.save('cache/long/b', 1);
    await storage.save('cache/a', 1);
    await storage.save('cache/c', 1, { expiration: at(7) });
    expect(await expiry('x')).toEqual(at(1000));
    expect(await expiry('cache/b')).toEqual(at(500));
    expect(await expiry('cache/long/b')).toEqual(at(5000));
    expect(await expiry('cache/a')).toEqual(at(9000));
    expect(await expiry('cache/c')).toEqual(at(7));
    await clock.advance(500);
    expect(await storage.exists('cache/b')).toBe(false);
    expect(await storage.exists('x')).toBe(true);
    await storage.save('cache/b', 2, { ifNoneMatch: '*' });
    expect(await expiry('cache/b')).toEqual(at(1000));
  });

  test('is given by batches and uploads too, and leaves other keys alone', async () => {
    const { mock, storage } = setup({ ttl: { 'c/*': 1000 } });
    await storage.saveMany([
      { key: 'c/a', value: 1 },
      { key: 'c/b', value: 1, expiration: at(5) },
      { key: 'd', value: 1 },
    ]);
    const provider = withExpire(createMemory.provider({}), { ttl: 1000, now: () => START_MS });
    await provider.open?.({});
    const session = await provider.upload?.('big', { attributes: { tags: ['t'] } });
    await session?.write(0, Uint8Array.of(1));
    await (await provider.upload?.('big', { token: session?.token ?? '' }))?.complete();
    expect(await provider.stat('big', {})).toMatchObject({ tags: ['t'], expiresAt: at(1000) });
    const infos = await mock.list('');
    expect(infos.map((info) => ('expiresAt' in info ? info.expiresAt : undefined))).toEqual([
      at(1000),
      at(5),
      undefined,
    ]);
  });

  test('is taken off by clearing the expiration', async () => {
    const { mock, storage } = setup({ ttl: 1000 });
    await storage.save('a', 1);
    await storage.setMetadata('a', { expiresAt: null });
    expect((await mock.stat('a')).expiresAt).toBe(undefined);
  });

  test('is given to copies of what has none; another expiration stays', async () => {
    const { mock, storage } = setup({ ttl: { 'c/*': 1000 } });
    await storage.save('a', 1);
    await storage.save('b', 1, { expiration: at(77) });
    await storage.copy('a', 'c/a');
    await storage.copy('b', 'c/b');
    await storage.copy('a', 'c/said', { attributes: { expiresAt: at(5) } });
    await storage.copy('a', 'c/never', { attributes: { expiresAt: null } });
    await storage.copy('a', 'other');
    await storage.copy('a', 'c/pinned', { sourceIfMatch: (await storage.stat('a')).etag });
    await storage.move('a', 'c/moved');
    const expiry = async (key: string) => (await mock.stat(key)).expiresAt;
    expect(await expiry('c/a')).toEqual(at(1000));
    expect(await expiry('c/b')).toEqual(at(77));
    expect(await expiry('c/said')).toEqual(at(5));
    expect(await expiry('c/never')).toBe(undefined);
    expect(await expiry('other')).toBe(undefined);
    expect(await expiry('c/pinned')).toEqual(at(1000));
    expect(await expiry('c/moved')).toEqual(at(1000));
    await expect(storage.copy('none', 'c/x')).rejects.toMatchObject({
      code: 'not-found',
      operation: 'copy',
    });
    await storage.save('a', 1);
    await expect(storage.copy('a', 'c/a', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  });

  test('a source that changes while it is looked at is a conflict', async () => {
    const inner = createMemory.provider({});
    await inner.put('a', toBody('one'), {});
    const mock = withMock(inner);
    const storage = createStorage(withExpire(mock, { ttl: { 'c/*': 1000 } }));
    mock.mock.fail('copy', { with: 'precondition-failed' });
    await expect(storage.copy('a', 'c/a')).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
    });
    mock.mock.fail('copy', { with: 'permission-denied' });
    await expect(storage.copy('a', 'c/a')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('of %s makes no sense', (ttl) => {
    expect(() => setup({ ttl })).toThrow('ttl of "*"');
    expect(() => setup({ ttl: { 'a/*': ttl } })).toThrow('ttl of "a/*"');
  });

  test('is unsupported where attributes are not kept', async () => {
    const { get, put, stat, delete: remove, list } = createMemory.provider({});
    const bare: StorageProvider = {
      ...{ specVersion: 1, name: 'bare', get, put, stat, delete: remove, list },
      capabilities: { attributes: 'none', etagCovers: 'write' },
    };
    const storage = createStorage(withExpire(bare, { ttl: { 'c/*': 1 } }));
    await expect(storage.put('c/a', 'x')).rejects.toMatchObject({ code: 'unsupported' });
    await storage.put('a', 'x');
    const sweeping = withExpire(bare, { sweep: { intervalMs: 1 } });
    await expect(sweeping.open?.({})).rejects.toMatchObject({ code: 'invalid-config' });
    const sliding = withExpire(bare, { ttl: 1, sliding: true });
    await expect(sliding.open?.({})).rejects.toThrow('sliding');
  });
});

describe('a time that slides', () => {
  test('is prolonged by reading when half of it is over, and no earlier', async () => {
    const { mock, storage, clock } = setup({ ttl: { 's/*': 1000 }, sliding: true });
    await storage.save('s/a', 'value');
    await storage.save('b', 'value', { expiration: at(600) });
    await clock.advance(500);
    await storage.load('s/a');
    expect(mock.calls('setMetadata')).toEqual([]);
    await clock.advance(1);
    expect(await storage.load('s/a')).toBe('value');
    await storage.load('b');
    expect(mock.calls('setMetadata')).toHaveLength(1);
    expect((await storage.stat('s/a')).expiresAt).toEqual(at(1501));
    await clock.advance(900);
    expect(await storage.load('s/a')).toBe('value');
    expect(await storage.exists('b')).toBe(false);
    await clock.advance(1000);
    expect(await storage.exists('s/a')).toBe(false);
  });

  test('gives the etag that the item has then', async () => {
    const { storage, clock } = setup({ ttl: 1000, sliding: true });
    await storage.save('a', 1);
    await clock.advance(900);
    const { info } = await storage.loadItem('a');
    await storage.save('a', 2, { ifMatch: info.etag });
    await clock.advance(900);
    const { etag } = await storage.stat('a');
    expect(await (await storage.get('a', { ifMatch: etag })).text()).toBe('2');
    expect((await storage.stat('a')).etag).toBe(etag);
    expect((await storage.loadMany(['a']))[0]?.ok).toBe(true);
    expect(storage.getCapabilities().getMany ?? false).toBe(false);
  });

  test('lets a read succeed that cannot prolong it', async () => {
    const { mock, storage, clock } = setup({ ttl: 1000, sliding: true });
    await storage.save('a', 1);
    await clock.advance(900);
    mock.fail('setMetadata', { with: 'precondition-failed' });
    expect(await storage.load('a')).toBe(1);
    mock.fail('setMetadata', { hang: true });
    const controller = new AbortController();
    const pending = storage.load('a', { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(pending).rejects.toMatchObject({ code: 'aborted' });
    const version = (await storage.stat('a')).etag;
    expect(version).toBe((await mock.stat('a')).etag);
  });
});

describe('the sweeper', () => {
  test('deletes what has expired, from the first operation until close', async () => {
    const reports: SweepReport[] = [];
    const { clock, mock, storage } = setup({
      ttl: { 'c/*': MINUTE_MS },
      sweep: { intervalMs: 10 * MINUTE_MS, onSweep: (report) => void reports.push(report) },
    });
    await clock.advance(60 * MINUTE_MS);
    expect(mock.calls('list')).toEqual([]);
    await storage.save('c/a', 1);
    await storage.save('c/b', 1);
    await storage.save('keep', 1);
    await clock.advance(5 * MINUTE_MS);
    expect(reports).toEqual([
      { startedAt: at(65 * MINUTE_MS), deleted: ['c/a', 'c/b'], failed: [] },
    ]);
    expect((await mock.list()).map(({ key }) => key)).toEqual(['keep']);
    await clock.advance(10 * MINUTE_MS);
    expect(reports).toHaveLength(2);
    await storage.close();
    await clock.advance(100 * MINUTE_MS);
    expect(reports).toHaveLength(2);
  });

  test('keeps no process alive', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const sweep = { intervalMs: 15 * MINUTE_MS, lock: false } as const;
    const storage = createExpiring({ underlying: createMemory(), sweep });
    await storage.exists('a');
    const waiting = timers.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(waiting.map((timer) => timer.hasRef())).toEqual([false]);
    await storage.close();
  });

  test('leaves an item that was saved anew, or whose time was prolonged, meanwhile', async () => {
    const reports: SweepReport[] = [];
    const { clock, mock, storage } = setup({
      ttl: 1000,
      sweep: { intervalMs: 4000, onSweep: (report) => void reports.push(report) },
    });
    await storage.save('a', 'old');
    await storage.save('b', 'old');
    await storage.save('c', 'old');
    mock.fail('delete', { key: 'a', with: 'precondition-failed' });
    mock.fail('delete', { key: 'b', with: 'permission-denied' });
    await clock.advance(2000);
    expect(reports).toMatchObject([
      { deleted: ['c'], failed: [{ key: 'b', error: { code: 'permission-denied' } }] },
    ]);
    expect(mock.calls('delete').every(({ options }) => 'ifMatch' in options)).toBe(true);
  });

  test('a race of saves and sweeps loses nothing that was saved anew', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 12 }), async (steps) => {
        let nowMs = START_MS;
        const now = () => nowMs;
        const memory = createMemory({ now });
        const storage = createExpiring({ underlying: memory, ttl: 10, now }, { now });
        await storage.save('a', 0);
        let last = 0;
        let diesMs = nowMs + 10;
        for (const [index, step] of steps.entries()) {
          nowMs += step * 4;
          const sweep = storage.sweep();
          if (step % 2 === 0) {
            last = index + 1;
            diesMs = nowMs + 10;
            await storage.save('a', last);
          }
          await sweep;
          expect(await storage.load('a', { default: 'gone' })).toBe(nowMs < diesMs ? last : 'gone');
        }
      }),
      { numRuns: 60 },
    );
  });

  test('goes on after a failure, and tells of it', async () => {
    const onError = vi.fn();
    const { clock, mock, storage } = setup({ ttl: 1, sweep: { intervalMs: 1000, onError } });
    await storage.save('a', 1);
    mock.fail('list', { with: new StorageError('unavailable', 'down.') });
    await clock.advance(500);
    expect(onError).toHaveBeenCalledOnce();
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'unavailable' });
    await clock.advance(1000);
    expect(mock.calls('delete').map(({ keys, result }) => [...keys, result])).toEqual([
      ['a', 'ok'],
    ]);
    mock.fail('list');
    await clock.advance(1000);
    expect(onError).toHaveBeenCalledTimes(2);
  });

  test('without hooks nothing is told, and a sweep that runs ends with close', async () => {
    const { clock, mock, storage } = setup({ ttl: 1, sweep: { intervalMs: 1000, concurrency: 2 } });
    await storage.save('a', 1);
    mock.fail('list');
    await clock.advance(500);
    mock.fail('list', { hang: true });
    await clock.advance(1000);
    await storage.close();
    expect(mock.calls('list').map(({ result }) => result)).toEqual(['unavailable', 'aborted']);
  });

  test('waits longer and shorter by chance', async () => {
    const waits: number[] = [];
    const numbers = [0.25, 0, 1, 0.5];
    const storage = createExpiring({
      underlying: createMemory(),
      sweep: {
        intervalMs: 1000,
        jitter: 0.2,
        lock: false,
        random: () => numbers.shift() ?? 0.5,
        async sleep(ms, signal) {
          waits.push(Math.round(ms));
          if (waits.length > 4)
            await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      },
    });
    await storage.ready();
    await vi.waitFor(() => expect(waits).toHaveLength(5));
    expect(waits).toEqual([250, 800, 1200, 1000, 1000]);
    await storage.close();
  });

  test('sweeps a part of the store alone', async () => {
    const { clock, mock, storage } = setup({ ttl: 1, sweep: { intervalMs: 1000, prefix: 'c/' } });
    await storage.save('c/a', 1);
    await storage.save('d/a', 1);
    await clock.advance(500);
    expect(mock.calls('delete').map(({ keys }) => keys)).toEqual([['c/a']]);
  });

  test.each([
    [{ intervalMs: 0 }, 'intervalMs'],
    [{ intervalMs: 2 ** 31 }, 'intervalMs'],
    [{ intervalMs: 1, jitter: 2 }, 'jitter'],
    [{ intervalMs: 1, jitter: -1 }, 'jitter'],
  ])('with %j makes no sense', (sweep, part) => {
    expect(() => setup({ sweep })).toThrow(part);
  });

  test('asks before a request per key', async () => {
    const inner = createMemory.provider({});
    const { get, put, stat, delete: remove, list } = inner;
    const silent = (): StorageProvider => ({
      ...{ specVersion: 1, name: 'silent', get, put, stat, delete: remove, list },
      capabilities: { attributes: 'native', etagCovers: 'write' },
    });
    await inner.put('a', toBody('x'), { expiresAt: at(0) });
    const sweep = { intervalMs: 1, lock: false } as const;
    await expect(withExpire(silent(), { sweep }).open?.({})).rejects.toThrow('scan: true');
    const reports: SweepReport[] = [];
    const scanning = withExpire(silent(), {
      sweep: { ...sweep, scan: true, onSweep: (report) => void reports.push(report) },
    });
    await scanning.open?.({});
    await vi.waitFor(() => expect(reports[0]?.deleted).toEqual(['a']));
    await scanning.close?.();
  });
});

describe('one of several sweepers', () => {
  afterEach(() => vi.unstubAllGlobals());

  function sweepsOf(options: Partial<ExpireOptions['sweep']> = {}) {
    const provider = createMemory.provider({});
    const reports: SweepReport[] = [];
    const layered = withExpire(provider, {
      sweep: {
        intervalMs: 2,
        random: () => 0.5,
        onSweep: (report) => void reports.push(report),
        ...options,
      },
    });
    return { layered, reports };
  }

  test('sweeps, by a lock of the application', async () => {
    let turns = 0;
    const { layered, reports } = sweepsOf({
      async lock(sweep) {
        turns += 1;
        if (turns < 3) return false;
        await sweep();
        return true;
      },
    });
    await layered.open?.({});
    await vi.waitFor(() => expect(reports.length).toBeGreaterThan(0));
    expect(turns).toBeGreaterThan(2);
    await layered.close?.();
  });

  test('sweeps, by Web Locks where they are', async () => {
    const asked: string[] = [];
    let isFree = false;
    vi.stubGlobal('navigator', {
      locks: {
        async request(
          name: string,
          { ifAvailable }: { readonly ifAvailable: boolean },
          run: (lock: object | null) => Promise<boolean>,
        ) {
          asked.push(name);
          expect(ifAvailable).toBe(true);
          return run(isFree ? {} : null);
        },
      },
    });
    const { layered, reports } = sweepsOf();
    await layered.open?.({});
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(2));
    expect(reports).toEqual([]);
    isFree = true;
    await vi.waitFor(() => expect(reports.length).toBeGreaterThan(0));
    expect(asked[0]).toMatch(/^@granary\/sweep\/memory\/.+/);
    await layered.close?.();
  });

  test('sweeps without a lock where there are none', async () => {
    vi.stubGlobal('navigator', undefined);
    const { layered, reports } = sweepsOf();
    await layered.open?.({});
    await vi.waitFor(() => expect(reports.length).toBeGreaterThan(0));
    await layered.close?.();
    await layered.close?.();
  });
});
