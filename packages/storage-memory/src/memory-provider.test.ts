import { openStorage } from '@granary/storage-core';
import {
  isStorageError,
  type JsonValue,
  type ListEntry,
  type ListOptions,
  type PutOptions,
  parseStorageUrl,
  type StorageProvider,
  toBody,
} from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { createMemory, memoryProvider } from './memory-provider.ts';

const write = (provider: StorageProvider, key: string, content: string, options: PutOptions = {}) =>
  provider.put(key, toBody(content), options);

const read = async (provider: StorageProvider, key: string) => (await provider.get(key, {})).text();

async function list(provider: StorageProvider, options: ListOptions = {}): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  for await (const page of provider.list(options)) entries.push(...page.entries);
  return entries;
}

const codeOf = (running: Promise<unknown>) =>
  running.then(
    () => 'ok',
    (error: unknown) => (isStorageError(error) ? error.code : error),
  );

describe('isolation', () => {
  test('copies the bytes that it is given before it waits for anything', async () => {
    const provider = memoryProvider({});
    const bytes = new TextEncoder().encode('hello');
    const writing = provider.put('a', toBody(bytes), {});
    bytes.fill(0);
    await writing;
    expect(await read(provider, 'a')).toBe('hello');
  });

  test('copies a view of a larger buffer without the rest of it', async () => {
    const provider = createMemory.provider();
    const pool = Buffer.from('secret hello secret');
    await provider.put('a', toBody(pool.subarray(7, 12)), {});
    const bytes = await (await provider.get('a', {})).bytes();
    expect(new TextDecoder().decode(bytes)).toBe('hello');
    expect(bytes.buffer.byteLength).toBe(5);
  });

  test('hands out bytes that belong to the reader', async () => {
    const provider = createMemory.provider();
    await write(provider, 'a', 'hello');
    const bytes = await (await provider.get('a', {})).bytes();
    bytes.fill(0);
    expect(await read(provider, 'a')).toBe('hello');
  });

  test('hands out chunks and parts that belong to the reader', async () => {
    const provider = createMemory.provider();
    await write(provider, 'a', 'hello');
    for await (const chunk of (await provider.get('a', {})).stream()) {
      expect(chunk.buffer.byteLength).toBe(5);
      chunk.fill(0);
    }
    const part = await (await provider.get('a', { range: { offset: 1, length: 3 } })).bytes();
    expect(part.buffer.byteLength).toBe(3);
    part.fill(0);
    expect(await read(provider, 'a')).toBe('hello');
  });

  test('keeps a chunk although its source uses the buffer again', async () => {
    const provider = createMemory.provider();
    async function* source() {
      const buffer = new Uint8Array(1);
      for (const letter of 'abc') {
        buffer[0] = letter.charCodeAt(0);
        yield buffer;
      }
    }
    await provider.put('a', toBody(source()), {});
    expect(await read(provider, 'a')).toBe('abc');
  });

  test('shares no metadata, tags or dates with writers or readers', async () => {
    const provider = createMemory.provider();
    const metadata = { nested: { list: [1, { deep: true }] } };
    const tags = ['one'];
    const expiresAt = new Date(5000);
    const mutate = (info: object) => {
      const seen = info as {
        metadata: { nested: { list: JsonValue[] } };
        tags: string[];
        expiresAt: Date;
        modifiedAt: Date;
        createdAt: Date;
        checksums: Record<string, string>;
      };
      seen.metadata.nested.list.push('more');
      seen.tags.push('two');
      for (const date of [seen.expiresAt, seen.modifiedAt, seen.createdAt]) date.setTime(0);
      seen.checksums['sha256'] = 'none';
    };
    const options: PutOptions = { metadata, tags, expiresAt, checksum: 'sha256' };
    const written = await write(provider, 'a', 'x', options);
    const before = structuredClone(await provider.stat('a', {}));
    metadata.nested.list.push({ deep: false });
    tags.push('two');
    expiresAt.setTime(0);
    mutate(written);
    mutate(await provider.stat('a', {}));
    mutate((await provider.get('a', {})).info);
    for (const entry of await list(provider)) mutate(entry);
    expect(await provider.stat('a', {})).toEqual(before);
    expect(before.metadata).toEqual({ nested: { list: [1, { deep: true }] } });
  });

  test('keeps metadata under names of the prototype', async () => {
    const provider = createMemory.provider();
    const metadata = JSON.parse('{"__proto__": {"a": 1}, "constructor": "c"}');
    await write(provider, '__proto__', 'x', { metadata });
    const info = await provider.stat('__proto__', {});
    expect(JSON.stringify(info.metadata)).toBe('{"__proto__":{"a":1},"constructor":"c"}');
  });
});

