import { inspect } from 'node:util';
import { createStorage } from '@granary/storage-core';
import {
  type ByteRange,
  guardProvider,
  StorageError,
  type StorageProvider,
  storedObject,
  toBody,
  type UploadSession,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { withCompress } from '../src/compress.ts';
import { CHUNK_PLAIN_BYTES, HEAD_BYTES, segmentStart, storedSize } from '../src/encrypt/layout.ts';
import { createEncrypted, type EncryptOptions, withEncrypt } from '../src/encrypt.ts';
import { withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';

vi.setConfig({ testTimeout: 60_000 });

const key = new Uint8Array(32).fill(7);

function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => ((at + seed) * 2_654_435_761) >>> 24);
}

function open(options: Partial<EncryptOptions> = {}, memory = {}) {
  const below = withMock(createMemory.provider(memory));
  return { below, store: withEncrypt(below, { key, ...options }) };
}

async function bytesOfPart(provider: StorageProvider, range: ByteRange): Promise<Uint8Array> {
  return (await provider.get('a', { range })).bytes();
}

async function bytesOf(provider: StorageProvider, name: string): Promise<Uint8Array> {
  return (await provider.get(name, {})).bytes();
}

/** What a store below shows of an object to whoever reads it. */
async function visible(below: StorageProvider, name: string): Promise<string> {
  const object = await below.get(name, {});
  return JSON.stringify(object.info) + Buffer.from(await object.bytes()).toString('latin1');
}

describe('what the store below sees', () => {
  it('holds neither content nor attributes', async () => {
    const { below, store } = open();
    await store.put('notes/1', toBody('the secret text'), {
      contentType: 'text/x-secret',
      metadata: { secretname: 'secretvalue' },
      tags: ['secrettag'],
      expiresAt: new Date('2099-01-02T03:04:05Z'),
      cacheControl: 'max-age=4711',
      contentDisposition: 'attachment; filename="secretfile"',
    });
    const seen = await visible(below, 'notes/1');
    for (const word of ['secret', '2099', '4711', 'attachment']) expect(seen).not.toContain(word);
    expect(seen).toContain('granary.encrypted');
  });

  it('holds nothing but content where there are no attributes', async () => {
    const { below, store } = open();
    await store.put('a', toBody('content'), {});
    const info = await below.stat('a', {});
    expect(info.metadata).toBeUndefined();
    expect(info.size).toBe(storedSize(7));
  });

  it('never sees the same bytes twice', async () => {
    const { below, store } = open();
    const body = toBody(noise(2000));
    await store.put('a', body, {});
    await store.put('b', body, {});
    const [a, b] = [await bytesOf(below, 'a'), await bytesOf(below, 'b')];
    expect(Buffer.compare(a.subarray(HEAD_BYTES), b.subarray(HEAD_BYTES))).not.toBe(0);
  });
});

