import { type ErrorCode, guardProvider, toBody } from '@granary/storage-core/provider';
import { describe, expect, test, vi } from 'vitest';
import { type FakePage, fakeOrigin } from '../test/fake-page.ts';
import type { PageGlobals } from './localstorage-globals.ts';
import {
  createLocalStorage,
  type LocalStorageOptions,
  localStorageProvider,
} from './localstorage-provider.ts';

const raw = (page: FakePage, options: LocalStorageOptions = {}) =>
  guardProvider(localStorageProvider(options, page.globals));
const failing = (code: ErrorCode) => expect.objectContaining({ code });
const noise = (size: number) => crypto.getRandomValues(new Uint8Array(size)).fill(255, 0, 1);

describe('opening', () => {
  test('touches nothing before the first operation', () => {
    const storage = createLocalStorage();
    expect(storage.getInfo()).toMatchObject({ provider: 'localstorage', durable: true });
  });

  test('says what to do where there is no localStorage', async () => {
    for (const globals of [{}, { localStorage: null }]) {
      const provider = guardProvider(localStorageProvider({}, globals));
      await expect(provider.stat('a', {})).rejects.toThrow(/no localStorage here.*IndexedDB/);
      await expect(provider.stat('a', {})).rejects.toEqual(failing('unsupported'));
    }
  });

  test('says that the user forbids storage', async () => {
    const globals: PageGlobals = {
      get localStorage(): never {
        throw new DOMException('Access is denied for this document.', 'SecurityError');
      },
    };
    const provider = guardProvider(localStorageProvider({}, globals));
    await expect(provider.stat('a', {})).rejects.toEqual(failing('permission-denied'));
  });

  test('fails where the browser gives no room at all', async () => {
    const provider = raw(fakeOrigin(0).page());
    await expect(provider.stat('a', {})).rejects.toThrow(/takes nothing here.*private window/);
    await expect(provider.stat('a', {})).rejects.toEqual(failing('quota-exceeded'));
  });

  test('reads and deletes where others have filled the origin', async () => {
    const origin = fakeOrigin(400);
    const first = raw(origin.page());
    await first.put('a', toBody('x'), {});
    const page = origin.page();
    page.storage.removeItem('granary:granary');
    const used = [...origin.items].reduce(
      (sum, [name, value]) => sum + name.length + value.length,
      0,
    );
    page.storage.setItem('theirs', 'x'.repeat(400 - used - 6));

    const provider = raw(page);
    expect((await provider.stat('a', {})).size).toBe(1);
    await expect(provider.put('b', toBody('y'), {})).rejects.toEqual(failing('quota-exceeded'));
    expect(provider.storeId).toBeUndefined();
    expect(await provider.delete('a', {})).toEqual({ existed: true });
    expect(provider.storeId).toBeDefined();
    expect(page.storage.getItem('theirs')).not.toBeNull();
  });

  test('passes on what nobody expected', async () => {
    const page = fakeOrigin().page();
    const storage = {
      ...page.storage,
      setItem: () => {
        throw new TypeError('odd');
      },
    };
    const provider = raw({ ...page, globals: { ...page.globals, localStorage: storage } });
    await expect(provider.stat('a', {})).rejects.toEqual(failing('unknown'));
  });

  test.each([
    { namespace: '' },
    { namespace: 'a/b' },
    { namespace: '\ud800' },
    { namespace: 'x'.repeat(101) },
    { maxObjectBytes: 0 },
    { maxTotalBytes: 1.5 },
  ])('refuses %j', (options) => {
    expect(() => localStorageProvider(options, {})).toThrow(failing('invalid-config'));
  });

  test('takes its options from a config', () => {
    const { fromConfig } = createLocalStorage.backend;
    expect(fromConfig?.({ config: { namespace: 'a', maxTotalBytes: '9' } })).toEqual({
      namespace: 'a',
      maxTotalBytes: 9,
    });
  });
});

