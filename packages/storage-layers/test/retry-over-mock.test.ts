import { getEventListeners } from 'node:events';
import {
  type Body,
  ERROR_CODES,
  type ErrorCode,
  type RetryEvent,
  type RetryOptions,
  StorageError,
  type StorageProvider,
  sha256,
  toBody,
  type UploadSession,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import { createMock, fakeClock, type MockOptions, withMock } from '../src/mock.ts';
import { createRetrying } from '../src/retry.ts';
import { codeOf } from './content.ts';

const SLOWEST_ANSWER_MS = 10;

/** Retry over a mock over memory, with a clock that nobody has to wait for. */
function retrying(retry: RetryOptions = {}, options: MockOptions = {}) {
  const clock = fakeClock({ startMs: 0, autoAdvance: true });
  const inner = createMemory.provider();
  const mocked = withMock(inner, { clock, ...options });
  const { mock } = mocked;
  const events: RetryEvent[] = [];
  const provider = createRetrying.provider(mocked, {
    sleep: clock.sleep,
    random: () => 1,
    onRetry: (event) => events.push(event),
    ...retry,
  });
  const text = async (key: string) => (await provider.get(key, {})).text();
  const results = (operation: Parameters<typeof mock.calls>[0]) =>
    mock.calls(operation).map(({ result }) => result);
  return { clock, inner, mock, provider, events, text, results };
}

/** Content that can be read once. */
function once(...chunks: string[]): Body {
  return toBody(
    (async function* source() {
      for (const chunk of chunks) yield new TextEncoder().encode(chunk);
    })(),
  );
}

describe('what is tried again', () => {
  test.each(Object.entries(ERROR_CODES))('%s: as its code says', async (code, { retryable }) => {
    const { mock, provider, inner, results } = retrying();
    await inner.put('a', toBody('x'), {});
    mock.fail('stat', { with: code as ErrorCode });
    expect(await codeOf(provider.stat('a', {}))).toBe(retryable ? 'ok' : code);
    expect(results('stat')).toHaveLength(retryable ? 2 : 1);
  });

  test('a passing error, four times in all, and the message says so', async () => {
    const { mock, provider, results } = retrying();
    mock.fail('stat', { times: 10 });
    await expect(provider.stat('a', {})).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('4 times'),
    });
    expect(results('stat')).toHaveLength(4);
  });

  test('as often as the options say', async () => {
    const { mock, provider, results } = retrying({ attempts: 2 });
    mock.fail('stat', { times: 10 });
    expect(await codeOf(provider.stat('a', {}))).toBe('unavailable');
    expect(results('stat')).toHaveLength(2);
  });

  test('every operation that can be repeated', async () => {
    const { mock, provider, inner } = retrying();
    await inner.put('a', toBody('x'), {});
    const session = (await provider.upload?.('up', {})) as UploadSession;
    const walk = async (pages: AsyncIterable<unknown> | undefined) => {
      const seen: unknown[] = [];
      for await (const page of pages ?? []) seen.push(page);
      return seen;
    };
    const calls: Readonly<Record<string, () => Promise<unknown> | undefined>> = {
      get: () => provider.get('a', {}),
      put: () => provider.put('b', toBody('b'), {}),
      stat: () => provider.stat('a', {}),
      delete: () => provider.delete('b', {}),
      list: () => walk(provider.list({})),
      putMany: () => provider.putMany?.([{ key: 'b', body: toBody('b') }], {}),
      getMany: () => provider.getMany?.(['a'], {}),
      statMany: () => provider.statMany?.(['a'], {}),
      deleteMany: () => provider.deleteMany?.(['b'], {}),
      copy: () => provider.copy?.('a', 'c', {}),
      move: () => provider.move?.('c', 'd', {}),
      setMetadata: () => provider.setMetadata?.('a', { tags: ['t'] }, {}),
      upload: () => provider.upload?.('up', {}),
      'upload.write': () => session.write(0, new Uint8Array(1)),
      'upload.status': () => session.status(),
      'upload.complete': () => session.complete(),
      'upload.abort': () => session.abort(),
      uploads: () => walk(provider.uploads?.({})),
      watch: () => provider.watch?.({}).then((watcher) => watcher.close()),
      usage: () => provider.usage?.({}),
    };
    for (const [operation, call] of Object.entries(calls)) {
      mock.reset();
      mock.fail('*', { times: 2 });
      expect([operation, await codeOf(call())]).toEqual([operation, 'ok']);
      expect([operation, mock.calls().map(({ result }) => result)]).toEqual([
        operation,
        ['unavailable', 'unavailable', 'ok'],
      ]);
    }
  });

  test('opening', async () => {
    const { mock, provider, results } = retrying();
    mock.fail('open', { times: 2 });
    expect(await codeOf(provider.stat('a', {}))).toBe('not-found');
    expect(results('open')).toEqual(['unavailable', 'unavailable', 'ok']);
  });
});