describe('options', () => {
  const bad: readonly (readonly [string, unknown])[] = [
    ['no key', {}],
    ['two keys', { key, passphrase: 'x' }],
    ['a short key', { key: new Uint8Array(16) }],
    ['a key that is none', { key: 'text' }],
    ['an empty passphrase', { passphrase: '' }],
    ['an unknown algorithm', { key, encryption: { algorithm: 'AES-128-CBC' } }],
    ['an unknown derivation', { passphrase: 'x', encryption: { keyDerivation: 'scrypt' } }],
    ['an unknown mode', { key, mode: 'sometimes' }],
    ['an unknown binding', { key, bind: 'etag' }],
    ['a context that is no text', { key, context: 7 }],
    ['a context that is not well-formed', { key, context: '\ud800' }],
    ['rules where everything is encrypted', { key, rules: [{ key: '*' }] }],
    ['an empty rule', { key, mode: 'per-save', rules: [{}] }],
    ['a rule for an empty tag', { key, mode: 'per-save', rules: [{ tag: '' }] }],
    ['a key provider without its methods', { keyProvider: { wrap() {} } }],
  ];
  for (const [name, options] of bad) {
    it(`refuses ${name}`, () => {
      const compose = () => withEncrypt(createMemory.provider(), options as EncryptOptions);
      expect(compose).toThrow(expect.objectContaining({ code: 'invalid-config' }));
    });
  }

  it('refuses keys of another kind', async () => {
    const make = (name: string, length: number, usages: KeyUsage[]) =>
      crypto.subtle.generateKey({ name, length }, false, usages) as Promise<CryptoKey>;
    for (const wrong of [
      await make('AES-GCM', 128, ['encrypt', 'decrypt']),
      await make('AES-CBC', 256, ['encrypt', 'decrypt']),
      await make('AES-GCM', 256, ['encrypt']),
    ]) {
      expect(() => withEncrypt(createMemory.provider(), { key: wrong })).toThrow(/AES-GCM/);
    }
  });

  it('takes bytes and the same key as a CryptoKey that cannot be exported', async () => {
    const below = createMemory.provider();
    const bytes = key.slice();
    const store = withEncrypt(below, { key: bytes });
    bytes.fill(0);
    await store.put('a', toBody('content'), {});
    const kept = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, [
      'encrypt',
      'decrypt',
    ]);
    const other = withEncrypt(below, { key: kept });
    expect(await (await other.get('a', {})).text()).toBe('content');
  });

  it('takes what the engine factory is given', async () => {
    await using storage = createEncrypted({
      underlying: createMemory(),
      encryption: { algorithm: 'AES-256-GCM', keyDerivation: 'PBKDF2' },
      key,
    });
    await storage.save('a', { n: 1 }, { encrypt: true });
    expect(await storage.load('a')).toEqual({ n: 1 });
  });

  it('shows no secret', async () => {
    const secret = new Uint8Array(32).fill(77);
    const below = createMemory.provider();
    const provider = withEncrypt(below, { key: secret });
    await provider.put('a', toBody('x'), {});
    const shown = inspect([provider, createStorage(provider)], { depth: 20, showHidden: true });
    expect(shown).not.toMatch(/77, 77|4d4d4d/);
    const passphrase = withEncrypt(below, { passphrase: 'open sesame' });
    const error = await passphrase
      .get('a', {})
      .then((object) => object.text())
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'permission-denied' });
    expect(inspect([passphrase, error], { depth: 20, showHidden: true })).not.toContain('sesame');
  });
});

describe('the order of layers', () => {
  it('is checked at composition', () => {
    const memory = createMemory.provider();
    const refused = expect.objectContaining({ code: 'invalid-config' });
    expect(() => withEncrypt(withCompress(memory, {}), { key })).toThrow(refused);
    expect(() => withEncrypt(withMock(withCompress(memory, {})), { key })).toThrow(refused);
    expect(() => withCompress(withEncrypt(withRetry(memory), { key }), {})).not.toThrow();
  });
});

