import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type TinyCall,
  type TinyProviderSettings,
  tinyProvider,
} from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { BodyInput } from '../contract/body.ts';
import type { RetryEvent, RetryOptions } from '../contract/factory.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import { StorageError, type StorageErrorFields } from '../errors/storage-error.ts';
import { eventChannel } from '../events/event-channel.ts';
import { guardProvider } from './guard-provider.ts';
import { withRetry } from './with-retry.ts';

/** A fault of one operation: the error, and whether it strikes after the effect. */
interface Fault {
  readonly on: string;
  readonly code?: ErrorCode;
  readonly fields?: StorageErrorFields;
  readonly after?: boolean;
  /** How often. Default: once. */
  times?: number;
  /** Calls of the operation that go through first. */
  skip?: number;
}

function retried(
  faults: Fault[] = [],
  options: RetryOptions = {},
  settings: TinyProviderSettings = {},
) {
  const slept: number[] = [];
  const events: RetryEvent[] = [];
  const tiny = tinyProvider({
    ...settings,
    async intercept({ operation, key }: TinyCall, proceed) {
      const fault = faults.find((one) => one.on === operation && (one.times ?? 1) > 0);
      if (fault === undefined) return proceed();
      if ((fault.skip ?? 0) > 0) {
        fault.skip = (fault.skip ?? 0) - 1;
        return proceed();
      }
      fault.times = (fault.times ?? 1) - 1;
      if (fault.after) await proceed();
      throw new StorageError(fault.code ?? 'unavailable', 'scripted.', { key, ...fault.fields });
    },
  });
  const provider = guardProvider(
    withRetry(tiny, {
      random: () => 1,
      sleep: async (ms) => {
        slept.push(ms);
      },
      onRetry: (event) => events.push(event),
      ...options,
    }),
  );
  return { tiny, provider, slept, events };
}

async function drain<Item>(items: AsyncIterable<Item> | undefined): Promise<Item[]> {
  return Array.fromAsync(items ?? expect.unreachable());
}

function countOf(calls: readonly string[], operation: string): number {
  return calls.filter((call) => call.split(' ')[0] === operation).length;
}

describe('the loop', () => {
  test('tries again what says that it may help, after growing waits', async () => {
    const { tiny, provider, slept, events } = retried([{ on: 'stat', times: 3 }]);
    await tiny.put('a', toBody('x'), {});
    expect((await provider.stat('a', {})).key).toBe('a');
    expect(slept).toEqual([100, 200, 400]);
    expect(events).toMatchObject([
      { operation: 'stat', key: 'a', attempt: 1, delayMs: 100, error: { code: 'unavailable' } },
      { attempt: 2 },
      { attempt: 3 },
    ]);
  });

  test('gives up after the tries that it has, and says how many they were', async () => {
    const { provider, tiny } = retried([{ on: 'stat', times: 9 }], { attempts: 3 });
    await expect(provider.stat('a', {})).rejects.toMatchObject({
      code: 'unavailable',
      key: 'a',
      provider: 'tiny',
      hint: 'It was tried 3 times.',
    });
    expect(countOf(tiny.calls, 'stat')).toBe(3);
  });

  test.each(['not-found', 'permission-denied', 'precondition-failed', 'corrupted'] as const)(
    'does not try %s again',
    async (code) => {
      const { provider, tiny } = retried([{ on: 'stat', code, times: 9 }]);
      await expect(provider.stat('a', {})).rejects.toMatchObject({ code, hint: undefined });
      expect(countOf(tiny.calls, 'stat')).toBe(1);
    },
  );

  test('does not try a foreign error again', async () => {
    const tiny = tinyProvider({ intercept: () => Promise.reject(new Error('bug')) });
    await expect(withRetry(tiny).stat('a', {})).rejects.toMatchObject({ code: 'unknown' });
    expect(tiny.calls).toHaveLength(1);
  });

  test('waits as long as the service asks, and no longer than is allowed', async () => {
    const { tiny, provider, slept } = retried([
      { on: 'stat', code: 'rate-limited', fields: { retryAfterMs: 5000 } },
      { on: 'get', code: 'rate-limited', fields: { retryAfterMs: 60_001 } },
    ]);
    await tiny.put('a', toBody('x'), {});
    await provider.stat('a', {});
    expect(slept).toEqual([5000]);
    await expect(provider.get('a', {})).rejects.toMatchObject({ code: 'rate-limited' });
    expect(countOf(tiny.calls, 'get')).toBe(1);
  });

  test.each<[RetryOptions, number[]]>([
    [{ backoff: 'constant' }, [100, 100, 100]],
    [{ backoff: 'none' }, []],
    [{ maxDelayMs: 150 }, [100, 150, 150]],
    [{ baseDelayMs: 10 }, [10, 20, 40]],
    [{ random: () => 0.5 }, [50, 100, 200]],
  ])('waits by %o', async (options, waits) => {
    const { tiny, provider, slept } = retried([{ on: 'stat', times: 3 }], options);
    await tiny.put('a', toBody('x'), {});
    await provider.stat('a', {});
    expect(slept).toEqual(waits);
  });

  test.each<RetryOptions>([
    { attempts: 0 },
    { attempts: Number.NaN },
    { baseDelayMs: -1 },
    { totalTimeoutMs: 0 },
  ])('refuses %o', (options) => {
    expect(() => withRetry(tinyProvider(), options)).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });

  test('ends a wait at once when it is aborted', async () => {
    const controller = new AbortController();
    const waiting = Promise.withResolvers<void>();
    const { provider } = retried([{ on: 'put', times: 9 }], {
      sleep: () => {
        waiting.resolve();
        return new Promise(() => {});
      },
    });
    const put = provider.put('a', toBody('x'), { signal: controller.signal });
    await waiting.promise;
    controller.abort('why');
    await expect(put).rejects.toMatchObject({ code: 'aborted', cause: 'why', outcome: 'unknown' });
  });

  test('ends a try at once when it is aborted, and tells the provider', async () => {
    const controller = new AbortController();
    let inner: AbortSignal | undefined;
    const tiny = tinyProvider({
      intercept: ({ options }) => {
        inner = options.signal;
        return new Promise(() => {});
      },
    });
    const stat = withRetry(tiny).stat('a', { signal: controller.signal });
    controller.abort('why');
    await expect(stat).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
    expect(inner?.aborted).toBe(true);
    const late = withRetry(tiny).stat('a', { signal: controller.signal });
    await expect(late).rejects.toMatchObject({ code: 'aborted' });
    expect(tiny.calls).toHaveLength(1);
  });

  test('leaves no listener on a signal after 1,000 operations', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const { tiny, provider } = retried([{ on: 'get', times: 300, skip: 100 }], {
      attempts: 1000,
    });
    await tiny.put('a', toBody('x'), {});
    for (let index = 0; index < 1000; index += 1) {
      const object = await provider.get('a', { signal });
      if (index % 2 === 0) await object.bytes();
      else await object.cancel();
    }
    const left = new Set(added.mock.calls.map(([, listener]) => listener));
    for (const [, listener] of removed.mock.calls) left.delete(listener);
    expect(left.size).toBe(0);
  });

  test('has what the provider has, and nothing else', () => {
    const bare = withRetry(tinyProvider({ capabilities: { copy: false, upload: false } }));
    expect(bare.copy).toBeUndefined();
    expect(bare.move).toBeTypeOf('function');
    expect(bare.open).toBeUndefined();
    expect(bare.close).toBeUndefined();
    expect(bare.storeId).toBe('store');
    expect(bare.native).toBeInstanceOf(Map);
  });
});