describe('the wait', () => {
  test('grows, up to its ceiling', async () => {
    const { mock, provider, events } = retrying({ attempts: 6, maxDelayMs: 500 });
    mock.fail('stat', { times: 5 });
    await codeOf(provider.stat('a', {}));
    expect(events.map(({ delayMs }) => delayMs)).toEqual([100, 200, 400, 500, 500]);
    expect(events[0]).toMatchObject({ operation: 'stat', key: 'a', attempt: 1 });
  });

  test('is spread over its whole length', async () => {
    const { mock, provider, events } = retrying({ attempts: 500, random: Math.random });
    mock.fail('stat', { times: 400 });
    await codeOf(provider.stat('a', {}));
    const late = events.filter(({ attempt }) => attempt > 10).map(({ delayMs }) => delayMs);
    const mean = late.reduce((sum, delayMs) => sum + delayMs, 0) / late.length;
    expect(Math.min(...late)).toBeLessThan(2000);
    expect(Math.max(...late)).toBeGreaterThan(18_000);
    expect(Math.abs(mean - 10_000)).toBeLessThan(1500);
  });

  test.each([
    ['constant', [100, 100, 100]],
    ['none', [0, 0, 0]],
  ] as const)('is %s when that is asked for', async (backoff, delays) => {
    const { mock, provider, events } = retrying({ backoff });
    mock.fail('stat', { times: 3 });
    await codeOf(provider.stat('a', {}));
    expect(events.map(({ delayMs }) => delayMs)).toEqual(delays);
  });

  test('is as long as the service asks for', async () => {
    const { mock, provider, clock } = retrying();
    mock.fail('stat', { with: 'rate-limited', retryAfterMs: 30_000 });
    await codeOf(provider.stat('a', {}));
    expect(clock.now()).toBe(30_000);
  });

  test('does not happen when the service asks for too long a one', async () => {
    const { mock, provider, clock, results } = retrying();
    mock.fail('stat', { with: 'rate-limited', retryAfterMs: 60_001 });
    await expect(provider.stat('a', {})).rejects.toMatchObject({ retryAfterMs: 60_001 });
    expect([clock.now(), results('stat').length]).toEqual([0, 1]);
  });

  test('ends at once when it is aborted', async () => {
    const clock = fakeClock();
    const { mock, provider, results } = retrying({ sleep: clock.sleep });
    mock.fail('stat', { times: 10 });
    const controller = new AbortController();
    const stat = provider.stat('a', { signal: controller.signal });
    await clock.advance(0);
    controller.abort('enough');
    await expect(stat).rejects.toMatchObject({ code: 'aborted', cause: 'enough' });
    expect(results('stat')).toHaveLength(1);
  });
});

