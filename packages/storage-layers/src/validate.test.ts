import { createStorage } from '@granary/storage-core';
import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  EVIL,
  numbers,
  own,
  PNG,
  pieces,
  repeated,
  setup,
  without,
  wordScanner,
} from '../test/validate-content.ts';
import { createMock, withMock } from './mock.ts';
import { createRetrying } from './retry.ts';
import { type ContentScanner, createValidated, withValidate } from './validate.ts';

describe('rules about what is declared', () => {
  const { mock, storage } = setup({
    maxBytes: 100,
    rules: {
      'avatars/*': {
        contentTypes: ['image/*', 'application/pdf'],
        minBytes: 2,
        name: /^[\w-]+\.\w+$/g,
      },
      '*.docs/*': { extensions: ['md', ''] },
    },
  });

  test.each([
    ['a', 'x'.repeat(101), {}, 'too-large', 'maxBytes', '*'],
    ['a', pieces('x'.repeat(101), 10), {}, 'too-large', 'maxBytes', '*'],
    ['avatars/a.png', 'x', {}, 'invalid-data', 'minBytes', 'avatars/*'],
    ['avatars/a.png', pieces('x'), {}, 'invalid-data', 'minBytes', 'avatars/*'],
    ['avatars/a b.png', 'xx', {}, 'invalid-data', 'name', 'avatars/*'],
    ['avatars/a.html', 'xx', {}, 'invalid-data', 'contentTypes', 'avatars/*'],
    ['avatars/a.svg', 'xx', {}, 'invalid-data', 'contentTypes', 'avatars/*'],
    ['avatars/a.xyz', 'xx', {}, 'invalid-data', 'contentTypes', 'avatars/*'],
    [
      'avatars/a.png',
      'xx',
      { contentType: 'text/html' },
      'invalid-data',
      'contentTypes',
      'avatars/*',
    ],
    ['my.docs/a.exe', 'x', {}, 'invalid-data', 'extensions', '*.docs/*'],
  ])('refuses %s', async (key, body, options, code, check, rule) => {
    await expect(storage.put(key, body, options)).rejects.toMatchObject({
      code,
      key,
      operation: 'put',
      outcome: 'not-applied',
      cause: { check, rule },
      message: expect.stringContaining(`${check} of the rule "${rule}"`),
    });
    expect(await mock.list()).toEqual([]);
  });

  test('let in what keeps them, and keys without rules', async () => {
    await storage.put('avatars/a.png', 'xx');
    await storage.put('avatars/b.PNG', pieces('xx'));
    await storage.put('avatars/c.pdf', 'xx', { contentType: 'Application/PDF; a=b' });
    await storage.put('my.docs/a.MD', 'x');
    await storage.put('my.docs/.hidden', 'x');
    await storage.put('other', 'x'.repeat(100));
    expect(await mock.list()).toHaveLength(6);
  });

  test('makes no request for what is refused before', async () => {
    const quiet = setup({ maxBytes: 1 });
    await expect(quiet.storage.put('a', 'xx')).rejects.toMatchObject({ code: 'too-large' });
    expect(quiet.mock.calls('put')).toEqual([]);
  });

  test.each([
    [{ minBytes: -1 }, 'minBytes'],
    [{ maxBytes: 0.5 }, 'maxBytes'],
    [{ minBytes: 3, maxBytes: 2 }, 'more than'],
    [{ rules: { 'a/*': { contentTypes: ['png'] } } }, 'a/*'],
    [{ contentTypes: ['*/*'] }, 'media type'],
  ])('%j makes no sense', (options, part) => {
    expect(() => setup(options)).toThrow(part);
  });
});

