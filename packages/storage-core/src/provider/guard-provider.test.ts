import { describe, expect, test, vi } from 'vitest';
import { drain } from '../../test/drain.ts';
import { filled, guarded } from '../../test/guarded-provider.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { Body, StoredObject } from '../contract/body.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { guardProvider } from './guard-provider.ts';

type Call = [string, (provider: StorageProvider, options: { signal?: AbortSignal }) => unknown];

/** Every operation, called in a way that works. */
const CALLS: Call[] = [
  ['get', (p, o) => p.get('a', o).then((object) => object.bytes())],
  ['put', (p, o) => p.put('b', toBody('x'), o)],
  ['stat', (p, o) => p.stat('a', o)],
  ['delete', (p, o) => p.delete('a', o)],
  ['list', (p, o) => drain(p.list(o))],
  ['candidates', (p, o) => drain(p.candidates?.({ tags: ['x'] }, o))],
  ['putMany', (p, o) => p.putMany?.([{ key: 'b', body: toBody('x') }], o)],
  ['getMany', (p, o) => p.getMany?.(['a'], o)],
  ['statMany', (p, o) => p.statMany?.(['a'], o)],
  ['deleteMany', (p, o) => p.deleteMany?.(['a'], o)],
  ['copy', (p, o) => p.copy?.('a', 'b', o)],
  ['move', (p, o) => p.move?.('a', 'b', o)],
  ['setMetadata', (p, o) => p.setMetadata?.('a', { tags: ['x'] }, o)],
  ['upload', (p, o) => p.upload?.('b', o)],
  ['uploads', (p, o) => drain(p.uploads?.(o))],
  ['presign', (p, o) => p.presign?.('a', o)],
  ['versions.list', (p, o) => drain(p.versions?.list('a', o))],
  ['versions.restore', (p, o) => p.versions?.restore('a', 'v1', o)],
  ['objectTags.get', (p, o) => p.objectTags?.get('a', o)],
  ['objectTags.set', (p, o) => p.objectTags?.set('a', { a: '1' }, o)],
  ['watch', (p, o) => p.watch?.(o)],
  ['changes', (p, o) => drain(p.changes?.(o))],
  ['usage', (p, o) => p.usage?.(o)],
  ['health', (p, o) => p.health?.(o)],
];

describe.each(CALLS)('%s through the guard', (operation, call) => {
  test('reaches the provider', async () => {
    const { tiny, provider } = await filled();
    await call(provider, {});
    expect(tiny.calls[0]).toMatch(new RegExp(`^${operation}\\b`));
  });

  test('fails with aborted before any I/O when its signal is aborted', async () => {
    const { tiny, provider } = await filled();
    const signal = AbortSignal.abort('why');
    await expect((async () => call(provider, { signal }))()).rejects.toMatchObject({
      code: 'aborted',
      cause: 'why',
      provider: 'tiny',
    });
    expect(tiny.calls).toEqual([]);
  });

  test('fails with closed after close', async () => {
    const { tiny, provider } = await filled();
    await provider.close?.();
    await expect((async () => call(provider, {}))()).rejects.toMatchObject({ code: 'closed' });
    expect(tiny.calls).toEqual([]);
  });

  test('labels a foreign error with provider, operation and key', async () => {
    const cause = new TypeError('socket hang up');
    const { provider } = await filled({
      async intercept({ operation: called }, proceed) {
        if (called === operation && armed) throw cause;
        return proceed();
      },
    });
    armed = true;
    try {
      await expect((async () => call(provider, {}))()).rejects.toMatchObject({
        name: 'StorageError',
        code: 'unknown',
        provider: 'tiny',
        operation,
        cause,
      });
    } finally {
      armed = false;
    }
  });
});
let armed = false;

test('is the same after a second guard', () => {
  const { provider } = guarded();
  expect(guardProvider(provider)).toBe(provider);
});

test('passes on what is not an operation', () => {
  const { tiny, provider } = guarded();
  expect(provider).toMatchObject({ specVersion: 1, name: 'tiny', storeId: 'store' });
  expect(provider.native).toBe(tiny.objects);
  expect(provider.publicUrl?.('a b')).toBe('https://tiny/a b');
  expect(() => provider.publicUrl?.('/a')).toThrow(
    expect.objectContaining({ code: 'invalid-key', operation: 'publicUrl' }),
  );
});

