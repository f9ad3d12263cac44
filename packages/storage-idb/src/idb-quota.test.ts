import {
  type ListPage,
  type ObjectInfo,
  StorageError,
  type Usage,
} from '@granary/storage-core/provider';
import { describe, expect, test, vi } from 'vitest';
import {
  estimateUsage,
  type GuardedWrite,
  isQuotaExceeded,
  type QuotaEvent,
  type QuotaOptions,
  quotaGuard,
} from './idb-quota.ts';

const MIB = 1024 * 1024;
const USAGE: Usage = { usedBytes: 90, totalBytes: 100 };
const NOW = 1_000_000;

/** A store that holds so many bytes, with items by key. */
function fullStore(capacityBytes: number, options: QuotaOptions = {}) {
  const items = new Map<string, ObjectInfo>();
  const deleted: string[] = [];
  let isForgetting = false;
  const used = () => [...items.values()].reduce((sum, { size }) => sum + size, 0);
  const provider = {
    async *list(): AsyncGenerator<ListPage> {
      const all = [...items.values()];
      yield { entries: [{ kind: 'prefix', key: 'a/' }] };
      for (const item of all) yield { entries: [{ kind: 'item', ...item }] };
    },
    async delete(key: string, { ifMatch }: { readonly ifMatch?: string }) {
      if (items.get(key)?.etag !== ifMatch) {
        throw new StorageError('precondition-failed', 'another etag.');
      }
      items.delete(key);
      deleted.push(key);
      return { existed: true };
    },
  };
  const quota = quotaGuard({
    provider: () => provider,
    withoutRecord: async (operation) => {
      isForgetting = true;
      return await operation().finally(() => {
        isForgetting = false;
      });
    },
    now: () => NOW,
    usage: async () => USAGE,
    ...options,
  });

  function add(key: string, size: number, more: Partial<ObjectInfo> = {}): void {
    items.set(key, {
      key,
      size,
      etag: `etag of ${key}`,
      modifiedAt: new Date(items.size),
      ...more,
    });
  }

  return {
    items,
    deleted,
    quota,
    provider,
    add,
    isForgetting: () => isForgetting,
    async put(key: string, size: number): Promise<string> {
      if (used() + size > capacityBytes) throw new DOMException('full', 'QuotaExceededError');
      add(key, size);
      return key;
    },
  };
}

const isCache = ({ key }: ObjectInfo) => key.startsWith('cache/');

