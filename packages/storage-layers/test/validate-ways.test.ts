import { createStorage } from '@granary/storage-core';
import type { ObjectInfo, StorageProvider, UploadSession } from '@granary/storage-core/provider';
import { toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test, vi } from 'vitest';
import { withMock } from '../src/mock.ts';
import {
  type ContentScanner,
  createValidated,
  type ValidateOptions,
  withValidate,
} from '../src/validate.ts';
import { EVIL, numbers, own, pieces, setup, without, wordScanner } from './validate-content.ts';

describe('no way around', () => {
  const rules = (scanner: ContentScanner) => ({ 'safe/*': { scanner } });

  test('copies and moves into a key with rules are looked at', async () => {
    const scanner = wordScanner();
    const { mock, storage } = setup({ rules: rules(scanner) });
    await storage.put('evil', EVIL);
    await storage.put('good', 'good');
    for (const operation of ['copy', 'move'] as const) {
      await expect(storage[operation]('evil', 'safe/a')).rejects.toMatchObject({
        code: 'invalid-data',
        operation,
      });
      await expect(storage[operation]('none', 'safe/a')).rejects.toMatchObject({
        code: 'not-found',
        operation,
      });
    }
    await expect(
      storage.copy('good', 'safe/a', { sourceIfMatch: 'another' }),
    ).rejects.toMatchObject({ code: 'precondition-failed' });
    await storage.copy('good', 'safe/a', { sourceIfMatch: (await storage.stat('good')).etag });
    await storage.move('good', 'safe/b');
    await storage.copy('evil', 'evil-2');
    expect((await mock.list()).map(({ key }) => key)).toEqual([
      ...['evil', 'evil-2', 'safe/a', 'safe/b'],
    ]);
    expect(mock.calls('copy')).toHaveLength(2);
  });

  test('a source that changes while it is looked at is a conflict', async () => {
    const inner = createMemory.provider({});
    await inner.put('a', toBody('good'), {});
    let reads = 0;
    const changing: StorageProvider = {
      ...without(inner, ''),
      async get(key, options) {
        const object = await inner.get(key, options);
        reads += 1;
        // Before it is read the first time, after that the second.
        if (reads === 2) await inner.put(key, toBody(EVIL), {});
        return object;
      },
      async stat(key, options) {
        const info = await inner.stat(key, options);
        if (reads === 0) await inner.put(key, toBody('better'), {});
        return info;
      },
    };
    const storage = createStorage(withValidate(changing, { rules: rules(wordScanner()) }));
    for (const time of [1, 2]) {
      await expect(storage.copy('a', 'safe/a'), `time ${time}`).rejects.toMatchObject({
        code: 'conflict',
        retryable: true,
        outcome: 'not-applied',
      });
    }
    await expect(inner.stat('safe/a', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  test('a target that exists stays a failed condition', async () => {
    const { storage } = setup({ rules: rules(wordScanner()) });
    await storage.put('a', 'good');
    await storage.put('safe/a', 'good');
    await expect(storage.copy('a', 'safe/a', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  });

  test('copies go through this process where they cannot be pinned', async () => {
    const inner = without(createMemory.provider({}), 'copyIfMatch');
    const storage = createStorage(withValidate(inner, { rules: rules(wordScanner()) }));
    expect(storage.getCapabilities()).toMatchObject({ getMany: true });
    await storage.put('evil', EVIL);
    expect((await openedOf(inner, rules(wordScanner()))).copy).toBe(undefined);
    await expect(storage.copy('evil', 'safe/a')).rejects.toMatchObject({ code: 'invalid-data' });
    expect(withValidate(inner, {}).capabilities.copy).toBe(true);
  });

  async function openedOf(inner: StorageProvider, given: ValidateOptions['rules'] = {}) {
    const provider = withValidate(inner, { rules: given });
    await provider.open?.({});
    return provider.capabilities;
  }

  test('batches give each item its verdict', async () => {
    const scanner = wordScanner();
    const { mock, storage } = setup({ rules: rules(scanner) });
    const results = await storage.saveMany([
      { key: 'safe/a', value: 'good' },
      { key: 'safe/b', value: EVIL },
      { key: 'c', value: EVIL },
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({ key: 'safe/b', error: { code: 'invalid-data' } });
    await expect(
      storage.saveMany(
        [
          { key: 'd', value: 1 },
          { key: 'safe/b', value: EVIL },
        ],
        { atomic: true },
      ),
    ).rejects.toMatchObject({ code: 'invalid-data' });
    expect((await mock.list()).map(({ key }) => key)).toEqual(['c', 'safe/a']);
  });

  test('batches of streams too', async () => {
    const provider = withValidate(createMemory.provider({}), { rules: rules(wordScanner()) });
    await provider.open?.({});
    const body = (text: string) => toBody(pieces(text.repeat(3)));
    const results = await provider.putMany?.(
      [
        { key: 'safe/a', body: body('good') },
        { key: 'safe/b', body: body(EVIL) },
      ],
      {},
    );
    expect(results?.map(({ ok }) => ok)).toEqual([true, false]);
    expect(results?.[1]).toMatchObject({ error: { code: 'invalid-data' } });
    await expect(
      provider.putMany?.([{ key: 'safe/b', body: body(EVIL) }], { atomic: true }),
    ).rejects.toMatchObject({ code: 'invalid-data' });
  });

  test('a batch that fails below fails, and one that reads nothing is noticed', async () => {
    const inner = createMemory.provider({});
    const lazy: StorageProvider = {
      ...without(inner, ''),
      putMany: async (entries) =>
        entries.map(({ key }) => ({ key, ok: true, value: { key } as unknown as ObjectInfo })),
    };
    const provider = withValidate(lazy, { scanner: wordScanner() });
    await provider.open?.({});
    const results = await provider.putMany?.([{ key: 'a', body: toBody(pieces('good')) }], {});
    expect(results?.[0]).toMatchObject({ ok: false, error: { code: 'unknown' } });
    const mock = withMock(inner);
    const failing = withValidate(mock, { scanner: wordScanner() });
    await failing.open?.({});
    mock.mock.fail('putMany');
    await expect(
      failing.putMany?.([{ key: 'a', body: toBody(pieces('good')) }], {}),
    ).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('restored versions are looked at', async () => {
    const memory = createMemory({ versioning: true });
    await memory.put('safe/a', EVIL);
    await memory.put('safe/a', 'good');
    await memory.put('safe/a', 'better');
    const storage = createValidated({ underlying: memory, rules: rules(wordScanner()) });
    const [, good, evil] = await storage.versions.list('safe/a');
    await expect(storage.versions.restore('safe/a', evil?.version ?? '')).rejects.toMatchObject({
      code: 'invalid-data',
    });
    await storage.versions.restore('safe/a', good?.version ?? '');
    expect(await (await storage.get('safe/a')).text()).toBe('good');
    await expect(storage.versions.restore('safe/a', 'none')).rejects.toMatchObject({
      code: 'not-found',
      operation: 'versions.restore',
    });
  });

  test('presigned writes are unsupported where there are rules', async () => {
    const inner: StorageProvider = {
      ...without(createMemory.provider({}), ''),
      capabilities: { presign: true, publicUrl: true, attributes: 'none', etagCovers: 'write' },
      presign: async (key, { method = 'GET' }) => ({
        url: `https://example.test/${key}`,
        method,
        headers: {},
        expiresAt: new Date(0),
      }),
      publicUrl: (key) => `https://example.test/${key}`,
    };
    for (const name of [
      'putMany',
      'getMany',
      'copy',
      'move',
      'setMetadata',
      'upload',
      'uploads',
    ] as const) {
      delete (inner as { [each in typeof name]?: unknown })[name];
    }
    const storage = createStorage(withValidate(inner, { rules: rules(wordScanner()) }));
    await expect(storage.presign('safe/a', { method: 'PUT' })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('goes around'),
    });
    expect((await storage.presign('a', { method: 'PUT' })).method).toBe('PUT');
    expect((await storage.presign('safe/a')).method).toBe('GET');
    expect(storage.publicUrl('safe/a')).toContain('safe/a');
    const reading = createStorage(
      withValidate(inner, { rules: rules(wordScanner()), onRead: true }),
    );
    await expect(reading.presign('safe/a')).rejects.toMatchObject({ code: 'unsupported' });
    expect(() => reading.publicUrl('safe/a')).toThrow('goes around');
    expect(reading.publicUrl('a')).toContain('/a');
  });
});

describe('uploads in parts', () => {
  async function begin(options: ValidateOptions, key = 'a', totalBytes?: number) {
    const mock = withMock(createMemory.provider({ partBytes: 4 }));
    const provider = withValidate(mock, options);
    await provider.open?.({});
    const given = totalBytes === undefined ? {} : { totalBytes };
    const session = (await provider.upload?.(key, given)) as UploadSession;
    const again = (token: string) => provider.upload?.(key, { token }) as Promise<UploadSession>;
    return { mock, provider, session, again };
  }
  const part = (text: string) => new TextEncoder().encode(text);
  const missing = (provider: StorageProvider) =>
    expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'not-found' });

  test('become an object only with a good verdict', async () => {
    const bad = await begin({ scanner: wordScanner() });
    await bad.session.write(0, part('x EV'));
    await bad.session.write(4, part('IL'));
    for (let time = 0; time < 2; time += 1) {
      await expect(bad.session.complete()).rejects.toMatchObject({
        code: 'invalid-data',
        cause: { signature: 'Word.Evil' },
      });
    }
    await missing(bad.provider);
    await bad.session.abort();
    const good = await begin({ scanner: wordScanner() });
    await good.session.write(0, part('good'));
    await good.session.complete();
    expect(await (await good.provider.get('a', {})).text()).toBe('good');
    await expect(good.session.write(4, part('x'))).rejects.toMatchObject({ restart: true });
  });

  test('come in sequence, and again only as they were', async () => {
    const { session, provider } = await begin({ scanner: wordScanner() }, 'a', 8);
    expect(session.part.order).toBe('sequential');
    await expect(session.write(4, part('more'))).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('the next part starts at 0'),
    });
    await session.write(0, part('good'));
    await session.write(0, part('good'));
    await expect(session.write(0, part('EVIL'))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await expect(session.complete()).rejects.toMatchObject({ code: 'invalid-argument' });
    await session.write(4, part('more'));
    expect((await session.status()).held).toEqual([{ offset: 0, length: 8 }]);
    await session.complete();
    expect(await (await provider.get('a', {})).text()).toBe('goodmore');
  });

  test('a part whose answer was lost is sent again', async () => {
    const { mock, session } = await begin({ scanner: wordScanner() });
    mock.mock.fail('upload.write', { lost: true });
    await expect(session.write(0, part('good'))).rejects.toMatchObject({ code: 'unavailable' });
    expect((await session.status()).held).toEqual([]);
    await session.write(0, part('good'));
    mock.mock.fail('upload.complete');
    await expect(session.complete()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(session.write(4, part('late'))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await session.complete();
  });

  test('go on by their token in the process that checks them, and in no other', async () => {
    const { session, again, provider, mock } = await begin({ scanner: wordScanner() });
    await session.write(0, part('good'));
    const known = await again(session.token);
    expect((await known.status()).held).toEqual([{ offset: 0, length: 4 }]);
    const other = withValidate(mock, { scanner: wordScanner() });
    await other.open?.({});
    const stranger = (await other.upload?.('a', { token: session.token })) as UploadSession;
    expect((await stranger.status()).held).toEqual([]);
    for (const call of [() => stranger.write(4, part('more')), () => stranger.complete()]) {
      await expect(call()).rejects.toMatchObject({
        code: 'conflict',
        restart: true,
        retryable: false,
      });
    }
    await missing(provider);
    await known.complete();
    await stranger.abort();
  });

  test('are held to sizes and types', async () => {
    const { session, provider } = await begin({ maxBytes: 5, minBytes: 3 });
    await expect(session.write(4, part('xx'))).rejects.toMatchObject({ code: 'too-large' });
    await session.write(0, part('xx'));
    expect((await session.status()).held).toEqual([{ offset: 0, length: 2 }]);
    await expect(session.complete()).rejects.toMatchObject({ code: 'invalid-data' });
    await session.write(2, part('xx'));
    await session.complete();
    await (await own(provider.upload)('a', {})).abort();
    await expect(begin({ maxBytes: 5 }, 'a', 6)).rejects.toMatchObject({ code: 'too-large' });
    await expect(begin({ contentTypes: ['image/png'] })).rejects.toMatchObject({
      code: 'invalid-data',
    });
    const free = await begin({ rules: { b: { maxBytes: 1 } } });
    await free.session.write(0, part('xxxx'));
    await free.session.complete();
  });

  test('of the engine go through it, whatever their size', async () => {
    const scanner = wordScanner();
    const memory = createMemory({ maxPutBytes: 1000, partBytes: 1000 });
    const storage = createValidated({ underlying: memory, scanner });
    const text = 'good '.repeat(1000);
    await storage.put('a', pieces(text, 77));
    expect(await (await storage.get('a')).text()).toBe(text);
    await expect(storage.put('b', pieces(text + EVIL, 77))).rejects.toMatchObject({
      code: 'invalid-data',
    });
    expect(await memory.exists('b')).toBe(false);
    expect(await collect(createMemoryUploads(memory))).toEqual([]);
  });

  test('end as a whole when their content is refused on the way', async () => {
    const { session, provider, mock } = await begin({ schema: numbers, maxBytes: 6 });
    await session.write(0, part('{"n"'));
    await expect(session.write(4, part(':12}'))).rejects.toMatchObject({ code: 'too-large' });
    await expect(session.write(4, part(':1'))).rejects.toMatchObject({ code: 'too-large' });
    await expect(session.complete()).rejects.toMatchObject({ code: 'too-large' });
    await missing(provider);
    expect(mock.mock.calls('upload.complete')).toEqual([]);
    await session.abort();
  });

  test('tell until when they may go on', async () => {
    const expiresAt = new Date(0);
    const inner = createMemory.provider({});
    const dated: StorageProvider = {
      ...without(inner, ''),
      async upload(key, options) {
        const session = await own(inner.upload)(key, options);
        return Object.assign(Object.create(session), { key, part: session.part, expiresAt });
      },
    };
    for (const options of [{ scanner: wordScanner() }, { maxBytes: 9 }]) {
      const provider = withValidate(dated, options);
      await provider.open?.({});
      expect((await own(provider.upload)('a', {})).expiresAt).toEqual(expiresAt);
    }
  });

  test('end when the storage is closed', async () => {
    const scanner = wordScanner();
    const { session, provider } = await begin({ scanner });
    await session.write(0, part('good'));
    await provider.close?.();
    await vi.waitFor(() => expect(scanner.ended).toBe(1));
  });

  function createMemoryUploads(memory: ReturnType<typeof createMemory>) {
    const provider = withValidate(
      (memory as unknown as { [key: symbol]: StorageProvider })[
        Symbol.for('@granary/storage-core/provider')
      ] as StorageProvider,
      {},
    );
    return provider.uploads?.({}) as AsyncIterable<unknown>;
  }
  async function collect(source: AsyncIterable<unknown>): Promise<unknown[]> {
    const all: unknown[] = [];
    for await (const one of source) all.push(one);
    return all;
  }
});