describe('what a write says of its failure', () => {
  const failing = (thrown: unknown) =>
    guarded({
      async intercept() {
        throw thrown;
      },
    }).provider;

  test.each([
    [new StorageError('unavailable', 'x'), 'unknown'],
    [new StorageError('timeout', 'x'), 'unknown'],
    [new Error('x'), 'unknown'],
    [new StorageError('permission-denied', 'x'), 'not-applied'],
    [new StorageError('rate-limited', 'x'), 'not-applied'],
    [new StorageError('unavailable', 'x', { outcome: 'not-applied' }), 'not-applied'],
    [new StorageError('conflict', 'x', { outcome: 'unknown' }), 'unknown'],
  ])('%o has the outcome %s', async (thrown, outcome) => {
    await expect(failing(thrown).put('a', toBody('x'), {})).rejects.toMatchObject({ outcome });
    await expect(failing(thrown).delete('a', {})).rejects.toMatchObject({ outcome });
  });

  test('reads say nothing of an outcome', async () => {
    await expect(failing(new Error('x')).get('a', {})).rejects.toMatchObject({
      outcome: undefined,
    });
  });

  test('lets go of the source, whoever refuses the write', async () => {
    const cancel = vi.fn(async () => {});
    const body: Body = { ...toBody('x'), cancel };
    await expect(failing(new Error('x')).put('a', body, {})).rejects.toThrow();
    await expect(guarded().provider.put('..', body, {})).rejects.toThrow();
    const signal = AbortSignal.abort();
    await expect(guarded().provider.put('a', body, { signal })).rejects.toThrow();
    expect(cancel).toHaveBeenCalledTimes(3);
  });

  test('turns what is thrown before a promise is there into a rejection', async () => {
    const tiny = tinyProvider();
    const provider = guardProvider({
      ...tiny,
      stat() {
        throw new Error('sync');
      },
    });
    await expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'unknown', key: 'a' });
  });
});

describe('a body that was read through the guard', () => {
  test('names the provider in its errors and ends with the signal', async () => {
    const { provider } = await filled({
      onChunk() {
        throw new Error('cut');
      },
    });
    const object = await provider.get('a', {});
    await expect(object.bytes()).rejects.toMatchObject({
      provider: 'tiny',
      operation: 'get',
      key: 'a',
    });
    const controller = new AbortController();
    const other = await provider.get('a', { signal: controller.signal });
    controller.abort('why');
    await expect(other.bytes()).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
  });

  test('may be made by the author', async () => {
    const tiny = tinyProvider();
    await tiny.put('a', toBody('hello'), {});
    const provider = guardProvider({
      ...tiny,
      async get(key, options): Promise<StoredObject> {
        const object = await tiny.get(key, options);
        return {
          info: object.info,
          bytes: () => object.bytes(),
          stream: () => object.stream(),
          text: () => object.text(),
          json: () => object.json(),
          blob: () => object.blob(),
          cancel: (reason) => object.cancel(reason),
          [Symbol.asyncDispose]: () => object.cancel(),
        };
      },
    });
    expect(await (await provider.get('a', {})).text()).toBe('hello');
    const streamed = await provider.get('a', {});
    expect(await new Response(streamed.stream()).text()).toBe('hello');
    await expect(streamed.text()).rejects.toThrow('was read already');
  });
});

describe('a listing through the guard', () => {
  test('is released when the reader breaks out', async () => {
    const released = vi.fn();
    const tiny = tinyProvider();
    const provider = guardProvider({
      ...tiny,
      async *list() {
        try {
          yield { entries: [], cursor: '1' };
          yield { entries: [] };
        } finally {
          released();
        }
      },
    });
    for await (const _page of provider.list({})) break;
    expect(released).toHaveBeenCalledTimes(1);
  });

  test('is released when it is aborted or closed between pages', async () => {
    const back = vi.fn(async () => ({ done: true as const, value: undefined }));
    let page = 0;
    const tiny = tinyProvider();
    const provider = guardProvider({
      ...tiny,
      list: () => ({
        [Symbol.asyncIterator]: () => ({
          async next() {
            page += 1;
            return { done: false, value: { entries: [], cursor: String(page) } };
          },
          return: back,
        }),
      }),
    });
    const controller = new AbortController();
    const aborted = provider.list({ signal: controller.signal })[Symbol.asyncIterator]();
    const closed = provider.list({})[Symbol.asyncIterator]();
    await aborted.next();
    await closed.next();
    controller.abort('why');
    await expect(aborted.next()).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
    await provider.close?.();
    await expect(closed.next()).rejects.toMatchObject({ code: 'closed' });
    expect(back).toHaveBeenCalledTimes(2);
  });

  test('fails when the provider goes round in circles', async () => {
    const provider = guardProvider({
      ...tinyProvider(),
      async *list() {
        for (;;) yield { entries: [], cursor: 'same' };
      },
    });
    await expect(drain(provider.list({}))).rejects.toThrow('does not move on');
    await expect(drain(provider.list({ cursor: 'same' }))).rejects.toThrow('does not move on');
  });

  test('can be walked again', async () => {
    const { provider } = await filled();
    const listing = provider.list({});
    expect(await drain(listing)).toHaveLength(1);
    expect(await drain(listing)).toHaveLength(1);
  });
});
