import { type StorageProvider, sha256, toBody } from '@granary/storage-core/provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAzure } from '../src/index.ts';
import { newContainer } from './new-container.ts';

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;

let provider: StorageProvider;
let close: () => Promise<unknown>;

beforeAll(async () => {
  const { options, remove } = await newContainer();
  provider = createAzure.provider(options);
  close = remove;
});
afterAll(() => close());

function content(size: number, seed = 7): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 1) bytes[index] = index * seed + (index >> 8);
  return bytes;
}

/** A stream that is read once; `end` says what comes after the content. */
function source(
  bytes: Uint8Array,
  end: 'close' | Error = 'close',
): { readonly stream: ReadableStream<Uint8Array> } {
  let offset = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (offset < bytes.byteLength) {
          controller.enqueue(bytes.slice(offset, offset + CHUNK));
          offset += CHUNK;
        } else if (end === 'close') controller.close();
        else controller.error(end);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream };
}

async function expectBytes(key: string, expected: Uint8Array): Promise<void> {
  const bytes = await (await provider.get(key, {})).bytes();
  expect(bytes.byteLength).toBe(expected.byteLength);
  expect(Buffer.compare(bytes, expected)).toBe(0);
}

describe('a put of a stream of known size', () => {
  test('stores it', async () => {
    const bytes = content(3 * MIB);
    const info = await provider.put(
      'known',
      toBody(source(bytes).stream, { size: bytes.byteLength }),
      {
        contentType: 'image/png',
      },
    );
    expect(info).toEqual(await provider.stat('known', {}));
    await expectBytes('known', bytes);
  });

  test('stores it with its checksum, read once or twice', async () => {
    const bytes = content(9 * MIB, 11);
    const checksum = 'sha256';
    const twice = await provider.put('twice', toBody(new Blob([bytes])), { checksum });
    const once = await provider.put(
      'once',
      toBody(source(bytes).stream, { size: bytes.byteLength }),
      { checksum, metadata: { n: 1 } },
    );
    const expected = await sha256(bytes);
    expect(twice.checksums?.['sha256']).toBe(expected);
    expect(once.checksums?.['sha256']).toBe(expected);
    expect(once).toEqual(await provider.stat('once', {}));
    await expectBytes('once', bytes);
    await expectBytes('twice', bytes);
  });

  test('fails with what the source failed with, and stores nothing', async () => {
    const failure = new Error('the disk was pulled out');
    for (const [key, options] of [
      ['broken', {}],
      ['broken-once', { checksum: 'sha256' }],
    ] as const) {
      const { stream } = source(content(2 * MIB), failure);
      const put = provider.put(key, toBody(stream, { size: 3 * MIB }), options);
      await expect(put).rejects.toMatchObject({ cause: failure, outcome: 'not-applied' });
      await expect(provider.stat(key, {})).rejects.toMatchObject({ code: 'not-found' });
    }
  });

  test('stores nothing when more comes than was said', async () => {
    const { stream } = source(content(3 * MIB));
    const put = provider.put('more', toBody(stream, { size: 2 * MIB }), {});
    await expect(put).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(provider.stat('more', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  test('tells what the service refuses it for', async () => {
    await provider.put('there', toBody('content'), {});
    const { stream } = source(content(4 * MIB));
    const put = provider.put('there', toBody(stream, { size: 4 * MIB }), { ifNoneMatch: '*' });
    await expect(put).rejects.toMatchObject({ code: 'precondition-failed' });
    await expectBytes('there', new TextEncoder().encode('content'));
  });

  test('stores nothing when the content changes between hashing and sending', async () => {
    let reads = 0;
    const changing = {
      size: 2 * MIB,
      replayable: true,
      bytes: async () => content(2 * MIB),
      stream() {
        reads += 1;
        return source(content(2 * MIB, reads + 1)).stream;
      },
      cancel: async () => {},
    };
    const put = provider.put('changing', changing, { checksum: 'sha256' });
    await expect(put).rejects.toMatchObject({ code: 'conflict', outcome: 'not-applied' });
    await expect(provider.stat('changing', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  test('ends with an abort', async () => {
    const controller = new AbortController();
    let hasBegun = () => {};
    const begun = new Promise<void>((resolve) => {
      hasBegun = resolve;
    });
    let isCancelled = false;
    const waiting = new ReadableStream<Uint8Array>(
      {
        async pull(stream) {
          hasBegun();
          await new Promise((resolve) => setImmediate(resolve));
          if (!isCancelled) stream.enqueue(new Uint8Array(CHUNK));
        },
        cancel() {
          isCancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const put = provider.put('aborted', toBody(waiting, { size: 250 * MIB }), {
      signal: controller.signal,
    });
    await begun;
    controller.abort();
    await expect(put).rejects.toMatchObject({ code: 'aborted' });
    expect(isCancelled).toBe(true);
    await expect(provider.stat('aborted', {})).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a put of a stream of unknown size', () => {
  test('goes up in parts and leaves no session', async () => {
    const bytes = content(8 * MIB + 5, 13);
    const info = await provider.put('unknown', toBody(source(bytes).stream), {
      ifNoneMatch: '*',
      signal: new AbortController().signal,
      objectTags: { project: 'x' },
      native: { tier: 'Cool' },
      writeId: 'w1',
    });
    expect(info).toMatchObject({ size: bytes.byteLength, writeId: 'w1' });
    await expectBytes('unknown', bytes);
    expect(await provider.objectTags?.get('unknown', {})).toEqual({ project: 'x' });
    await provider.put('unknown', toBody(source(bytes).stream), { ifMatch: info.etag });
    const pending = await Array.fromAsync(provider.uploads?.({}) ?? []);
    expect(pending).toEqual([]);
  });
});
