import { describe, expect, test, vi } from 'vitest';
import { countOf, retried } from '../../test/retried-provider.ts';
import { streamOf } from '../../test/stream-of.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import { withRetry } from './with-retry.ts';

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
        { key: 'a', body: toBody(streamOf(new Uint8Array(1))) },
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