describe('parts', () => {
  const content = noise(6 * CHUNK_PLAIN_BYTES + 200_000);

  it('are those of the content', async () => {
    const { store } = open();
    await store.put('a', toBody(content), {});
    const near = fc.constantFrom(
      0,
      segmentStart(1),
      segmentStart(2),
      segmentStart(7),
      CHUNK_PLAIN_BYTES,
      2 * CHUNK_PLAIN_BYTES,
      content.byteLength,
    );
    const offset = fc.tuple(near, fc.integer({ min: -20, max: 20 })).map(([at, step]) => at + step);
    const length = fc.oneof(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 5_000_000 }),
    );
    await fc.assert(
      fc.asyncProperty(
        offset,
        length,
        fc.constantFrom('part', 'open', 'suffix'),
        async (at, count, kind) => {
          fc.pre(at >= 0 && at < content.byteLength);
          const range =
            kind === 'suffix'
              ? { suffix: count }
              : kind === 'open'
                ? { offset: at }
                : { offset: at, length: count };
          const start = kind === 'suffix' ? Math.max(0, content.byteLength - count) : at;
          const end = kind === 'part' ? at + count : content.byteLength;
          const object = await store.get('a', { range });
          const expected = content.subarray(start, end);
          expect(object.range).toEqual({ offset: start, length: expected.byteLength });
          expect(object.info.size).toBe(content.byteLength);
          const bytes =
            count % 2 === 0 ? await object.bytes() : await joinedStream(object.stream());
          expect(Buffer.compare(bytes, expected)).toBe(0);
        },
      ),
      { numRuns: 120 },
    );
  });

  it('take a request for the head at most, and one for the segments', async () => {
    const { below, store } = open();
    await store.put('a', toBody(content), {});
    const requests = async (range: { offset: number; length?: number } | { suffix: number }) => {
      const before = below.mock.calls('get').length;
      await (await store.get('a', { range })).bytes();
      return below.mock.calls('get').length - before;
    };
    expect(await requests({ offset: 0, length: 100 })).toBe(1);
    expect(await requests({ offset: 150_000, length: 100 })).toBe(1);
    expect(await requests({ offset: 1_000_000, length: 4096 })).toBe(2);
    expect(await requests({ offset: CHUNK_PLAIN_BYTES + 3_000_000 })).toBe(2);
    expect(await requests({ suffix: 10 })).toBe(2);
    expect(await requests({ offset: 3_900_000, length: 4_000_000 })).toBe(2);
    expect(below.mock.calls('stat')).toHaveLength(0);
  });

  it('read two segments at most for a few bytes', async () => {
    const inner = createMemory.provider();
    let read = 0;
    const counted: StorageProvider = {
      ...inner,
      async get(name, options) {
        const object = await inner.get(name, options);
        read += object.range?.length ?? object.info.size;
        return object;
      },
    };
    const store = withEncrypt(guardProvider({ ...counted, capabilities: inner.capabilities }), {
      key,
    });
    await inner.open?.({});
    await store.put('a', toBody(content), {});
    for (const offset of [0, 140_000, 1_000_000, 3_000_000, 6_000_000]) {
      read = 0;
      await (await store.get('a', { range: { offset, length: 4096 } })).bytes();
      expect(read).toBeLessThanOrEqual(2 * 131_072 + HEAD_BYTES);
    }
  });

  it('are of one write', async () => {
    const inner = createMemory.provider();
    const store = withEncrypt(inner, { key });
    await store.put('a', toBody(noise(1_000_000)), {});
    let races = 0;
    let calls = 0;
    const racing: StorageProvider = {
      ...withEncryptFree(inner),
      async get(name, options) {
        calls += 1;
        // Between the head and the segments of one read.
        if (calls % 2 === 0 && races > 0) {
          races -= 1;
          await store.put('a', toBody(noise(1_000_000, 5)), {});
        }
        return inner.get(name, options);
      },
    };
    const reading = withEncrypt(racing, { key });
    races = 1;
    const bytes = await bytesOfPart(reading, { offset: 500_000, length: 9 });
    expect(Buffer.compare(bytes, noise(1_000_000, 5).subarray(500_000, 500_009))).toBe(0);
    expect(calls).toBe(4);
    races = 100;
    await expect(reading.get('a', { range: { offset: 500_000, length: 9 } })).rejects.toMatchObject(
      {
        code: 'conflict',
        retryable: true,
      },
    );
  });
});

