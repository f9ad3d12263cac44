import { describe, expect, test, vi } from 'vitest';
import { attributes, companionProvider } from '../../test/companion-provider.ts';
import { drain } from '../../test/drain.ts';
import { type TinyCall, tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { guardProvider } from '../provider/guard-provider.ts';
import { type CompanionLayout, companionName } from './companion-layout.ts';
import { withCompanion } from './with-companion.ts';

async function keysOf(provider: StorageProvider, options = {}): Promise<string[]> {
  const pages = await drain(provider.list(options));
  return pages.flatMap((page) => page.entries.map((entry) => entry.key));
}

const text = async (provider: StorageProvider, key: string) => (await provider.get(key, {})).text();

describe.each<CompanionLayout>(['meta-json', 'meta', 'manifest'])(
  'withCompanion in the layout %s',
  (layout) => {
    test('keeps attributes, in put, get and stat', async () => {
      const { provider } = companionProvider(layout);
      const put = await provider.put('dir/a', toBody('one'), attributes);
      const object = await provider.get('dir/a', {});
      for (const info of [put, object.info, await provider.stat('dir/a', {})]) {
        expect(info).toMatchObject({ key: 'dir/a', size: 3, etag: put.etag, ...attributes });
      }
      expect(await object.text()).toBe('one');
      expect(await new Response((await provider.get('dir/a', {})).stream()).text()).toBe('one');
      const part = await provider.get('dir/a', { range: { suffix: 1 } });
      expect([await part.text(), part.range]).toEqual(['e', { offset: 2, length: 1 }]);
    });

    test('writes a companion only when there is something to write', async () => {
      const { provider, companions, tiny } = companionProvider(layout);
      await provider.put('a', toBody('x'), {});
      expect(companions()).toEqual([]);
      await provider.put('a', toBody('x'), attributes);
      expect(companions()).toEqual([companionName('a', layout)]);
      await provider.put('a', toBody('y'), {});
      expect(companions()).toEqual([]);
      expect((await provider.stat('a', {})).metadata).toBeUndefined();
      expect(tiny.objects.size).toBe(1);
    });

    test('replaces all attributes with a put', async () => {
      const { provider } = companionProvider(layout);
      await provider.put('a', toBody('x'), attributes);
      await provider.put('a', toBody('x'), { tags: ['y'] });
      const { contentType, metadata, tags, expiresAt } = await provider.stat('a', {});
      expect({ contentType, metadata, tags, expiresAt }).toEqual({ tags: ['y'] });
    });

    test('opens no companion for a plain listing, and hides them', async () => {
      const { tiny, provider } = companionProvider(layout, { pageSize: 2 });
      for (const key of ['a', 'b/1', 'b/2', 'c', 'd'])
        await provider.put(key, toBody('x'), attributes);
      tiny.calls.length = 0;
      expect(await keysOf(provider)).toEqual(['a', 'b/1', 'b/2', 'c', 'd']);
      expect(await keysOf(provider, { delimiter: '/' })).toEqual(['a', 'b/', 'c', 'd']);
      expect(await keysOf(provider, { prefix: 'b/', startAfter: 'b/1' })).toEqual(['b/2']);
      expect(tiny.calls.every((call) => call.startsWith('list'))).toBe(true);
      const [page] = await drain(provider.list({ prefix: 'a' }));
      expect(page?.entries).toEqual([
        {
          kind: 'item',
          key: 'a',
          size: 1,
          etag: expect.any(String),
          version: expect.any(String),
          modifiedAt: expect.any(Date),
        },
      ]);
    });

    test('yields as many entries as the limit, and goes on behind them', async () => {
      const { provider } = companionProvider(layout);
      const keys = ['a', 'b', 'c', 'd', 'e'];
      for (const key of keys) await provider.put(key, toBody('x'), attributes);
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const pages = await drain(
          provider.list({ limit: 2, ...(cursor !== undefined && { cursor }) }),
        );
        const entries = pages.flatMap((page) => page.entries);
        expect(entries.length).toBeLessThanOrEqual(2);
        found.push(...entries.map((entry) => entry.key));
        cursor = pages.at(-1)?.cursor;
      } while (cursor !== undefined);
      expect(found).toEqual(keys);
    });

    test('has no cursor behind the last object, however many companions follow', async () => {
      const { provider } = companionProvider(layout, { pageSize: 3 });
      const keys = Array.from({ length: 40 }, (_, at) => `b/${10 + at}`);
      for (const key of keys) await provider.put(key, toBody('x'), attributes);
      for (const key of keys.slice(0, 20)) await provider.put(`z-${key}`, toBody('x'), attributes);
      for (const [prefix, total] of [
        ['b/', 40],
        ['', 60],
      ] as const) {
        const exact = await drain(provider.list({ prefix, limit: total }));
        expect(exact.flatMap(({ entries }) => entries)).toHaveLength(total);
        expect(exact.at(-1)?.cursor).toBeUndefined();
        const short = await drain(provider.list({ prefix, limit: total - 1 }));
        expect(short.flatMap(({ entries }) => entries)).toHaveLength(total - 1);
        expect(short.at(-1)?.cursor).toBeDefined();
      }
    });

    test('tells errors of its steps as those of the operation, also over a guarded provider', async () => {
      const { tiny } = companionProvider(layout);
      const provider = withCompanion(guardProvider(tiny), { layout });
      const missing = { code: 'not-found', operation: 'setMetadata', key: 'a' };
      await expect(provider.setMetadata?.('a', {}, {})).rejects.toMatchObject(missing);
      await expect(provider.copy?.('a', 'b', {})).rejects.toMatchObject({
        code: 'not-found',
        operation: 'copy',
      });
    });

    test('deletes the companion with its object', async () => {
      const { tiny, provider } = companionProvider(layout);
      await provider.put('a', toBody('x'), attributes);
      await provider.put('b', toBody('x'), attributes);
      expect(await provider.delete('a', {})).toEqual({ existed: true });
      await provider.put('a', toBody('y'), {});
      expect((await provider.stat('a', {})).tags).toBeUndefined();
      expect(await provider.deleteMany?.(['a', 'b', 'none'], {})).toMatchObject([
        { key: 'a', ok: true },
        { key: 'b', ok: true },
        { key: 'none', ok: true },
      ]);
      expect([...tiny.objects.keys()]).toEqual([]);
      expect(await provider.deleteMany?.([], {})).toEqual([]);
    });

    test('copies and moves attributes, and changes some', async () => {
      const { provider, companions } = companionProvider(layout);
      await provider.put('a', toBody('x'), attributes);
      await provider.put('b', toBody('old'), { tags: ['old'] });
      expect(await provider.copy?.('a', 'b', {})).toMatchObject({ key: 'b', ...attributes });
      expect(await provider.stat('b', {})).toMatchObject(attributes);
      await provider.move?.('b', 'dir/c', { attributes: { tags: null, cacheControl: 'no-store' } });
      const moved = await provider.stat('dir/c', {});
      expect(moved).toMatchObject({ metadata: attributes.metadata, cacheControl: 'no-store' });
      expect(moved.tags).toBeUndefined();
      await expect(provider.stat('b', {})).rejects.toMatchObject({ code: 'not-found' });
      expect(companions().sort()).toEqual(
        [companionName('a', layout), companionName('dir/c', layout)].sort(),
      );
      await provider.copy?.('a', 'a', { attributes: { tags: ['z'] } });
      expect(await provider.stat('a', {})).toMatchObject({ ...attributes, tags: ['z'] });
      await expect(provider.copy?.('none', 'x', {})).rejects.toMatchObject({ code: 'not-found' });
      await expect(provider.copy?.('a', 'x', { sourceIfMatch: 'other' })).rejects.toMatchObject({
        code: 'precondition-failed',
      });
      await expect(provider.copy?.('a', 'dir/c', { ifNoneMatch: '*' })).rejects.toMatchObject({
        code: 'precondition-failed',
      });
      expect(await provider.stat('dir/c', {})).toMatchObject({ cacheControl: 'no-store' });
    });

    test('copies what has no attributes over what has some', async () => {
      const { provider, companions } = companionProvider(layout);
      await provider.put('a', toBody('x'), {});
      await provider.put('b', toBody('y'), attributes);
      await provider.copy?.('a', 'b', {});
      expect((await provider.stat('b', {})).metadata).toBeUndefined();
      expect(companions()).toEqual([]);
    });

    test('sets attributes, clears them, and keeps the content', async () => {
      const { provider, companions } = companionProvider(layout);
      const { etag } = await provider.put('a', toBody('x'), {});
      const info = await provider.setMetadata?.('a', { tags: ['x'], metadata: { a: 1 } }, {});
      expect(info).toMatchObject({ key: 'a', etag, tags: ['x'], metadata: { a: 1 } });
      await provider.setMetadata?.('a', { tags: null }, {});
      expect((await provider.stat('a', {})).metadata).toEqual({ a: 1 });
      await provider.setMetadata?.('a', { metadata: null }, {});
      expect(companions()).toEqual([]);
      expect(await text(provider, 'a')).toBe('x');
      await expect(provider.setMetadata?.('none', { tags: ['x'] }, {})).rejects.toMatchObject({
        code: 'not-found',
      });
    });

    test('keeps what the user said when the body is changed from outside', async () => {
      const { tiny, provider } = companionProvider(layout);
      await provider.put('a', toBody('x'), attributes);
      await tiny.put('a', toBody('edited'), {});
      expect(await provider.stat('a', {})).toMatchObject({ size: 6, ...attributes });
      await provider.put('a', toBody('y'), { tags: ['new'] });
      expect((await provider.stat('a', {})).tags).toEqual(['new']);
    });

    test('leaves the old object or the new one after a crash at any step', async () => {
      for (const next of [{ tags: ['new'] }, {}]) {
        for (const before of [{ tags: ['old'] }, {}, undefined]) {
          for (let step = 0; ; step += 1) {
            let calls = 0;
            let armed = false;
            let crashed = false;
            const { provider } = companionProvider(layout, {
              async intercept({ operation }: TinyCall, proceed) {
                if (armed && ['put', 'delete'].includes(operation)) {
                  calls += 1;
                  if (calls > step) {
                    crashed = true;
                    throw new StorageError('unavailable', 'power cut.');
                  }
                }
                return proceed();
              },
            });
            if (before !== undefined) await provider.put('a', toBody('old'), before);
            armed = true;
            const stored = await provider.put('a', toBody('new'), next).then(
              () => true,
              () => false,
            );
            armed = false;
            const found = await provider.get('a', {}).catch(() => undefined);
            const body = await found?.text();
            const tags = found?.info.tags;
            if (stored)
              expect([body, tags]).toEqual(['new', 'tags' in next ? next.tags : undefined]);
            else if (before === undefined) expect(body).toBeUndefined();
            else expect([body, tags]).toEqual(['old', 'tags' in before ? before.tags : undefined]);
            if (!crashed) break;
          }
        }
      }
    });

    test('tidies up when a condition is lost', async () => {
      const { provider, companions, tiny } = companionProvider(layout);
      await provider.put('a', toBody('x'), {});
      tiny.calls.length = 0;
      await expect(
        provider.put('a', toBody('y'), { ...attributes, ifNoneMatch: '*' }),
      ).rejects.toMatchObject({
        code: 'precondition-failed',
        outcome: 'not-applied',
      });
      expect(tiny.calls).not.toContain('put a');
      expect(companions()).toEqual([]);
      const racing = companionProvider(layout, {
        async intercept({ operation, key }, proceed) {
          if (operation === 'put' && key === 'a')
            throw new StorageError('precondition-failed', 'raced.');
          return proceed();
        },
      });
      await expect(racing.provider.put('a', toBody('y'), attributes)).rejects.toThrow('raced');
      expect(racing.companions()).toEqual([]);
    });

    test.each(['get', 'stat', 'put'])(
      'says that nothing was applied when the %s before the body fails',
      async (broken) => {
        let armed = false;
        const { provider, tiny } = companionProvider(layout, {
          capabilities: { move: true },
          async intercept({ operation }, proceed) {
            if (armed && operation === broken) throw new StorageError('unavailable', 'cut off.');
            return proceed();
          },
        });
        await provider.put('a', toBody('old'), attributes);
        armed = true;
        tiny.calls.length = 0;
        await expect(provider.put('a', toBody('new'), { tags: ['new'] })).rejects.toMatchObject({
          code: 'unavailable',
          outcome: 'not-applied',
        });
        expect(tiny.calls).not.toContain('put a');
        armed = false;
        const object = await provider.get('a', {});
        expect([await object.text(), object.info.tags]).toEqual(['old', attributes.tags]);
      },
    );

    test('gives racing writers each their own attributes', async () => {
      const { provider } = companionProvider(layout);
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          provider.put('a', toBody(`${index}`), index % 3 === 0 ? {} : { metadata: { index } }),
        ),
      );
      const object = await provider.get('a', {});
      const index = Number(await object.text());
      expect(object.info.metadata).toEqual(index % 3 === 0 ? undefined : { index });
    });

    test('never mixes two writes for a reader', async () => {
      const { provider } = companionProvider(layout);
      await provider.put('a', toBody('0'), { metadata: { index: 0 } });
      let writing = true;
      const writer = (async () => {
        for (let index = 1; index < 60; index += 1) {
          await provider.put(
            'a',
            toBody(`${index}`),
            index % 2 === 0 ? { metadata: { index } } : {},
          );
        }
        writing = false;
      })();
      while (writing) {
        const object = await provider.get('a', {}).catch((error: StorageError) => {
          expect(error.code).toBe('conflict');
          return undefined;
        });
        if (object === undefined) continue;
        const index = Number(await object.text());
        expect(object.info.metadata).toEqual(index % 2 === 0 ? { index } : undefined);
      }
      await writer;
    });

    test('takes keys that look like its own companions', async () => {
      const { provider } = companionProvider(layout);
      const keys = ['x/a', companionName('x/a', layout), `${companionName('x/a', layout)}!`];
      for (const key of keys) await provider.put(key, toBody(key), { metadata: { key } });
      expect((await keysOf(provider)).sort()).toEqual([...keys].sort());
      for (const key of keys) {
        expect(await text(provider, key)).toBe(key);
        expect(await provider.stat(key, {})).toMatchObject({ key, metadata: { key } });
      }
      expect(await keysOf(provider, { prefix: `${keys[1]}!` })).toEqual([keys[2]]);
      expect(await keysOf(provider, { delimiter: '/' })).toEqual(['x/']);
    });

    test('carries attributes through an upload session, also in another process', async () => {
      const { tiny, provider } = companionProvider(layout);
      const session = (await provider.upload?.('u', { attributes })) ?? expect.unreachable();
      await session.write(0, new Uint8Array([1]));
      const other = guardProvider(withCompanion(tiny, { layout }));
      const resumed = (await other.upload?.('u', { token: session.token })) ?? expect.unreachable();
      expect((await resumed.status()).held).toHaveLength(1);
      expect(await resumed.complete({ ifNoneMatch: '*' })).toMatchObject({
        key: 'u',
        size: 1,
        ...attributes,
      });
      expect(await provider.stat('u', {})).toMatchObject(attributes);
      await expect(provider.upload?.('u', { token: 'forged' })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
      const left = (await provider.upload?.('v', {})) ?? expect.unreachable();
      const [pending] = await drain(provider.uploads?.({ prefix: 'v' }));
      expect(pending?.key).toBe('v');
      const again =
        (await provider.upload?.('v', { token: pending?.token ?? '' })) ?? expect.unreachable();
      await again.abort();
      expect(left.key).toBe('v');
      expect((await drain(provider.uploads?.({}))).map(({ key }) => key)).not.toContain('v');
    });

    test('refuses what would leave a companion behind', async () => {
      const { provider } = companionProvider(layout);
      await expect(provider.presign?.('a', { method: 'PUT' })).rejects.toMatchObject({
        code: 'unsupported',
      });
      expect(await provider.presign?.('a', {})).toMatchObject({ method: 'GET' });
      expect(provider.publicUrl?.('a')).toBe('https://tiny/a');
    });
  },
);