describe('JSON by a schema', () => {
  test('is stored when the schema takes it, as it was given', async () => {
    const { mock, storage } = setup({ rules: { 'n/*': { schema: numbers } } });
    await storage.save('n/a', { n: 1 });
    await storage.put('n/b', pieces('{ "n": 2, "ä": "ö" }', 1));
    expect(await mock.load('n/b')).toEqual({ n: 2, ä: 'ö' });
    await expect(storage.save('n/c', { m: 1 })).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringContaining('at "n", its root'),
      cause: { check: 'schema', issues: [{ message: 'no n' }, { message: 'no root' }] },
    });
    await expect(storage.put('n/c', '{"n":')).rejects.toMatchObject({ cause: { check: 'schema' } });
    await expect(storage.put('n/c', Uint8Array.of(0xff))).rejects.toThrow('not UTF-8');
    await expect(storage.put('n/c', Uint8Array.of(0x22, 0xc3))).rejects.toThrow('not UTF-8');
    await expect(storage.put('n/c', '{}', { contentEncoding: 'gzip' })).rejects.toThrow('encoded');
    await storage.put('n/d', '{"n":1}', { contentEncoding: 'identity' });
    expect((await mock.list()).map(({ key }) => key)).toEqual(['n/a', 'n/b', 'n/d']);
  });

  test('is held to a size in memory', async () => {
    const { storage } = setup({ schema: numbers });
    await expect(
      storage.put('a', repeated(new Uint8Array(1 << 20).fill(0x20), 17)),
    ).rejects.toMatchObject({ code: 'too-large', cause: { check: 'schema' } });
  });

  test('a schema that breaks refuses', async () => {
    const broken = {
      '~standard': {
        ...numbers['~standard'],
        validate: () => {
          throw new Error('broken');
        },
      },
    };
    const { storage } = setup({ schema: broken });
    await expect(storage.put('a', '1')).rejects.toMatchObject({ code: 'invalid-data' });
  });
});

describe('the media type by content', () => {
  const rules = { 'pics/*': { contentTypes: ['image/png'], contentTypeByContent: true } };

  test('must be the declared one, or an allowed one where none is declared', async () => {
    const { mock, storage } = setup({ rules });
    await storage.put('pics/a.png', PNG);
    await storage.put('pics/b', PNG);
    await expect(storage.put('pics/evil.png', '<html>')).rejects.toMatchObject({
      code: 'invalid-data',
      cause: { check: 'contentTypeByContent', found: 'text/html' },
    });
    await expect(storage.put('pics/c', '<html>')).rejects.toMatchObject({
      cause: { check: 'contentTypes', found: 'text/html' },
    });
    await expect(storage.put('pics/d', Uint8Array.of(0, 1, 2))).rejects.toThrow('neither');
    expect(await mock.list()).toHaveLength(2);
  });

  test('is known from the first bytes of a long stream, before the rest is sent', async () => {
    const { mock, storage } = setup({ rules });
    let given = 0;
    async function* endless() {
      for (given = 0; given < 10_000; given += 1) yield new Uint8Array(65_536).fill(0x20);
    }
    await expect(storage.put('pics/a.png', endless())).rejects.toMatchObject({
      cause: { check: 'contentTypeByContent' },
    });
    expect(given).toBeLessThan(4);
    expect(await mock.list()).toEqual([]);
  });

  test('a new content type is held to it', async () => {
    const { storage } = setup({ rules: { 'p/*': { contentTypeByContent: true } } });
    await storage.put('p/a', PNG);
    await storage.setMetadata('p/a', { contentType: 'image/png', metadata: { n: 1 } });
    await expect(storage.setMetadata('p/a', { contentType: 'text/html' })).rejects.toMatchObject({
      code: 'invalid-data',
      operation: 'setMetadata',
      cause: { found: 'image/png' },
    });
    await expect(storage.setMetadata('p/a', { contentEncoding: 'br' })).rejects.toThrow('encoded');
    const { etag, contentType } = await storage.stat('p/a');
    expect(contentType).toBe('image/png');
    await expect(
      storage.setMetadata('p/a', { contentType: null }, { ifMatch: `${etag}x` }),
    ).rejects.toMatchObject({ code: 'precondition-failed' });
    await storage.setMetadata('p/a', { contentType: null }, { ifMatch: etag });
    await storage.setMetadata('p/a', { metadata: null });
    await expect(storage.setMetadata('p/b', { contentType: 'a/b' })).rejects.toMatchObject({
      code: 'not-found',
      operation: 'setMetadata',
      message: 'memory setMetadata "p/b": there is no such object.',
    });
  });

  test('a new content type of a long object reads its start alone', async () => {
    for (const ranges of [true, false]) {
      const inner = createMemory.provider({});
      const mock = withMock(ranges ? inner : without(inner, 'rangeReads'));
      const storage = createStorage(withValidate(mock, { contentTypeByContent: true }));
      const long = new Uint8Array(300_000);
      long.set(PNG);
      await storage.put('a', long);
      await storage.setMetadata('a', { contentType: 'image/png' });
      await expect(storage.setMetadata('a', { contentType: 'image/gif' })).rejects.toThrow(
        'image/png',
      );
      expect(mock.mock.calls('get').every(({ options }) => 'range' in options === ranges)).toBe(
        true,
      );
    }
  });

  test('a new content type is unsupported where it cannot be pinned to what was looked at', async () => {
    const inner = without(createMemory.provider({}), 'setMetadataIfMatch');
    const storage = createStorage(withValidate(inner, { contentTypeByContent: true }));
    await storage.put('a', PNG);
    await expect(storage.setMetadata('a', { contentType: 'image/png' })).rejects.toMatchObject({
      code: 'unsupported',
    });
    await storage.setMetadata('a', { cacheControl: 'no-store' });
  });

  test('an object that changes while its type is changed is a conflict', async () => {
    const inner = createMemory.provider({});
    const racing: StorageProvider = {
      ...without(inner, ''),
      async setMetadata(key, patch, options) {
        await inner.put(key, toBody('<html>'), {});
        return own(inner.setMetadata)(key, patch, options);
      },
    };
    const storage = createStorage(withValidate(racing, { contentTypeByContent: true }));
    await storage.put('a', PNG);
    await expect(storage.setMetadata('a', { contentType: 'image/png' })).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
    });
  });
});