describe('streams', () => {
  it('of any shape come back as they were', async () => {
    const { store } = open();
    const sizes = [
      0,
      1,
      131_016,
      131_017,
      CHUNK_PLAIN_BYTES - 1,
      CHUNK_PLAIN_BYTES,
      CHUNK_PLAIN_BYTES + 1,
    ];
    for (const size of sizes) {
      const content = noise(size);
      for (const step of [1000, 65_536, 131_016, 5_000_000]) {
        const stream = () =>
          new ReadableStream<Uint8Array>({
            start(controller) {
              for (let at = 0; at < size; at += step)
                controller.enqueue(content.slice(at, at + step));
              controller.close();
            },
          });
        for (const body of [toBody(stream()), toBody(stream(), { size })]) {
          const info = await store.put('a', body, {});
          expect(info.size).toBe(size);
          expect(Buffer.compare(await bytesOf(store, 'a'), content)).toBe(0);
        }
      }
    }
  });

  it('of any length are held by a few segments, both ways', async () => {
    const MIB = 2 ** 20;
    const size = 32 * MIB;
    const piece = new Uint8Array(65_536);
    let pulled = 0;
    let taken = 0;
    let most = 0;
    const source = () =>
      new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            if (pulled >= size) return controller.close();
            pulled += piece.byteLength;
            most = Math.max(most, pulled - taken);
            controller.enqueue(piece);
          },
        },
        { highWaterMark: 0 },
      );
    const inner = createMemory.provider();
    const parts: Uint8Array[] = [];
    const slow: StorageProvider = {
      ...inner,
      async put(name, body, options) {
        for await (const chunk of body.stream()) {
          // Whoever reads ahead has the time for it.
          await new Promise((resolve) => setImmediate(resolve));
          taken += chunk.byteLength;
          parts.push(chunk.slice());
        }
        return inner.put(name, toBody(Buffer.concat(parts)), options);
      },
    };
    await withEncrypt(slow, { key }).put('a', toBody(source(), { size }), {});
    expect(pulled).toBe(size);
    expect(most).toBeLessThan(4 * MIB);

    const stored = Buffer.concat(parts);
    pulled = 0;
    taken = 0;
    most = 0;
    const flowing: StorageProvider = {
      ...inner,
      async get(name, options) {
        const { info } = await inner.get(name, options);
        const stream = () =>
          new ReadableStream<Uint8Array>(
            {
              pull(controller) {
                if (pulled >= stored.byteLength) return controller.close();
                const chunk = stored.subarray(pulled, pulled + piece.byteLength);
                pulled += chunk.byteLength;
                most = Math.max(most, pulled - taken);
                controller.enqueue(new Uint8Array(chunk));
              },
            },
            { highWaterMark: 0 },
          );
        return storedObject(info, { stream });
      },
    };
    const object = await withEncrypt(flowing, { key }).get('a', {});
    for await (const chunk of object.stream()) {
      await new Promise((resolve) => setImmediate(resolve));
      taken += chunk.byteLength;
    }
    expect(taken).toBe(size);
    expect(most).toBeLessThan(4 * MIB);
  });

  it('that use their buffer again are not mixed up', async () => {
    const { store } = open();
    const buffer = new Uint8Array(100_000);
    async function* chunks() {
      for (let round = 1; round <= 8; round += 1) yield buffer.fill(round);
    }
    for (const size of [undefined, 800_000]) {
      await store.put('a', toBody(chunks(), size === undefined ? {} : { size }), {});
      const bytes = await bytesOf(store, 'a');
      for (let round = 1; round <= 8; round += 1) {
        expect(bytes[(round - 1) * 100_000]).toBe(round);
        expect(bytes[round * 100_000 - 1]).toBe(round);
      }
    }
  });

  it('are encrypted anew when a body is read again', async () => {
    const inner = createMemory.provider();
    const seen: Buffer[] = [];
    const reading: StorageProvider = {
      ...withEncryptFree(inner),
      async put(name, body, options) {
        seen.push(Buffer.from(await body.bytes()), Buffer.from(await joinedStream(body.stream())));
        return inner.put(name, body, options);
      },
    };
    const store = withEncrypt(reading, { key });
    const content = noise(CHUNK_PLAIN_BYTES + 9);
    await store.put('a', toBody(new Blob([content])), {});
    const [one, two] = seen;
    expect(one && two && one.compare(two)).not.toBe(0);
    expect(Buffer.compare(await bytesOf(store, 'a'), content)).toBe(0);
  });
});

