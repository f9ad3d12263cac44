import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createMemory } from '@granary/storage-memory';
import { type ClamdService, startClamd } from '@granary-tools/services';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ClamdConnection, type ClamdOptions, clamdScanner } from '../src/clamd.ts';
import { createMock } from '../src/mock.ts';
import { createValidated } from '../src/validate.ts';
import { zipOf } from './validate-zip.ts';

let service: ClamdService | undefined;
let missing = '';

beforeAll(async () => {
  service = await startClamd().catch((error: Error) => {
    if (!error.message.includes('not found on the path')) throw error;
    missing = error.message;
    return undefined;
  });
}, 60_000);
afterAll(() => service?.stop());
beforeEach(({ skip }) => {
  if (missing !== '') skip(missing);
});

const known = (): ClamdService => {
  if (service === undefined) throw new Error('clamd was not started');
  return service;
};

/** A socket of Node as the scanner takes it. */
function nodeConnection(port: number): Promise<ClamdConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      resolve({
        readable: socket,
        writable: new WritableStream({
          write: (chunk) =>
            new Promise((done, fail) => {
              socket.write(chunk, (error) => (error ? fail(error) : done()));
            }),
          abort: () => void socket.destroy(),
        }),
      }),
    );
    socket.on('error', reject);
  });
}

function validated(options: Partial<ClamdOptions> = {}) {
  const mock = createMock();
  const scanner = clamdScanner({ connect: () => nodeConnection(known().port), ...options });
  return { mock, storage: createValidated({ underlying: mock, scanner }) };
}

/** Content that comes in small pieces, of a length that nobody tells. */
async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let from = 0; from < bytes.byteLength; from += 7) yield bytes.subarray(from, from + 7);
}

async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

describe('clamdScanner with a real clamd', () => {
  test('lets in what is clean, however long it is and however it comes', async () => {
    const { storage } = validated();
    await storage.put('empty', '');
    await storage.put('short', 'nothing to see');
    await storage.put('stream', streamOf('nothing to see '.repeat(1000)));
    const long = crypto.getRandomValues(new Uint8Array(65_536));
    await storage.put('long', chunksOf(long, long, long, long, long));
    expect((await storage.list()).map(({ key }) => key)).toEqual([
      ...['empty', 'long', 'short', 'stream'],
    ]);
  });

  test.each(['text', 'stream'])(
    'refuses the test file, given as %s, and stores nothing',
    async (as) => {
      const { storage, mock } = validated();
      const { infected, signature } = known();
      const body = as === 'text' ? infected : streamOf(infected);
      await expect(storage.put('evil.txt', body)).rejects.toMatchObject({
        code: 'invalid-data',
        key: 'evil.txt',
        outcome: 'not-applied',
        message: expect.stringContaining(signature),
        cause: { rule: '*', check: 'scanner', signature },
      });
      expect(await mock.list()).toEqual([]);
    },
  );

  test('finds the test file in archives, and in content that is encoded with gzip', async () => {
    const { storage, mock } = validated();
    const infected = new TextEncoder().encode(known().infected);
    const zip = zipOf({ 'readme.txt': new TextEncoder().encode('hello'), 'evil.com': infected });
    await expect(storage.put('a.zip', zip)).rejects.toMatchObject({ code: 'invalid-data' });
    const packed = new Uint8Array(gzipSync(infected));
    await expect(storage.put('a.gz', packed)).rejects.toMatchObject({ code: 'invalid-data' });
    await expect(storage.put('page', packed, { contentEncoding: 'gzip' })).rejects.toMatchObject({
      code: 'invalid-data',
    });
    await expect(storage.put('page', packed, { contentEncoding: 'br' })).rejects.toMatchObject({
      code: 'invalid-data',
      cause: { check: 'scanner' },
    });
    expect(await mock.list()).toEqual([]);
    await storage.put('b.zip', zipOf({ 'readme.txt': new TextEncoder().encode('hello') }));
  });

  test('refuses what is longer than clamd takes, whether the length is known or not', async () => {
    const { storage, mock } = validated();
    const long = new Uint8Array(known().maxStreamBytes + 100_000).fill(7);
    for (const body of [long, chunksOf(long.subarray(9), long)]) {
      await expect(storage.put('long', body)).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:too-large|unavailable)$/),
        outcome: 'not-applied',
      });
    }
    expect(await mock.list()).toEqual([]);
    await storage.put('fits', long.subarray(0, known().maxStreamBytes));
  });

  test('takes many at once', async () => {
    const { storage, mock } = validated();
    const infected = known().infected;
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        storage.put(`${index}`, streamOf(index % 2 === 0 ? 'fine' : infected)),
      ),
    );
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual(
      Array.from({ length: 20 }, (_, index) => index % 2 === 0),
    );
    expect(await mock.list()).toHaveLength(10);
  });
});