describe('times', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const stuck = (options: RetryOptions) => {
    const tiny = tinyProvider({ intercept: () => new Promise(() => {}) });
    return { tiny, provider: withRetry(tiny, { backoff: 'none', ...options }) };
  };

  test('a try ends after its time and is followed by another', async () => {
    const { tiny, provider } = stuck({ attempts: 2, attemptTimeoutMs: 1000 });
    const stat = provider.stat('a', {});
    const failed = expect(stat).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('within 1000 ms'),
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(tiny.calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(tiny.calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1000);
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('the whole operation ends after its time, waits included', async () => {
    const { tiny, provider } = stuck({ attempts: 9, attemptTimeoutMs: 1000, totalTimeoutMs: 2500 });
    const failed = expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(2500);
    await failed;
    expect(tiny.calls).toHaveLength(3);
  });

  test('no wait begins that would end too late', async () => {
    const { tiny, provider } = retried([{ on: 'stat', times: 9 }], { totalTimeoutMs: 50 });
    await expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'unavailable' });
    expect(countOf(tiny.calls, 'stat')).toBe(1);
  });

  test('0 means no limit', async () => {
    const { provider } = stuck({ attemptTimeoutMs: 0 });
    void provider.stat('a', {});
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a put has as much more time as its content may need', async () => {
    const { tiny, provider } = stuck({ attempts: 2, attemptTimeoutMs: 1000 });
    void provider.put('a', toBody(new Uint8Array(100_000)), {}).catch(() => {});
    await vi.advanceTimersByTimeAsync(2999);
    expect(tiny.calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(tiny.calls).toHaveLength(2);
  });

  test('a put whose content moves is not over', async () => {
    let ticks = 0;
    const slow = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 900));
          ticks += 1;
          if (ticks < 5) controller.enqueue(new Uint8Array(1));
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const tiny = tinyProvider();
    const below = {
      ...tiny,
      put: async (key: string, body: ReturnType<typeof toBody>, options: object) =>
        tiny.put(key, toBody(await new Response(body.stream()).arrayBuffer()), options),
    };
    const put = withRetry(below, { attemptTimeoutMs: 1000 }).put('a', toBody(slow), {});
    await vi.advanceTimersByTimeAsync(4500);
    expect((await put).size).toBe(4);
  });

  test('what comes too late is let go of', async () => {
    const cancel = vi.fn();
    const tiny = tinyProvider();
    const provider = withRetry(
      {
        ...tiny,
        get: () =>
          new Promise((resolve) => {
            setTimeout(() => resolve({ cancel: async () => cancel() } as never), 2000);
          }),
      },
      { attempts: 1, attemptTimeoutMs: 1000 },
    );
    const failed = expect(provider.get('a', {})).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(2000);
    await failed;
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('waits on a timer of its own, which an abort clears', async () => {
    const tiny = tinyProvider({
      intercept: () => Promise.reject(new StorageError('unavailable', 'x')),
    });
    const provider = withRetry(tiny, { attempts: 2, random: () => 1, attemptTimeoutMs: 0 });
    const controller = new AbortController();
    const aborted = expect(provider.stat('a', { signal: controller.signal })).rejects.toMatchObject(
      { code: 'aborted' },
    );
    const failed = expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'unavailable' });
    await vi.advanceTimersByTimeAsync(50);
    controller.abort();
    await aborted;
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(50);
    await failed;
  });
});

