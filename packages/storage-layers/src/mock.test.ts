import {
  type BatchResult,
  isStorageError,
  type StorageProvider,
  type StoredObject,
  toBody,
  type UploadSession,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/content.ts';
import { createMock, fakeClock, type MockOptions, withMock } from './mock.ts';

function mocked(options: MockOptions = {}, memory: { readonly versioning?: boolean } = {}) {
  const inner = createMemory.provider(memory);
  const provider = withMock(inner, options);
  const { mock } = provider;
  const put = (key: string, content: string) => provider.put(key, toBody(content), {});
  const text = async (key: string) => (await provider.get(key, {})).text();
  return { inner, provider, mock, put, text };
}

async function consume(pages: AsyncIterable<unknown> | undefined) {
  const seen: unknown[] = [];
  for await (const page of pages ?? []) seen.push(page);
  return seen;
}

describe('createMock', () => {
  test('is a storage with a script, a log and a clock', async () => {
    const clock = fakeClock({ autoAdvance: true });
    const storage = createMock({ latency: 100, failureRate: 0, quotaLimit: 1_000_000, clock });
    await storage.save('a', { n: 1 });
    expect(await storage.load('a')).toEqual({ n: 1 });
    expect(storage.calls('put')).toMatchObject([{ operation: 'put', keys: ['a'], result: 'ok' }]);
    storage.fail('get', { with: 'permission-denied' });
    await expect(storage.load('a')).rejects.toMatchObject({ code: 'permission-denied', key: 'a' });
    expect(storage.getInfo()).toMatchObject({ provider: 'memory', layers: ['mock'] });
    expect(storage.clock).toBe(clock);
    await storage.close();
  });

  test('takes the place of another storage', async () => {
    const memory = createMemory();
    await memory.save('a', 1);
    const storage = createMock({ underlying: memory });
    expect(await storage.load('a')).toBe(1);
    await storage.save('b', 2);
    expect(await memory.load('b')).toBe(2);
  });

  test('lets items expire by its own clock', async () => {
    const clock = fakeClock();
    const storage = createMock({ clock });
    await storage.save('a', 1, { expiration: new Date(clock.now() + 1000) });
    expect(await storage.exists('a')).toBe(true);
    await clock.advance(1000);
    expect(await storage.exists('a')).toBe(false);
  });

  test('is a layer by its provider', async () => {
    const provider = createMock.provider(createMemory.provider());
    provider.mock.fail('stat', { with: 'timeout' });
    expect(await codeOf(provider.stat('a', {}))).toBe('timeout');
    expect(provider.capabilities).toEqual(createMemory.provider().capabilities);
  });

  test.each([
    { latency: -1 },
    { failureRate: 2 },
    { lostRate: -0.1 },
    { quotaLimit: -1 },
    { chunkDelay: -1 },
    { chunkBytes: 0 },
  ])('refuses %j', (options) => {
    expect(() => createMock(options)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('time', () => {
  test('waits before every call, and before every page of a listing', async () => {
    const clock = fakeClock({ startMs: 0, autoAdvance: true });
    const { provider, put } = mocked({ latency: 100, clock });
    await put('a', 'x');
    expect(clock.now()).toBe(200); // opening, too
    for (let index = 0; index < 1500; index += 1) await put(`k${index}`, 'x');
    const before = clock.now();
    expect(await consume(provider.list({}))).toHaveLength(2);
    expect(clock.now() - before).toBe(200);
  });

  test('stops waiting when it is aborted', async () => {
    const { provider } = mocked({ latency: 60_000 });
    const controller = new AbortController();
    const getting = provider.get('a', { signal: controller.signal });
    controller.abort();
    expect(await codeOf(getting)).toBe('aborted');
  });

  test('gives a body in chunks, with a wait before each', async () => {
    const clock = fakeClock({ startMs: 0, autoAdvance: true });
    const { provider, put, text } = mocked({ chunkDelay: 10, chunkBytes: 2, clock });
    await put('a', 'hello');
    expect(clock.now()).toBe(30);
    expect(await text('a')).toBe('hello');
    expect(clock.now()).toBe(60);
    const chunks = (await consume((await provider.get('a', {})).stream())) as Uint8Array[];
    expect(chunks.map(({ byteLength }) => byteLength)).toEqual([2, 2, 1]);
    const part = await provider.get('a', { range: { offset: 1, length: 3 } });
    expect(part.range).toEqual({ offset: 1, length: 3 });
    expect(await part.text()).toBe('ell');
  });

  test('stops a slow body when it is let go of', async () => {
    const clock = fakeClock();
    const { provider, mock, inner } = mocked({ chunkDelay: 10, clock });
    await inner.put('a', toBody('hello'), {});
    const object = await provider.get('a', {});
    const reading = object.bytes();
    await object.cancel('enough');
    expect(await codeOf(reading)).toBe('aborted');
    const reader = (await provider.get('a', {})).stream().getReader();
    const read = reader.read();
    await reader.cancel('enough');
    expect(await read).toMatchObject({ done: true });
    expect(mock.calls('get')).toHaveLength(2);
  });
});

describe('random failures', () => {
  const results = async (options: MockOptions, count = 400) => {
    const { provider, mock } = mocked(options);
    for (let index = 0; index < count; index += 1) {
      await codeOf(provider.put(`k${index}`, toBody('x'), {}));
    }
    return mock.calls('put').map(({ result }) => result);
  };
  const failed = (all: readonly string[]) => all.filter((each) => each === 'unavailable').length;

  test('come at the rate that was asked for', async () => {
    const count = failed(await results({ failureRate: 0.25 }));
    expect(count).toBeGreaterThan(70);
    expect(count).toBeLessThan(130);
    expect(failed(await results({ failureRate: 0 }))).toBe(0);
  });

  test('follow from the seed', async () => {
    expect(await results({ failureRate: 0.5, seed: 3 })).toEqual(
      await results({ failureRate: 0.5, seed: 3 }),
    );
    expect(await results({ failureRate: 0.5, seed: 3 })).not.toEqual(
      await results({ failureRate: 0.5, seed: 4 }),
    );
  });

  test('lose the answer alone at the second rate', async () => {
    const { provider, inner } = mocked({ failureRate: 0.5, lostRate: 0.5 });
    const outcomes = { applied: 0, 'not-applied': 0, unknown: 0 };
    for (let index = 0; index < 200; index += 1) {
      const error = await provider.put(`k${index}`, toBody('x'), {}).catch((failure) => failure);
      const there = await inner.stat(`k${index}`, {}).catch(() => undefined);
      const outcome = isStorageError(error) ? (error.outcome ?? 'unknown') : 'applied';
      expect(there === undefined).toBe(outcome === 'not-applied');
      outcomes[outcome] += 1;
    }
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(20);
  });
});

describe('scripted faults', () => {
  test('fail before the effect', async () => {
    const { mock, put, provider } = mocked();
    const fault = mock.fail('put', { times: 2, after: 1, with: 'rate-limited', retryAfterMs: 500 });
    await put('a', '1');
    await expect(put('a', '2')).rejects.toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 500,
      outcome: 'not-applied',
      key: 'a',
      operation: 'put',
    });
    expect(await codeOf(put('a', '3'))).toBe('rate-limited');
    expect(await (await provider.get('a', {})).text()).toBe('1');
    await put('a', '4');
    expect(fault.hits).toBe(2);
  });

  test('lose the answer after the effect', async () => {
    const { mock, put, text } = mocked();
    mock.fail('put', { lost: true });
    await expect(put('a', 'new')).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    expect(await text('a')).toBe('new');
  });

  test('let go of a body and of a watcher whose answer is lost', async () => {
    const { mock, put, provider } = mocked();
    await put('a', 'x');
    mock.fail('get', { lost: true });
    mock.fail('watch', { lost: true });
    expect(await codeOf(provider.get('a', {}))).toBe('unavailable');
    expect(await codeOf(provider.watch?.({}))).toBe('unavailable');
  });

  test('throw the error that was given', async () => {
    const { mock, put } = mocked();
    const cause = new Error('mine');
    mock.fail('put', { with: cause });
    await expect(put('a', 'x')).rejects.toMatchObject({ code: 'unknown', cause });
  });

  test('hang until the signal is aborted', async () => {
    const { mock, provider } = mocked();
    mock.fail('stat', { hang: true });
    const controller = new AbortController();
    const stat = provider.stat('a', { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(mock.calls('stat')).toMatchObject([{ result: 'pending' }]);
    controller.abort();
    expect(await codeOf(stat)).toBe('aborted');
    expect(mock.calls('stat')).toMatchObject([{ result: 'aborted' }]);
  });

  test('hang until the mock is reset', async () => {
    const { mock, provider } = mocked();
    mock.fail('stat', { hang: true });
    const stat = provider.stat('a', {});
    await new Promise((resolve) => setTimeout(resolve, 0));
    mock.reset();
    expect(await codeOf(stat)).toBe('unavailable');
    expect(mock.calls()).toEqual([]);
  });

  test('break off the body of a get', async () => {
    const { mock, put, provider } = mocked({ chunkBytes: 2 });
    await put('a', 'hello');
    mock.fail('get', { cutAfterBytes: 3, times: 2 });
    const got: number[] = [];
    const reading = (async () => {
      for await (const chunk of (await provider.get('a', {})).stream()) got.push(...chunk);
    })();
    expect(await codeOf(reading)).toBe('unavailable');
    expect(new TextDecoder().decode(Uint8Array.from(got))).toBe('hel');
    expect(await codeOf((await provider.get('a', {})).bytes())).toBe('unavailable');
    expect(await (await provider.get('a', {})).text()).toBe('hello');
  });

  test('break off the body of a put, and nothing is stored', async () => {
    const { mock, put, text, provider } = mocked();
    await put('a', 'old');
    mock.fail('put', { cutAfterBytes: 2 });
    let released = false;
    async function* source() {
      try {
        for (;;) yield new Uint8Array(2);
      } finally {
        released = true;
      }
    }
    await expect(provider.put('a', toBody(source()), {})).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    });
    expect(released).toBe(true);
    expect(await text('a')).toBe('old');
  });

  test('stall a body until it is let go of', async () => {
    const { mock, put, provider } = mocked();
    await put('a', 'hello');
    mock.fail('get', { cutAfterBytes: 2, hang: true, times: 2 });
    const controller = new AbortController();
    const object = await provider.get('a', { signal: controller.signal });
    const reading = object.bytes();
    await new Promise((resolve) => setTimeout(resolve, 0));
    controller.abort();
    expect(await codeOf(reading)).toBe('aborted');
    const stalled = (await provider.get('a', {})).bytes();
    await new Promise((resolve) => setTimeout(resolve, 0));
    mock.reset();
    expect(await codeOf(stalled)).toBe('unavailable');
  });

  test('fail a later page of a listing', async () => {
    const { mock, put, provider } = mocked();
    for (let index = 0; index < 1500; index += 1) await put(`k${index}`, 'x');
    mock.fail('list', { page: 2 });
    const pages = provider.list({})[Symbol.asyncIterator]();
    expect((await pages.next()).value.entries).toHaveLength(1000);
    expect(await codeOf(pages.next())).toBe('unavailable');
    expect(await consume(provider.list({}))).toHaveLength(2);
    expect(await consume(provider.list({ limit: 3 }))).toHaveLength(1);
    expect(await consume(provider.list({ prefix: 'none' }))).toHaveLength(0);
    expect(mock.calls('list').map(({ result }) => result)).toEqual([
      'ok',
      'unavailable',
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
  });

  test('meet opening, and the next call opens again', async () => {
    const { mock, provider } = mocked();
    mock.fail('open');
    expect(await codeOf(provider.stat('a', {}))).toBe('unavailable');
    expect(await codeOf(provider.stat('a', {}))).toBe('not-found');
    expect(mock.calls('open').map(({ result }) => result)).toEqual(['unavailable', 'ok']);
  });

  test('meet every operation', async () => {
    const { mock, provider, put } = mocked({}, { versioning: true });
    const { version = '' } = await put('a', 'x');
    const session = (await provider.upload?.('up', {})) as UploadSession;
    const calls: Readonly<Record<string, () => Promise<unknown> | undefined>> = {
      get: () => provider.get('a', {}),
      put: () => put('a', 'y'),
      stat: () => provider.stat('a', {}),
      delete: () => provider.delete('none', {}),
      list: () => consume(provider.list({})),
      putMany: () => provider.putMany?.([{ key: 'b', body: toBody('b') }], {}),
      getMany: () => provider.getMany?.(['a'], {}),
      statMany: () => provider.statMany?.(['a'], {}),
      deleteMany: () => provider.deleteMany?.(['none'], {}),
      copy: () => provider.copy?.('a', 'c', {}),
      move: () => provider.move?.('c', 'd', {}),
      setMetadata: () => provider.setMetadata?.('a', { tags: ['t'] }, {}),
      upload: () => provider.upload?.('up', {}),
      'upload.write': () => session.write(0, new Uint8Array(1)),
      'upload.status': () => session.status(),
      'upload.complete': () => session.complete(),
      'upload.abort': () => session.abort(),
      uploads: () => consume(provider.uploads?.({})),
      'versions.list': () => consume(provider.versions?.list('a', {})),
      'versions.restore': () => provider.versions?.restore('a', version, {}),
      watch: () => provider.watch?.({}).then((watcher) => watcher.close()),
      changes: () => consume(provider.changes?.({})),
      usage: () => provider.usage?.({}),
      health: () => provider.health?.({}),
    };
    for (const [operation, call] of Object.entries(calls)) {
      mock.fail('*', { with: 'rate-limited' });
      expect([operation, await codeOf(call())]).toEqual([operation, 'rate-limited']);
      expect([operation, await codeOf(call())]).toEqual([operation, 'ok']);
      expect(mock.calls().at(-1)).toMatchObject({ operation, result: 'ok' });
    }
    await provider.close?.();
    expect(mock.calls().at(-1)).toMatchObject({ operation: 'close', result: 'ok' });
  });
});

describe('faults of batches', () => {
  const outcomes = (results: readonly BatchResult<unknown>[] | undefined) =>
    results?.map((result) =>
      result.ok ? 'ok' : isStorageError(result.error) && result.error.code,
    );
  const entries = () => ['a', 'b', 'c'].map((key) => ({ key, body: toBody(key) }));

  test('fail the items with the key, and the others go through', async () => {
    const { mock, provider } = mocked();
    mock.fail('putMany', { key: 'b', with: 'permission-denied' });
    expect(outcomes(await provider.putMany?.(entries(), {}))).toEqual([
      'ok',
      'permission-denied',
      'ok',
    ]);
    expect(outcomes(await provider.statMany?.(['a', 'b', 'c'], {}))).toEqual([
      'ok',
      'not-found',
      'ok',
    ]);
    mock.fail('getMany', { key: /[ac]/, times: 2 });
    const objects = await provider.getMany?.(['a', 'b', 'c'], {});
    expect(outcomes(objects)).toEqual(['unavailable', 'not-found', 'unavailable']);
    mock.fail('deleteMany', { key: 'c', lost: true });
    expect(outcomes(await provider.deleteMany?.(['a', 'c'], {}))).toEqual(['ok', 'unavailable']);
    expect(await consume(provider.list({}))).toEqual([]);
  });

  test('fail an atomic batch whole, before or after its effect', async () => {
    const { mock, provider } = mocked();
    mock.fail('putMany', { key: 'b' });
    const before = provider.putMany?.(entries(), { atomic: true });
    await expect(before).rejects.toMatchObject({ outcome: 'not-applied' });
    expect(await consume(provider.list({}))).toEqual([]);
    mock.fail('putMany', { key: 'b', lost: true });
    const after = provider.putMany?.(entries(), { atomic: true });
    await expect(after).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await consume(provider.list({}))).toHaveLength(1);
  });

  test('hang a batch when they hang an item', async () => {
    const { mock, provider } = mocked();
    mock.fail('statMany', { key: 'b', hang: true });
    const controller = new AbortController();
    const stats = provider.statMany?.(['a', 'b'], { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 0));
    controller.abort();
    expect(await codeOf(stats)).toBe('aborted');
  });

  test('slow the bodies of a batch', async () => {
    const clock = fakeClock({ startMs: 0, autoAdvance: true });
    const { provider } = mocked({ chunkDelay: 10, clock });
    await provider.putMany?.(entries(), {});
    expect(clock.now()).toBe(30);
    const [first] = (await provider.getMany?.(['a'], {})) ?? [];
    expect(first?.ok).toBe(true);
    if (first?.ok) expect(await first.value.text()).toBe('a');
    expect(clock.now()).toBe(40);
  });
});

describe('the log', () => {
  test('tells what was called with what, when and how it went', async () => {
    const clock = fakeClock({ startMs: 5, autoAdvance: true });
    const { provider, mock, put } = mocked({ latency: 10, clock });
    await put('a', 'x');
    await codeOf(provider.get('b', { range: { offset: 1 } }));
    const session = (await provider.upload?.('u', {})) as UploadSession;
    await session.write(3, new Uint8Array(2));
    expect(mock.calls()).toMatchObject([
      { operation: 'open', keys: [], atMs: 5 },
      { operation: 'put', keys: ['a'], atMs: 15, result: 'ok' },
      { operation: 'get', keys: ['b'], options: { range: { offset: 1 } }, result: 'not-found' },
      { operation: 'upload', keys: ['u'] },
      { operation: 'upload.write', keys: ['u'], options: { offset: 3, length: 2 }, atMs: 45 },
    ]);
  });

  test('cannot be changed from outside', async () => {
    const { mock, put } = mocked();
    await put('a', 'x');
    for (const call of mock.calls()) Object.assign(call, { result: 'changed' });
    expect(mock.calls('put')).toMatchObject([{ result: 'ok' }]);
  });

  test('keeps the last 10,000 calls', async () => {
    const { mock, provider, put } = mocked();
    await put('a', 'x');
    for (let index = 0; index < 20_500; index += 1) await provider.stat('a', {});
    expect(mock.calls()).toHaveLength(10_000);
  });

  test('starts the random failures anew with a reset', async () => {
    const { mock, provider } = mocked({ failureRate: 0.5 });
    await codeOf(provider.stat('a', {}));
    const run = async () => {
      mock.reset();
      for (let index = 0; index < 50; index += 1) await codeOf(provider.stat('a', {}));
      return mock.calls('stat').map(({ result }) => result);
    };
    expect(await run()).toEqual(await run());
  });
});

describe('the quota', () => {
  const streamOf = (...sizes: number[]) =>
    toBody(
      (async function* chunks() {
        for (const size of sizes) yield new Uint8Array(size);
      })(),
    );
  const put = (provider: StorageProvider, key: string, sizeBytes: number) =>
    provider.put(key, toBody(new Uint8Array(sizeBytes)), {});

  test('refuses what does not fit, and keeps what there is', async () => {
    const { provider } = mocked({ quotaLimit: 10 });
    await put(provider, 'a', 8);
    await expect(put(provider, 'b', 3)).rejects.toMatchObject({
      code: 'quota-exceeded',
      outcome: 'not-applied',
    });
    await put(provider, 'a', 10);
    expect(await codeOf(put(provider, 'a', 11))).toBe('quota-exceeded');
    expect((await provider.stat('a', {})).size).toBe(10);
    expect(await provider.usage?.({})).toMatchObject({ usedBytes: 10, totalBytes: 10 });
    await provider.delete('a', {});
    await put(provider, 'b', 10);
  });

  test('counts what was there before', async () => {
    const inner = createMemory.provider();
    await put(inner, 'old', 8);
    const provider = withMock(inner, { quotaLimit: 10 });
    expect(await codeOf(put(provider, 'a', 3))).toBe('quota-exceeded');
    await put(provider, 'old', 2);
    await put(provider, 'a', 8);
  });

  test('counts what is there by stat when a listing does not tell sizes', async () => {
    const inner = createMemory.provider();
    await put(inner, 'old', 8);
    const list: StorageProvider['list'] = async function* keysAlone(options) {
      for await (const page of inner.list(options)) {
        yield { entries: page.entries.map(({ key }) => ({ kind: 'item', key })) };
      }
    };
    const provider = withMock(
      {
        specVersion: 1,
        name: 'bare',
        capabilities: {},
        get: inner.get,
        put: inner.put,
        stat: inner.stat,
        delete: inner.delete,
        list,
      },
      { quotaLimit: 10 },
    );
    expect(await codeOf(put(provider, 'a', 3))).toBe('quota-exceeded');
    expect(await codeOf(put(provider, 'a', 2))).toBe('ok');
  });

  test('stops a stream of unknown size when it does not fit', async () => {
    const { provider } = mocked({ quotaLimit: 10 });
    expect(await codeOf(provider.put('a', streamOf(4, 4, 4), {}))).toBe('quota-exceeded');
    expect(await codeOf(provider.put('a', streamOf(4, 4), {}))).toBe('ok');
    expect(await codeOf(provider.put('a', streamOf(4, 4, 2), {}))).toBe('ok');
    expect(await codeOf(provider.put('b', streamOf(1), {}))).toBe('quota-exceeded');
  });

  test('gives room back when a write fails', async () => {
    const { provider, mock } = mocked({ quotaLimit: 10 });
    mock.fail('put', { cutAfterBytes: 1, times: 2 });
    expect(await codeOf(put(provider, 'a', 8))).toBe('unavailable');
    expect(await codeOf(provider.put('a', streamOf(4, 4), {}))).toBe('unavailable');
    expect(await codeOf(provider.copy?.('none', 'b', {}))).toBe('not-found');
    await put(provider, 'a', 10);
  });

  test('lets those of a batch through that fit, or an atomic one whole', async () => {
    const { provider } = mocked({ quotaLimit: 10 });
    const entries = () =>
      [6, 6, 4].map((size, index) => ({ key: `k${index}`, body: toBody(new Uint8Array(size)) }));
    await expect(provider.putMany?.(entries(), { atomic: true })).rejects.toMatchObject({
      code: 'quota-exceeded',
    });
    expect((await provider.putMany?.(entries(), {}))?.map(({ ok }) => ok)).toEqual([
      true,
      false,
      true,
    ]);
    await provider.deleteMany?.(['k0', 'k2'], {});
    await put(provider, 'a', 10);
  });

  test('counts copies and moves', async () => {
    const { provider } = mocked({ quotaLimit: 10 });
    await put(provider, 'a', 6);
    expect(await codeOf(provider.copy?.('a', 'b', {}))).toBe('quota-exceeded');
    await provider.move?.('a', 'b', {});
    await provider.move?.('b', 'b', {});
    await put(provider, 'c', 4);
    await provider.delete('b', {});
    await provider.copy?.('c', 'd', {});
    expect(await codeOf(put(provider, 'e', 3))).toBe('quota-exceeded');
  });

  test('counts the parts of uploads', async () => {
    const { provider, mock } = mocked({ quotaLimit: 10 });
    const session = (await provider.upload?.('a', {})) as UploadSession;
    await session.write(0, new Uint8Array(6));
    expect(await codeOf(session.write(6, new Uint8Array(6)))).toBe('quota-exceeded');
    mock.fail('*', {});
    expect(await codeOf(session.write(6, new Uint8Array(4)))).toBe('unavailable');
    const again = (await provider.upload?.('a', { token: session.token })) as UploadSession;
    await again.write(6, new Uint8Array(4));
    await again.write(6, new Uint8Array(2));
    expect(await codeOf(put(provider, 'b', 3))).toBe('quota-exceeded');
    await again.complete();
    expect(await codeOf(put(provider, 'b', 3))).toBe('quota-exceeded');
    await put(provider, 'b', 2);
    await provider.delete('b', {});
    const other = (await provider.upload?.('c', {})) as UploadSession;
    await other.write(0, new Uint8Array(2));
    await other.abort();
    await put(provider, 'd', 2);
  });

  test('gives a part its old size back when writing it again fails', async () => {
    const { provider, inner } = mocked({ quotaLimit: 10 });
    const session = (await provider.upload?.('a', { totalBytes: 4 })) as UploadSession;
    await session.write(0, new Uint8Array(4));
    expect(await codeOf(session.write(2, new Uint8Array(4)))).toBe('invalid-argument');
    await put(provider, 'b', 6);
    expect(await inner.usage?.({})).toMatchObject({ usedBytes: 10 });
  });

  test('counts a version that is restored', async () => {
    const { provider } = mocked({ quotaLimit: 10 }, { versioning: true });
    const { version = '' } = await put(provider, 'a', 6);
    await put(provider, 'a', 1);
    await put(provider, 'b', 5);
    expect(await codeOf(provider.versions?.restore('a', version, {}))).toBe('quota-exceeded');
    await provider.delete('b', {});
    expect(await codeOf(provider.versions?.restore('a', version, {}))).toBe('ok');
    await provider.delete('a', { version });
    expect(await codeOf(put(provider, 'b', 5))).toBe('quota-exceeded');
    const { version: current = '' } = await provider.stat('a', {});
    await provider.delete('a', { version: current });
    expect(await codeOf(put(provider, 'b', 10))).toBe('ok');
  });
});

describe('what memory lacks', () => {
  test('passes through: presigned requests, public URLs, candidates and sessions that expire', async () => {
    const { inner } = mocked();
    const expiresAt = new Date(0);
    const { get, put, stat, delete: remove, list, upload } = inner;
    const provider = withMock({
      specVersion: 1,
      name: 'bare',
      capabilities: {
        ...{ upload: true, uploads: true, presign: true, publicUrl: true },
        candidates: true,
      },
      ...{ get, put, stat, delete: remove, list },
      upload: async (key, options) => {
        const session = (await upload?.(key, options)) as UploadSession;
        return { ...session, token: session.token, expiresAt };
      },
      uploads: async function* none() {},
      candidates: async function* one() {
        yield { entries: [{ kind: 'item', key: 'found' }] };
      },
      presign: async (key) => ({
        url: `https://store.example/${key}`,
        method: 'GET',
        headers: {},
        expiresAt,
      }),
      publicUrl: (key) => `https://public.example/${key}`,
    });
    await provider.open?.({});
    expect(await provider.presign?.('a', {})).toMatchObject({ url: 'https://store.example/a' });
    expect(provider.publicUrl?.('a')).toBe('https://public.example/a');
    expect((await provider.upload?.('a', {}))?.expiresAt).toEqual(expiresAt);
    expect(await consume(provider.candidates?.({ tags: ['t'] }, {}))).toMatchObject([
      { entries: [{ key: 'found' }] },
    ]);
    expect(provider.mock.calls().map(({ operation }) => operation)).toEqual([
      'open',
      'presign',
      'publicUrl',
      'upload',
      'candidates',
    ]);
  });
});

describe('what is missing below', () => {
  test('is missing here', async () => {
    const inner = createMemory.provider();
    const bare: StorageProvider = {
      specVersion: 1,
      name: 'bare',
      capabilities: { rangeReads: true },
      get: (key, options): Promise<StoredObject> => inner.get(key, options),
      put: (key, body, options) => inner.put(key, body, options),
      stat: (key, options) => inner.stat(key, options),
      delete: (key, options) => inner.delete(key, options),
      list: (options) => inner.list(options),
      native: 'client',
    };
    const provider = withMock(bare);
    expect(provider.capabilities).toEqual({ rangeReads: true });
    expect(provider.copy).toBeUndefined();
    expect(provider.native).toBe('client');
    expect(provider.storeId).toBeUndefined();
    await provider.put('a', toBody('x'), {});
    expect(await codeOf(provider.get('a', { ifMatch: 'x' }))).toBe('unsupported');
  });
});
