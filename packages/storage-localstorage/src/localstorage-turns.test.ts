import {
  type ErrorCode,
  guardProvider,
  type StorageProvider,
  toBody,
} from '@granary/storage-core/provider';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FakePage, fakeOrigin, storageEvent } from '../test/fake-page.ts';
import { localStorageProvider } from './localstorage-provider.ts';

const raw = (page: FakePage): StorageProvider =>
  guardProvider(localStorageProvider({}, page.globals));
const failing = (code: ErrorCode) => expect.objectContaining({ code });

describe('several pages', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('a page waits for the last change of another one before it writes', async () => {
    const origin = fakeOrigin();
    const fast = raw(origin.page());
    const slowPage = origin.page({ isSlow: true });
    const slow = raw(slowPage);
    const { etag } = await fast.put('n', toBody('0'), {});
    await vi.advanceTimersByTimeAsync(3000);
    slowPage.arrive();
    expect((await slow.stat('n', {})).etag).toBe(etag);

    await fast.put('n', toBody('1'), { ifMatch: etag });
    const late = slow.put('n', toBody('lost update'), { ifMatch: etag });
    const refused = expect(late).rejects.toEqual(failing('precondition-failed'));
    await vi.advanceTimersByTimeAsync(20);
    slowPage.arrive();
    await vi.advanceTimersByTimeAsync(20);
    await refused;
    expect(await (await fast.get('n', {})).text()).toBe('1');
    await fast.close?.();
    await slow.close?.();
  });

  test('a write fails when that change does not come', async () => {
    const origin = fakeOrigin();
    const fast = raw(origin.page());
    await fast.put('n', toBody('0'), {});
    const slow = raw(origin.page({ isSlow: true }));
    await slow.stat('n', {});
    await fast.put('n', toBody('1'), {});
    const written = expect(slow.put('n', toBody('2'), {})).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
      retryable: true,
    });
    await vi.advanceTimersByTimeAsync(3000);
    await written;
  });

  test('a store that the user cleared begins anew', async () => {
    const origin = fakeOrigin();
    const [page, other] = [origin.page(), origin.page()];
    const [one, two] = [raw(page), raw(other)];
    await one.put('a', toBody('x'), {});
    await two.put('b', toBody('x'), {});
    const { storeId } = one;
    expect(two.storeId).toBe(storeId);
    const watcher = await one.watch?.({});
    const events = watcher?.[Symbol.asyncIterator]();

    for (const { storage } of [page, other]) {
      while (storage.length > 0) storage.removeItem(storage.key(0) ?? '');
    }
    page.send(storageEvent(page.storage, null, null));
    expect((await events?.next())?.value).toEqual({ type: 'subtree', isOwn: false });

    const written = one.put('a', toBody('y'), { ifNoneMatch: '*' });
    await vi.advanceTimersByTimeAsync(3000);
    await written;
    expect(one.storeId).not.toBe(storeId);
    await watcher?.close();
  });

  test('a write that waits for its turn can be aborted', async () => {
    const origin = fakeOrigin();
    const provider = raw(origin.page());
    await provider.put('a', toBody('x'), {});
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    void origin.locks.request('granary-localstorage:granary', { mode: 'exclusive' }, () => held);
    await vi.advanceTimersByTimeAsync(1);
    const aborting = new AbortController();
    const written = provider.put('a', toBody('y'), { signal: aborting.signal });
    const aborted = expect(written).rejects.toEqual(failing('aborted'));
    aborting.abort();
    await aborted;
    release();
    await vi.advanceTimersByTimeAsync(10);
    expect(await (await provider.get('a', {})).text()).toBe('x');
  });

  test('a write fails when the browser takes its lock away', async () => {
    const page = fakeOrigin().page();
    const provider = raw(page);
    await provider.put('a', toBody('x'), {});
    Object.assign(page.globals.navigator?.locks ?? {}, {
      request: async () => {
        throw new DOMException('stolen', 'AbortError');
      },
    });
    await expect(provider.put('a', toBody('y'), {})).rejects.toEqual(failing('unavailable'));
  });

  test('a page that is left holds no lock', async () => {
    const origin = fakeOrigin();
    const page = origin.page();
    await raw(page).put('a', toBody('x'), {});
    await vi.advanceTimersByTimeAsync(1);
    expect((await origin.locks.query()).held).toHaveLength(1);
    page.send(new Event('pagehide'));
    await vi.advanceTimersByTimeAsync(1);
    expect((await origin.locks.query()).held).toHaveLength(0);

    await raw(page).put('a', toBody('y'), {});
    await vi.advanceTimersByTimeAsync(1);
    expect((await origin.locks.query()).held).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await origin.locks.query()).held).toHaveLength(0);
  });
});