describe('the origin', () => {
  test('keeps what is not ours', async () => {
    const origin = fakeOrigin();
    const page = origin.page();
    const foreign = [
      'theirs',
      'granary',
      'granary:granaryx/a',
      'granary:granary//a',
      'granary:granary/',
    ];
    for (const name of foreign) page.storage.setItem(name, 'theirs');
    await using storage = { provider: raw(page), [Symbol.asyncDispose]: async () => {} };
    const { provider } = storage;
    await provider.put('a', toBody('mine'), {});
    const pages = await Array.fromAsync(provider.list({}));
    expect(pages.flatMap(({ entries }) => entries.map(({ key }) => key))).toEqual(['a']);
    await provider.delete('a', {});
    expect([...origin.items.keys()].sort()).toEqual([...foreign, 'granary:granary'].sort());
  });

  test('holds an object in one item that a person can read', async () => {
    const origin = fakeOrigin();
    await raw(origin.page()).put('notes/a.json', toBody('{"text":"Buy bread."}'), {
      tags: ['todo'],
    });
    const value = origin.items.get('granary:granary/notes/a.json');
    expect(value).toMatch(/^granary1 \{.*"tags":\["todo"\].*\}\n\{"text":"Buy bread\."\}$/);
    expect(origin.items.size).toBe(2);
  });

  test('keeps namespaces apart', async () => {
    const page = fakeOrigin().page();
    const [one, two] = [raw(page, { namespace: 'one' }), raw(page, { namespace: 'two' })];
    await one.put('a', toBody('1'), {});
    await expect(two.stat('a', {})).rejects.toEqual(failing('not-found'));
    expect(one.storeId).not.toBe(two.storeId);
    expect(raw(page, { namespace: 'one' }).storeId).toBeUndefined();
  });
});

