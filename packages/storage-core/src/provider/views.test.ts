import { describe, expect, test, vi } from 'vitest';
import { drain } from '../../test/drain.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { ChangesPage, WatchEvent } from '../contract/events.ts';
import type { CandidateQuery } from '../contract/listing.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { eventChannel } from '../events/event-channel.ts';
import { guardProvider } from './guard-provider.ts';
import { withPrefix } from './with-prefix.ts';
import { withReadOnly } from './with-read-only.ts';

async function keysOf(provider: StorageProvider, options = {}): Promise<string[]> {
  const pages = await drain(provider.list(options));
  return pages.flatMap((page) => page.entries.map((entry) => entry.key));
}

async function viewed(capabilities = {}) {
  const tiny = tinyProvider({ capabilities });
  const whole = guardProvider(tiny);
  for (const key of ['a', 'a/1', 'a/b/2', 'a/b-c', 'ab', 'z'])
    await whole.put(key, toBody(key), {});
  tiny.calls.length = 0;
  return { tiny, whole, view: guardProvider(withPrefix(whole, 'a')) };
}

describe('withPrefix', () => {
  test('reads, writes and deletes below the prefix alone', async () => {
    const { tiny, view } = await viewed();
    const object = await view.get('b/2', {});
    expect(object.info.key).toBe('b/2');
    expect(await object.text()).toBe('a/b/2');
    expect(await new Response((await view.get('b/2', {})).stream()).text()).toBe('a/b/2');
    expect((await view.stat('1', {})).key).toBe('1');
    expect((await view.put('new', toBody('x'), {})).key).toBe('new');
    await view.delete('1', {});
    expect([...tiny.objects.keys()].sort()).toEqual(['a', 'a/b-c', 'a/b/2', 'a/new', 'ab', 'z']);
  });

  test('lists without the prefix and nothing else', async () => {
    const { view } = await viewed();
    expect(await keysOf(view)).toEqual(['1', 'b-c', 'b/2']);
    expect(await keysOf(view, { prefix: 'b', delimiter: '/' })).toEqual(['b-c', 'b/']);
    expect(await keysOf(view, { startAfter: '1' })).toEqual(['b-c', 'b/2']);
    expect(await keysOf(view, { startAfter: '' })).toEqual(['1', 'b-c', 'b/2']);
    expect(await keysOf(view, { prefix: '../' })).toEqual([]);
  });

  test('goes on behind a cursor, which another view does not take', async () => {
    const { whole, view } = await viewed();
    const [page] = await drain(view.list({ limit: 1 }));
    const cursor = page?.cursor ?? expect.unreachable();
    expect(await keysOf(view, { cursor })).toEqual(['b-c', 'b/2']);
    const other = guardProvider(withPrefix(whole, 'ab'));
    await expect(drain(other.list({ cursor }))).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('works on many, and in any order', async () => {
    const { tiny, view } = await viewed();
    const put = await view.putMany?.([{ key: 'n', body: toBody('x') }], {});
    expect(put).toMatchObject([{ key: 'n', ok: true, value: { key: 'n' } }]);
    expect(await view.statMany?.(['1', 'none'], {})).toMatchObject([
      { key: '1', ok: true, value: { key: '1' } },
      { key: 'none', ok: false, error: { code: 'not-found', key: 'none' } },
    ]);
    const [got] = (await view.getMany?.(['1'], {})) ?? [];
    const object = got?.ok ? got.value : expect.unreachable();
    expect([object.info.key, await object.text()]).toEqual(['1', 'a/1']);
    const [streamed] = (await view.getMany?.(['1'], {})) ?? [];
    const stream = streamed?.ok ? streamed.value.stream() : expect.unreachable();
    expect(await new Response(stream).text()).toBe('a/1');
    expect(await view.deleteMany?.(['1', 'z'], {})).toMatchObject([{ key: '1' }, { key: 'z' }]);
    expect(tiny.objects.has('z')).toBe(true);
  });

  test('copies, moves and describes below the prefix', async () => {
    const { tiny, view } = await viewed();
    expect((await view.copy?.('1', '3', {}))?.key).toBe('3');
    expect((await view.move?.('b/2', 'b/4', {}))?.key).toBe('b/4');
    expect((await view.setMetadata?.('1', { tags: ['x'] }, {}))?.key).toBe('1');
    expect([...tiny.objects.keys()].sort()).toEqual([
      'a',
      'a/1',
      'a/3',
      'a/b-c',
      'a/b/4',
      'ab',
      'z',
    ]);
  });

  test('candidates below the prefix', async () => {
    const { view } = await viewed();
    const keys = async (query: CandidateQuery) =>
      (await drain(view.candidates?.(query, {}))).flatMap(({ entries }) =>
        entries.map(({ key }) => key),
      );
    expect(await keys({ tags: ['x'] })).toEqual(['1', 'b-c', 'b/2']);
    expect(await keys({ tags: ['x'], prefix: 'b', startAfter: 'b-c' })).toEqual(['b/2']);
  });

  test('uploads below the prefix', async () => {
    const { tiny, whole, view } = await viewed();
    await whole.upload?.('outside', {});
    const session = (await view.upload?.('up', {})) ?? expect.unreachable();
    expect(session.key).toBe('up');
    expect(session.expiresAt).toEqual(new Date(0));
    await session.write(0, new Uint8Array(2));
    expect((await session.status()).held).toEqual([{ offset: 0, length: 2 }]);
    const pending = await drain(view.uploads?.({}));
    expect(pending.map(({ key }) => key)).toContain('up');
    expect((await session.complete()).key).toBe('up');
    await session.abort();
    expect(tiny.objects.has('a/up')).toBe(true);
    await expect(session.complete()).rejects.toMatchObject({ key: 'up' });
  });

  test('signs, and tells versions, below the prefix', async () => {
    const { view } = await viewed();
    expect((await view.presign?.('1', {}))?.url).toBe('https://tiny/a/1?signature');
    expect(view.publicUrl?.('1')).toBe('https://tiny/a/1');
    expect(() => view.publicUrl?.('x'.repeat(1023))).toThrow(
      expect.objectContaining({ code: 'invalid-key' }),
    );
    const [versions] = await drain(view.versions?.list('1', {}));
    expect(versions?.map(({ key }) => key)).toEqual(['1']);
    expect((await view.versions?.restore('1', 'v', {}))?.key).toBe('1');
    expect(await view.usage?.({})).toEqual({ objects: 6 });
    expect(await view.health?.({})).toMatchObject({ ok: true });
  });

  test('tells errors about keys as they are called in the view', async () => {
    const { view } = await viewed();
    const error = await view.stat('none', {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'not-found', key: 'none', operation: 'stat' });
    expect(String(error)).not.toContain('a/none');
    for (const failing of [
      view.get('none', {}),
      view.copy?.('none', 'x', {}),
      view.setMetadata?.('none', {}, {}),
      view.versions?.restore('none', 'v', {}),
      drain(view.versions?.list('none', {})),
    ]) {
      await expect(failing).rejects.toMatchObject({ code: 'not-found', key: 'none' });
    }
  });

  test('leaves alone what is no error about a key below it', async () => {
    const tiny = tinyProvider();
    const cause = new Error('foreign');
    const inside = {
      ...tiny,
      stat: () => Promise.reject(cause),
      publicUrl: () => expect.unreachable(),
    };
    await expect(withPrefix(inside, 'a').stat('x', {})).rejects.toBe(cause);
    const other = new StorageError('conflict', 'x', { key: 'b' });
    await expect(
      withPrefix({ ...tiny, stat: () => Promise.reject(other) }, 'a').stat('x', {}),
    ).rejects.toBe(other);
    expect(() =>
      withPrefix(
        {
          ...tiny,
          publicUrl: () => {
            throw other;
          },
        },
        'a',
      ).publicUrl?.('x'),
    ).toThrow(other);
  });

  test('has that many bytes less for keys, and what the provider finds out when opened', async () => {
    const { view } = await viewed();
    expect(view.capabilities.maxKeyBytes).toBe(1022);
    await expect(view.stat('x'.repeat(1023), {})).rejects.toMatchObject({ code: 'invalid-key' });
    const tiny = tinyProvider();
    const below = guardProvider({ ...tiny, open: async () => ({ maxKeyBytes: 2000 }) });
    const late = guardProvider(withPrefix(below, 'é'));
    expect(await late.open?.({})).toMatchObject({ maxKeyBytes: 1997 });
    expect(() => withPrefix(tiny, 'a/')).toThrow(expect.objectContaining({ code: 'invalid-key' }));
    expect(() => withPrefix(tiny, '..')).toThrow(expect.objectContaining({ code: 'invalid-key' }));
  });

  test('fails for what the provider below does not have', async () => {
    const bare = withPrefix({ ...tinyProvider(), copy: undefined } as never, 'a');
    expect(() => bare.copy?.('x', 'y', {})).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });

  test('watches below the prefix alone', async () => {
    const channel = eventChannel();
    const watch = vi.fn(async () => channel.watcher);
    const view = withPrefix({ ...tinyProvider(), watch }, 'a');
    const watcher = (await view.watch?.({ prefix: 'b' })) ?? expect.unreachable();
    expect(watch).toHaveBeenCalledWith({ prefix: 'a/b' });
    const events: WatchEvent[] = [
      { type: 'put', key: 'a/b/1', etag: 'e' },
      { type: 'delete', key: 'ab' },
      { type: 'put', id: 'only-an-id' },
      { type: 'subtree', prefix: 'a/b/' },
      { type: 'subtree', prefix: 'a' },
      { type: 'subtree', prefix: 'z' },
      { type: 'subtree', id: 'x' },
      { type: 'reset' },
      { type: 'lost' },
    ];
    for (const event of events) channel.push(event);
    channel.fail(new Error('end'));
    const seen: WatchEvent[] = [];
    await expect(
      (async () => {
        for await (const event of watcher) seen.push(event);
      })(),
    ).rejects.toThrow('end');
    expect(seen).toEqual([
      { type: 'put', key: 'b/1', etag: 'e' },
      { type: 'put', id: 'only-an-id' },
      { type: 'subtree', prefix: 'b/' },
      { type: 'subtree' },
      { type: 'subtree', id: 'x' },
      { type: 'reset' },
      { type: 'lost' },
    ]);
    await watcher.close();
    await watcher[Symbol.asyncDispose]();
    await expect(
      withPrefix({ ...tinyProvider(), watch: () => Promise.reject(new Error('no')) }, 'a').watch?.(
        {},
      ),
    ).rejects.toThrow('no');
  });

  test('feeds changes below the prefix alone, with the cursor of the whole', async () => {
    const page: ChangesPage = {
      events: [
        { type: 'put', key: 'a/1' },
        { type: 'put', key: 'b' },
      ],
      cursor: 'c',
    };
    const below = {
      ...tinyProvider(),
      async *changes() {
        yield page;
      },
    };
    expect(await drain(withPrefix(below, 'a').changes?.({}))).toEqual([
      { events: [{ type: 'put', key: '1' }], cursor: 'c' },
    ]);
  });

  test('can be a view of a view, and its end is not the end of the store', async () => {
    const { whole, view } = await viewed();
    const inner = guardProvider(withPrefix(view, 'b'));
    expect(await keysOf(inner)).toEqual(['2']);
    await expect(inner.stat('none', {})).rejects.toMatchObject({ key: 'none' });
    await inner.close?.();
    await view.close?.();
    await expect(view.stat('1', {})).rejects.toMatchObject({ code: 'closed' });
    expect((await whole.stat('a/1', {})).key).toBe('a/1');
  });
});

describe('withReadOnly', () => {
  async function readOnly() {
    const { tiny, whole } = await viewed();
    return { tiny, whole, view: guardProvider(withReadOnly(whole)) };
  }

  test('reads everything', async () => {
    const { view } = await readOnly();
    expect(await (await view.get('a/1', { range: { suffix: 1 } })).text()).toBe('1');
    expect((await view.stat('z', {})).key).toBe('z');
    expect(await keysOf(view, { prefix: 'a/', delimiter: '/' })).toEqual(['a/1', 'a/b-c', 'a/b/']);
    expect(await view.statMany?.(['z'], {})).toMatchObject([{ ok: true }]);
    expect(await view.getMany?.(['z'], {})).toMatchObject([{ ok: true }]);
    expect(await view.presign?.('z', {})).toMatchObject({ method: 'GET' });
    expect(view.publicUrl?.('z')).toBe('https://tiny/z');
    expect(await drain(view.versions?.list('z', {}))).toHaveLength(1);
    expect(await drain(view.changes?.({}))).toHaveLength(3);
    expect(await view.usage?.({})).toEqual({ objects: 6 });
    expect(await view.health?.({})).toMatchObject({ ok: true });
    await (await view.watch?.({}))?.close();
  });

  test('refuses every write before any I/O', async () => {
    const { tiny, view } = await readOnly();
    for (const write of [
      view.put('n', toBody('x'), {}),
      view.delete('z', {}),
      view.versions?.restore('z', 'v', {}),
      view.presign?.('z', { method: 'PUT' }),
    ]) {
      await expect(write).rejects.toMatchObject({ code: 'permission-denied', provider: 'tiny' });
    }
    expect(tiny.calls).toEqual([]);
  });

  test('deletes no version', async () => {
    const { tiny, view } = await readOnly();
    await expect(view.delete('z', { version: 'v' })).rejects.toMatchObject({ code: 'unsupported' });
    expect(tiny.calls).toEqual([]);
  });

  test('declares reading alone', async () => {
    const { view } = await readOnly();
    for (const name of [
      'putMany',
      'deleteMany',
      'copy',
      'move',
      'setMetadata',
      'upload',
      'uploads',
    ] as const) {
      expect(view[name]).toBeUndefined();
    }
    const { capabilities } = view;
    expect(capabilities).toMatchObject({ rangeReads: true, attributes: 'native', presign: true });
    for (const name of [
      'createIfAbsent',
      'deleteVersion',
      'replaceIfMatch',
      'writeIds',
      'copyIfAbsent',
      'atomicBatch',
    ] as const) {
      expect(capabilities[name]).toBeUndefined();
    }
    const late = withReadOnly(
      guardProvider({
        ...tinyProvider({ capabilities: {} }),
        open: async () => ({ durable: true }),
      }),
    );
    expect(await late.open?.({})).toMatchObject({ durable: true });
  });

  test('does not close the store', async () => {
    const { whole, view } = await readOnly();
    await view.close?.();
    expect((await whole.stat('z', {})).key).toBe('z');
  });
});