test('declares what it adds and what it takes away', async () => {
  const { provider } = companionProvider('meta-json', {
    capabilities: {
      listFields: ['size', 'contentType', 'metadata'],
      listAttributes: true,
      maxMetadataBytes: 10,
      etagCovers: 'attributes',
    },
  });
  const { capabilities } = provider;
  expect(capabilities).toMatchObject({
    attributes: 'companion',
    atomicAttributes: false,
    setMetadata: true,
    etagCovers: 'write',
    delimiter: 'slash',
    listFields: ['size'],
    maxKeyBytes: 1024 - 10,
  } satisfies Capabilities);
  for (const name of [
    'putMany',
    'getMany',
    'statMany',
    'atomicBatch',
    'listAttributes',
    'maxMetadataBytes',
    'setMetadataIfMatch',
    'versions',
  ] as const) {
    expect(capabilities[name]).toBeUndefined();
  }
  const plain = withCompanion(
    tinyProvider({ capabilities: { attributes: 'none' }, without: ['delimiter'] }),
    { layout: 'manifest' },
  );
  expect(plain.capabilities).toMatchObject({ maxKeyBytes: 1024 - 21 });
  expect(plain.capabilities.delimiter).toBeUndefined();
});

test('knows what opening found out, and closes what is below', async () => {
  const close = vi.fn(async () => {});
  const { copy } = tinyProvider();
  const tiny = tinyProvider({ capabilities: { attributes: 'none', copy: false } });
  const provider = guardProvider(
    withCompanion({
      ...tiny,
      ...(copy && { copy }),
      open: async () => ({ copy: true }),
      close,
    }),
  );
  expect(await provider.open?.({})).toMatchObject({ copy: true, attributes: 'companion' });
  expect(await provider.usage?.({})).toEqual({ objects: 0 });
  expect(await provider.health?.({})).toMatchObject({ ok: true });
  await provider.close?.();
  expect(close).toHaveBeenCalledTimes(1);
});

