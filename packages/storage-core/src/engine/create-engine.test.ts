import { describe, expect, test, vi } from 'vitest';
import { BARE, mapProvider } from '../../test/map-provider.ts';
import type { EngineOptions } from '../contract/engine.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { guardProvider } from '../provider/guard-provider.ts';
import { providerOf } from '../provider/provider-of.ts';
import { createStorage } from './create-storage.ts';

const HOUR = 3_600_000;
const PROVIDER = Symbol.for('@granary/storage-core/provider');

function setup(settings: Parameters<typeof mapProvider>[0] = {}, options: EngineOptions = {}) {
  const provider = mapProvider(settings);
  return { provider, storage: createStorage(provider, options) };
}

/** A storage with a clock that a test moves. */
function withClock(settings: Parameters<typeof mapProvider>[0] = {}) {
  const clock = { ms: Date.UTC(2026, 10, 21) };
  const now = () => clock.ms;
  const expiration = new Date(clock.ms + HOUR);
  return { clock, expiration, ...setup({ ...settings, now }, { now }) };
}

describe('createStorage', () => {
  test('does no I/O and is not thenable', async () => {
    const { storage, provider } = setup();
    void storage.list();
    void storage.search({});
    storage.file('a');
    storage.at('p').readOnly();
    expect(storage).not.toHaveProperty('then');
    expect(await storage).toBe(storage);
    expect(provider.calls).toEqual([]);
  });

  test('carries its provider where layers find it, and shows it to nobody else', () => {
    const guarded = guardProvider(mapProvider());
    const storage = createStorage(guarded);
    expect(providerOf(storage)).toBe(guarded);
    expect(Object.keys(storage)).not.toContain(PROVIDER);
    expect(Object.getOwnPropertyDescriptor(storage, PROVIDER)?.enumerable).toBe(false);
  });

  test('over another storage works on the same objects with options of its own', async () => {
    const { storage } = setup();
    await storage.save('a', 1);
    const again = createStorage<{ a: number }>(storage, { choice: () => ({ reason: 'again' }) });
    expect(await again.load('a')).toBe(1);
    expect(again.getInfo().reason).toBe('again');
    await again.close();
    await expect(storage.load('a')).rejects.toMatchObject({ code: 'closed' });
  });

  test.each([undefined, null, 5, {}, 'memory:'])('refuses %j', (source) => {
    expect(() => createStorage(source as never)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  test('tells of a provider that is not right with its first operation', async () => {
    const wrong = { ...mapProvider(), capabilities: { watch: true, copy: true }, copy: undefined };
    const storage = createStorage(wrong as unknown as StorageProvider);
    await expect(storage.ready()).rejects.toMatchObject({ code: 'invalid-config' });
    await expect(storage.load('a')).rejects.toMatchObject({ code: 'invalid-config' });
  });
});

describe('getInfo and getCapabilities', () => {
  test('tell what is known, at once', async () => {
    const { storage, provider } = setup({}, { choice: () => ({ reason: 'asked for' }) });
    expect(storage.getInfo()).toEqual({
      provider: 'map',
      layers: [],
      prefix: '',
      state: 'new',
      durable: false,
      reason: 'asked for',
      storeId: 'store-1',
    });
    expect(storage.getCapabilities()).toMatchObject({ rangeReads: true });
    expect(Object.isFrozen(storage.getCapabilities())).toBe(true);
    await storage.ready();
    expect(storage.getInfo().state).toBe('open');
    await storage.close();
    expect(storage.getInfo().state).toBe('closed');
    expect(storage.native).toBe(provider.native);
  });

  test('leave out what nobody knows', () => {
    const { storeId: _known, ...anonymous } = mapProvider({ capabilities: { durable: true } });
    expect(createStorage(anonymous).getInfo()).toEqual({
      provider: 'map',
      layers: [],
      prefix: '',
      state: 'new',
      durable: true,
    });
  });

  test('tell what opening has found out', async () => {
    const open = vi.fn(async () => ({ durable: true }));
    const storage = createStorage({ ...mapProvider(), open });
    expect(storage.getInfo().durable).toBe(false);
    await Promise.all([storage.ready(), storage.exists('a')]);
    expect(open).toHaveBeenCalledTimes(1);
    expect(storage.getInfo().durable).toBe(true);
  });
});

describe('close', () => {
  test('ends everything, may be called again, and is what disposal does', async () => {
    const close = vi.fn(async () => {});
    {
      await using storage = createStorage({ ...mapProvider(), close });
      await storage.save('a', 1);
      await storage.at('p').close();
      await storage.readOnly()[Symbol.asyncDispose]();
      expect(close).not.toHaveBeenCalled();
      expect(await storage.load('a')).toBe(1);
      await storage.close();
      await expect(storage.load('a')).rejects.toMatchObject({ code: 'closed' });
      await expect(storage.at('p').load('a')).rejects.toMatchObject({ code: 'closed' });
    }
    expect(close).toHaveBeenCalledTimes(1);
  });
});

describe('get, put, stat, delete, exists', () => {
  test('pass bytes through', async () => {
    const { storage } = setup();
    const info = await storage.put('a', 'text', {
      contentType: 'text/plain',
      checksum: true,
      metadata: { a: [1] },
    });
    expect(info).toMatchObject({
      size: 4,
      checksums: { sha256: 'sha256-4' },
      metadata: { a: [1] },
    });
    await using object = await storage.get('a', { range: { offset: 1, length: 2 } });
    expect(await object.text()).toBe('ex');
    expect(await storage.stat('a')).toEqual(info);
    expect(await storage.exists('a')).toBe(true);
    expect(await storage.delete('a', { ifMatch: info.etag })).toEqual({ existed: true });
    expect(await storage.exists('a')).toBe(false);
  });

  test('take every kind of body', async () => {
    const { storage } = setup();
    const bytes = new TextEncoder().encode('body');
    async function* chunks() {
      yield bytes.subarray(0, 1);
      yield new Uint8Array();
      yield bytes.subarray(1);
    }
    for (const body of ['body', bytes, bytes.buffer, new Blob([bytes]), chunks()]) {
      await storage.put('a', body as never);
      expect(await (await storage.get('a')).text()).toBe('body');
    }
    await storage.put('a', new Uint8Array());
    expect(await storage.stat('a')).toMatchObject({ size: 0 });
    await storage.put('a', 'body', { size: 4 });
  });

  test.each([
    ['a body that is none', 5, {}],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(1)), {}],
    ['text with a lone surrogate', '\ud800', {}],
    ['a size that is not that of the body', 'text', { size: 3 }],
    ['a size that is no number', 'text', { size: Number.NaN }],
    ['no whole number of parts in flight', new Blob(['x']), { concurrency: 0 }],
  ])('refuse %s', async (_title, body, options) => {
    const { storage, provider } = setup();
    await expect(storage.put('a', body as never, options)).rejects.toMatchObject({
      code: 'invalid-argument',
      operation: 'put',
      provider: 'map',
      key: 'a',
    });
    expect(provider.entries.size).toBe(0);
  });

  test('throw what is not about a missing key', async () => {
    const { storage } = setup({
      before: () => {
        throw new StorageError('permission-denied', 'no.');
      },
    });
    await expect(storage.exists('a')).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(storage.load('a', { default: 1 })).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  test.each(['', '/a', 'a/', 'a//b', '.', 'a/../b', '\0', '\ud800'])(
    'refuse the key %j before any I/O',
    async (key) => {
      const { storage, provider } = setup();
      const refused = { code: 'invalid-key' };
      await expect(storage.save(key, 1)).rejects.toMatchObject(refused);
      await expect(storage.load(key)).rejects.toMatchObject(refused);
      await expect(storage.put(key, 'x')).rejects.toMatchObject(refused);
      await expect(storage.exists(key)).rejects.toMatchObject(refused);
      await expect(storage.copy('a', key)).rejects.toMatchObject(refused);
      await expect(storage.move('a', key)).rejects.toMatchObject(refused);
      expect(() => storage.publicUrl(key)).toThrow(expect.objectContaining(refused));
      expect(provider.calls).toEqual([]);
    },
  );

  test('refuse a key that is no string', async () => {
    const { storage } = setup();
    await expect(storage.save(5 as never, 1 as never)).rejects.toMatchObject({
      code: 'invalid-key',
    });
    await expect(storage.put(undefined as never, 'x')).rejects.toMatchObject({
      code: 'invalid-key',
    });
  });

  test('refuse options that are not declared before any I/O', async () => {
    const { storage, provider } = setup({ capabilities: BARE });
    const refused = { code: 'unsupported' };
    await expect(storage.save('a', 1, { tags: ['x'] })).rejects.toMatchObject(refused);
    await expect(storage.save('a', 1, { encrypt: true })).rejects.toMatchObject(refused);
    await expect(storage.save('a', 1, { compress: true })).rejects.toMatchObject(refused);
    await expect(storage.save('a', 1, { checksum: true })).rejects.toMatchObject(refused);
    await expect(storage.save('a', 1, { ifNoneMatch: '*' })).rejects.toMatchObject(refused);
    await expect(storage.save('a', new Uint8Array([1]))).rejects.toMatchObject(refused);
    expect(provider.calls).toEqual([]);
  });

  test('end with their signal', async () => {
    const { storage, provider } = setup();
    const signal = AbortSignal.abort(new Error('enough'));
    const aborted = { code: 'aborted', cause: { message: 'enough' } };
    await expect(storage.save('a', 1, { signal })).rejects.toMatchObject(aborted);
    await expect(storage.load('a', { signal })).rejects.toMatchObject(aborted);
    await expect(storage.list({ signal })).rejects.toMatchObject(aborted);
    await expect(storage.search({}, { signal })).rejects.toMatchObject(aborted);
    await expect(storage.ready({ signal })).rejects.toMatchObject(aborted);
    expect(provider.calls).toEqual([]);
  });

  test('let a body go that nobody reads', async () => {
    vi.useFakeTimers();
    try {
      const { storage, provider } = setup({}, { idleBodyMs: 50 });
      const object = await storage.get('a').catch(() => undefined);
      expect(object).toBeUndefined();
      await storage.put('a', 'x');
      const read = await storage.get('a');
      expect(provider.openBodies.size).toBe(1);
      await vi.advanceTimersByTimeAsync(60);
      expect(provider.openBodies.size).toBe(0);
      await expect(read.text()).rejects.toMatchObject({ code: 'timeout' });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an expired item', () => {
  test('is absent from get, stat, exists and load', async () => {
    const { storage, clock, expiration, provider } = withClock();
    await storage.save('a', 1, { expiration });
    expect(await storage.load('a')).toBe(1);
    expect((await storage.stat('a')).expiresAt).toEqual(expiration);
    clock.ms += HOUR - 1;
    expect(await storage.exists('a')).toBe(true);
    clock.ms += 1;
    const absent = { code: 'not-found', key: 'a', message: expect.stringContaining('expired') };
    await expect(storage.get('a')).rejects.toMatchObject(absent);
    await expect(storage.stat('a')).rejects.toMatchObject(absent);
    await expect(storage.load('a')).rejects.toMatchObject(absent);
    await expect(storage.loadItem('a')).rejects.toMatchObject(absent);
    await expect(storage.getRanges('a', [{ offset: 0 }])).rejects.toMatchObject(absent);
    await expect(storage.file('a').bytes()).rejects.toMatchObject(absent);
    expect(await storage.exists('a')).toBe(false);
    expect(await storage.load('a', { default: 0 })).toBe(0);
    expect(provider.openBodies.size).toBe(0);
  });

  test('is absent from listings that know, and a limit counts the others', async () => {
    const { storage, clock, expiration } = withClock({
      capabilities: { listFields: ['size', 'expiresAt'] },
    });
    for (const key of ['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1']) {
      await storage.save(key, 1, key.startsWith('d') || key.endsWith('2') ? {} : { expiration });
    }
    clock.ms += HOUR;
    const keys = async (options: object) => (await storage.list(options)).map(({ key }) => key);
    expect(await keys({})).toEqual(['a2', 'b2', 'c2', 'd1']);
    expect(await keys({ limit: 3 })).toEqual(['a2', 'b2', 'c2']);
    expect(await keys({ limit: 9 })).toEqual(['a2', 'b2', 'c2', 'd1']);
    expect(await keys({ startAfter: 'a2', limit: 2 })).toEqual(['b2', 'c2']);
    let cursor: string | undefined;
    for await (const page of storage.list({ limit: 3 }).pages()) cursor = page.cursor;
    expect(await keys({ cursor: cursor ?? '' })).toEqual(['d1']);
  });

  test('shows in a plain listing that does not know, and not in one with attributes', async () => {
    const { storage, clock, expiration } = withClock();
    await storage.save('a', 1, { expiration });
    clock.ms += HOUR;
    expect(await storage.list()).toHaveLength(1);
    expect(await storage.list({ include: ['attributes'] })).toHaveLength(0);
  });

  test('is not brought back by setMetadata, and loses no update that is seen', async () => {
    const { storage, clock, expiration } = withClock();
    await storage.save('a', 1, { expiration });
    await storage.setMetadata('a', { expiresAt: new Date(clock.ms + 2 * HOUR) });
    clock.ms += HOUR;
    expect(await storage.load('a')).toBe(1);
    expect(await storage.setMetadata('a', { expiresAt: new Date(0) })).toMatchObject({ key: 'a' });
    const gone = { code: 'not-found' };
    await expect(storage.setMetadata('a', { expiresAt: null })).rejects.toMatchObject(gone);
    await expect(storage.setMetadata('a', { tags: ['x'] })).rejects.toMatchObject(gone);
    expect(await storage.exists('a')).toBe(false);
  });

  test('is written over by save, which leaves no expiry behind', async () => {
    const { storage, clock, expiration } = withClock();
    await storage.save('a', 1, { expiration });
    clock.ms += HOUR;
    await storage.save('a', 2);
    expect(await storage.load('a')).toBe(2);
  });
});

describe('create-if-absent over an expired item', () => {
  const stream = () => new Blob(['3']).stream();

  test('replaces exactly that item', async () => {
    const { storage, clock, expiration, provider } = withClock();
    await storage.save('a', 1, { expiration });
    await expect(storage.save('a', 2, { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    clock.ms += HOUR;
    await storage.save('a', 2, { ifNoneMatch: '*' });
    expect(await storage.load('a')).toBe(2);
    expect(provider.calls).not.toContain('delete a');
    await expect(storage.save('a', 3, { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  });

  test('works for a body that can be sent only once', async () => {
    const { storage, clock, expiration, provider } = withClock();
    await storage.put('new', stream(), { ifNoneMatch: '*' });
    await storage.save('a', 1, { expiration });
    clock.ms += HOUR;
    await storage.put('a', stream(), { ifNoneMatch: '*' });
    expect(await storage.load('a')).toBe(3);
    await expect(storage.put('a', stream(), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(provider.calls.filter((call) => call === 'put a')).toHaveLength(3);
  });

  test('deletes that item first where it cannot be replaced', async () => {
    const { storage, clock, expiration } = withClock({ capabilities: { replaceIfMatch: false } });
    await storage.save('a', 1, { expiration });
    clock.ms += HOUR;
    await storage.save('a', 2, { ifNoneMatch: '*' });
    expect(await storage.load('a')).toBe(2);
  });

  test('says what to do where neither can be done', async () => {
    const { storage, clock, expiration } = withClock({
      capabilities: { replaceIfMatch: false, deleteIfMatch: false },
    });
    await storage.save('a', 1, { expiration });
    clock.ms += HOUR;
    await expect(storage.save('a', 2, { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
      key: 'a',
      hint: expect.stringContaining('sweep()'),
    });
  });

  test('has one winner of two', async () => {
    const { storage, clock, expiration } = withClock();
    await storage.save('a', 0, { expiration });
    clock.ms += HOUR;
    const racers = [1, 2, 3, 4].map((value) => storage.save('a', value, { ifNoneMatch: '*' }));
    const ended = await Promise.allSettled(racers);
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('surfaces an error of the look at what is there', async () => {
    const { storage } = setup({
      before: (operation) => {
        if (operation === 'stat') throw new StorageError('unavailable', 'down.');
      },
    });
    await storage.save('a', 1);
    await expect(storage.save('a', 2, { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('fails when the item that was there is gone again, as the provider said', async () => {
    const { storage, provider } = setup({
      before: (operation, key) => {
        if (operation === 'stat') provider.entries.delete(key);
      },
    });
    await storage.save('a', 1);
    await expect(storage.save('a', 2, { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  });
});

describe('progress', () => {
  test('of a put goes up to the end and stops there', async () => {
    const { storage } = setup();
    const told: object[] = [];
    const onProgress = (progress: object) => void told.push(progress);
    await storage.put('a', 'abcdef', { onProgress });
    expect(told).toEqual([{ transferredBytes: 6, totalBytes: 6 }]);
    told.length = 0;
    await storage.put('a', new Blob(['abc']).stream(), { onProgress, size: 3 });
    expect(told.at(-1)).toEqual({ transferredBytes: 3, totalBytes: 3 });
    told.length = 0;
    await storage.put('a', '', { onProgress });
    expect(told).toEqual([{ transferredBytes: 0, totalBytes: 0 }]);
  });

  test('of a stream of unknown length tells its size at the end', async () => {
    const { storage } = setup();
    const told: object[] = [];
    await storage.put('a', new Blob(['abc']).stream(), { onProgress: (p) => void told.push(p) });
    expect(told.at(-1)).toEqual({ transferredBytes: 3, totalBytes: 3 });
  });

  test('of a failed put never tells its end', async () => {
    const { storage } = setup({
      before: (operation) => {
        if (operation === 'put') throw new StorageError('unavailable', 'down.');
      },
    });
    const told: object[] = [];
    await expect(
      storage.put('a', 'abc', { onProgress: (p) => void told.push(p) }),
    ).rejects.toMatchObject({ code: 'unavailable' });
    expect(told).toEqual([]);
  });

  test('of a get counts what is read', async () => {
    const { storage } = setup();
    await storage.put('a', 'abcdef');
    const told: number[] = [];
    const onProgress = ({ transferredBytes }: { transferredBytes: number }) =>
      void told.push(transferredBytes);
    await (await storage.get('a', { onProgress })).bytes();
    expect(told).toEqual([6]);
    for await (const _chunk of (await storage.get('a', { onProgress })).stream());
    expect(told.at(-1)).toBe(6);
    told.length = 0;
    await (await storage.get('a', { onProgress, range: { suffix: 2 } })).text();
    expect(told).toEqual([2]);
    told.length = 0;
    await (await storage.get('a', { onProgress })).stream().cancel();
    expect(told).toEqual([]);
    await storage.save('b', 1);
    expect(await storage.load('b', { onProgress })).toBe(1);
    expect(told).toEqual([1]);
  });

  test('of a callback that throws fails the transfer', async () => {
    const { storage, provider } = setup();
    const onProgress = () => {
      throw new Error('full');
    };
    await expect(storage.put('a', new Blob(['abc']), { onProgress })).rejects.toMatchObject({
      code: 'unknown',
    });
    expect(provider.entries.size).toBe(0);
  });
});

describe('views', () => {
  test('below a prefix see its keys alone, with their own names', async () => {
    const { storage } = setup();
    await storage.save('users/1', 'one');
    await storage.save('users2', 'two');
    const view = storage.at('users');
    expect(await view.load('1')).toBe('one');
    expect((await view.list()).map(({ key }) => key)).toEqual(['1']);
    await view.at('deep/er').save('x', 1);
    expect(await storage.exists('users/deep/er/x')).toBe(true);
    expect(view.getInfo()).toMatchObject({ prefix: 'users', provider: 'map' });
    expect(view.at('deep/er').getInfo().prefix).toBe('users/deep/er');
    expect(view.publicUrl('1')).toBe('https://store.example/users/1');
    await expect(view.stat('nope')).rejects.toMatchObject({ code: 'not-found', key: 'nope' });
    await view.clear({ all: true });
    expect((await storage.list()).map(({ key }) => key)).toEqual(['users2']);
  });

  test.each(['', '/', 'a/', '../a', 'a//b', '.'])('below %j cannot be', (prefix) => {
    expect(() => setup().storage.at(prefix)).toThrow(
      expect.objectContaining({ code: 'invalid-key' }),
    );
  });

  test('below a prefix leave less room for keys', async () => {
    const { storage } = setup();
    const view = storage.at('pre');
    expect(view.getCapabilities().maxKeyBytes).toBe(1020);
    await view.ready();
    expect(view.getCapabilities().maxKeyBytes).toBe(1020);
  });

  test('that are read-only change nothing', async () => {
    const { storage } = setup();
    await storage.save('a', 1);
    const view = storage.readOnly();
    expect(await view.load('a')).toBe(1);
    expect(view.getCapabilities()).not.toHaveProperty('createIfAbsent');
    const denied = { code: 'permission-denied' };
    await expect(view.save('a', 2)).rejects.toMatchObject(denied);
    await expect(view.delete('a')).rejects.toMatchObject(denied);
    await expect(view.copy('a', 'b')).rejects.toMatchObject(denied);
    await expect(view.clear({ all: true })).resolves.toMatchObject({ deleted: 0 });
    await expect(view.at('p').save('b', 1)).rejects.toMatchObject(denied);
    await expect(view.presign('a', { method: 'PUT' })).rejects.toMatchObject(denied);
    await expect(view.update('a', () => 2)).rejects.toMatchObject({ code: 'unsupported' });
    expect(view.publicUrl('a')).toBe('https://store.example/a');
    expect(await storage.list()).toHaveLength(1);
  });
});

describe('what is loaded with the first operation', () => {
  test('is there before as far as it can be told, and the same afterwards', async () => {
    const provider = mapProvider();
    for (const storage of [createStorage(provider), createStorage(provider).readOnly()]) {
      for (const _time of ['before', 'after']) {
        expect(storage.publicUrl('a/b')).toBe('https://store.example/a/b');
        expect(() => storage.publicUrl('a//b')).toThrow(
          expect.objectContaining({ code: 'invalid-key' }),
        );
        expect(storage.getCapabilities()).toMatchObject({ rangeReads: true, getMany: true });
        await storage.ready();
      }
    }
  });

  test('walks what an optional operation gives, in a view too', async () => {
    const { storage } = setup();
    const view = storage.at('p');
    await view.save('a', 1);
    expect(await view.versions.list('a')).toMatchObject([{ key: 'a' }]);
    await (await view.upload('b')).write(0, new Uint8Array(4));
    expect(await view.uploads()).toHaveLength(1);
    for await (const { events } of view.changes()) expect(events).toEqual([{ type: 'reset' }]);
    expect(view.native).toBe(storage.native);
    expect(view.getInfo().storeId).toBe('store-1');
  });

  test('is loaded again after it failed', async () => {
    let isRight = false;
    const right = mapProvider();
    const flaky = {
      ...right,
      get copy() {
        return isRight ? right.copy : undefined;
      },
    } as StorageProvider;
    const storage = createStorage(flaky);
    await expect(storage.ready()).rejects.toMatchObject({ code: 'invalid-config' });
    isRight = true;
    await storage.save('a', 1);
    expect(await storage.load('a')).toBe(1);
  });
});

describe('values that cannot be walked', () => {
  test('fail the save, and nothing is thrown at once', async () => {
    const { storage } = setup();
    const trap = Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw new Error('trap');
      },
    });
    const saving = storage.save('a', trap);
    await expect(saving).rejects.toMatchObject({ code: 'unknown', operation: 'save', key: 'a' });
  });
});

describe('operations by capability', () => {
  test('pass on to the provider', async () => {
    const { storage, provider } = setup();
    await storage.save('a', 1);
    expect(await storage.presign('a')).toMatchObject({ method: 'GET' });
    const hour = (await storage.presign('a')).expiresAt.getTime() - Date.now();
    expect(hour).toBeGreaterThan(HOUR - 5000);
    expect(hour).toBeLessThanOrEqual(HOUR);
    expect(storage.publicUrl('a')).toBe('https://store.example/a');
    expect(await storage.versions.list('a')).toHaveLength(1);
    expect(await (await storage.versions.get('a', 'v1')).json()).toBe(1);
    expect(await storage.versions.restore('a', 'v1')).toMatchObject({ version: 'v1' });
    expect(await storage.versions.delete('a', 'v1')).toEqual({ existed: true });
    const session = await storage.upload('b');
    expect(await storage.uploads()).toMatchObject([{ token: session.token }]);
    await session.abort();
    await using watcher = await storage.watch('p/');
    for await (const event of watcher) expect(event).toEqual({ type: 'put', key: 'p/1' });
    await (await storage.watch()).close();
    expect(provider.calls).toContain('watch p/');
    for await (const page of storage.changes({ cursor: 'c' })) expect(page.cursor).toBe('c+');
    for await (const page of storage.changes()) expect(page.cursor).toBe('c0+');
    expect(await storage.usage()).toEqual({ usedBytes: 1, totalBytes: 2 });
    expect(await storage.health()).toEqual({ ok: true, latencyMs: 7 });
  });

  test('are there and unsupported where the provider does not have them', async () => {
    const { storage } = setup({ capabilities: BARE });
    const refused = { code: 'unsupported', provider: 'map' };
    const walk = async (pages: AsyncIterable<unknown>) => {
      for await (const _page of pages);
    };
    await expect(storage.presign('a')).rejects.toMatchObject({ ...refused, key: 'a' });
    await expect(storage.upload('a')).rejects.toMatchObject({ ...refused, operation: 'upload' });
    await expect(storage.uploads()).rejects.toMatchObject(refused);
    await expect(storage.setMetadata('a', {})).rejects.toMatchObject(refused);
    await expect(storage.watch()).rejects.toMatchObject(refused);
    await expect(walk(storage.changes())).rejects.toMatchObject(refused);
    await expect(storage.versions.list('a')).rejects.toMatchObject(refused);
    await expect(storage.versions.get('a', 'v')).rejects.toMatchObject(refused);
    await expect(storage.versions.restore('a', 'v')).rejects.toMatchObject(refused);
    await expect(storage.versions.delete('a', 'v')).rejects.toMatchObject(refused);
    await expect(storage.update('a', () => 1)).rejects.toMatchObject(refused);
    await expect(storage.usage()).rejects.toMatchObject(refused);
    expect(() => storage.publicUrl('a')).toThrow(expect.objectContaining(refused));
  });

  test('appear with what opening declares', async () => {
    const provider = { ...mapProvider({ capabilities: { presign: true } }) };
    const { presign: _later, ...before } = provider.capabilities;
    const storage = createStorage({
      ...provider,
      capabilities: before,
      open: async () => ({ presign: true }),
    });
    expect(await storage.presign('a')).toMatchObject({ method: 'GET' });
  });
});

describe('usage and health', () => {
  test('of usage add up a listing only where that is allowed', async () => {
    for (const listFields of [['size'], ['etag']] as const) {
      const { storage, provider } = setup({ capabilities: { usage: false, listFields } });
      for (const key of ['a', 'b', 'c', 'd']) await storage.put(key, 'xx');
      await expect(storage.usage()).rejects.toMatchObject({
        code: 'unsupported',
        hint: expect.stringContaining('scan: true'),
      });
      provider.calls.length = 0;
      expect(await storage.usage({ scan: true })).toEqual({ usedBytes: 8, objects: 4 });
      const asked = provider.calls.filter((call) => call.startsWith('stat'));
      expect(asked).toHaveLength(listFields[0] === 'size' ? 0 : 4);
    }
  });

  test('of usage leave out what is gone meanwhile, and surface what fails', async () => {
    const state = { fail: false };
    const { storage, provider } = setup({
      capabilities: { usage: false, listFields: [] },
      before: (operation, key) => {
        if (operation !== 'stat') return;
        if (state.fail) throw new StorageError('permission-denied', 'no.');
        if (key === 'a') provider.entries.delete('a');
      },
    });
    await storage.put('a', 'x');
    await storage.put('b', 'x');
    expect(await storage.usage({ scan: true })).toEqual({ usedBytes: 1, objects: 1 });
    state.fail = true;
    await expect(storage.usage({ scan: true })).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  test('of health ask for one page of a listing where the provider has no check', async () => {
    const clock = { ms: 0 };
    const provider = mapProvider({
      capabilities: { health: false },
      before: () => {
        clock.ms += 5;
      },
    });
    const storage = createStorage(provider, { now: () => clock.ms });
    expect(await storage.health()).toEqual({ ok: true, latencyMs: 5 });
    expect(provider.calls).toEqual(['list']);
  });

  test('of health never throw', async () => {
    const { storage } = setup({
      capabilities: { health: false },
      before: () => {
        throw new StorageError('unavailable', 'down.');
      },
    });
    expect(await storage.health()).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    expect(await storage.health({ signal: AbortSignal.abort() })).toMatchObject({
      ok: false,
      error: { code: 'aborted' },
    });
    await storage.close();
    expect(await storage.health()).toMatchObject({ ok: false, error: { code: 'closed' } });
  });
});

describe('a file handle', () => {
  test('does for one object what the storage does', async () => {
    const { storage } = setup();
    const file = storage.file('docs/note.txt');
    expect(file).toMatchObject({ key: 'docs/note.txt', name: 'note.txt' });
    expect(await file.exists()).toBe(false);
    await file.save('one');
    expect(await file.load()).toBe('one');
    await file.update((text) => `${String(text)}!`);
    expect(await file.text()).toBe('one!');
    await file.put('two');
    expect(await file.bytes({ range: { offset: 1 } })).toEqual(new TextEncoder().encode('wo'));
    expect(await new Response(await file.stream()).text()).toBe('two');
    expect(await (await file.get()).text()).toBe('two');
    expect(await file.setMetadata({ tags: ['x'] })).toMatchObject({ tags: ['x'] });
    const copy = await file.copyTo('copy.txt');
    expect((await copy.stat()).tags).toEqual(['x']);
    const moved = await copy.moveTo('moved.txt');
    expect(await copy.exists()).toBe(false);
    expect(await moved.load()).toBe('two');
    expect(moved.publicUrl()).toBe('https://store.example/moved.txt');
    expect(await moved.presign()).toMatchObject({ method: 'GET' });
    expect(await moved.delete()).toEqual({ existed: true });
    expect(storage.file('plain').name).toBe('plain');
  });
});