describe('a try', () => {
  test('ends when no answer comes, and the next one may bring it', async () => {
    const { mock, provider, inner, results } = retrying({ attemptTimeoutMs: SLOWEST_ANSWER_MS });
    await inner.put('a', toBody('x'), {});
    mock.fail('get', { hang: true });
    expect(await (await provider.get('a', {})).text()).toBe('x');
    expect(results('get')).toEqual(['aborted', 'ok']);
  });

  test('surfaces as a timeout when none brings it', async () => {
    const { mock, provider } = retrying({ attemptTimeoutMs: SLOWEST_ANSWER_MS });
    mock.fail('stat', { hang: true, times: 4 });
    expect(await codeOf(provider.stat('a', {}))).toBe('timeout');
  });

  test('ends when the caller aborts while it hangs', async () => {
    const { mock, provider } = retrying();
    mock.fail('put', { hang: true });
    const controller = new AbortController();
    const put = provider.put('a', toBody('x'), { signal: controller.signal });
    controller.abort('enough');
    await expect(put).rejects.toMatchObject({ code: 'aborted', cause: 'enough' });
  });

  test('does not begin when the time for all of them is over', async () => {
    const { mock, provider, results } = retrying({ totalTimeoutMs: 50 });
    mock.fail('stat', { times: 10 });
    expect(await codeOf(provider.stat('a', {}))).toBe('unavailable');
    expect(results('stat')).toHaveLength(1);
  });
});

describe('a body that is written', () => {
  test('is sent again when it can be read again', async () => {
    const { mock, provider, text, results } = retrying();
    mock.fail('put', { cutAfterBytes: 2, times: 2 });
    await provider.put('a', toBody(new Blob(['hello'])), {});
    expect(await text('a')).toBe('hello');
    expect(results('put')).toEqual(['unavailable', 'unavailable', 'ok']);
  });

  test('is not sent again when it was begun and cannot be read again', async () => {
    const { mock, provider, inner, results } = retrying();
    await inner.put('a', toBody('old'), {});
    mock.fail('put', { cutAfterBytes: 2 });
    await expect(provider.put('a', once('hel', 'lo'), {})).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    });
    expect(results('put')).toHaveLength(1);
    expect(await (await inner.get('a', {})).text()).toBe('old');
  });

  test('is sent when nothing of it was read before the failure', async () => {
    const { mock, provider, text, results } = retrying();
    mock.fail('put', { times: 2 });
    await provider.put('a', once('hel', 'lo'), {});
    expect(await text('a')).toBe('hello');
    expect(results('put')).toHaveLength(3);
  });

  test('is let go of when the last try fails', async () => {
    const { mock, provider } = retrying();
    mock.fail('put', { times: 4 });
    let cancelled = false;
    const source = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    expect(await codeOf(provider.put('a', toBody(source), {}))).toBe('unavailable');
    expect(cancelled).toBe(true);
  });
});