describe('a damaged item', () => {
  test('is corrupted by itself, listed by its key, replaced and deleted', async () => {
    const page = fakeOrigin().page();
    const provider = raw(page);
    for (const key of ['a', 'b', 'c'])
      await provider.put(key, toBody(key), { expiresAt: new Date(1) });
    page.storage.setItem('granary:granary/b', 'garbage');

    await expect(provider.get('b', {})).rejects.toEqual(failing('corrupted'));
    await expect(provider.copy?.('b', 'd', {})).rejects.toEqual(failing('corrupted'));
    const [listed] = await Array.fromAsync(provider.list({}));
    expect(listed?.entries.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(listed?.entries[1]).toEqual({ kind: 'item', key: 'b' });
    await expect(provider.put('b', toBody('x'), { ifNoneMatch: '*' })).rejects.toEqual(
      failing('precondition-failed'),
    );
    await expect(provider.put('b', toBody('x'), { ifMatch: 'e' })).rejects.toEqual(
      failing('precondition-failed'),
    );
    await provider.put('b', toBody('mended'), {});
    expect(await (await provider.get('b', {})).text()).toBe('mended');
    page.storage.setItem('granary:granary/b', 'granary1 {}');
    expect(await provider.delete('b', {})).toEqual({ existed: true });
  });
});

describe('room', () => {
  test('is counted as browsers do, two bytes a unit', async () => {
    const origin = fakeOrigin();
    const provider = raw(origin.page());
    await provider.put('a', toBody('hello'), {});
    await provider.put('b', toBody(noise(3000)), {});
    await provider.put('a', toBody('hi'), {});
    await provider.move?.('a', 'c', {});
    const units = [...origin.items]
      .filter(([name]) => name.includes('/'))
      .reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    expect(await provider.usage?.({})).toEqual({
      usedBytes: units * 2,
      totalBytes: 4_000_000,
      objects: 2,
    });
    expect(units).toBeLessThan(2000);
  });

  test('runs out at the limit of the options, which keeps what was there', async () => {
    const provider = raw(fakeOrigin().page(), { maxTotalBytes: 5000, maxObjectBytes: 4000 });
    await provider.put('a', toBody('x'.repeat(1000)), {});
    const error = await provider
      .put('b', toBody('y'.repeat(2000)), {})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'quota-exceeded',
      outcome: 'not-applied',
      usage: { totalBytes: 5000, objects: 1 },
    });
    await provider.put('a', toBody('x'.repeat(900)), {});
    await expect(provider.put('b', toBody(noise(4001)), {})).rejects.toEqual(failing('too-large'));
    const endless = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(noise(1000)) });
    await expect(provider.put('b', toBody(endless), {})).rejects.toEqual(failing('too-large'));
    const [listed] = await Array.fromAsync(provider.list({}));
    expect(listed?.entries.map(({ key }) => key)).toEqual(['a']);
  });

  test('is made by what has expired, first', async () => {
    const provider = raw(fakeOrigin().page(), { maxTotalBytes: 3000 });
    const watcher = await provider.watch?.({});
    await provider.put('old', toBody('x'.repeat(900)), { expiresAt: new Date(Date.now() - 1) });
    await provider.put('later', toBody('z'), { expiresAt: new Date(Date.now() + 60_000) });
    await provider.put('new', toBody('y'.repeat(900)), {});
    const [listed] = await Array.fromAsync(provider.list({}));
    expect(listed?.entries.map(({ key }) => key)).toEqual(['later', 'new']);
    await watcher?.close();
  });

  test('that the browser refuses is asked for again after what has expired is gone', async () => {
    const origin = fakeOrigin(1500);
    const provider = raw(origin.page());
    await provider.put('old', toBody('x'.repeat(900)), { expiresAt: new Date(1) });
    await provider.put('new', toBody('y'.repeat(900)), {});
    await expect(provider.stat('old', {})).rejects.toEqual(failing('not-found'));
    const error = await provider
      .put('more', toBody('z'.repeat(900)), {})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'quota-exceeded', usage: { objects: 1 } });
    expect(await (await provider.get('new', {})).text()).toBe('y'.repeat(900));
  });

  test('is asked for under the name that Firefox has for it, too', async () => {
    const page = fakeOrigin().page();
    const provider = raw(page);
    await provider.put('a', toBody('x'), {});
    Object.assign(page.storage, {
      setItem: () => {
        throw Object.assign(new Error('full'), { name: 'NS_ERROR_DOM_QUOTA_REACHED' });
      },
    });
    await expect(provider.put('b', toBody('x'), {})).rejects.toEqual(failing('quota-exceeded'));
  });

  test('passes on another failure of a write', async () => {
    const page = fakeOrigin().page();
    const provider = raw(page);
    await provider.put('a', toBody('x'), {});
    Object.assign(page.storage, {
      setItem: () => {
        throw new TypeError('odd');
      },
    });
    await expect(provider.put('b', toBody('x'), {})).rejects.toEqual(failing('unknown'));
  });
});

describe('without Web Locks', () => {
  test('conditions are not offered', async () => {
    const provider = raw(fakeOrigin().page({ hasLocks: false }));
    await provider.put('a', toBody('x'), {});
    expect(provider.capabilities).toMatchObject({ createIfAbsent: false, replaceIfMatch: false });
    await expect(provider.put('a', toBody('y'), { ifNoneMatch: '*' })).rejects.toEqual(
      failing('unsupported'),
    );
  });

  test('a checksum comes without Web Crypto', async () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const provider = raw(fakeOrigin().page({ hasLocks: false }));
    const { checksums } = await provider.put('a', toBody('hello'), { checksum: 'sha256' });
    vi.unstubAllGlobals();
    expect(checksums?.['sha256']).toBe('sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=');
  });
});

test('health looks at the store', async () => {
  const provider = raw(fakeOrigin().page());
  expect(await provider.health?.({})).toMatchObject({ ok: true });
});