describe('upload sessions', () => {
  async function begin(store: StorageProvider, options = {}): Promise<UploadSession> {
    const session = await store.upload?.('big', options);
    if (session === undefined) throw new Error('no session');
    return session;
  }

  it('of unknown length end with what was written last', async () => {
    for (const rest of [0, 1, 5000]) {
      const { store } = open({}, { partBytes: 9 * 1024 * 1024 });
      const unit = CHUNK_PLAIN_BYTES;
      const content = noise(2 * unit + rest);
      const session = await begin(store);
      if (rest > 0) await session.write(2 * unit, content.subarray(2 * unit));
      await session.write(unit, content.subarray(unit, 2 * unit));
      await session.write(0, noise(unit, 99));
      const again = await begin(store, { token: session.token });
      await again.write(0, content.subarray(0, unit));
      expect((await again.status()).held).toEqual([{ offset: 0, length: content.byteLength }]);
      expect((await again.complete()).size).toBe(content.byteLength);
      expect(Buffer.compare(await bytesOf(store, 'big'), content)).toBe(0);
    }
  });

  it('go through parts that are smaller than a chunk', async () => {
    const { store } = open({}, { partBytes: 1_000_000 });
    const content = noise(2 * CHUNK_PLAIN_BYTES + 1000);
    for (const totalBytes of [content.byteLength, undefined]) {
      const session = await begin(store, totalBytes === undefined ? {} : { totalBytes });
      const { multipleOf } = session.part;
      expect(multipleOf).toBe(CHUNK_PLAIN_BYTES);
      for (let at = 0; at < content.byteLength; at += multipleOf) {
        await session.write(at, content.subarray(at, at + multipleOf));
      }
      const { held } = await session.status();
      expect(held[0]?.length).toBe(totalBytes ?? 2 * CHUNK_PLAIN_BYTES);
      await session.complete();
      expect(Buffer.compare(await bytesOf(store, 'big'), content)).toBe(0);
    }
  });

  it('keep the parts of a store that wants multiples', async () => {
    const inner = createMemory.provider();
    const step = 6 * 1024 * 1024;
    const offsets: number[] = [];
    const strict: StorageProvider = {
      ...withEncryptFree(inner),
      async upload(name, options) {
        const session = (await inner.upload?.(name, options)) as UploadSession;
        const part = { ...session.part, minBytes: step, multipleOf: step, maxBytes: 4 * step };
        const write: UploadSession['write'] = (offset, bytes, asked) => {
          offsets.push(offset);
          return session.write(offset, bytes, asked);
        };
        const { token, key: name2 } = session;
        return {
          key: name2,
          token,
          part,
          write,
          status: () => session.status(),
          complete: (asked) => session.complete(asked),
          abort: () => session.abort(),
        };
      },
    };
    const store = withEncrypt(guardProvider(strict), { key });
    const session = await begin(store);
    expect(session.part).toMatchObject({
      multipleOf: 6 * CHUNK_PLAIN_BYTES,
      minBytes: 6 * CHUNK_PLAIN_BYTES,
    });
    const content = noise(session.part.multipleOf + 77);
    await session.write(0, content.subarray(0, session.part.multipleOf));
    await session.write(session.part.multipleOf, content.subarray(session.part.multipleOf));
    await session.complete();
    expect(offsets.every((offset) => offset % step === 0)).toBe(true);
    expect(Buffer.compare(await bytesOf(store, 'big'), content)).toBe(0);
  });

  it('go on in the context that they were begun in alone', async () => {
    const { below, store } = open();
    const { token } = await begin(store, { totalBytes: 10 });
    const elsewhere = withEncrypt(below, { key, context: 'elsewhere' });
    await expect(begin(elsewhere, { token })).rejects.toMatchObject({ code: 'invalid-argument' });
    const again = await begin(store, { token });
    await again.write(0, noise(10));
    expect((await again.complete()).size).toBe(10);
  });

  it('that were found can be ended alone', async () => {
    const { store } = open();
    await begin(store);
    const pending = [];
    for await (const upload of store.uploads?.({}) ?? []) pending.push(upload);
    const found = await begin(store, { token: pending[0]?.token });
    for (const call of [found.write(0, noise(5)), found.complete(), found.status()]) {
      await expect(call).rejects.toMatchObject({ code: 'conflict', restart: true });
    }
    await found.abort();
    const left = [];
    for await (const upload of store.uploads?.({}) ?? []) left.push(upload);
    expect(left).toEqual([]);
  });

  it('refuse parts that cannot be', async () => {
    const { store } = open();
    const session = await begin(store, { totalBytes: CHUNK_PLAIN_BYTES + 10 });
    for (const [offset, length] of [
      [0, 10],
      [CHUNK_PLAIN_BYTES, 11],
      [7, 10],
    ] as const) {
      await expect(session.write(offset, noise(length))).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });

  it('put a stream that is larger than one put takes', async () => {
    const { store } = open({}, { maxPutBytes: 5_000_000, partBytes: 9_000_000 });
    const storage = createStorage(store);
    const content = noise(20_000_000);
    await storage.put('big', new Blob([content]).stream(), { tags: ['t'] });
    const { info, value } = await storage.loadItem('big', { as: 'bytes' });
    expect(info.tags).toEqual(['t']);
    expect(Buffer.compare(value as Uint8Array, content)).toBe(0);
  });
});

describe('failures', () => {
  it('of a source surface, and store nothing', async () => {
    const { store } = open();
    const failing = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('the disk is gone'));
      },
    });
    await expect(store.put('a', toBody(failing), {})).rejects.toMatchObject({ code: 'unknown' });
    await expect(store.stat('a', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  it('of attributes that do not fit beside it leave the old object', async () => {
    const inner = createMemory.provider();
    const { maxMetadataBytes: _, ...others } = inner.capabilities;
    const small: StorageProvider = { ...inner, capabilities: { ...others, maxMetadataBytes: 700 } };
    const store = withEncrypt(guardProvider(small), { key });
    await store.put('a', toBody('kept'), { metadata: { note: 'short' } });
    const long = { metadata: { note: 'x'.repeat(600) } };
    for (const write of [
      () => store.put('a', toBody('new'), long),
      async () => store.setMetadata?.('a', long, {}),
    ]) {
      await expect(write()).rejects.toMatchObject({ code: 'too-large', key: 'a' });
    }
    const object = await store.get('a', {});
    expect([await object.text(), object.info.metadata]).toEqual(['kept', { note: 'short' }]);
  });

  it('of the store keep what they say', async () => {
    const { below, store } = open();
    await store.put('a', toBody('x'), { tags: ['t'] });
    below.mock.fail('stat', { with: 'rate-limited', retryAfterMs: 7 });
    const change = store.setMetadata?.('a', { tags: ['u'] }, {});
    await expect(change).rejects.toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 7,
      operation: 'setMetadata',
      message: expect.stringMatching(/^memory setMetadata "a": (?!memory)/),
    });
  });

  it('of a change that somebody else came before are tried again, unless a write is meant', async () => {
    const { below, store } = open();
    const { etag } = await store.put('a', toBody('x'), { tags: ['t'] });
    below.mock.fail('setMetadata', { with: 'precondition-failed', times: 2 });
    await store.setMetadata?.('a', { tags: ['u'] }, {});
    expect((await store.stat('a', {})).tags).toEqual(['u']);

    const stale = store.setMetadata?.('a', { tags: ['v'] }, { ifMatch: etag });
    await expect(stale).rejects.toMatchObject({ code: 'precondition-failed' });
    const current = await store.stat('a', {});
    below.mock.fail('setMetadata', { with: 'precondition-failed' });
    const meant = store.setMetadata?.('a', { tags: ['v'] }, { ifMatch: current.etag });
    await expect(meant).rejects.toMatchObject({ code: 'precondition-failed' });
    below.mock.fail('setMetadata', { with: 'precondition-failed', times: 100 });
    const losing = store.setMetadata?.('a', { tags: ['v'] }, {});
    await expect(losing).rejects.toMatchObject({ code: 'precondition-failed' });
    below.mock.reset();
    expect((await store.stat('a', {})).tags).toEqual(['u']);
  });

  it('of one item that cannot be sealed are its own, and the whole batch’s when it is atomic', async () => {
    const { store } = open({ mode: 'per-save' });
    const entries = () => [
      { key: 'a', body: toBody('x'), options: { metadata: { 'granary.encrypted': 'x' } } },
      { key: 'b', body: toBody('fine') },
    ];
    const results = await store.putMany?.(entries(), {});
    expect(results?.map(({ ok }) => ok)).toEqual([false, true]);
    await store.delete('b', {});
    const whole = store.putMany?.(entries(), { atomic: true });
    await expect(whole).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(store.stat('b', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  it('of one item of a batch leave the others alone', async () => {
    const { store } = open({}, {});
    const good = { key: 'a', body: toBody('fine') };
    const bad = new ReadableStream<Uint8Array>({
      pull() {
        throw new Error('gone');
      },
    });
    const results = await store.putMany?.(
      [good, { key: 'b', body: toBody(bad) }, { key: 'c', body: toBody('too') }],
      {},
    );
    expect(results?.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(await (await store.get('c', {})).text()).toBe('too');
  });

  it('of a body that is cancelled let go of everything', async () => {
    const { store } = open();
    await store.put('a', toBody(noise(3_000_000)), {});
    const object = await store.get('a', {});
    const reader = object.stream().getReader();
    await reader.read();
    await reader.cancel();
    await expect(object.bytes()).rejects.toBeInstanceOf(StorageError);
  });
});

/** The provider as plain functions, so that some can be replaced. */
function withEncryptFree(inner: StorageProvider): StorageProvider {
  const { get, put, stat, delete: remove, list, capabilities } = inner;
  const { rangeReads = false, attributes = 'none', etagCovers = 'write' } = capabilities;
  const upload = inner.upload && { upload: inner.upload };
  return {
    specVersion: 1,
    name: inner.name,
    capabilities: { rangeReads, attributes, etagCovers, upload: upload !== undefined },
    ...{ get, put, stat, delete: remove, list },
    ...upload,
  };
}

async function joinedStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}
