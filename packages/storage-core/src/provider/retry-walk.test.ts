import { describe, expect, test, vi } from 'vitest';
import { drain } from '../../test/drain.ts';
import { type Fault, retried } from '../../test/retried-provider.ts';
import { type TinyProviderSettings, tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import { withRetry } from './with-retry.ts';

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

  test('of candidates begins again and leaves out what came', async () => {
    const { tiny, provider } = retried([{ on: 'candidates', skip: 1, times: 2 }]);
    for (const key of ['a', 'b', 'c']) await tiny.put(key, toBody('x'), {});
    const pages = await drain(provider.candidates?.({ tags: ['x'] }, {}));
    expect(pages.flatMap(({ entries }) => entries.map(({ key }) => key))).toEqual(['a', 'b', 'c']);
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
