import { describe, expect, test, vi } from 'vitest';
import { guarded, NONE } from '../../test/guarded-provider.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { guardProvider } from './guard-provider.ts';
import { OPTIONAL_OPERATIONS } from './optional-operations.ts';
import { stateOf } from './state-of.ts';

describe('opening', () => {
  function opening(open: NonNullable<StorageProvider['open']>, declared: Capabilities = {}) {
    const tiny = tinyProvider({ without: NONE, capabilities: declared });
    return { tiny, provider: guardProvider({ ...tiny, open }) };
  }

  test('runs once before the first operation, shared by all', async () => {
    const open = vi.fn(async () => undefined);
    const { tiny, provider } = opening(open);
    expect(open).not.toHaveBeenCalled();
    expect(stateOf(provider)).toBe('new');
    await Promise.all([provider.put('a', toBody('x'), {}), provider.put('b', toBody('x'), {})]);
    await provider.open?.({});
    expect(open).toHaveBeenCalledTimes(1);
    expect(stateOf(provider)).toBe('open');
    expect(tiny.objects.size).toBe(2);
  });

  test('is tried again after a failure', async () => {
    const open = vi
      .fn<NonNullable<StorageProvider['open']>>()
      .mockRejectedValueOnce(new Error('no network'))
      .mockResolvedValue(undefined);
    const { provider } = opening(open);
    await expect(provider.put('a', toBody('x'), {})).rejects.toMatchObject({
      operation: 'open',
      provider: 'tiny',
    });
    await provider.put('a', toBody('x'), {});
    expect(open).toHaveBeenCalledTimes(2);
  });

  test('widens the capabilities, which stay frozen', async () => {
    const { provider } = opening(async () => ({ rangeReads: true, maxPutBytes: 20 }), {
      maxPutBytes: 10,
    });
    expect(provider.capabilities).toMatchObject({ maxPutBytes: 10 });
    expect(Object.isFrozen(provider.capabilities)).toBe(true);
    const opened = await provider.open?.({});
    expect(opened).toMatchObject({ rangeReads: true, maxPutBytes: 20 });
    expect(provider.capabilities).toBe(opened);
    expect(Object.isFrozen(opened)).toBe(true);
  });

  test('makes an operation appear with its capability', async () => {
    const tiny = tinyProvider();
    const provider = guardProvider({
      ...tiny,
      capabilities: {},
      open: async () => ({ copy: true }),
    });
    expect(provider.copy).toBeUndefined();
    await provider.open?.({});
    expect(provider.copy).toBeTypeOf('function');
    expect(provider.move).toBeUndefined();
  });

  test.each<[Partial<Capabilities>, Partial<Capabilities>]>([
    [{ rangeReads: true }, { rangeReads: false }],
    [{ maxPutBytes: 10 }, { maxPutBytes: 9 }],
    [{}, { copy: true }],
  ])('refuses that %o becomes %o', async (declared, opened) => {
    const tiny = tinyProvider({ without: NONE, capabilities: declared });
    const provider = guardProvider({ ...tiny, open: async () => opened });
    await expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'invalid-config' });
  });

  test('is not waited for longer than the caller wants', async () => {
    let finish: (() => void) | undefined;
    const { provider } = opening(
      () =>
        new Promise((resolve) => {
          finish = () => resolve(undefined);
        }),
    );
    const controller = new AbortController();
    const gone = provider.put('a', toBody('x'), { signal: controller.signal });
    const patient = provider.put('b', toBody('x'), {});
    controller.abort('enough');
    await expect(gone).rejects.toMatchObject({
      code: 'aborted',
      cause: 'enough',
      outcome: 'not-applied',
    });
    finish?.();
    await expect(patient).resolves.toMatchObject({ key: 'b' });
  });

  test('is ended when everybody who waited for it has left', async () => {
    let inner: AbortSignal | undefined;
    const { provider } = opening(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          inner = signal;
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const [one, two] = [new AbortController(), new AbortController()];
    const gone = [
      provider.stat('a', { signal: one.signal }),
      provider.stat('a', { signal: two.signal }),
    ];
    one.abort();
    await gone[0]?.catch(() => {});
    expect(inner?.aborted).toBe(false);
    two.abort();
    await Promise.allSettled(gone);
    expect(inner?.aborted).toBe(true);
    const again = new AbortController();
    const next = provider.stat('a', { signal: again.signal });
    expect(inner?.aborted).toBe(false);
    again.abort();
    await expect(next).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('closing', () => {
  test('waits for what is in flight, and is done once', async () => {
    const order: string[] = [];
    const tiny = tinyProvider({
      async intercept(_call, proceed) {
        await Promise.resolve();
        const result = await proceed();
        order.push('put');
        return result;
      },
    });
    const close = vi.fn(async () => {
      order.push('close');
    });
    const provider = guardProvider({ ...tiny, close });
    const put = provider.put('a', toBody('x'), {});
    await Promise.all([provider.close?.(), provider.close?.()]);
    await put;
    await provider.close?.();
    expect(order).toEqual(['put', 'close']);
    expect(stateOf(provider)).toBe('closed');
  });

  test('waits for the read of a body', async () => {
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const tiny = tinyProvider({
      async onChunk() {
        await gate.promise;
        order.push('chunk');
      },
    });
    const provider = guardProvider({
      ...tiny,
      async close() {
        order.push('close');
      },
    });
    await tiny.put('a', toBody('hello'), {});
    const reading = (await provider.get('a', {})).bytes();
    const closing = provider.close?.();
    gate.resolve();
    await Promise.all([reading, closing]);
    expect(order).toEqual(['chunk', 'chunk', 'close']);
  });

  test('fails as the provider does', async () => {
    const provider = guardProvider({
      ...tinyProvider(),
      close: () => Promise.reject(new Error('stuck')),
    });
    await expect(provider.close?.()).rejects.toMatchObject({
      operation: 'close',
      provider: 'tiny',
    });
  });

  test('ends watchers', async () => {
    const { provider } = guarded();
    const watcher = (await provider.watch?.({})) ?? expect.unreachable();
    const events = watcher[Symbol.asyncIterator]();
    await events.next();
    const waiting = events.next();
    await provider.close?.();
    expect((await waiting).done).toBe(true);
  });
});

describe('a provider that is not right', () => {
  test.each(OPTIONAL_OPERATIONS)('is refused when it declares %s and does not have it', (name) => {
    const tiny = tinyProvider({ without: NONE });
    expect(() => guardProvider({ ...tiny, capabilities: { [name]: true } })).toThrow(
      expect.objectContaining({ code: 'invalid-config', provider: 'tiny' }),
    );
  });

  test.each(OPTIONAL_OPERATIONS)('is refused when it has %s and does not declare it', (name) => {
    const tiny = tinyProvider();
    const { [name]: _left, ...capabilities } = tiny.capabilities;
    expect(() => guardProvider({ ...tiny, capabilities })).toThrow(`it has "${name}"`);
  });

  test('offers exactly what it declares', () => {
    const { provider } = guarded({ without: NONE, capabilities: { copy: true } });
    for (const name of OPTIONAL_OPERATIONS) {
      expect(provider[name] !== undefined).toBe(name === 'copy');
    }
  });
});