describe('a write whose answer was lost', () => {
  test('is written again when nothing was asked of what is there', async () => {
    const { mock, provider, text, results } = retrying();
    mock.fail('put', { lost: true });
    await provider.put('a', toBody('x'), {});
    expect(results('put')).toEqual(['unavailable', 'ok']);
    expect(await text('a')).toBe('x');
  });

  test.each(['create', 'replace'] as const)(
    'is settled by its id when it was to %s',
    async (what) => {
      const { mock, provider, inner, results } = retrying();
      const before = what === 'replace' ? await inner.put('a', toBody('old'), {}) : undefined;
      mock.fail('put', { lost: true });
      const info = await provider.put(
        'a',
        toBody('new'),
        before === undefined ? { ifNoneMatch: '*' } : { ifMatch: before.etag },
      );
      expect(results('put')).toEqual(['unavailable', 'precondition-failed']);
      expect(info).toEqual(await inner.stat('a', {}));
      expect(await (await inner.get('a', {})).text()).toBe('new');
    },
  );

  test('is not taken for the write of somebody else', async () => {
    const { mock, provider, inner } = retrying();
    mock.fail('put', {});
    const other = inner.put('a', toBody('theirs'), { writeId: 'theirs' });
    expect(await codeOf(provider.put('a', toBody('mine'), { ifNoneMatch: '*' }))).toBe(
      'precondition-failed',
    );
    expect((await other).writeId).toBe('theirs');
    expect(await (await inner.get('a', {})).text()).toBe('theirs');
  });

  test('says that nobody knows when somebody else wrote behind it', async () => {
    const { mock, provider, inner } = retrying({
      onRetry: () => void inner.put('a', toBody('theirs'), {}),
    });
    mock.fail('put', { lost: true });
    await expect(provider.put('a', toBody('mine'), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
      outcome: 'unknown',
    });
  });

  test('surfaces as unknown where no id can be kept', async () => {
    const { get, put, stat, delete: remove, list } = createMemory.provider();
    const mocked = withMock({
      specVersion: 1,
      name: 'bare',
      capabilities: { createIfAbsent: true },
      ...{ get, put, stat, delete: remove, list },
    });
    const provider = createRetrying.provider(mocked, { backoff: 'none' });
    mocked.mock.fail('put', { lost: true });
    await expect(provider.put('a', toBody('x'), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    expect(mocked.mock.calls('put')).toHaveLength(1);
  });

  test('is settled for an upload that was completed', async () => {
    const { mock, provider, inner, results } = retrying();
    const session = (await provider.upload?.('a', {})) as UploadSession;
    await session.write(0, new Uint8Array(3));
    mock.fail('upload.complete', { lost: true });
    const info = await session.complete({ ifNoneMatch: '*' });
    expect(info).toEqual(await inner.stat('a', {}));
    expect(results('upload.complete')).toEqual(['unavailable', 'conflict']);
  });

  test('is not repeated for a move', async () => {
    const { mock, provider, inner, results } = retrying();
    await inner.put('a', toBody('x'), {});
    mock.fail('move', { lost: true });
    await expect(provider.move?.('a', 'b', {})).rejects.toMatchObject({ outcome: 'unknown' });
    expect(results('move')).toHaveLength(1);
    expect(await (await inner.get('b', {})).text()).toBe('x');
  });

  test('says nothing of what a repeated delete found', async () => {
    const { mock, provider, inner } = retrying();
    await inner.put('a', toBody('x'), {});
    mock.fail('delete', { lost: true });
    expect(await provider.delete('a', {})).toEqual({});
    expect(await provider.delete('a', {})).toEqual({ existed: false });
  });
});

describe('an upload', () => {
  test('sends the part again, and not the object', async () => {
    const { mock, provider, text, results } = retrying();
    const session = (await provider.upload?.('a', {})) as UploadSession;
    await session.write(0, new TextEncoder().encode('he'));
    mock.fail('upload.write', { times: 2 });
    mock.fail('upload.write', { after: 1, lost: true });
    await session.write(2, new TextEncoder().encode('ll'));
    await session.write(4, new TextEncoder().encode('o'));
    await session.complete();
    expect(await text('a')).toBe('hello');
    expect(mock.calls('upload.write').map(({ options }) => options['offset'])).toEqual([
      0, 2, 2, 2, 4, 4,
    ]);
    expect(results('upload')).toEqual(['ok']);
  });

  test('takes a large stream through a bad line', async () => {
    const underlying = createMemory.provider({ maxPutBytes: 1000, partBytes: 1000 });
    const mock = createMock({ underlying, failureRate: 0.2, lostRate: 0.5, seed: 5 });
    const storage = createRetrying({ underlying: mock, attempts: 20, backoff: 'none' });
    const sent = Uint8Array.from({ length: 20_500 }, (_, index) => (index * 7) % 251);
    const source = (async function* chunks() {
      for (let at = 0; at < sent.length; at += 333) yield sent.subarray(at, at + 333);
    })();
    const info = await storage.put('a', source, { ifNoneMatch: '*' });
    expect(info.size).toBe(sent.length);
    const object = await underlying.get('a', {});
    expect(Buffer.compare(await object.bytes(), sent)).toBe(0);
    const begun = mock.calls('upload').filter(({ result }) => result === 'ok');
    expect(begun).toHaveLength(1);
    expect(mock.calls('upload.write').some(({ result }) => result === 'unavailable')).toBe(true);
  });

  test('that the service loses is begun again by the engine, and by nobody else', async () => {
    const clock = fakeClock({ startMs: 0, autoAdvance: true });
    const below = createMemory.provider({ maxPutBytes: 1000 });
    const mocked = withMock(below, { clock });
    const storage = createRetrying({ underlying: mocked, sleep: clock.sleep });
    const lost = new StorageError('conflict', 'the session is gone.', { restart: true });
    const content = new Uint8Array(5000).fill(7);
    mocked.mock.fail('upload.write', { after: 2, with: lost });
    mocked.mock.fail('upload.write', { with: 'unavailable' });
    const { checksums } = await storage.put('a', content, { checksum: true, tags: ['t'] });
    expect(checksums).toEqual({ sha256: await sha256(content) });
    expect(await storage.stat('a')).toMatchObject({ size: 5000, tags: ['t'] });
    expect(mocked.mock.calls('upload')).toHaveLength(2);
    const results = mocked.mock.calls('upload.write').map(({ result }) => result);
    expect(results.filter((result) => result === 'conflict')).toHaveLength(1);
    expect(results).toContain('unavailable');
    expect(await storage.uploads()).toEqual([]);
  });
});

describe('a body that is read', () => {
  const CONTENT = Array.from({ length: 1000 }, (_, index) =>
    String.fromCharCode(97 + (index % 26)),
  ).join('');

  const streamed = async (provider: StorageProvider, key: string, options = {}) => {
    let seen = '';
    const decoder = new TextDecoder();
    for await (const chunk of (await provider.get(key, options)).stream()) {
      seen += decoder.decode(chunk, { stream: true });
    }
    return seen;
  };

  test('goes on where it broke, in the same write', async () => {
    const { mock, provider, inner } = retrying();
    const { etag } = await inner.put('a', toBody(CONTENT), {});
    mock.fail('get', { cutAfterBytes: 300, times: 3 });
    expect(await streamed(provider, 'a')).toBe(CONTENT);
    expect(mock.calls('get').map(({ options }) => [options['range'], options['ifMatch']])).toEqual([
      [undefined, undefined],
      [{ offset: 300, length: 700 }, etag],
      [{ offset: 600, length: 400 }, etag],
      [{ offset: 900, length: 100 }, etag],
    ]);
  });

  test('goes on inside of a range', async () => {
    const { mock, provider, inner } = retrying();
    await inner.put('a', toBody(CONTENT), {});
    mock.fail('get', { cutAfterBytes: 100 });
    const range = { offset: 500, length: 300 };
    expect(await streamed(provider, 'a', { range })).toBe(CONTENT.slice(500, 800));
    expect(mock.calls('get').at(-1)?.options).toMatchObject({
      range: { offset: 600, length: 200 },
    });
  });

  test('comes whole when it is asked for at once', async () => {
    const { mock, provider, inner, text } = retrying();
    await inner.put('a', toBody(CONTENT), {});
    mock.fail('get', { cutAfterBytes: 300, times: 2 });
    expect(await text('a')).toBe(CONTENT);
    const large = 'x'.repeat(3_000_000);
    await inner.put('b', toBody(large), {});
    mock.fail('get', { cutAfterBytes: 1_000_000, times: 2 });
    expect(await (await provider.get('b', {})).text()).toBe(large);
  });

  test('goes on when it stalls', async () => {
    const { mock, provider, inner } = retrying({ idleTimeoutMs: SLOWEST_ANSWER_MS });
    await inner.put('a', toBody(CONTENT), {});
    mock.fail('get', { cutAfterBytes: 300, hang: true });
    expect(await streamed(provider, 'a')).toBe(CONTENT);
  });

  test('never mixes two writes', async () => {
    const { mock, provider, inner } = retrying({
      onRetry: () => void inner.put('a', toBody(CONTENT.toUpperCase()), {}),
    });
    await inner.put('a', toBody(CONTENT), {});
    mock.fail('get', { cutAfterBytes: 300 });
    expect(await codeOf(streamed(provider, 'a'))).toBe('conflict');
  });

  test('breaks when it makes no progress any more', async () => {
    const { mock, provider, inner, results } = retrying();
    await inner.put('a', toBody(CONTENT), {});
    mock.fail('get', { cutAfterBytes: 0, times: 100 });
    expect(await codeOf(streamed(provider, 'a'))).toBe('unavailable');
    expect(results('get')).toHaveLength(4);
  });
});

describe('a listing', () => {
  test('goes on with the page that failed', async () => {
    const { mock, provider, inner } = retrying();
    for (let index = 0; index < 2500; index += 1) {
      await inner.put(`k${String(index).padStart(4, '0')}`, toBody(''), {});
    }
    mock.fail('list', { page: 2 });
    mock.fail('list', { page: 1, after: 1, times: 2 });
    const keys: string[] = [];
    for await (const { entries } of provider.list({})) keys.push(...entries.map(({ key }) => key));
    expect(new Set(keys).size).toBe(2500);
    expect(keys).toHaveLength(2500);
  });

  test('fails when the page does not come', async () => {
    const { mock, provider, inner } = retrying();
    for (let index = 0; index < 1500; index += 1) await inner.put(`k${index}`, toBody(''), {});
    mock.fail('list', { page: 2 });
    mock.fail('list', { page: 1, after: 1, times: 10 });
    const pages = provider.list({})[Symbol.asyncIterator]();
    expect(await codeOf(pages.next())).toBe('ok');
    expect(await codeOf(pages.next())).toBe('unavailable');
  });
});

describe('under chaos', () => {
  test('counters raised by racing writers lose nothing and double nothing', async () => {
    const mock = createMock({ failureRate: 0.3, lostRate: 0.5, seed: 11 });
    const storage = createRetrying({ underlying: mock, attempts: 50, backoff: 'none' });
    await storage.save('counter', 0);
    const writer = async () => {
      for (let step = 0; step < 25; step += 1) {
        await storage.update<'counter', number>('counter', (count = 0) => count + 1, {
          maxAttempts: 1000,
        });
      }
    };
    await Promise.all([writer(), writer(), writer(), writer()]);
    expect(await storage.load('counter')).toBe(100);
  });

  test('of racing creators exactly one wins, and knows it', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const mock = createMock({ failureRate: 0.3, lostRate: 0.7, seed });
      const storage = createRetrying({ underlying: mock, attempts: 50, backoff: 'none' });
      const tries = Array.from({ length: 8 }, (_, index) =>
        storage.save('lock', index, { ifNoneMatch: '*' }).then(
          () => index,
          () => undefined,
        ),
      );
      const winners = (await Promise.all(tries)).filter((index) => index !== undefined);
      expect(winners).toEqual([await storage.load('lock')]);
    }
  });
});

describe('a long-lived signal', () => {
  test('has no listener left after a thousand operations', async () => {
    const { mock, provider } = retrying({ attempts: 30 }, { failureRate: 0.2 });
    const { signal } = new AbortController();
    for (let index = 0; index < 250; index += 1) {
      const key = `k${index % 10}`;
      await codeOf(provider.put(key, once('x', 'y'), { signal }));
      await codeOf(provider.get(key, { signal }).then((object) => object.bytes()));
      await codeOf(provider.stat(key, { signal }));
      for await (const _page of provider.list({ prefix: key, signal }));
    }
    expect(mock.calls().length).toBeGreaterThan(1100);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('has none left by a body that breaks and by one that is let go of', async () => {
    const { mock, provider, inner } = retrying();
    await inner.put('a', toBody('hello'), {});
    const { signal } = new AbortController();
    mock.fail('get', { cutAfterBytes: 2, times: 20 });
    for (let index = 0; index < 10; index += 1) {
      await codeOf((await provider.get('a', { signal })).text());
      await (await provider.get('a', { signal })).cancel();
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
