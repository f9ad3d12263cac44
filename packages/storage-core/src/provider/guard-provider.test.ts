import { describe, expect, test, vi } from 'vitest';
import { type TinyProviderSettings, tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { Body, StoredObject } from '../contract/body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { eventChannel } from '../events/event-channel.ts';
import { guardProvider } from './guard-provider.ts';
import { OPTIONAL_OPERATIONS } from './optional-operations.ts';
import { stateOf } from './state-of.ts';

function guarded(settings: TinyProviderSettings = {}) {
  const tiny = tinyProvider(settings);
  return { tiny, provider: guardProvider(tiny) };
}

const NONE: Partial<Capabilities> = Object.fromEntries(
  Object.keys(tinyProvider().capabilities).map((name) => [name, undefined]),
);

/** Reads an iterable to its end. */
async function drain(items: AsyncIterable<unknown> | undefined): Promise<unknown[]> {
  return Array.fromAsync(items ?? expect.unreachable());
}

type Call = [string, (provider: StorageProvider, options: { signal?: AbortSignal }) => unknown];

/** Every operation, called in a way that works. */
const CALLS: Call[] = [
  ['get', (p, o) => p.get('a', o).then((object) => object.bytes())],
  ['put', (p, o) => p.put('b', toBody('x'), o)],
  ['stat', (p, o) => p.stat('a', o)],
  ['delete', (p, o) => p.delete('a', o)],
  ['list', (p, o) => drain(p.list(o))],
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
  ['watch', (p, o) => p.watch?.(o)],
  ['changes', (p, o) => drain(p.changes?.(o))],
  ['usage', (p, o) => p.usage?.(o)],
  ['health', (p, o) => p.health?.(o)],
];

async function filled(settings: TinyProviderSettings = {}) {
  const { tiny, provider } = guarded(settings);
  await tiny.put('a', toBody('hello'), {});
  await tiny.upload?.('u', {});
  tiny.calls.length = 0;
  return { tiny, provider };
}

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

describe('opening', () => {
  function opening(open: NonNullable<StorageProvider['open']>, declared: Capabilities = {}) {
    const tiny = tinyProvider({ capabilities: { ...NONE, ...declared } });
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
    const tiny = tinyProvider({ capabilities: { ...NONE, ...declared } });
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

describe('a provider that is not right', () => {
  test.each(OPTIONAL_OPERATIONS)('is refused when it declares %s and does not have it', (name) => {
    const tiny = tinyProvider({ capabilities: { ...NONE } });
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
    const { provider } = guarded({ capabilities: { ...NONE, copy: true } });
    for (const name of OPTIONAL_OPERATIONS) {
      expect(provider[name] !== undefined).toBe(name === 'copy');
    }
    expect(provider.uploads).toBeUndefined();
    expect(guarded().provider.uploads).toBeTypeOf('function');
  });
});

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

describe('what is asked for', () => {
  const attempts: [string, string, (provider: StorageProvider) => unknown][] = [
    ['a bad key', 'invalid-key', (p) => p.get('../x', {})],
    ['a bad key of a copy', 'invalid-key', (p) => p.copy?.('a', 'a//b', {})],
    ['a bad key of a listing of versions', 'invalid-key', (p) => drain(p.versions?.list('', {}))],
    ['a bad range', 'invalid-argument', (p) => p.get('a', { range: { offset: -1 } })],
    ['an empty etag', 'invalid-argument', (p) => p.get('a', { ifMatch: '' })],
    ['an empty etag to avoid', 'invalid-argument', (p) => p.get('a', { ifNoneMatch: '' })],
    ['an empty version', 'invalid-argument', (p) => p.stat('a', { version: '' })],
    [
      'two conditions',
      'invalid-argument',
      (p) => p.put('a', toBody('x'), { ifMatch: 'e', ifNoneMatch: '*' }),
    ],
    [
      'another ifNoneMatch',
      'invalid-argument',
      (p) => p.put('a', toBody('x'), { ifNoneMatch: 'e' as '*' }),
    ],
    ['another checksum', 'unsupported', (p) => p.put('a', toBody('x'), { checksum: 'sha256' })],
    ['bad metadata', 'invalid-argument', (p) => p.put('a', toBody('x'), { metadata: { '': 1 } })],
    [
      'bad metadata of a copy',
      'invalid-argument',
      (p) => p.copy?.('a', 'b', { attributes: { tags: [''] } }),
    ],
    [
      'bad attributes of a session',
      'invalid-argument',
      (p) => p.upload?.('a', { attributes: { tags: [''] } }),
    ],
    ['a bad total', 'invalid-argument', (p) => p.upload?.('a', { totalBytes: -1 })],
    ['an empty token', 'invalid-argument', (p) => p.upload?.('a', { token: '' })],
    ['a bad patch', 'invalid-argument', (p) => p.setMetadata?.('a', { contentType: 'x' }, {})],
    ['a limit of 0', 'invalid-argument', (p) => drain(p.list({ limit: 0 }))],
    ['half an entry', 'invalid-argument', (p) => drain(p.list({ limit: 1.5 }))],
    ['an empty delimiter', 'invalid-argument', (p) => drain(p.list({ delimiter: '' }))],
    ['a prefix that is no text', 'invalid-argument', (p) => drain(p.list({ prefix: 1 as never }))],
    [
      'a start that is no text',
      'invalid-argument',
      (p) => drain(p.list({ startAfter: 1 as never })),
    ],
    ['an empty cursor', 'invalid-argument', (p) => drain(p.list({ cursor: '' }))],
    [
      'a cursor of no prefix',
      'invalid-argument',
      (p) => drain(p.list({ prefix: '/', cursor: 'x' })),
    ],
    [
      'something else included',
      'invalid-argument',
      (p) => drain(p.list({ include: ['body' as never] })),
    ],
    ['no time to sign for', 'invalid-argument', (p) => p.presign?.('a', { expiresInMs: 0 })],
    ['half a millisecond', 'invalid-argument', (p) => p.presign?.('a', { expiresInMs: 1.5 })],
    ['another method', 'invalid-argument', (p) => p.presign?.('a', { method: 'POST' as 'PUT' })],
    ['a GET of a length', 'invalid-argument', (p) => p.presign?.('a', { contentLength: 1 })],
    [
      'a PUT with an answer',
      'invalid-argument',
      (p) => p.presign?.('a', { method: 'PUT', responseContentType: 'a/b' }),
    ],
    [
      'a bad length',
      'invalid-argument',
      (p) => p.presign?.('a', { method: 'PUT', contentLength: -1 }),
    ],
    [
      'another condition to sign',
      'invalid-argument',
      (p) => p.presign?.('a', { method: 'PUT', ifNoneMatch: 'e' as '*' }),
    ],
    [
      'a bad type to sign',
      'invalid-argument',
      (p) => p.presign?.('a', { method: 'PUT', contentType: 'x' }),
    ],
    [
      'a bad type to answer',
      'invalid-argument',
      (p) => p.presign?.('a', { responseContentType: 'x' }),
    ],
    [
      'a line break to answer',
      'invalid-argument',
      (p) => p.presign?.('a', { responseDisposition: 'a\nb' }),
    ],
    ['an empty cursor of changes', 'invalid-argument', (p) => drain(p.changes?.({ cursor: '' }))],
    [
      'a prefix to watch that is no text',
      'invalid-argument',
      (p) => p.watch?.({ prefix: 1 as never }),
    ],
  ];

  test.each(attempts)('fails for %s with %s before any I/O', async (_title, code, attempt) => {
    const { tiny, provider } = await filled();
    await expect((async () => attempt(provider))()).rejects.toMatchObject({
      code,
      provider: 'tiny',
      operation: expect.any(String),
    });
    expect(tiny.calls).toEqual([]);
  });

  const undeclared: [string, (provider: StorageProvider) => unknown][] = [
    ['range', (p) => p.get('a', { range: { offset: 0 } })],
    ['ifMatch', (p) => p.get('a', { ifMatch: 'e' })],
    ['ifNoneMatch', (p) => p.get('a', { ifNoneMatch: 'e' })],
    ['version', (p) => p.get('a', { version: 'v' })],
    ['version', (p) => p.stat('a', { version: 'v' })],
    ['ifMatch', (p) => p.put('a', toBody('x'), { ifMatch: 'e' })],
    ['ifNoneMatch', (p) => p.put('a', toBody('x'), { ifNoneMatch: '*' })],
    ['checksum', (p) => p.put('a', toBody('x'), { checksum: 'sha256' })],
    ['writeId', (p) => p.put('a', toBody('x'), { writeId: 'w' })],
    ['encrypt', (p) => p.put('a', toBody('x'), { encrypt: true })],
    ['compress', (p) => p.put('a', toBody('x'), { compress: true })],
    ['metadata', (p) => p.put('a', toBody('x'), { metadata: { a: 1 } })],
    ['contentType', (p) => p.put('a.png', toBody('x'), { contentType: 'image/gif' })],
    ['expiresAt', (p) => p.copy?.('a', 'b', { attributes: { expiresAt: new Date() } })],
    ['tags', (p) => p.upload?.('a', { attributes: { tags: ['x'] } })],
    ['writeId', (p) => p.upload?.('a', { writeId: 'w' })],
    ['ifMatch', (p) => p.delete('a', { ifMatch: 'e' })],
    ['version', (p) => p.delete('a', { version: 'v' })],
    ['sourceIfMatch', (p) => p.copy?.('a', 'b', { sourceIfMatch: 'e' })],
    ['ifNoneMatch', (p) => p.move?.('a', 'b', { ifNoneMatch: '*' })],
    ['ifMatch', (p) => p.setMetadata?.('a', {}, { ifMatch: 'e' })],
    ['delimiter', (p) => drain(p.list({ delimiter: '/' }))],
    ['startAfter', (p) => drain(p.list({ startAfter: 'a' }))],
    ['include', (p) => drain(p.list({ include: ['attributes'] }))],
    ['atomic', (p) => p.deleteMany?.(['a'], { atomic: true })],
    ['ifMatch', async (p) => (await p.upload?.('a', {}))?.complete({ ifMatch: 'e' })],
  ];

  test.each(undeclared)(
    'fails with unsupported for %s where it is not declared',
    async (option, attempt) => {
      const { provider } = await filled({
        capabilities: {
          ...NONE,
          ...Object.fromEntries(OPTIONAL_OPERATIONS.map((name) => [name, name !== 'versions'])),
        },
      });
      await expect((async () => attempt(provider))()).rejects.toMatchObject({
        code: 'unsupported',
        provider: 'tiny',
        message: expect.stringContaining(option),
      });
    },
  );

  test('takes options that change nothing where nothing is declared', async () => {
    const { provider } = await filled({ capabilities: NONE });
    const options = {
      encrypt: false,
      compress: false,
      metadata: {},
      tags: [],
      contentType: 'image/png',
    };
    await provider.put('a.png', toBody('x'), options);
    expect(await drain(provider.list({ include: [] }))).toHaveLength(1);
  });

  test('takes only a slash as delimiter where that is declared', async () => {
    const { provider } = await filled({ capabilities: { delimiter: 'slash' } });
    await drain(provider.list({ delimiter: '/' }));
    await expect(drain(provider.list({ delimiter: '-' }))).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test('takes a checksum that it knows', async () => {
    const { provider } = await filled({ capabilities: { checksum: true } });
    await provider.put('a', toBody('x'), { checksum: 'sha256' });
    await expect(provider.put('a', toBody('x'), { checksum: 'md5' as 'sha256' })).rejects.toThrow(
      '"md5"',
    );
  });

  test('is measured against the limits when its size is known', async () => {
    const { tiny, provider } = await filled({
      capabilities: { maxPutBytes: 4, maxObjectBytes: 8, maxKeyBytes: 3 },
    });
    await expect(provider.put('a', toBody('12345'), {})).rejects.toMatchObject({
      code: 'too-large',
      outcome: 'not-applied',
    });
    await expect(provider.upload?.('a', { totalBytes: 9 })).rejects.toMatchObject({
      code: 'too-large',
    });
    await expect(provider.stat('abcd', {})).rejects.toMatchObject({ code: 'invalid-key' });
    expect(tiny.calls).toEqual([]);
    await provider.put('a', toBody('1234'), {});
  });

  test('gets the defaults of a presigned request', async () => {
    const { provider } = await filled();
    expect(await provider.presign?.('a', {})).toMatchObject({
      method: 'GET',
      expiresAt: new Date(3_600_000),
    });
    const put = { method: 'PUT', contentType: 'a/b', contentLength: 1, ifNoneMatch: '*' } as const;
    expect(await provider.presign?.('a', put)).toMatchObject({ method: 'PUT' });
    const answer = { responseContentType: 'a/b', responseDisposition: 'inline' };
    expect(await provider.presign?.('a', answer)).toMatchObject({ method: 'GET' });
  });

  test('lists nothing, without I/O, for a prefix that no key starts with', async () => {
    const { tiny, provider } = await filled();
    for (const prefix of ['../', '/', 'a//', 'a/../b', '\0']) {
      expect(await drain(provider.list({ prefix }))).toEqual([]);
    }
    expect(tiny.calls).toEqual([]);
  });
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
          next: async () => ({ done: false, value: { entries: [], cursor: String((page += 1)) } }),
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

describe('a batch through the guard', () => {
  test('gives an item that is not valid its own error', async () => {
    const { tiny, provider } = await filled();
    const cancel = vi.fn(async () => {});
    const results = await provider.putMany?.(
      [
        { key: 'b', body: toBody('1') },
        { key: '../x', body: { ...toBody('2'), cancel } },
        { key: 'c', body: toBody('3'), options: { ifMatch: 'wrong' } },
        { key: 'b', body: toBody('4') },
      ],
      {},
    );
    expect(results).toMatchObject([
      { key: 'b', ok: true },
      {
        key: '../x',
        ok: false,
        error: { code: 'invalid-key', key: '../x', operation: 'putMany', outcome: 'not-applied' },
      },
      { key: 'c', ok: false, error: { code: 'precondition-failed', key: 'c', provider: 'tiny' } },
      { key: 'b', ok: true },
    ]);
    expect(cancel).toHaveBeenCalledTimes(1);
    expect(tiny.calls[0]).toBe('putMany b,c,b');
  });

  test('that is empty, or valid nowhere, asks nothing of the provider', async () => {
    const { tiny, provider } = await filled();
    expect(await provider.statMany?.([], {})).toEqual([]);
    expect(await provider.deleteMany?.(['/', ''], {})).toMatchObject([
      { ok: false },
      { ok: false },
    ]);
    expect(tiny.calls).toEqual([]);
  });

  test('that is atomic fails as a whole', async () => {
    const { tiny, provider } = await filled({ capabilities: { atomicBatch: true } });
    await expect(provider.deleteMany?.(['a', '/'], { atomic: true })).rejects.toMatchObject({
      code: 'invalid-key',
    });
    expect(tiny.calls).toEqual([]);
  });

  test('gives objects with the terms of a single read', async () => {
    const { provider } = await filled();
    const [result] = (await provider.getMany?.(['a'], {})) ?? [];
    const object = result?.ok ? result.value : expect.unreachable();
    await object.text();
    await expect(object.text()).rejects.toMatchObject({ provider: 'tiny' });
  });

  test('fails when results are missing, and lets go of every source', async () => {
    const cancel = vi.fn(async () => {});
    const provider = guardProvider({ ...tinyProvider(), putMany: async () => [] });
    const entry = { key: 'a', body: { ...toBody('x'), cancel } };
    await expect(provider.putMany?.([entry], {})).rejects.toThrow(
      '0 results came back for 1 items',
    );
    expect(cancel).toHaveBeenCalled();
  });
});

describe('an upload session through the guard', () => {
  test('works, and labels its errors', async () => {
    const { tiny, provider } = await filled();
    const session = (await provider.upload?.('u', {})) ?? expect.unreachable();
    await session.write(0, new Uint8Array([1, 2]));
    await session.write(2, new Uint8Array([3]));
    expect(await session.status()).toEqual({
      held: [
        { offset: 0, length: 2 },
        { offset: 2, length: 1 },
      ],
    });
    await session.complete({ ifNoneMatch: '*' });
    expect(tiny.objects.get('u')?.bytes).toEqual(new Uint8Array([1, 2, 3]));
    await expect(session.complete()).rejects.toMatchObject({
      code: 'conflict',
      operation: 'upload.complete',
      key: 'u',
      provider: 'tiny',
      outcome: 'not-applied',
    });
    await session.abort();
  });

  test('refuses parts against its rules', async () => {
    const { provider } = await filled({ part: { multipleOf: 2, maxBytes: 4 } });
    const session = (await provider.upload?.('u', {})) ?? expect.unreachable();
    for (const [offset, bytes] of [
      [1, new Uint8Array(2)],
      [-2, new Uint8Array(2)],
      [0.5, new Uint8Array(2)],
      [0, new Uint8Array(5)],
      [0, new Uint8Array(0)],
      [0, 'text' as never],
    ] as const) {
      await expect(session.write(offset, bytes)).rejects.toMatchObject({
        code: 'invalid-argument',
        operation: 'upload.write',
      });
    }
  });

  test('does not show its token', async () => {
    const { provider } = await filled();
    const session = (await provider.upload?.('u', {})) ?? expect.unreachable();
    expect(session.token).toMatch(/^t/);
    expect(JSON.stringify(session)).not.toContain(session.token);
    expect(session.expiresAt).toEqual(new Date(0));
  });
});

describe('a watcher through the guard', () => {
  test('hands on events and lets go', async () => {
    const { provider } = guarded();
    const watcher = (await provider.watch?.({ prefix: 'p/' })) ?? expect.unreachable();
    for await (const event of watcher) {
      expect(event).toEqual({ type: 'put', key: 'p/x' });
      break;
    }
    await watcher.close();
    await watcher[Symbol.asyncDispose]();
  });

  test('labels its errors', async () => {
    const channel = eventChannel({ onClose: () => Promise.reject(new Error('stuck')) });
    const provider = guardProvider({ ...tinyProvider(), watch: async () => channel.watcher });
    const watcher = (await provider.watch?.({})) ?? expect.unreachable();
    channel.fail(new Error('cut'));
    await expect(drain(watcher)).rejects.toMatchObject({ operation: 'watch', provider: 'tiny' });
    await expect(watcher.close()).rejects.toMatchObject({ operation: 'watch' });
  });
});
