import { isStorageError, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, errorOf } from '../test/content.ts';
import { withMock } from './mock.ts';
import { countedBody } from './quota/counted-body.ts';
import { heldObjects } from './quota/held-objects.ts';
import { usageCounter } from './quota/usage-counter.ts';
import { waitFor } from './quota/wait-for.ts';
import { createLimited, type QuotaNear, type QuotaOptions, withQuota } from './quota.ts';

function limited(options: QuotaOptions, memory: { readonly versioning?: boolean } = {}) {
  const inner = createMemory.provider(memory);
  const below = withMock(inner);
  const provider = withQuota(below, options);
  const put = (key: string, size: number) => provider.put(key, toBody(new Uint8Array(size)), {});
  const used = async () => (await provider.usage?.({}))?.usedBytes;
  return { inner, provider, mock: below.mock, put, used };
}

async function* chunks(...sizes: readonly number[]) {
  for (const size of sizes) yield new Uint8Array(size);
}

async function heldIn(provider: StorageProvider): Promise<number> {
  let bytes = 0;
  for await (const { entries } of provider.list({})) {
    for (const entry of entries) if (entry.kind === 'item') bytes += entry.size ?? 0;
  }
  return bytes;
}

describe('a limit', () => {
  test('refuses what does not fit before any request, and says how full it is', async () => {
    const { put, mock } = limited({ maxBytes: 10 });
    await put('a', 6);
    const puts = mock.calls('put').length;
    const error = await errorOf(put('b', 5));
    expect(error).toMatchObject({
      code: 'quota-exceeded',
      outcome: 'not-applied',
      key: 'b',
      usage: { usedBytes: 6, totalBytes: 10, objects: 1 },
    });
    expect(error?.message).toContain('5 bytes more do not fit: 6 of 10 are in use.');
    expect(mock.calls('put')).toHaveLength(puts);
  });

  test('counts what is there before the first write', async () => {
    const { inner, put, used } = limited({ maxBytes: 10 });
    await inner.put('old', toBody('12345678'), {});
    expect(await codeOf(put('a', 3))).toBe('quota-exceeded');
    expect(await codeOf(put('a', 2))).toBe('ok');
    expect(await used()).toBe(10);
  });

  test('asks for sizes that a listing does not tell', async () => {
    const inner = createMemory.provider();
    await inner.put('old', toBody('12345678'), {});
    await inner.put('gone', toBody('1'), {});
    const below: StorageProvider = {
      ...inner,
      async *list(options) {
        for await (const page of inner.list(options)) {
          await inner.delete('gone', {});
          yield { ...page, entries: page.entries.map(({ key }) => ({ kind: 'item', key })) };
        }
      },
    };
    const provider = withQuota(below, { maxBytes: 10 });
    expect(await codeOf(provider.put('a', toBody('123'), {}))).toBe('quota-exceeded');
    expect(await codeOf(provider.put('a', toBody('12'), {}))).toBe('ok');
    expect(await provider.usage?.({})).toEqual({ usedBytes: 10, totalBytes: 10, objects: 2 });
  });

  test('lets an object be replaced by one that fits in its place', async () => {
    const { put, used } = limited({ maxBytes: 10 });
    await put('a', 10);
    expect(await codeOf(put('a', 11))).toBe('quota-exceeded');
    expect(await codeOf(put('a', 4))).toBe('ok');
    expect(await used()).toBe(4);
  });

  test('breaks a stream off that goes over, and keeps the old object', async () => {
    const { provider, inner, put, used } = limited({ maxBytes: 10 });
    await put('a', 2);
    const error = await errorOf(provider.put('a', toBody(chunks(4, 4, 4)), {}));
    expect(error).toMatchObject({ code: 'quota-exceeded', outcome: 'not-applied' });
    expect((await inner.stat('a', {})).size).toBe(2);
    expect(await used()).toBe(2);
    expect(await codeOf(provider.put('a', toBody(chunks(4, 6)), {}))).toBe('ok');
    expect(await used()).toBe(10);
  });

  test('holds the number of objects', async () => {
    const { put, provider } = limited({ maxObjects: 2 });
    await put('a', 1);
    await put('b', 1);
    const error = await errorOf(put('c', 1));
    expect(error?.message).toContain('no further object fits: 2 of 2 are there.');
    expect(await codeOf(put('b', 100))).toBe('ok');
    await provider.delete('a', {});
    expect(await codeOf(put('c', 1))).toBe('ok');
  });

  test('of some keys holds those alone', async () => {
    const { put, provider } = limited({
      maxBytes: 100,
      limits: { 'users/1/*': { maxBytes: 5 }, '*.tmp': { maxObjects: 1 } },
    });
    const error = await errorOf(put('users/1/a', 6));
    expect(error?.message).toContain('under "users/1/*"');
    expect(error?.usage).toEqual({ usedBytes: 0, totalBytes: 5, objects: 0 });
    expect(await codeOf(put('users/2/a', 6))).toBe('ok');
    expect(await codeOf(provider.copy?.('users/2/a', 'users/1/a', {}))).toBe('quota-exceeded');
    expect(await codeOf(provider.move?.('users/2/a', 'users/1/a', {}))).toBe('quota-exceeded');
    await put('a.tmp', 1);
    expect(await codeOf(put('b.tmp', 1))).toBe('quota-exceeded');
    expect(await codeOf(provider.move?.('a.tmp', 'c.tmp', {}))).toBe('ok');
  });

  test('does not count a move twice', async () => {
    const { put, provider, used } = limited({ maxBytes: 10, maxObjects: 1 });
    await put('a', 10);
    expect(await codeOf(provider.move?.('a', 'b', {}))).toBe('ok');
    expect(await codeOf(provider.move?.('b', 'b', {}))).toBe('ok');
    expect(await used()).toBe(10);
    expect(await codeOf(provider.copy?.('b', 'c', {}))).toBe('quota-exceeded');
    await provider.deleteMany?.(['b', 'missing'], {});
    expect(await used()).toBe(0);
  });

  test('holds writers that race', async () => {
    const { provider, used, inner } = limited({ maxBytes: 100 });
    const writes = Array.from({ length: 40 }, (_, index) =>
      codeOf(provider.put(`k${index}`, toBody(new Uint8Array(7)), {})),
    );
    const codes = await Promise.all(writes);
    expect(codes.filter((code) => code === 'ok')).toHaveLength(14);
    expect(await used()).toBe(98);
    expect(await heldIn(inner)).toBe(98);
    const streams = Array.from({ length: 9 }, () =>
      codeOf(provider.put('k0', toBody(chunks(5, 5)), {})),
    );
    await Promise.all(streams);
    expect(await heldIn(inner)).toBeLessThanOrEqual(100);
    expect(await used()).toBe(await heldIn(inner));
  });

  test('knows the size after racing writers of one key', async () => {
    const { put, used, inner } = limited({ maxBytes: 1000 });
    await Promise.all([10, 70, 30, 50].map((size) => put('a', size)));
    expect(await used()).toBe((await inner.stat('a', {})).size);
  });

  test('puts of a batch what fits', async () => {
    const { provider, used } = limited({ maxBytes: 10 });
    const entries = [4, 8, 6].map((size, index) => ({
      key: `k${index}`,
      body: toBody(new Uint8Array(size)),
    }));
    const results = await provider.putMany?.(entries, {});
    expect(results?.map(({ key, ok }) => [key, ok])).toEqual([
      ['k0', true],
      ['k1', false],
      ['k2', true],
    ]);
    expect(await used()).toBe(10);
    const over = [{ key: 'k3', body: toBody(chunks(5)) }];
    const [result] = (await provider.putMany?.(over, {})) ?? [];
    expect(result).toMatchObject({ ok: false, error: { code: 'quota-exceeded' } });
  });

  test('refuses an atomic batch whole', async () => {
    const { provider, used, mock } = limited({ maxBytes: 10 });
    const entries = [4, 8].map((size, index) => ({
      key: `k${index}`,
      body: toBody(new Uint8Array(size)),
    }));
    expect(await codeOf(provider.putMany?.(entries, { atomic: true }))).toBe('quota-exceeded');
    const streams = [{ key: 'k', body: toBody(chunks(8, 8)) }];
    expect(await codeOf(provider.putMany?.(streams, { atomic: true }))).toBe('quota-exceeded');
    expect(await used()).toBe(0);
    mock.fail('putMany', { with: 'permission-denied' });
    const one = [{ key: 'k', body: toBody('x') }];
    expect(await codeOf(provider.putMany?.(one, {}))).toBe('permission-denied');
    expect(await used()).toBe(0);
  });

  test('counts the parts of an upload, and its end', async () => {
    const { provider, used, put } = limited({ maxBytes: 10 });
    expect(await codeOf(provider.upload?.('a', { totalBytes: 11 }))).toBe('quota-exceeded');
    const session = await provider.upload?.('a', {});
    await session?.write(0, new Uint8Array(6));
    expect(await used()).toBe(6);
    expect(await codeOf(session?.write(6, new Uint8Array(6)))).toBe('quota-exceeded');
    await session?.write(0, new Uint8Array(4));
    expect(await used()).toBe(4);
    const again = await provider.upload?.('a', { token: session?.token ?? '' });
    await again?.write(4, new Uint8Array(4));
    expect((await again?.status())?.held).toEqual([{ offset: 0, length: 8 }]);
    await again?.complete();
    expect(await used()).toBe(8);
    const aborted = await provider.upload?.('b', {});
    await aborted?.write(0, new Uint8Array(2));
    expect(await codeOf(put('c', 1))).toBe('quota-exceeded');
    await aborted?.abort();
    expect(await codeOf(put('c', 2))).toBe('ok');
  });

  test('counts the parts that another process began with', async () => {
    const { inner, provider, used } = limited({ maxBytes: 10 });
    const begun = await inner.upload?.('a', {});
    await begun?.write(0, new Uint8Array(7));
    const session = await provider.upload?.('a', { token: begun?.token ?? '' });
    expect(await used()).toBe(7);
    await session?.complete();
    expect(await used()).toBe(7);
  });

  test('gives room back that a part did not take', async () => {
    const { provider, mock, used } = limited({ maxBytes: 10 });
    const session = await provider.upload?.('a', {});
    mock.fail('upload.write', { with: 'permission-denied' });
    await errorOf(session?.write(0, new Uint8Array(6)));
    expect(await used()).toBe(0);
    mock.fail('upload.write', { lost: true });
    await errorOf(session?.write(0, new Uint8Array(6)));
    expect(await used()).toBe(6);
    mock.fail('upload.complete', { lost: true });
    expect(await codeOf(session?.complete())).toBe('unavailable');
    await session?.abort();
    expect(await used()).toBe(6);
  });

  test('restores an old version that fits', async () => {
    const { provider, put, used } = limited({ maxBytes: 10 }, { versioning: true });
    const { version = '' } = await put('a', 9);
    await put('a', 1);
    await put('b', 5);
    expect(await codeOf(provider.versions?.restore('a', version, {}))).toBe('quota-exceeded');
    await provider.delete('b', {});
    await provider.versions?.restore('a', version, {});
    expect(await used()).toBe(9);
    await provider.delete('a', { version });
    expect(await used()).toBe((await provider.stat('a', {})).size);
  });

  test('refuses to presign what it could not count', async () => {
    const inner = createMemory.provider();
    const below: StorageProvider = {
      ...inner,
      capabilities: { ...inner.capabilities, presign: true, publicUrl: true },
      presign: async () => ({ url: 'u', method: 'GET', headers: {}, expiresAt: new Date(0) }),
      publicUrl: (key) => `https://example.com/${key}`,
    };
    const provider = withQuota(below, {});
    expect(await codeOf(provider.presign?.('a', { method: 'PUT' }))).toBe('unsupported');
    expect((await provider.presign?.('a', {}))?.url).toBe('u');
    expect(provider.publicUrl?.('a')).toBe('https://example.com/a');
  });

  test.each<[string, QuotaOptions]>([
    ['a fraction', { maxBytes: 1.5 }],
    ['less than nothing', { maxObjects: -1 }],
    ['a wrong limit of keys', { limits: { 'a*': { maxBytes: Number.NaN } } }],
    ['a share above one', { nearShare: 2 }],
    ['a wrong age', { recountAfterMs: 0 }],
    ['a wrong count', { count: 'guess' as 'usage' }],
    ['limits of keys without a listing', { count: 'usage', limits: { 'a*': { maxBytes: 1 } } }],
  ])('refuses %s', (_what, options) => {
    expect(() => withQuota(createMemory.provider(), options)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('onNear', () => {
  test('is told once when a limit gets near, and again after it was not', async () => {
    const seen: QuotaNear[] = [];
    const { put, provider } = limited({
      maxBytes: 100,
      nearShare: 0.5,
      limits: { 'u/*': { maxObjects: 2 } },
      onNear: (near) => seen.push(near),
    });
    await put('a', 49);
    expect(seen).toEqual([]);
    await put('b', 10);
    await put('c', 10);
    expect(seen).toEqual([{ pattern: '*', usedBytes: 59, objects: 2, maxBytes: 100 }]);
    await provider.deleteMany?.(['b', 'c'], {});
    await put('d', 10);
    expect(seen).toHaveLength(2);
    await put('u/1', 0);
    expect(seen[2]).toEqual({ pattern: 'u/*', usedBytes: 0, objects: 1, maxObjects: 2 });
  });
});

describe('usage', () => {
  test('tells the limit as the total, and that of the store where there is none', async () => {
    const own = createLimited({ underlying: createMemory(), maxBytes: 50 });
    await own.put('a', 'abc');
    expect(await own.usage()).toEqual({ usedBytes: 3, totalBytes: 50, objects: 1 });
    const store = withQuota(createMemory.provider({ quotaBytes: 7 }), { maxObjects: 3 });
    expect(await store.usage?.({})).toEqual({ usedBytes: 0, totalBytes: 7, objects: 0 });
    const memory = createMemory.provider();
    const { get, put, stat, delete: remove, list } = memory;
    const five: StorageProvider = {
      ...{ specVersion: 1, name: 'five', capabilities: { attributes: 'native' } },
      ...{ get, put, stat, delete: remove, list },
    };
    const bare = withQuota(five, { maxObjects: 3 });
    expect(await bare.usage?.({})).toEqual({ usedBytes: 0, objects: 0 });
  });

  test('can be believed instead of walking over a listing', async () => {
    const { inner, put, used, mock, provider } = limited({ maxBytes: 10, count: 'usage' });
    await inner.put('old', toBody('12345678'), {});
    expect(await codeOf(put('a', 3))).toBe('quota-exceeded');
    expect(await codeOf(put('old', 9))).toBe('ok');
    expect(await used()).toBe(9);
    expect(mock.calls('list')).toHaveLength(0);
    await provider.delete('old', {});
    expect(await used()).toBe(0);
  });
});

describe('trouble', () => {
  test('counts a write whose answer was lost when it was applied', async () => {
    const { put, used, mock } = limited({ maxBytes: 10 });
    await put('a', 2);
    mock.fail('put', { lost: true });
    expect((await errorOf(put('a', 8)))?.outcome).toBe('unknown');
    expect(await used()).toBe(8);
    expect(await codeOf(put('b', 3))).toBe('quota-exceeded');
  });

  test('does not count a write that may have been applied and was not', async () => {
    const { put, used, mock } = limited({ maxBytes: 10 });
    await put('a', 2);
    mock.fail('put', { with: 'timeout' });
    await errorOf(put('a', 9));
    expect(await used()).toBe(2);
  });

  test('counts the larger size as long as nobody can tell', async () => {
    const { put, mock } = limited({ maxBytes: 10 });
    await put('a', 2);
    mock.fail('put', { lost: true });
    await errorOf(put('a', 8));
    mock.fail('stat', { times: 3 });
    expect(await codeOf(put('b', 3))).toBe('quota-exceeded');
    mock.reset();
    expect(await codeOf(put('b', 2))).toBe('ok');
  });

  test('settles deletes, copies, moves and batches whose answers were lost', async () => {
    const { put, used, mock, provider, inner } = limited({ maxBytes: 100 });
    await put('a', 10);
    for (const operation of ['copy', 'move', 'deleteMany', 'delete', 'putMany'] as const) {
      mock.fail(operation, { lost: true });
    }
    await errorOf(provider.copy?.('a', 'b', {}));
    expect(await used()).toBe(20);
    await errorOf(provider.move?.('a', 'c', {}));
    expect(await used()).toBe(20);
    await errorOf(provider.deleteMany?.(['b'], {}));
    expect(await used()).toBe(10);
    await errorOf(provider.delete('c', {}));
    expect(await used()).toBe(0);
    await errorOf(provider.putMany?.([{ key: 'x', body: toBody('12345') }], {}));
    expect(await used()).toBe(5);
    mock.fail('deleteMany', { key: 'x', lost: true });
    await provider.deleteMany?.(['x', 'y'], {});
    expect(await used()).toBe(await heldIn(inner));
  });

  test('counts again after a count that failed', async () => {
    const { put, mock } = limited({ maxBytes: 10 });
    mock.fail('list');
    expect(await errorOf(put('a', 1))).toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    });
    expect(await codeOf(put('a', 1))).toBe('ok');
  });

  test('stops waiting for a count when the caller gives up', async () => {
    const { provider, mock } = limited({ maxBytes: 10 });
    mock.fail('list', { hang: true });
    const controller = new AbortController();
    const pending = errorOf(provider.put('a', toBody('x'), { signal: controller.signal }));
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('enough'));
    expect((await pending)?.code).toBe('aborted');
    mock.reset();
  });
});

describe('other writers', () => {
  test('are seen with the next count', async () => {
    let nowMs = 0;
    const { inner, put, used } = limited({
      maxBytes: 10,
      recountAfterMs: 1000,
      now: () => nowMs,
    });
    await put('a', 2);
    await inner.put('theirs', toBody('1234567'), {});
    expect(await used()).toBe(2);
    nowMs = 1000;
    expect(await codeOf(put('b', 2))).toBe('quota-exceeded');
    expect(await used()).toBe(9);
  });

  test('do not disturb writes that are on their way during a count', async () => {
    let nowMs = 0;
    const { provider, inner, used } = limited({
      maxBytes: 1000,
      recountAfterMs: 10,
      now: () => nowMs,
    });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const slow = provider.put('slow', toBody(readable), {});
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(5));
    nowMs = 10;
    await provider.put('other', toBody('123'), {});
    await writer.write(new Uint8Array(5));
    await writer.close();
    await slow;
    expect(await used()).toBe(13);
    expect(await heldIn(inner)).toBe(13);
  });
});

describe('sizes in memory', () => {
  test('are forgotten beyond a number, and asked for', async () => {
    const inner = createMemory.provider();
    for (const key of ['a', 'b', 'c', 'd']) await inner.put(key, toBody(key.repeat(5)), {});
    const below = withMock(inner);
    const counter = usageCounter({ limits: [{ pattern: '*' }], hint: '' });
    const settings = { provider: below, counter, recountAfterMs: Infinity, now: Date.now };
    const objects = heldObjects({ ...settings, count: 'listing', mostKnown: 2 });
    await objects.change(['d'], {}, async () => {
      expect(objects.sizeOf('d')).toBe(5);
      objects.count('d', 7);
    });
    await objects.change(['a', 'x'], {}, async () => {
      expect(objects.sizeOf('a')).toBe(5);
      expect(objects.sizeOf('x')).toBeUndefined();
      objects.count('a', undefined);
    });
    expect(counter.usage()).toEqual({ usedBytes: 17, objects: 3 });
    expect(below.mock.calls('stat').length).toBeGreaterThan(0);
    below.mock.fail('stat', { with: 'permission-denied' });
    const failed = await errorOf(objects.change(['zzz'], {}, async () => {}));
    expect(failed).toMatchObject({ code: 'permission-denied', outcome: 'not-applied' });
  });
});

test('sizes of objects that are changing are not forgotten', async () => {
  const inner = createMemory.provider();
  const counter = usageCounter({ limits: [{ pattern: '*' }], hint: '' });
  const settings = { provider: inner, counter, recountAfterMs: Number.POSITIVE_INFINITY };
  const objects = heldObjects({ ...settings, count: 'usage', mostKnown: 1, now: Date.now });
  await objects.change(['a', 'b', 'c'], {}, async () => {
    for (const key of ['a', 'b', 'c']) objects.count(key, 2);
    for (const key of ['a', 'b', 'c']) expect(objects.sizeOf(key)).toBe(2);
  });
  expect(counter.usage()).toEqual({ usedBytes: 6, objects: 3 });
});

test('content that is counted can be read whole', async () => {
  const seen: number[] = [];
  const body = countedBody(toBody(chunks(3, 4)), (size) => seen.push(size));
  expect(await body.bytes()).toHaveLength(7);
  expect(seen).toEqual([3, 7]);
});

test('waiting ends with what is waited for, or with the signal', async () => {
  const { signal } = new AbortController();
  expect(await waitFor(Promise.resolve(1), signal)).toBe(1);
  const never = new Promise<void>(() => {});
  expect(await codeOf(waitFor(never, AbortSignal.abort()))).toBe('aborted');
});

test('no sequence of writes, failures and lost answers passes the limit or leaves a wrong count', async () => {
  const key = fc.constantFrom('a', 'b', 'u/a', 'u/b');
  const step = fc.record({
    kind: fc.constantFrom('put', 'stream', 'delete', 'copy', 'move', 'putMany', 'deleteMany'),
    key,
    other: key,
    size: fc.integer({ min: 0, max: 60 }),
    fault: fc.constantFrom(undefined, undefined, 'lost', 'before', 'stat'),
    together: fc.boolean(),
  });
  const runs = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    const { provider, inner, mock } = limited({
      maxBytes: 100,
      maxObjects: 3,
      limits: { 'u/*': { maxBytes: 50 } },
    });
    let pending: Promise<unknown>[] = [];
    for (const { kind, key: one, other, size, fault, together } of steps) {
      const operation = kind === 'stream' ? 'put' : (kind as 'put');
      if (fault === 'stat') mock.fail('stat');
      else if (fault !== undefined) mock.fail(operation, { lost: fault === 'lost' });
      const body = () => toBody(kind === 'stream' ? chunks(size) : new Uint8Array(size));
      const calls: Record<string, () => Promise<unknown> | undefined> = {
        put: () => provider.put(one, body(), {}),
        stream: () => provider.put(one, body(), {}),
        delete: () => provider.delete(one, {}),
        copy: () => provider.copy?.(one, other, {}),
        move: () => provider.move?.(one, other, {}),
        putMany: () =>
          provider.putMany?.(
            [one, other].map((k) => ({ key: k, body: body() })),
            {},
          ),
        deleteMany: () => provider.deleteMany?.([one, other], {}),
      };
      pending.push(errorOf(calls[kind]?.()));
      if (!together) {
        await Promise.all(pending);
        pending = [];
        expect(await heldIn(inner)).toBeLessThanOrEqual(100);
      }
    }
    await Promise.all(pending);
    mock.reset();
    const usage = await provider.usage?.({});
    const held = await heldIn(inner);
    expect(held).toBeLessThanOrEqual(100);
    expect(usage?.usedBytes).toBe(held);
    let objects = 0;
    let users = 0;
    for await (const { entries } of inner.list({})) objects += entries.length;
    for await (const { entries } of inner.list({ prefix: 'u/' })) {
      for (const entry of entries) users += entry.kind === 'item' ? (entry.size ?? 0) : 0;
    }
    expect(objects).toBeLessThanOrEqual(3);
    expect(usage?.objects).toBe(objects);
    expect(users).toBeLessThanOrEqual(50);
  });
  await fc.assert(runs, { numRuns: 150 });
});

test('a copy waits for writes of its source, and counts what they left', async () => {
  const { provider, inner, put } = limited({ maxBytes: 100 });
  await put('a', 10);
  const [, copied] = await Promise.all([
    provider.put('a', toBody(chunks(40, 20)), {}),
    errorOf(provider.copy?.('a', 'b', {})),
  ]);
  expect(copied).toMatchObject({ code: 'quota-exceeded', outcome: 'not-applied' });
  expect(await heldIn(inner)).toBe(60);
  expect(await provider.usage?.({})).toMatchObject({ usedBytes: 60, objects: 1 });
});

test('what may be larger than its predecessor fits, or is refused', () => {
  const counter = usageCounter({ limits: [{ pattern: '*', maxBytes: 10 }], hint: 'Delete some.' });
  counter.count('a', undefined, 12);
  const nothing = { bytes: 0, objects: 0 };
  counter.hold('a', nothing);
  expect(() => counter.hold('a', nothing, { isDoubted: true })).toThrow('do not fit');
});

test('an error of a write tells one of a quota apart', async () => {
  const { put } = limited({ maxBytes: 1 });
  expect(isStorageError(await errorOf(put('a', 2)), 'quota-exceeded')).toBe(true);
});