describe('writes', () => {
  test('a put of what can be read again is tried again', async () => {
    for (const input of ['text', new Blob(['text'])]) {
      const { tiny, provider } = retried([{ on: 'put', times: 2, after: true }]);
      expect((await provider.put('a', toBody(input), {})).size).toBe(4);
      expect(countOf(tiny.calls, 'put')).toBe(3);
    }
  });

  const streamed = (): BodyInput => ReadableStream.from([new Uint8Array(2), new Uint8Array(1)]);

  test('a put of a stream that was touched is not', async () => {
    const { tiny, provider } = retried([{ on: 'put', after: true }]);
    await expect(provider.put('a', toBody(streamed()), {})).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    expect(countOf(tiny.calls, 'put')).toBe(1);
  });

  test('a put of a stream that nobody touched is', async () => {
    const { tiny, provider } = retried([{ on: 'put' }]);
    expect((await provider.put('a', toBody(streamed()), {})).size).toBe(3);
    expect(countOf(tiny.calls, 'put')).toBe(2);
  });

  test('a stream that the provider let go of unread is read by the next try', async () => {
    const tiny = tinyProvider();
    let failed = false;
    const provider = withRetry(
      {
        ...tiny,
        async put(key, body, options) {
          if (failed) return tiny.put(key, body, options);
          failed = true;
          await body.cancel();
          throw new StorageError('unavailable', 'x');
        },
      },
      { backoff: 'none' },
    );
    expect((await provider.put('a', toBody(streamed()), {})).size).toBe(3);
    failed = false;
    expect((await provider.put('b', toBody('text'), {})).size).toBe(4);
  });

  test('a stream that the provider let go of in the middle is not', async () => {
    const cancel = vi.fn();
    const source = new ReadableStream<Uint8Array>(
      { pull: (controller) => controller.enqueue(new Uint8Array(1)), cancel },
      { highWaterMark: 0 },
    );
    const provider = withRetry({
      ...tinyProvider(),
      async put(_key, body) {
        await body.stream().getReader().read();
        await body.cancel('enough');
        throw new StorageError('unavailable', 'x');
      },
    });
    await expect(provider.put('a', toBody(source), {})).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(cancel).toHaveBeenCalledExactlyOnceWith('enough');
  });

  test('the source is cancelled when no try is left', async () => {
    const cancel = vi.fn();
    const { provider } = retried([{ on: 'put', times: 9 }], { attempts: 2 });
    const source = new ReadableStream<Uint8Array>({ cancel });
    await expect(provider.put('a', toBody(source), {})).rejects.toThrow();
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('the outcome is unknown once one try may have been applied', async () => {
    const { provider } = retried([
      { on: 'put', after: true },
      { on: 'put', code: 'permission-denied' },
    ]);
    await expect(provider.put('a', toBody('x'), {})).rejects.toMatchObject({
      code: 'permission-denied',
      outcome: 'unknown',
    });
    const refused = retried([{ on: 'put', code: 'rate-limited', times: 9 }]);
    await expect(refused.provider.put('a', toBody('x'), {})).rejects.toMatchObject({
      outcome: 'not-applied',
    });
  });

  test('a delete is tried again, and does not say what it cannot know', async () => {
    const { tiny, provider } = retried([{ on: 'delete', after: true }]);
    await tiny.put('a', toBody('x'), {});
    expect(await provider.delete('a', {})).toEqual({});
    const refused = retried([{ on: 'delete', code: 'rate-limited' }]);
    expect(await refused.provider.delete('a', {})).toEqual({ existed: false });
  });

  test('a copy and a change of attributes are tried again', async () => {
    const { tiny, provider } = retried([
      { on: 'copy', after: true },
      { on: 'setMetadata', after: true },
      { on: 'move', code: 'rate-limited' },
      { on: 'versions.restore', code: 'conflict' },
    ]);
    await tiny.put('a', toBody('x'), {});
    await provider.copy?.('a', 'b', {});
    await provider.setMetadata?.('b', { tags: ['x'] }, {});
    await provider.move?.('b', 'c', {});
    await provider.versions?.restore('c', 'v', {});
    expect([...tiny.objects.keys()].sort()).toEqual(['a', 'c']);
  });

  test.each<[string, (p: ReturnType<typeof retried>['provider']) => Promise<unknown> | undefined]>([
    ['move', (p) => p.move?.('a', 'b', {})],
    ['copy', (p) => p.copy?.('a', 'b', { ifNoneMatch: '*' })],
    ['delete', (p) => p.delete('a', { ifMatch: 'e1' })],
    ['setMetadata', (p) => p.setMetadata?.('a', {}, { ifMatch: 'e1' })],
    ['versions.restore', (p) => p.versions?.restore('a', 'v', {})],
  ])('a %s that may have been applied is not repeated blindly', async (operation, call) => {
    const { tiny, provider } = retried([{ on: operation, after: true }]);
    await tiny.put('a', toBody('x'), {});
    await expect(call(provider)).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    expect(countOf(tiny.calls, operation)).toBe(1);
  });
});

describe('a conditional put whose reply was lost', () => {
  test('is settled by the id that it carried', async () => {
    const { tiny, provider } = retried([{ on: 'put', after: true }]);
    const info = await provider.put('a', toBody('x'), { ifNoneMatch: '*' });
    expect(info).toMatchObject({
      key: 'a',
      etag: 'e1',
      writeId: expect.stringMatching(/^[\w-]{36}$/),
    });
    expect(tiny.calls).toEqual(['put a', 'put a', 'stat a']);
  });

  test('is settled when a replaced object was meant', async () => {
    const { tiny, provider } = retried([{ on: 'put', after: true, skip: 1 }]);
    await tiny.put('a', toBody('old'), {});
    expect(await provider.put('a', toBody('new'), { ifMatch: 'e1' })).toMatchObject({ etag: 'e2' });
  });

  test('fails with an unknown outcome when somebody else wrote meanwhile', async () => {
    const { tiny, provider } = retried([{ on: 'put', after: true }]);
    const racing = provider.put('a', toBody('x'), { ifNoneMatch: '*' });
    await vi.waitFor(() => expect(tiny.objects.has('a')).toBe(true));
    tiny.objects.clear();
    await tiny.put('a', toBody('other'), { writeId: 'other' });
    await expect(racing).rejects.toMatchObject({ code: 'precondition-failed', outcome: 'unknown' });
  });

  test('fails with the plain condition when no try was in doubt', async () => {
    const { tiny, provider } = retried([{ on: 'put', code: 'rate-limited', skip: 1 }]);
    await tiny.put('a', toBody('x'), {});
    await expect(provider.put('a', toBody('y'), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
      outcome: 'not-applied',
    });
    expect(countOf(tiny.calls, 'stat')).toBe(0);
  });

  test('is not tried again where ids cannot be kept', async () => {
    const { tiny, provider } = retried(
      [{ on: 'put', after: true }],
      {},
      { capabilities: { writeIds: false } },
    );
    await expect(provider.put('a', toBody('x'), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    expect(countOf(tiny.calls, 'put')).toBe(1);
    const refused = retried(
      [{ on: 'put', code: 'rate-limited' }],
      {},
      { capabilities: { writeIds: false } },
    );
    expect(await refused.provider.put('a', toBody('x'), { ifNoneMatch: '*' })).toMatchObject({
      key: 'a',
    });
  });

  test('is settled by a later try when asking failed too', async () => {
    const { provider } = retried([{ on: 'put', after: true }, { on: 'stat' }]);
    expect(await provider.put('a', toBody('x'), { ifNoneMatch: '*' })).toMatchObject({
      etag: 'e1',
    });
  });

  test('keeps an id that the caller gave', async () => {
    const { provider } = retried();
    const info = await provider.put('a', toBody('x'), { ifNoneMatch: '*', writeId: 'mine' });
    expect(info.writeId).toBe('mine');
    expect((await provider.put('b', toBody('x'), {})).writeId).toBeUndefined();
  });

  test('uses ids that opening brought', async () => {
    const tiny = tinyProvider({ capabilities: { writeIds: false } });
    const put = vi.fn(tiny.put);
    const provider = guardProvider(
      withRetry({ ...tiny, put, open: async () => ({ writeIds: true }) }),
    );
    await provider.put('a', toBody('x'), { ifNoneMatch: '*' });
    expect(put.mock.calls[0]?.[2].writeId).toBeTypeOf('string');
  });

  test('says unknown when the object is gone since', async () => {
    const { tiny, provider } = retried([
      { on: 'put', after: true },
      { on: 'put', code: 'precondition-failed' },
    ]);
    const racing = provider.put('a', toBody('x'), { ifNoneMatch: '*' });
    await vi.waitFor(() => expect(tiny.objects.has('a')).toBe(true));
    tiny.objects.clear();
    await expect(racing).rejects.toMatchObject({ code: 'precondition-failed', outcome: 'unknown' });
  });
});

describe('a body that breaks', () => {
  const content = Uint8Array.from({ length: 100 }, (_, index) => index);

  /** Bodies in chunks of 10 that break at these offsets, once each. */
  function breaking(
    offsets: number[],
    settings: TinyProviderSettings = {},
    thrown: () => unknown = () => new TypeError('terminated'),
  ) {
    const left = [...offsets];
    const made = retried(
      [],
      {},
      {
        chunkBytes: 10,
        onChunk(_key, offset) {
          if (left[0] !== offset) return;
          left.shift();
          throw thrown();
        },
        ...settings,
      },
    );
    return { ...made, ready: made.tiny.put('a', toBody(content), {}) };
  }

  const read = async (stream: ReadableStream<Uint8Array>) =>
    new Uint8Array(await new Response(stream).arrayBuffer());

  test('is continued from where it broke, of the same write', async () => {
    const get = vi.fn();
    const { provider, ready, tiny } = breaking([30, 30, 70]);
    await ready;
    const inner = tiny.get;
    tiny.get = (key, options) => {
      get({ range: options.range, ifMatch: options.ifMatch });
      return inner(key, options);
    };
    expect(await read((await provider.get('a', {})).stream())).toEqual(content);
    expect(get.mock.calls.map(([call]) => call)).toEqual([
      { range: undefined, ifMatch: undefined },
      { range: { offset: 30, length: 70 }, ifMatch: 'e1' },
      { range: { offset: 30, length: 70 }, ifMatch: 'e1' },
      { range: { offset: 70, length: 30 }, ifMatch: 'e1' },
    ]);
  });

  test('is continued inside the range that was asked for', async () => {
    const { provider, ready } = breaking([25]);
    await ready;
    const object = await provider.get('a', { range: { offset: 5, length: 50 } });
    expect(object.range).toEqual({ offset: 5, length: 50 });
    expect(await read(object.stream())).toEqual(content.slice(5, 55));
  });

  test('ends early on one try, and right on the next', async () => {
    const { provider, ready } = breaking([50], {}, () => new StorageError('unavailable', 'reset'));
    await ready;
    expect(await (await provider.get('a', {})).bytes()).toEqual(content);
  });

  test('fails with conflict when the object changed meanwhile', async () => {
    for (const capabilities of [{}, { readConditions: false }]) {
      const { tiny, provider, ready } = breaking([50], { capabilities });
      await ready;
      const object = await provider.get('a', {});
      await tiny.put('a', toBody(new Uint8Array(100)), {});
      await expect(read(object.stream())).rejects.toMatchObject({
        code: 'conflict',
        retryable: true,
        key: 'a',
      });
    }
  });

  test('fails with conflict when the object is gone meanwhile', async () => {
    const { tiny, provider, ready } = breaking([0]);
    await ready;
    const object = await provider.get('a', {});
    tiny.objects.clear();
    await expect(object.bytes()).rejects.toMatchObject({ code: 'conflict' });
  });

  test('without ranges begins again only when nothing was handed out', async () => {
    const none = { capabilities: { rangeReads: false } };
    const start = breaking([0], none);
    await start.ready;
    expect(await read((await start.provider.get('a', {})).stream())).toEqual(content);
    const middle = breaking([10], none);
    await middle.ready;
    await expect(read((await middle.provider.get('a', {})).stream())).rejects.toMatchObject({
      code: 'unknown',
    });
    const whole = breaking([10], none);
    await whole.ready;
    expect(await (await whole.provider.get('a', {})).bytes()).toEqual(content);
  });

  test('gives up when it moves no more', async () => {
    const { provider, ready, tiny } = breaking(Array(9).fill(40));
    await ready;
    await expect(read((await provider.get('a', {})).stream())).rejects.toMatchObject({
      code: 'unknown',
    });
    expect(countOf(tiny.calls, 'get')).toBe(4);
  });

  test('may break as often as it likes while it moves', async () => {
    const { provider, ready } = breaking([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    await ready;
    expect(await read((await provider.get('a', {})).stream())).toEqual(content);
  });

  test('is not continued after what no try can help', async () => {
    const { provider, ready, tiny } = breaking([40], {}, () => new StorageError('corrupted', 'x'));
    await ready;
    await expect(read((await provider.get('a', {})).stream())).rejects.toMatchObject({
      code: 'corrupted',
    });
    expect(countOf(tiny.calls, 'get')).toBe(1);
  });

  test('is continued for bytes() too when it is large', async () => {
    const large = new Uint8Array(2 * 1024 * 1024).map((_, index) => index);
    const { tiny, provider } = breaking([1_000_000], { chunkBytes: 100_000 });
    await tiny.put('a', toBody(large), {});
    const get = vi.spyOn(tiny, 'get');
    const bytes = await (await provider.get('a', {})).bytes();
    expect(Buffer.compare(bytes, large)).toBe(0);
    expect(get.mock.calls[1]?.[1].range).toEqual({
      offset: 1_000_000,
      length: large.length - 1_000_000,
    });
  });

  test('is let go of when its reader leaves', async () => {
    const { provider, ready } = breaking([]);
    await ready;
    const object = await provider.get('a', {});
    for await (const _chunk of object.stream()) break;
    await object.cancel();
    const unread = await provider.get('a', { signal: new AbortController().signal });
    await unread.cancel();
    await expect(unread.bytes()).rejects.toMatchObject({ code: 'aborted' });
  });

  test('ends with the signal', async () => {
    const { provider, ready } = breaking([]);
    await ready;
    const controller = new AbortController();
    const object = await provider.get('a', { signal: controller.signal });
    const reader = object.stream().getReader();
    await reader.read();
    controller.abort('why');
    await expect(reader.read()).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
  });

  test('that is silent for too long is broken', async () => {
    vi.useFakeTimers();
    try {
      let stuck = 1;
      const { provider, ready } = breaking([], {
        onChunk: async () => {
          if (stuck > 0) {
            stuck -= 1;
            await new Promise(() => {});
          }
        },
      });
      await ready;
      const bytes = (await provider.get('a', {})).bytes();
      await vi.advanceTimersByTimeAsync(30_002);
      expect(await bytes).toEqual(content);
      stuck = 1;
      const streamed = read((await provider.get('a', {})).stream());
      await vi.advanceTimersByTimeAsync(30_000);
      expect(await streamed).toEqual(content);
    } finally {
      vi.useRealTimers();
    }
  });

  test('has no limit of silence with 0', async () => {
    const tiny = tinyProvider();
    await tiny.put('a', toBody('x'), {});
    const provider = withRetry(tiny, { idleTimeoutMs: 0 });
    expect(await (await provider.get('a', {})).text()).toBe('x');
  });
});

describe('a listing that breaks', () => {
  const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);

  async function listed(faults: Fault[], settings: TinyProviderSettings = {}) {
    const made = retried(faults, {}, { pageSize: 3, ...settings });
    for (const key of keys) await made.tiny.put(key, toBody('x'), {});
    made.tiny.calls.length = 0;
    return made;
  }
  const keysOf = async (provider: ReturnType<typeof retried>['provider'], options = {}) =>
    (await drain(provider.list(options))).flatMap((page) => page.entries.map((entry) => entry.key));

  test('goes on behind its last page and repeats nothing', async () => {
    const { provider } = await listed([
      { on: 'list', times: 1 },
      { on: 'list', times: 2, skip: 2 },
    ]);
    expect(await keysOf(provider)).toEqual(keys);
  });

  test('yields no more than the limit', async () => {
    const { provider } = await listed([{ on: 'list', skip: 2 }]);
    const pages = await drain(provider.list({ limit: 8 }));
    expect(pages.flatMap((page) => page.entries).length).toBe(8);
    expect(await keysOf(provider, { cursor: pages.at(-1)?.cursor })).toEqual(['k8', 'k9']);
  });

  test('fails and never ends early when it does not come back', async () => {
    const { provider } = await listed([{ on: 'list', skip: 1, times: 99 }]);
    await expect(keysOf(provider)).rejects.toMatchObject({
      code: 'unavailable',
      operation: 'list',
    });
  });

  test('is not begun again behind its last page', async () => {
    const { provider } = await listed([{ on: 'list', skip: 4, times: 1 }]);
    await expect(keysOf(provider)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('is let go of when the reader leaves, and when a page takes too long', async () => {
    const { provider, tiny } = await listed([]);
    for await (const _page of provider.list({})) break;
    expect(tiny.calls).toEqual(['list']);

    vi.useFakeTimers();
    try {
      let stuck = 1;
      const slow = tinyProvider({
        intercept: async (_call, proceed) => {
          if (stuck > 0) {
            stuck -= 1;
            await new Promise(() => {});
          }
          return proceed();
        },
      });
      slow.objects.set('a', {
        bytes: new Uint8Array(),
        info: { key: 'a', size: 0, etag: 'e', modifiedAt: new Date() },
      });
      const pages = drain(withRetry(slow, { attemptTimeoutMs: 10, backoff: 'none' }).list({}));
      await vi.advanceTimersByTimeAsync(10);
      expect(await pages).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('of versions and sessions begins again and leaves out what came', async () => {
    const { tiny, provider } = retried([
      { on: 'uploads', skip: 1 },
      { on: 'versions.list', times: 2 },
    ]);
    await tiny.put('a', toBody('x'), {});
    await tiny.upload?.('u1', {});
    await tiny.upload?.('u2', {});
    expect((await drain(provider.uploads?.({}))).map(({ key }) => key)).toEqual(['u1', 'u2']);
    expect(await drain(provider.versions?.list('a', {}))).toMatchObject([[{ key: 'a' }]]);
  });

  test('of changes goes on from the last cursor, and is not begun anew from now', async () => {
    const broken = retried([{ on: 'changes', skip: 1 }]);
    const pages = await drain(broken.provider.changes?.({ cursor: '5' }));
    expect(pages.map(({ cursor }) => cursor)).toEqual(['6', '7', '8', '9']);
    const fresh = retried([{ on: 'changes' }]);
    await expect(drain(fresh.provider.changes?.({}))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('a batch', () => {
  test('tries again the items that failed, each on its own merits', async () => {
    const { tiny, provider } = retried([
      { on: 'putOne', times: 2 },
      { on: 'putOne', code: 'permission-denied', skip: 1 },
    ]);
    const results = await provider.putMany?.(
      ['a', 'b', 'c'].map((key) => ({ key, body: toBody(key) })),
      {},
    );
    expect(results?.map((result) => result.ok)).toEqual([false, true, true]);
    expect(results?.[0]).toMatchObject({
      error: { code: 'permission-denied', key: 'a', outcome: 'unknown' },
    });
    expect([...tiny.objects.keys()].sort()).toEqual(['b', 'c']);
    expect(tiny.calls.filter((call) => call.startsWith('putMany'))).toEqual([
      'putMany a,b,c',
      'putMany a,b',
    ]);
  });

  test('repeats neither a touched stream nor a condition in doubt', async () => {
    const { provider } = retried([{ on: 'putOne', times: 2, after: true }]);
    const results = await provider.putMany?.(
      [
        { key: 'a', body: toBody(ReadableStream.from([new Uint8Array(1)])) },
        { key: 'b', body: toBody('x'), options: { ifNoneMatch: '*' } },
      ],
      {},
    );
    expect(results).toMatchObject([
      { ok: false, error: { code: 'unavailable', outcome: 'unknown' } },
      { ok: false, error: { code: 'unavailable', outcome: 'unknown' } },
    ]);
  });

  test('gives what it knows when no try is left', async () => {
    const { provider } = retried([{ on: 'getOne', times: 99 }], { attempts: 2 });
    expect(await provider.getMany?.(['a', 'b'], {})).toMatchObject([
      { key: 'a', ok: false, error: { code: 'unavailable' } },
      { key: 'b', ok: false },
    ]);
  });

  test('is tried again as a whole when it failed as a whole', async () => {
    const { tiny, provider } = retried([{ on: 'deleteMany', after: true }, { on: 'statMany' }]);
    await tiny.put('a', toBody('x'), {});
    expect(await provider.statMany?.(['a'], {})).toMatchObject([{ ok: true }]);
    expect(await provider.deleteMany?.(['a'], {})).toMatchObject([{ ok: true }]);
    const fixed = retried([{ on: 'putMany', after: true }]);
    await expect(
      fixed.provider.putMany?.(
        [{ key: 'a', body: toBody('x'), options: { ifNoneMatch: '*' } }],
        {},
      ),
    ).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  });

  test('that is atomic is not taken apart', async () => {
    const { tiny, provider } = retried(
      [{ on: 'putOne' }],
      {},
      { capabilities: { atomicBatch: true } },
    );
    const results = await provider.putMany?.([{ key: 'a', body: toBody('x') }], { atomic: true });
    expect(results).toMatchObject([{ ok: false }]);
    expect(countOf(tiny.calls, 'putMany')).toBe(1);
  });

  test('gives objects whose bodies are continued', async () => {
    const { tiny, provider } = retried([{ on: 'getOne', times: 1 }]);
    await tiny.put('a', toBody('hello'), {});
    const { signal } = new AbortController();
    const [result] = (await provider.getMany?.(['a'], { signal })) ?? [];
    expect(result?.ok && (await result.value.text())).toBe('hello');
  });

  test('lets go of objects that came too late', async () => {
    vi.useFakeTimers();
    try {
      const cancel = vi.fn(async () => {});
      const provider = withRetry(
        {
          ...tinyProvider(),
          getMany: () =>
            new Promise((resolve) => {
              const late = { info: { size: 0 }, cancel } as never;
              setTimeout(
                () =>
                  resolve([
                    { key: 'a', ok: true, value: late },
                    { key: 'b', ok: false, error: new Error('x') },
                  ]),
                20,
              );
            }),
        },
        { attempts: 1, attemptTimeoutMs: 10 },
      );
      const failed = expect(provider.getMany?.(['a', 'b'], {})).rejects.toMatchObject({
        code: 'timeout',
      });
      await vi.advanceTimersByTimeAsync(20);
      await failed;
      expect(cancel).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an upload session', () => {
  async function session(faults: Fault[], settings: TinyProviderSettings = {}, options = {}) {
    const made = retried(faults, {}, settings);
    const opened = (await made.provider.upload?.('u', options)) ?? expect.unreachable();
    return { ...made, opened };
  }

  test('sends a part again, and not the object', async () => {
    const { tiny, opened } = await session([
      { on: 'upload' },
      { on: 'upload.write', after: true, skip: 1 },
      { on: 'upload.status' },
      { on: 'upload.abort' },
    ]);
    await opened.write(0, new Uint8Array([1, 2]));
    await opened.write(2, new Uint8Array([3]));
    expect((await opened.status()).held).toHaveLength(2);
    expect((await opened.complete()).size).toBe(3);
    expect(countOf(tiny.calls, 'upload.write')).toBe(3);
    await opened.abort();
  });

  test('asks what is held before it repeats a part of an ordered upload', async () => {
    const { tiny, opened } = await session([{ on: 'upload.write', after: true }], {
      part: { order: 'sequential' },
    });
    await opened.write(0, new Uint8Array([1, 2]));
    expect(countOf(tiny.calls, 'upload.write')).toBe(1);
    expect(countOf(tiny.calls, 'upload.status')).toBe(1);
  });

  test('sends the rest of a part of which the beginning is held', async () => {
    const written: [number, number][] = [];
    let first = true;
    const below = tinyProvider({ part: { order: 'sequential' } });
    const provider = withRetry(
      {
        ...below,
        async upload(key, options) {
          const inner = await (below.upload ?? expect.unreachable())(key, options);
          return {
            ...inner,
            status: async () => ({ held: [{ offset: 0, length: 3 }] }),
            async write(offset: number, bytes: Uint8Array) {
              written.push([offset, bytes.byteLength]);
              if (first) {
                first = false;
                throw new StorageError('unavailable', 'cut');
              }
            },
          };
        },
      },
      { backoff: 'none' },
    );
    const opened = (await provider.upload?.('u', {})) ?? expect.unreachable();
    await opened.write(0, new Uint8Array(4));
    expect(written).toEqual([
      [0, 4],
      [3, 1],
    ]);
  });

  test('settles a completion whose reply was lost', async () => {
    const { tiny, opened } = await session([{ on: 'upload.complete', after: true }]);
    await opened.write(0, new Uint8Array(1));
    expect(await opened.complete({ ifNoneMatch: '*' })).toMatchObject({
      key: 'u',
      writeId: expect.any(String),
    });
    expect(countOf(tiny.calls, 'stat')).toBe(1);
  });

  test('says unknown where it cannot be settled', async () => {
    const none = { capabilities: { writeIds: false } };
    const conditional = await session([{ on: 'upload.complete', after: true }], none);
    await conditional.opened.write(0, new Uint8Array(1));
    await expect(conditional.opened.complete({ ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    const plain = await session([{ on: 'upload.complete', after: true }], none);
    await plain.opened.write(0, new Uint8Array(1));
    await expect(plain.opened.complete()).rejects.toMatchObject({
      code: 'conflict',
      outcome: 'unknown',
    });
  });

  test('that is lost is not completed again', async () => {
    const lost = {
      on: 'upload.complete',
      code: 'conflict',
      fields: { restart: true },
      times: 9,
    } as const;
    const { tiny, opened } = await session([{ ...lost }]);
    await expect(opened.complete()).rejects.toMatchObject({ code: 'conflict', restart: true });
    expect(countOf(tiny.calls, 'upload.complete')).toBe(1);
  });

  test('of another process carries no new id', async () => {
    const { tiny, provider, opened } = await session([]);
    const upload = vi.spyOn(tiny, 'upload');
    await provider.upload?.('u', { token: opened.token });
    expect(upload.mock.calls[0]?.[1]).not.toHaveProperty('writeId');
  });
});

test('tries the other operations again, except a check of health', async () => {
  const { provider, tiny } = retried([
    { on: 'presign' },
    { on: 'usage' },
    { on: 'watch' },
    { on: 'health' },
  ]);
  expect(await provider.presign?.('a', {})).toMatchObject({ method: 'GET' });
  expect(await provider.usage?.({})).toEqual({ objects: 0 });
  await (await provider.watch?.({}))?.close();
  await expect(provider.health?.({})).rejects.toMatchObject({ code: 'unavailable' });
  expect(countOf(tiny.calls, 'health')).toBe(1);
  expect(provider.publicUrl?.('a')).toBe('https://tiny/a');
});

test('opens again after a failure, and closes', async () => {
  const open = vi
    .fn(async (): Promise<undefined> => undefined)
    .mockRejectedValueOnce(new StorageError('unavailable', 'x'));
  const close = vi.fn(async () => {});
  const provider = guardProvider(
    withRetry({ ...tinyProvider(), open, close }, { backoff: 'none' }),
  );
  await provider.put('a', toBody('x'), {});
  expect(open).toHaveBeenCalledTimes(2);
  await provider.close?.();
  expect(close).toHaveBeenCalledTimes(1);
});

test('closes a watcher that came too late', async () => {
  vi.useFakeTimers();
  try {
    const { watcher } = eventChannel();
    const close = vi.spyOn(watcher, 'close');
    const watch = () =>
      new Promise<typeof watcher>((resolve) => setTimeout(() => resolve(watcher), 20));
    const provider = withRetry({ ...tinyProvider(), watch }, { attempts: 1, attemptTimeoutMs: 10 });
    const failed = expect(provider.watch?.({})).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(20);
    await failed;
    expect(close).toHaveBeenCalledTimes(1);
  } finally {
    vi.useRealTimers();
  }
});