describe('guard', () => {
  test('returns what the operation returns, and passes other errors on', async () => {
    const { quota, deleted } = fullStore(10, { evictable: () => true });
    await expect(quota.guard(async () => 1)).resolves.toBe(1);
    const failing = quota.guard(() => Promise.reject(new StorageError('conflict', 'raced.')));
    await expect(failing).rejects.toMatchObject({ code: 'conflict' });
    expect(deleted).toEqual([]);
  });

  test('deletes expired items first, and no more than that when it is enough', async () => {
    const onQuota = vi.fn();
    const store = fullStore(10 * MIB, { evictable: isCache, onQuota });
    store.add('kept', 4 * MIB, { expiresAt: new Date(NOW + 1) });
    store.add('cache/a', 3 * MIB);
    store.add('old', 3 * MIB, { expiresAt: new Date(NOW) });
    await store.quota.guard(() => store.put('new', 2 * MIB));
    expect(store.deleted).toEqual(['old']);
    expect(onQuota).not.toHaveBeenCalled();
  });

  test('deletes evictable items from the oldest on, only as many as are needed', async () => {
    const store = fullStore(20 * MIB, { evictable: isCache });
    store.add('kept', 2 * MIB);
    for (let at = 0; at < 9; at += 1) {
      store.add(`cache/${at}`, 2 * MIB, { modifiedAt: new Date(100 - at) });
    }
    const about = { key: 'new', neededBytes: 3 * MIB };
    await store.quota.guard(() => store.put('new', 3 * MIB), about);
    expect(store.deleted).toEqual(['cache/8', 'cache/7']);
    await store.quota.guard(() => store.put('newer', 5 * MIB));
    expect(store.deleted).toEqual(['cache/8', 'cache/7', 'cache/6', 'cache/5']);
  });

  test('leaves an item that was written anew meanwhile', async () => {
    const store = fullStore(4 * MIB, { evictable: isCache });
    store.add('cache/a', 2 * MIB);
    store.add('cache/b', 2 * MIB);
    const { list } = store.provider;
    store.provider.list = async function* () {
      yield* list();
      store.add('cache/a', 2 * MIB, { etag: 'another' });
    };
    await store.quota.guard(() => store.put('new', 2 * MIB));
    expect([...store.items.keys()]).toEqual(['cache/a', 'new']);
  });

  test('tells onQuota what it knows, and what its cleanup frees makes the write succeed', async () => {
    const events: QuotaEvent[] = [];
    const store = fullStore(4 * MIB, {
      evictable: isCache,
      async onQuota(event) {
        events.push(event);
        const result = await event.cleanup(({ key }) => key === 'chosen');
        expect(result).toEqual({ deletedItems: 1, freedBytes: 2 * MIB });
      },
    });
    store.add('cache/a', MIB);
    store.add('chosen', 2 * MIB);
    store.add('kept', MIB);
    const about = { key: 'new', neededBytes: 3 * MIB };
    await store.quota.guard(() => store.put('new', 3 * MIB), about);
    expect(events).toMatchObject([
      { usage: USAGE, key: 'new', neededBytes: 3 * MIB, freedBytes: MIB },
    ]);
    expect([...store.items.keys()]).toEqual(['kept', 'new']);
  });

  test('has a write of unknown size asked for as such', async () => {
    const events: QuotaEvent[] = [];
    const store = fullStore(4 * MIB, { onQuota: (event) => void events.push(event) });
    store.add('kept', 4 * MIB);
    await expect(store.quota.guard(() => store.put('new', MIB))).rejects.toThrow('no more room');
    expect(Object.keys(events[0] ?? {}).sort()).toEqual(['cleanup', 'freedBytes', 'usage']);
  });

  test('fails with the usage and a hint, keeps what is not evictable, and asks each time', async () => {
    const onQuota = vi.fn();
    const store = fullStore(4 * MIB, { onQuota });
    store.add('kept', 4 * MIB);
    for (const times of [1, 2]) {
      await expect(
        store.quota.guard(() => store.put('new', MIB), { key: 'new' }),
      ).rejects.toMatchObject({
        code: 'quota-exceeded',
        key: 'new',
        usage: USAGE,
        outcome: 'not-applied',
        hint: expect.stringContaining('requestPersistence'),
        cause: { name: 'QuotaExceededError' },
      });
      expect(onQuota).toHaveBeenCalledTimes(times);
    }
    expect([...store.items.keys()]).toEqual(['kept']);
  });

  test('asks once for operations that fail at the same time, and each is tried again', async () => {
    const onQuota = vi.fn();
    const store = fullStore(4 * MIB, { onQuota });
    store.add('kept', 4 * MIB);
    const writes = ['a', 'b', 'c'].map((key) => store.quota.guard(() => store.put(key, MIB)));
    const results = await Promise.allSettled(writes);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(onQuota).toHaveBeenCalledTimes(1);

    onQuota.mockImplementation(({ cleanup }: QuotaEvent) => cleanup(({ key }) => key === 'kept'));
    const more = ['a', 'b', 'c'].map((key) => store.quota.guard(() => store.put(key, MIB)));
    await expect(Promise.all(more)).resolves.toEqual(['a', 'b', 'c']);
    expect(onQuota).toHaveBeenCalledTimes(2);
  });

  test('tries one again that waited, also when the one before found no room', async () => {
    const store = fullStore(4 * MIB, { onQuota: () => {} });
    store.add('kept', 4 * MIB);
    let tries = 0;
    const first = store.quota.guard(() => {
      tries += 1;
      if (tries === 2) store.items.delete('kept');
      return store.put('a', 5 * MIB);
    });
    const second = store.quota.guard(() => store.put('b', MIB));
    await expect(first).rejects.toMatchObject({ code: 'quota-exceeded' });
    await expect(second).resolves.toBe('b');
  });

  test('does not wait for itself when onQuota writes, and says what onQuota threw', async () => {
    const store = fullStore(4 * MIB, {
      async onQuota() {
        await store.quota.guard(() => store.put('a note about it', 1));
      },
    });
    store.add('kept', 4 * MIB);
    await expect(store.quota.guard(() => store.put('new', MIB))).rejects.toMatchObject({
      code: 'quota-exceeded',
      cause: { code: 'quota-exceeded' },
    });
  });

  test('says so when making room fails or runs into another error', async () => {
    const store = fullStore(4 * MIB, { evictable: isCache });
    store.add('cache/a', 4 * MIB);
    const cause = new StorageError('unavailable', 'no connection.');
    store.provider.delete = () => Promise.reject(cause);
    await expect(store.quota.guard(() => store.put('new', MIB))).rejects.toMatchObject({
      code: 'quota-exceeded',
      cause,
    });
    let tries = 0;
    const other = fullStore(4 * MIB, { evictable: isCache });
    other.add('cache/a', 4 * MIB);
    const failing = other.quota.guard(() => {
      tries += 1;
      return Promise.reject(
        tries === 1 ? new DOMException('full', 'QuotaExceededError') : new Error('other'),
      );
    });
    await expect(failing).rejects.toThrow('other');
  });

  test('makes room for what cannot be run again, no more than it needs, and fails it', async () => {
    const onQuota = vi.fn();
    const store = fullStore(20 * MIB, { evictable: isCache, onQuota });
    for (let at = 0; at < 10; at += 1) store.add(`cache/${at}`, 2 * MIB);
    let runs = 0;
    const write = (about: GuardedWrite) =>
      store.quota.guard(() => {
        runs += 1;
        return store.put('new', 3 * MIB);
      }, about);
    const again = { code: 'quota-exceeded', hint: expect.stringContaining('Send it again') };
    await expect(write({ takenBytes: () => 3 * MIB })).rejects.toMatchObject(again);
    expect(store.deleted).toEqual(['cache/0', 'cache/1']);
    store.add('more', 4 * MIB);
    await expect(write({ takenBytes: () => 1, neededBytes: 5 * MIB })).rejects.toMatchObject(again);
    expect(store.deleted).toHaveLength(5);
    expect([runs, onQuota.mock.calls.length]).toEqual([2, 0]);
    store.add('even more', 6 * MIB);
    await expect(write({ takenBytes: () => 1, neededBytes: 50 * MIB })).rejects.toMatchObject(
      again,
    );
    expect(store.deleted).toHaveLength(10);
    expect(onQuota).toHaveBeenCalledTimes(1);
    expect(runs).toBe(3);
  });

  test('makes room once for several that cannot be run again, and runs again what has read nothing', async () => {
    const store = fullStore(4 * MIB, { evictable: isCache });
    store.add('cache/a', 2 * MIB);
    store.add('cache/b', 2 * MIB);
    const spent = { takenBytes: () => 1, neededBytes: 2 * MIB };
    const writes = ['a', 'b'].map((key) => store.quota.guard(() => store.put(key, MIB), spent));
    const results = await Promise.allSettled(writes);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(store.deleted).toEqual(['cache/a']);
    store.add('full', 2 * MIB);
    await store.quota.guard(() => store.put('c', MIB), { takenBytes: () => 0 });
    expect(store.items.has('c')).toBe(true);
  });

  test('lets what frees room do without its record', async () => {
    const onQuota = vi.fn();
    const store = fullStore(4, { evictable: () => true, onQuota });
    store.add('a', 4);
    const runs: boolean[] = [];
    await store.quota.guard(
      async () => {
        runs.push(store.isForgetting());
        if (!store.isForgetting()) throw new DOMException('full', 'QuotaExceededError');
      },
      { frees: true },
    );
    expect(runs).toEqual([false, true]);
    expect(store.items.size).toBe(1);
    expect(onQuota).not.toHaveBeenCalled();
  });
});

describe('isQuotaExceeded', () => {
  test('finds it in every wrapping', () => {
    const inner = new DOMException('', 'QuotaExceededError');
    for (const error of [
      inner,
      new StorageError('quota-exceeded', 'full.'),
      Object.assign(new Error('aborted'), { name: 'AbortError', inner }),
      Object.assign(new Error('bulk'), { name: 'BulkError', failures: [inner] }),
    ]) {
      expect(isQuotaExceeded(error)).toBe(true);
    }
    for (const error of [undefined, new Error('full'), new DOMException('', 'AbortError')]) {
      expect(isQuotaExceeded(error)).toBe(false);
    }
  });
});

describe('estimateUsage', () => {
  test('tells what the browser says, and nothing where it says nothing', async () => {
    const estimate = async () => ({ usage: 1, quota: 2 });
    expect(await estimateUsage({ estimate })).toEqual({ usedBytes: 1, totalBytes: 2 });
    expect(await estimateUsage({ estimate: async () => ({}) })).toEqual({});
    expect(
      await estimateUsage({ estimate: () => Promise.reject(new TypeError('opaque')) }),
    ).toEqual({});
    expect(await estimateUsage()).toEqual({});
  });
});
