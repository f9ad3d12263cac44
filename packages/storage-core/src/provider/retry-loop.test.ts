import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { countOf, retried } from '../../test/retried-provider.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { RetryOptions } from '../contract/factory.ts';
import { StorageError } from '../errors/storage-error.ts';
import { withRetry } from './with-retry.ts';

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
    { backoff: 'linear' as 'none' },
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

  test('knows that nothing was applied when it is aborted after a refusal', async () => {
    const controller = new AbortController();
    const { provider } = retried([{ on: 'put', code: 'rate-limited' }], {
      sleep: async () => controller.abort(),
    });
    const put = provider.put('a', toBody('x'), { signal: controller.signal });
    await expect(put).rejects.toMatchObject({ code: 'aborted', outcome: 'not-applied' });
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

  test('leaves neither listener nor timer behind a provider that never answers, or throws', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const tiny = tinyProvider();
    const silent = withRetry(
      { ...tiny, stat: () => new Promise(() => {}) },
      { attempts: 1, attemptTimeoutMs: 5 },
    );
    await expect(silent.stat('a', { signal })).rejects.toMatchObject({ code: 'timeout' });
    const throwing = withRetry({
      ...tiny,
      stat() {
        throw new Error('sync');
      },
    });
    await expect(throwing.stat('a', { signal })).rejects.toMatchObject({ code: 'unknown' });
    expect(added).toHaveBeenCalledTimes(2);
    for (const [, listener] of added.mock.calls) {
      expect(removed.mock.calls.map(([, one]) => one)).toContain(listener);
    }
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
