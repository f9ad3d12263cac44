import { describe, expect, test, vi } from 'vitest';
import { countOf, retried } from '../../test/retried-provider.ts';
import { type TinyProviderSettings, tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import { StorageError } from '../errors/storage-error.ts';
import { withRetry } from './with-retry.ts';

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