describe('clamdScanner without a verdict', () => {
  test('fails with unavailable where nothing listens', async () => {
    const { storage, mock } = validated({ connect: () => nodeConnection(1) });
    await expect(storage.put('a', 'content')).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
      outcome: 'not-applied',
      key: 'a',
    });
    expect(await mock.list()).toEqual([]);
  });

  /** A clamd that says what it is told to say. */
  function scripted(reply: string | undefined, takes = Number.POSITIVE_INFINITY): ClamdConnection {
    let taken = 0;
    const ready = Promise.withResolvers<void>();
    return {
      readable: new ReadableStream<Uint8Array>({
        async pull(controller) {
          await ready.promise;
          if (reply !== undefined) controller.enqueue(new TextEncoder().encode(reply));
          controller.close();
        },
      }),
      writable: new WritableStream({
        write(chunk: Uint8Array) {
          taken += 1;
          if (taken > takes) {
            ready.resolve();
            throw new Error('EPIPE');
          }
          if (chunk.byteLength === 4) ready.resolve();
        },
      }),
    };
  }

  test.each([
    ['stream: COMMAND READ TIMED OUT ERROR\0', 'COMMAND READ TIMED OUT'],
    ['', 'no verdict'],
    ['stream: OK and more\0', 'no verdict'],
    [`${'x'.repeat(10_000)}`, 'no verdict'],
  ])('fails with unavailable for the answer %j', async (reply, part) => {
    const { storage, mock } = validated({ connect: () => scripted(reply) });
    await expect(storage.put('a', 'content')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(part),
    });
    expect(await mock.list()).toEqual([]);
  });

  test('goes by what clamd said before it hung up', async () => {
    const said = (reply: string | undefined) =>
      validated({ connect: () => scripted(reply, 1) }).storage.put('a', 'content');
    await expect(said('INSTREAM size limit exceeded. ERROR\0')).rejects.toMatchObject({
      code: 'too-large',
      hint: expect.stringContaining('StreamMaxLength'),
    });
    await expect(said('stream: Evil FOUND\0')).rejects.toMatchObject({
      cause: { signature: 'Evil' },
    });
    await expect(said(undefined)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('waits no longer than it was told to', async () => {
    const silent: ClamdConnection = {
      readable: new ReadableStream(),
      writable: new WritableStream({ write: () => new Promise(() => {}) }),
    };
    const { storage } = validated({ connect: () => silent, timeoutMs: 5 });
    await expect(storage.put('a', 'content')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('takes no more within 5 ms'),
    });
    const never = validated({ connect: () => new Promise(() => {}), timeoutMs: 5 });
    await expect(never.storage.put('a', 'x')).rejects.toMatchObject({ code: 'unavailable' });
    expect(() => clamdScanner({ connect: () => silent, timeoutMs: 0 })).toThrow('timeoutMs');
    const late = Promise.withResolvers<ClamdConnection>();
    const slow = validated({ connect: () => late.promise, timeoutMs: 5 });
    await expect(slow.storage.put('a', 'x')).rejects.toMatchObject({ code: 'unavailable' });
    const letGo = Promise.withResolvers<void>();
    late.resolve({
      readable: new ReadableStream(),
      writable: new WritableStream({ abort: () => letGo.resolve() }),
    });
    await letGo.promise;
  });

  test('ends with the signal of the put', async () => {
    const silent: ClamdConnection = {
      readable: new ReadableStream(),
      writable: new WritableStream(),
    };
    const controller = new AbortController();
    const { storage } = validated({ connect: () => silent });
    const pending = storage.put('a', 'content', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('the user left')), 10);
    await expect(pending).rejects.toMatchObject({ code: 'aborted' });
    const direct = clamdScanner({ connect: () => silent });
    const aborted = AbortSignal.abort(new Error('gone'));
    await expect(direct.scan(new ReadableStream(), { key: 'a', signal: aborted })).rejects.toThrow(
      'gone',
    );
  });

  test('a storage under it that fails leaves nothing, and the scan ends', async () => {
    const { storage, mock } = validated();
    mock.fail('put');
    await expect(storage.put('a', streamOf('fine'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await createMemory().list()).toEqual([]);
    expect(await mock.list()).toEqual([]);
  });
});