describe('identity', () => {
  test('gives every write another etag, also of the same bytes at the same time', async () => {
    const provider = createMemory.provider({ now: () => 1000 });
    const first = await write(provider, 'a', 'x');
    const second = await write(provider, 'a', 'x');
    expect(second.etag).not.toBe(first.etag);
    expect((await createMemory.provider().put('a', toBody('x'), {})).etag).not.toBe(first.etag);
  });

  test('keeps modifiedAt from going back, and createdAt where it was', async () => {
    let nowMs = 2000;
    const provider = createMemory.provider({ now: () => nowMs });
    await write(provider, 'a', 'x');
    nowMs = 1000;
    const again = await write(provider, 'a', 'y');
    expect(again.modifiedAt).toEqual(new Date(2000));
    nowMs = 3000;
    expect(await write(provider, 'a', 'z')).toMatchObject({
      modifiedAt: new Date(3000),
      createdAt: new Date(2000),
    });
  });

  test('leaves out metadata and tags that are empty', async () => {
    const provider = createMemory.provider();
    const info = await write(provider, 'a', 'x', { metadata: {}, tags: [] });
    expect(info).not.toHaveProperty('metadata');
    expect(info).not.toHaveProperty('tags');
  });

  test('tells the id of the store, another one for each', () => {
    const provider = createMemory.provider();
    expect(provider.storeId).toBe(provider.storeId);
    expect(provider.storeId).not.toBe(createMemory.provider().storeId);
  });
});

describe('reading', () => {
  test('streams a large object in chunks that add up', async () => {
    const provider = createMemory.provider();
    const bytes = Uint8Array.from({ length: 600_000 }, (_, index) => index % 251);
    await provider.put('a', toBody(bytes), {});
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await provider.get('a', {})).stream()) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(2);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('goes on reading the write that it began with', async () => {
    const provider = createMemory.provider();
    await write(provider, 'a', 'old');
    const object = await provider.get('a', {});
    await write(provider, 'a', 'new');
    expect(await object.text()).toBe('old');
  });

  test.each([
    [{ ifMatch: 'other' }, 'precondition-failed'],
    [{ ifMatch: 'other', ifNoneMatch: 'current' }, 'precondition-failed'],
    [{ ifNoneMatch: 'current' }, 'not-modified'],
    [{ ifNoneMatch: 'other' }, 'ok'],
    [{ range: { offset: 1 } }, 'range-not-satisfiable'],
  ])('answers get with %j with %s', async (options, code) => {
    const provider = createMemory.provider();
    const { etag } = await write(provider, 'a', 'x');
    const asked = JSON.parse(JSON.stringify(options).replace('current', etag));
    expect(await codeOf(provider.get('a', asked))).toBe(code);
  });
});

describe('listing', () => {
  test('finds the same keys while others come and go', async () => {
    const provider = createMemory.provider();
    const keys = Array.from(
      { length: 2500 },
      (_, index) => `key-${String(index).padStart(5, '0')}`,
    );
    for (const key of keys) await write(provider, key, 'x');
    const seen: string[] = [];
    for await (const page of provider.list({})) {
      seen.push(...page.entries.map(({ key }) => key));
      await write(provider, `key-0000${seen.length}-new`, 'x');
      await provider.delete('key-02499', {});
    }
    expect(seen).toEqual(keys.slice(0, -1));
  });

  test('jumps behind a large group', async () => {
    const provider = createMemory.provider();
    for (let index = 0; index < 50; index += 1) await write(provider, `a/${index}`, 'x');
    await write(provider, 'b/c/d', 'x');
    await write(provider, 'b/e', 'x');
    expect(await list(provider, { delimiter: '/' })).toEqual([
      { kind: 'prefix', key: 'a/' },
      { kind: 'prefix', key: 'b/' },
    ]);
    expect((await list(provider, { prefix: 'b/', delimiter: '/' })).map(({ key }) => key)).toEqual([
      'b/c/',
      'b/e',
    ]);
  });

  test('starts after a key that may be missing, and goes on from a cursor', async () => {
    const provider = createMemory.provider();
    for (const key of ['a', 'b', 'c', 'd']) await write(provider, key, 'x');
    const keysOf = async (options: ListOptions) =>
      (await list(provider, options)).map(({ key }) => key);
    expect(await keysOf({ startAfter: 'b' })).toEqual(['c', 'd']);
    expect(await keysOf({ startAfter: 'aa' })).toEqual(['b', 'c', 'd']);
    const pages = provider.list({ limit: 2 })[Symbol.asyncIterator]();
    const { value } = await pages.next();
    await provider.delete('b', {});
    expect(await keysOf({ cursor: value.cursor })).toEqual(['c', 'd']);
  });
});