test('surfaces a companion that cannot be read, and lets go of the body', async () => {
  const { tiny, provider } = companionProvider('meta-json');
  await provider.put('a', toBody('x'), attributes);
  await tiny.put('a.meta.json', toBody('not JSON'), {});
  await expect(provider.get('a', {})).rejects.toMatchObject({ code: 'corrupted', key: 'a' });
  await expect(provider.stat('a', {})).rejects.toThrow('"a.meta.json" cannot be read');
});

test('passes on errors of the store', async () => {
  const { provider } = companionProvider('meta-json', {
    async intercept({ operation, key }, proceed) {
      if (operation === 'get' && key.endsWith('.meta.json'))
        throw new StorageError('permission-denied', 'no.');
      if (operation === 'stat') throw new StorageError('unavailable', 'no.');
      return proceed();
    },
  });
  await expect(provider.put('a', toBody('x'), attributes)).rejects.toMatchObject({
    code: 'permission-denied',
  });
  await expect(provider.setMetadata?.('a', {}, {})).rejects.toMatchObject({ code: 'unavailable' });
  const failing = companionProvider('meta-json', {
    async intercept({ operation, key }, proceed) {
      if (operation === 'stat' && key === 'a') throw new StorageError('unavailable', 'no.');
      return proceed();
    },
  });
  await expect(failing.provider.put('a', toBody('x'), attributes)).rejects.toMatchObject({
    code: 'unavailable',
  });
  const half = guardProvider(
    withCompanion({
      ...tinyProvider({ capabilities: { attributes: 'none' } }),
      deleteMany: async (keys) =>
        keys.map((key) =>
          key.endsWith('.meta.json')
            ? { key, ok: false as const, error: new StorageError('unavailable', 'no.') }
            : { key, ok: true as const, value: {} },
        ),
    }),
  );
  await expect(half.deleteMany?.(['a'], {})).rejects.toMatchObject({ code: 'unavailable' });
});