describe('a scanner', () => {
  test('looks at content of every kind, and nothing infected is stored', async () => {
    const scanner = wordScanner();
    const { mock, storage } = setup({ scanner });
    for (const body of [EVIL, new Blob(['an ', EVIL]), pieces(`x ${EVIL} y`, 2)]) {
      await expect(storage.put('a', body)).rejects.toMatchObject({
        code: 'invalid-data',
        outcome: 'not-applied',
        cause: { check: 'scanner', rule: '*', signature: 'Word.Evil' },
      });
    }
    await expect(storage.save('a', { word: EVIL })).rejects.toMatchObject({ code: 'invalid-data' });
    expect(await mock.list()).toEqual([]);
    await storage.put('a', 'good');
    await storage.put('b', pieces('good', 1));
    await storage.put('c', '');
    expect(await mock.list()).toHaveLength(3);
    expect(scanner.scans).toBe(7);
  });

  test('has its verdict waited for with the last bytes held back', async () => {
    const verdict = Promise.withResolvers<{ verdict: 'clean' }>();
    const inner = createMemory.provider({});
    let taken = 0;
    let isRead = false;
    const storage = createStorage(
      withValidate(
        {
          ...without(inner, ''),
          async put(key, body, options) {
            const chunks: Uint8Array[] = [];
            for await (const chunk of body.stream()) {
              taken += chunk.byteLength;
              chunks.push(chunk.slice());
            }
            return inner.put(key, toBody(await new Blob(chunks as BlobPart[]).bytes()), options);
          },
        },
        {
          scanner: {
            async scan(content) {
              for await (const _chunk of content);
              isRead = true;
              return verdict.promise;
            },
          },
        },
      ),
    );
    const chunk = crypto.getRandomValues(new Uint8Array(60_000));
    const pending = storage.put('a', repeated(chunk, 8));
    await vi.waitFor(() => expect(isRead).toBe(true));
    expect(taken).toBe(420_000);
    await expect(inner.stat('a', {})).rejects.toMatchObject({ code: 'not-found' });
    verdict.resolve({ verdict: 'clean' });
    await pending;
    const stored = await (await inner.get('a', {})).bytes();
    for (let time = 0; time < 8; time += 1) {
      expect(stored.subarray(time * 60_000, (time + 1) * 60_000)).toEqual(chunk);
    }
  });

  test.each([
    ['breaks', () => Promise.reject(new Error('ECONNREFUSED'))],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['says nothing', async () => undefined as never],
    ['says something else', async () => ({ verdict: 'perhaps' }) as never],
  ])('that %s leaves nothing stored', async (_how, scan) => {
    const { mock, storage } = setup({ scanner: { scan } });
    for (const body of ['content', pieces('content')]) {
      await expect(storage.put('a', body)).rejects.toMatchObject({
        code: 'unavailable',
        retryable: true,
        outcome: 'not-applied',
        key: 'a',
      });
    }
    expect(await mock.list()).toEqual([]);
  });

  test('may answer before it has read all', async () => {
    const early = (verdict: 'clean' | 'infected') =>
      setup({ scanner: { scan: async () => ({ verdict }) } });
    const { storage } = early('clean');
    await storage.put('a', repeated(new Uint8Array(100_000), 9));
    expect((await storage.stat('a')).size).toBe(900_000);
    await expect(
      early('infected').storage.put('a', repeated(new Uint8Array(100_000), 9)),
    ).rejects.toThrow('found malware');
  });

  test('is told what is known, once for each object, and of the end', async () => {
    const seen: unknown[] = [];
    let signal: AbortSignal | undefined;
    const scanner: ContentScanner = {
      async scan(content, context) {
        const { signal: own, ...rest } = context;
        signal = own;
        seen.push(rest);
        await new Response(content).arrayBuffer();
        return { verdict: 'clean' };
      },
    };
    const { mock, storage } = setup({ scanner, rules: { 'a*': { scanner } } });
    await storage.put('a.png', 'xyz');
    await storage.put('a', pieces('xyz'));
    expect(seen).toEqual([{ key: 'a.png', contentType: 'image/png', size: 3 }, { key: 'a' }]);
    expect(signal?.aborted).toBe(false);
    mock.fail('put', { cutAfterBytes: 100 });
    await expect(storage.put('a', repeated(new Uint8Array(400_000), 2))).rejects.toThrow();
    await vi.waitFor(() => expect(signal?.aborted).toBe(true));
  });

  test('gets long content in memory in pieces', async () => {
    const sizes: number[] = [];
    const { storage } = setup({
      scanner: {
        async scan(content) {
          for await (const { byteLength } of content) sizes.push(byteLength);
          return { verdict: 'clean' };
        },
      },
    });
    await storage.put('a', new Uint8Array(600_000));
    expect(Math.max(...sizes)).toBeLessThan(300_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(600_000);
  });

  test('ends with the signal of the put', async () => {
    const scanner: ContentScanner = { scan: () => new Promise(() => {}) };
    const { mock, storage } = setup({ scanner });
    for (const body of ['content', pieces('content'), repeated(new Uint8Array(300_000), 3)]) {
      const controller = new AbortController();
      const pending = storage.put('a', body, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error('left')), 5);
      await expect(pending).rejects.toMatchObject({ code: 'aborted' });
    }
    expect(await mock.list()).toEqual([]);
  });

  test('is asked again when the retry loop below repeats a put, and a refusal is not repeated', async () => {
    const scanner = wordScanner();
    const mock = createMock();
    const retrying = createRetrying({ underlying: mock, backoff: 'none' });
    const storage = createValidated({ underlying: retrying, scanner });
    mock.fail('put', { cutAfterBytes: 100 });
    const blob = new Blob([new Uint8Array(400_000)]);
    await storage.put('a', blob);
    expect(scanner.scans).toBe(2);
    await expect(storage.put('b', new Blob(['x'.repeat(400_000), EVIL]))).rejects.toMatchObject({
      cause: { signature: 'Word.Evil' },
    });
    expect(scanner.scans).toBe(3);
    mock.fail('put', { times: 9, with: 'permission-denied' });
    await expect(storage.put('c', blob)).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('notices a storage that takes content without reading it', async () => {
    const inner = createMemory.provider({});
    const careless: StorageProvider = {
      ...without(inner, ''),
      put: async (key, _body, options) => inner.put(key, toBody('made up'), options),
    };
    const storage = createStorage(withValidate(careless, { scanner: wordScanner() }));
    await expect(storage.put('a', repeated(PNG, 10))).rejects.toMatchObject({
      code: 'unknown',
      outcome: 'unknown',
    });
  });

  test('reads whole bodies too, for providers that want them so', async () => {
    const inner = createMemory.provider({});
    const whole: StorageProvider = {
      ...without(inner, ''),
      put: async (key, body, options) => inner.put(key, toBody(await body.bytes()), options),
    };
    const storage = createStorage(withValidate(whole, { scanner: wordScanner() }));
    await storage.put('a', pieces('good'));
    await expect(storage.put('b', pieces(EVIL))).rejects.toMatchObject({ code: 'invalid-data' });
    expect((await storage.list()).map(({ key }) => key)).toEqual(['a']);
  });
});

describe('reading', () => {
  test('is checked when asked for', async () => {
    const memory = createMemory();
    await memory.put('good', 'good');
    await memory.put('evil', EVIL);
    await memory.put('big', 'x'.repeat(50));
    await memory.put('wide', 'x'.repeat(5));
    const scanner = wordScanner();
    const storage = createValidated({
      underlying: memory,
      onRead: true,
      rules: { '?*': { maxBytes: 1 }, good: { scanner }, evil: { scanner }, big: { maxBytes: 10 } },
    });
    await storage.ready();
    expect(storage.getCapabilities()).not.toHaveProperty('rangeReads', true);
    expect(await (await storage.get('good')).text()).toBe('good');
    await expect((await storage.get('evil')).text()).rejects.toMatchObject({
      code: 'invalid-data',
    });
    await expect(new Response((await storage.get('evil')).stream()).text()).rejects.toThrow();
    for await (const _chunk of (await storage.get('good')).stream()) break;
    await expect(storage.get('big')).rejects.toMatchObject({ code: 'too-large' });
    const results = await storage.loadMany(['good', 'evil', 'big', 'none', 'wide']);
    expect(results.map(({ ok }) => ok)).toEqual([false, false, false, false, false]);
    const codes = results.map((result) =>
      result.ok ? 'ok' : (result.error as unknown as { code: string }).code,
    );
    expect(codes).toEqual([
      'invalid-data',
      'invalid-data',
      'too-large',
      'not-found',
      'invalid-data',
    ]);
    const plain = createValidated({ underlying: memory, scanner });
    expect(await (await plain.get('evil')).text()).toBe(EVIL);
    expect((await plain.loadMany(['evil']))[0]?.ok).toBe(false);
  });
});

describe('over all content', () => {
  test('what is stored is what was given, and what the scanner refuses is never stored', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 40 }),
            fc.constant(new TextEncoder().encode('EV')),
            fc.constant(new TextEncoder().encode('IL')),
          ),
          { maxLength: 12 },
        ),
        fc.integer({ min: 0, max: 200 }),
        fc.boolean(),
        async (chunks, maxBytes, known) => {
          const { mock, storage } = setup({ scanner: wordScanner(), maxBytes });
          const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
          async function* source() {
            yield* chunks;
          }
          const evil = new TextDecoder('latin1').decode(whole).includes(EVIL);
          const good = whole.byteLength <= maxBytes && !evil;
          const options = known ? { size: whole.byteLength } : {};
          const result = await storage.put('a', source(), options).then(
            () => true,
            () => false,
          );
          expect(result).toBe(good);
          expect(await mock.exists('a')).toBe(good);
          if (good) expect(await (await mock.get('a')).bytes()).toEqual(whole);
        },
      ),
      { numRuns: 150 },
    );
  });
});