describe('quota', () => {
  test('refuses what does not fit, and keeps what there is', async () => {
    const provider = createMemory.provider({ quotaBytes: 10 });
    await write(provider, 'a', '12345678');
    expect(await codeOf(write(provider, 'b', '123'))).toBe('quota-exceeded');
    expect(await codeOf(write(provider, 'a', '12345678901'))).toBe('quota-exceeded');
    expect(await read(provider, 'a')).toBe('12345678');
    await write(provider, 'a', '1234567890');
    expect(await codeOf(provider.copy?.('a', 'b', {}) ?? Promise.resolve())).toBe('quota-exceeded');
    await provider.move?.('a', 'b', {});
    expect(await provider.usage?.({})).toEqual({ usedBytes: 10, objects: 1, totalBytes: 10 });
    await provider.delete('b', {});
    expect(await provider.usage?.({})).toEqual({ usedBytes: 0, objects: 0, totalBytes: 10 });
  });

  test('stops reading a stream of unknown size as soon as it does not fit', async () => {
    const provider = createMemory.provider({ quotaBytes: 100 });
    let read = 0;
    let released = false;
    async function* endless() {
      try {
        for (;;) {
          read += 1;
          yield new Uint8Array(10);
        }
      } finally {
        released = true;
      }
    }
    expect(await codeOf(provider.put('a', toBody(endless()), {}))).toBe('quota-exceeded');
    expect(read).toBeLessThan(20);
    expect(released).toBe(true);
    expect(await codeOf(provider.stat('a', {}))).toBe('not-found');
  });
});

describe('streams in', () => {
  test('collects many small chunks of unknown size', async () => {
    const provider = createMemory.provider();
    async function* source() {
      for (let index = 0; index < 300; index += 1) yield new Uint8Array(1000).fill(index % 256);
    }
    const info = await provider.put('a', toBody(source()), {});
    expect(info.size).toBe(300_000);
    const bytes = await (await provider.get('a', {})).bytes();
    expect(bytes[299_999]).toBe(299 % 256);
    expect(bytes.buffer.byteLength).toBe(300_000);
  });

  test('keeps the old object when the source fails', async () => {
    const provider = createMemory.provider();
    await write(provider, 'a', 'old');
    async function* source() {
      yield new Uint8Array(1);
      throw new Error('broken');
    }
    await expect(provider.put('a', toBody(source()), {})).rejects.toMatchObject({
      outcome: 'not-applied',
      cause: { message: 'broken' },
    });
    expect(await read(provider, 'a')).toBe('old');
  });

  test('ends soon when it is aborted while the source gives nothing', async () => {
    const provider = createMemory.provider();
    const controller = new AbortController();
    let cancelled: unknown;
    const source = new ReadableStream<Uint8Array>({
      cancel(reason) {
        cancelled = reason;
      },
    });
    const writing = provider.put('a', toBody(source), { signal: controller.signal });
    await Promise.resolve();
    controller.abort('enough');
    await expect(writing).rejects.toMatchObject({
      code: 'aborted',
      cause: 'enough',
      outcome: 'not-applied',
    });
    expect(cancelled).toBeDefined();
  });

  test('ends soon when it is aborted while the source hangs for good', async () => {
    const provider = createMemory.provider();
    const controller = new AbortController();
    async function* hanging() {
      yield new Uint8Array(1);
      await new Promise<never>(() => {});
    }
    const writing = provider.put('a', toBody(hanging()), { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 0));
    controller.abort();
    await expect(writing).rejects.toMatchObject({ code: 'aborted', outcome: 'not-applied' });
  });

  test('are not read when a condition fails already', async () => {
    const provider = createMemory.provider();
    await write(provider, 'a', 'x');
    let isRead = false;
    const source = new ReadableStream<Uint8Array>(
      {
        pull() {
          isRead = true;
        },
      },
      { highWaterMark: 0 },
    );
    const writing = provider.put('a', toBody(source), { ifNoneMatch: '*' });
    expect([await codeOf(writing), isRead]).toEqual(['precondition-failed', false]);
  });

  test('keeps a checksum when it is asked for', async () => {
    const provider = createMemory.provider();
    const { checksums } = await write(provider, 'a', 'hello', { checksum: 'sha256' });
    expect(checksums).toEqual({ sha256: 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' });
    expect(await provider.copy?.('a', 'b', {})).toMatchObject({ checksums });
  });
});

describe('batches', () => {
  test('gives every item its own result', async () => {
    const provider = createMemory.provider();
    const results = await provider.putMany?.(
      [
        { key: 'a', body: toBody('1') },
        { key: 'a', body: toBody('2'), options: { ifNoneMatch: '*' } },
        { key: 'a', body: toBody('3') },
      ],
      {},
    );
    expect(results?.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(await read(provider, 'a')).toBe('3');
    const stats = await provider.statMany?.(['a', 'missing'], {});
    expect(stats).toMatchObject([{ ok: true, value: { size: 1 } }, { ok: false }]);
    const objects = await provider.getMany?.(['missing', 'a'], {});
    expect(objects).toMatchObject([{ ok: false, error: { code: 'not-found' } }, { ok: true }]);
    const deleted = await provider.deleteMany?.(['a', 'a'], {});
    expect(deleted).toMatchObject([{ value: { existed: true } }, { value: { existed: false } }]);
  });

  test('takes an atomic batch back whole, and nobody hears of it', async () => {
    const provider = createMemory.provider({ quotaBytes: 10, versioning: true });
    const before = await write(provider, 'a', 'old');
    await using watcher = await provider.watch?.({});
    const batch = provider.putMany?.(
      [
        { key: 'a', body: toBody('new') },
        { key: 'b', body: toBody('b') },
        { key: 'a', body: toBody('x'), options: { ifNoneMatch: '*' } },
      ],
      { atomic: true },
    );
    await expect(batch).rejects.toMatchObject({ code: 'precondition-failed', key: 'a' });
    expect(await provider.stat('a', {})).toEqual(before);
    expect((await list(provider)).map(({ key }) => key)).toEqual(['a']);
    expect(await provider.usage?.({})).toMatchObject({ usedBytes: 3, objects: 1 });
    const { etag } = await write(provider, 'c', 'c');
    const events = watcher?.[Symbol.asyncIterator]();
    expect(await events?.next()).toMatchObject({ value: { type: 'put', key: 'c', etag } });
  });

  test('writes an atomic batch when everything in it can be written', async () => {
    const provider = createMemory.provider();
    const results = await provider.putMany?.(
      [
        { key: 'a', body: toBody('1') },
        { key: 'b', body: toBody('2') },
      ],
      { atomic: true },
    );
    expect(results?.every(({ ok }) => ok)).toBe(true);
    expect(await read(provider, 'b')).toBe('2');
  });

  test('writes nothing of a batch that is aborted while its bodies come', async () => {
    const provider = createMemory.provider();
    const controller = new AbortController();
    const batch = provider.putMany?.(
      [
        { key: 'a', body: toBody('1') },
        { key: 'b', body: toBody(new ReadableStream<Uint8Array>()) },
      ],
      { signal: controller.signal },
    );
    controller.abort();
    await expect(batch).rejects.toMatchObject({ code: 'aborted' });
    expect(await list(provider)).toEqual([]);
  });
});

describe('copy, move and setMetadata', () => {
  test('copies with some attributes changed', async () => {
    const provider = createMemory.provider();
    await write(provider, 'a', 'x', { contentType: 'text/plain', tags: ['t'], metadata: { n: 1 } });
    const info = await provider.copy?.('a', 'b', {
      attributes: { tags: null, metadata: { n: 2 }, cacheControl: 'no-store' },
    });
    expect(info).toMatchObject({
      contentType: 'text/plain',
      metadata: { n: 2 },
      cacheControl: 'no-store',
    });
    expect(info).not.toHaveProperty('tags');
    expect(await provider.stat('a', {})).toMatchObject({ tags: ['t'], metadata: { n: 1 } });
  });

  test('moves onto itself without a change, or with the one that is asked for', async () => {
    const provider = createMemory.provider();
    const info = await write(provider, 'a', 'x');
    expect(await provider.move?.('a', 'a', {})).toEqual(info);
    expect(await provider.stat('a', {})).toEqual(info);
    const changed = await provider.move?.('a', 'a', { attributes: { contentType: 'text/plain' } });
    expect(changed).toMatchObject({ contentType: 'text/plain' });
    expect(await read(provider, 'a')).toBe('x');
  });

  test('looks at the conditions of a move onto itself', async () => {
    const provider = createMemory.provider();
    await write(provider, 'a', 'x');
    const move = (options: object) =>
      codeOf(provider.move?.('a', 'a', options) ?? Promise.reject());
    expect(await move({ sourceIfMatch: 'other' })).toBe('precondition-failed');
    expect(await move({ ifNoneMatch: '*' })).toBe('precondition-failed');
  });

  test('changes attributes under a condition, and the etag with them', async () => {
    const provider = createMemory.provider();
    const { etag } = await write(provider, 'a', 'x', { metadata: { n: 1 }, writeId: 'w' });
    const changed = await provider.setMetadata?.('a', { tags: ['t'] }, { ifMatch: etag });
    expect(changed).toMatchObject({ metadata: { n: 1 }, tags: ['t'], writeId: 'w' });
    expect(changed?.etag).not.toBe(etag);
    const again = provider.setMetadata?.('a', { tags: null }, { ifMatch: etag });
    expect(await codeOf(again ?? Promise.resolve())).toBe('precondition-failed');
  });
});

describe('versions', () => {
  test('lists, reads, restores and deletes them', async () => {
    const provider = createMemory.provider({ versioning: true });
    const first = await write(provider, 'a', 'one');
    const second = await write(provider, 'a', 'two');
    await write(provider, 'a/b', 'other');
    const version = first.version ?? '';
    expect(await (await provider.get('a', { version })).text()).toBe('one');
    await provider.delete('a', {});
    expect(await codeOf(provider.stat('a', {}))).toBe('not-found');
    const restored = await provider.versions?.restore('a', version, {});
    expect(await read(provider, 'a')).toBe('one');
    expect(await provider.usage?.({})).toMatchObject({ usedBytes: 14 });
    expect(await provider.delete('a', { version })).toEqual({ existed: true });
    expect(await provider.delete('a', { version })).toEqual({ existed: false });
    const kept: unknown[] = [];
    for await (const page of provider.versions?.list('a', {}) ?? []) kept.push(...page);
    expect(kept).toEqual([restored, second]);
    expect(await provider.usage?.({})).toMatchObject({ usedBytes: 11 });
  });

  test('has no current object when the current version is deleted', async () => {
    const provider = createMemory.provider({ versioning: true });
    const { version = '' } = await write(provider, 'a', 'one');
    const { version: current = '', etag } = await write(provider, 'a', 'two');
    const refused = provider.delete('a', { version, ifMatch: etag });
    expect(await codeOf(refused)).toBe('precondition-failed');
    await provider.delete('a', { version: current, ifMatch: etag });
    expect(await codeOf(provider.stat('a', {}))).toBe('not-found');
    expect(await list(provider)).toEqual([]);
    expect(await (await provider.get('a', { version })).text()).toBe('one');
  });

  test('has none unless it is asked to', async () => {
    const provider = createMemory.provider();
    expect(provider.versions).toBeUndefined();
    expect(await write(provider, 'a', 'x')).not.toHaveProperty('version');
  });
});

describe('options', () => {
  test('declares the largest put, and makes parts no larger', async () => {
    const provider = createMemory.provider({ maxPutBytes: 10 });
    expect(provider.capabilities.maxPutBytes).toBe(10);
    expect((await provider.upload?.('a', {}))?.part.maxBytes).toBe(10);
    expect(await codeOf(write(provider, 'a', '12345678901'))).toBe('too-large');
  });

  test.each([{ quotaBytes: -1 }, { maxPutBytes: 0 }, { partBytes: Number.NaN }])(
    'refuses %j',
    (options) => {
      expect(() => createMemory.provider(options)).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      );
    },
  );

  test('come from a URL or a config too', async () => {
    const { fromConfig } = createMemory.backend;
    const url = parseStorageUrl('memory:?versioning=true&quotaBytes=10');
    expect(fromConfig?.({ url })).toEqual({ versioning: true, quotaBytes: 10 });
    expect(fromConfig?.({ config: { partBytes: 5 } })).toEqual({ partBytes: 5 });
    expect(() => fromConfig?.({ config: { quota: 5 } })).toThrow('quotaBytes');
    const storage = await openStorage('memory:?maxPutBytes=4', { backends: [createMemory] });
    expect(storage.getCapabilities().maxPutBytes).toBe(4);
  });

  test('is well at once', async () => {
    expect(await createMemory.provider().health?.({})).toEqual({ ok: true, latencyMs: 0 });
  });
});
