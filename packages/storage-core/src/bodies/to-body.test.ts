import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { streamOf } from '../../test/stream-of.ts';
import type { BodyInput } from '../contract/body.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { toBody } from './to-body.ts';

const encoder = new TextEncoder();
const hello = encoder.encode('héllo');

async function* generate(...chunks: unknown[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk as Uint8Array;
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const INPUTS: [string, () => BodyInput, { size: number | undefined; replayable: boolean }][] = [
  ['a string', () => 'héllo', { size: 6, replayable: true }],
  ['a Uint8Array', () => hello.slice(), { size: 6, replayable: true }],
  ['a Buffer', () => Buffer.from(hello), { size: 6, replayable: true }],
  [
    'a subarray with an offset',
    () => new Uint8Array([9, 9, ...hello, 9]).subarray(2, 8),
    { size: 6, replayable: true },
  ],
  ['an ArrayBuffer', () => hello.slice().buffer, { size: 6, replayable: true }],
  ['a Blob', () => new Blob([hello]), { size: 6, replayable: true }],
  ['a File', () => new File([hello], 'a.txt'), { size: 6, replayable: true }],
  [
    'a ReadableStream',
    () => streamOf(hello.slice(0, 2), hello.slice(2)),
    { size: undefined, replayable: false },
  ],
  ['an async generator', () => generate(hello), { size: undefined, replayable: false }],
  [
    'a Node stream',
    () => Readable.from([Buffer.from(hello)]) as AsyncIterable<Uint8Array>,
    { size: undefined, replayable: false },
  ],
];

describe.each(INPUTS)('toBody with %s', (_title, make, { size, replayable }) => {
  test('knows its size and whether it can be read again', () => {
    const body = toBody(make());
    expect(body.size).toBe(size);
    expect(body.replayable).toBe(replayable);
    return body.cancel();
  });

  test('gives its content as bytes', async () => {
    expect(await toBody(make()).bytes()).toEqual(new Uint8Array(hello));
  });

  test('gives its content as a stream', async () => {
    expect(await readAll(toBody(make()).stream())).toEqual(new Uint8Array(hello));
  });

  test('gives its content again exactly when it says so', async () => {
    const body = toBody(make());
    await body.bytes();
    if (replayable) expect(await readAll(body.stream())).toEqual(new Uint8Array(hello));
    else await expect(body.bytes()).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('takes the right declared size', async () => {
    const body = toBody(make(), { size: 6 });
    expect(body.size).toBe(6);
    expect(await body.bytes()).toHaveLength(6);
  });

  test('refuses a declared size that is too large or too small', async () => {
    for (const wrong of [5, 7]) {
      const read = async () => toBody(make(), { size: wrong }).bytes();
      await expect(read()).rejects.toMatchObject({
        code: 'invalid-argument',
        outcome: 'not-applied',
      });
      const streamed = async () => readAll(toBody(make(), { size: wrong }).stream());
      await expect(streamed()).rejects.toMatchObject({ code: 'invalid-argument' });
    }
  });

  test('takes a cancel before it was read, and again', async () => {
    const body = toBody(make());
    await body.cancel('no');
    await body.cancel('no');
  });
});

test('does not copy bytes that are in memory', () => {
  const bytes = new Uint8Array([1, 2]);
  expect(toBody(bytes).buffered).toBe(bytes);
  expect(toBody(bytes.buffer).buffered?.buffer).toBe(bytes.buffer);
});

test('makes an empty stream of empty content', async () => {
  for (const input of ['', new Uint8Array(), new Blob([]), streamOf(), generate()]) {
    expect(await readAll(toBody(input).stream())).toHaveLength(0);
  }
  expect(await toBody(streamOf(new Uint8Array(), new Uint8Array())).bytes()).toHaveLength(0);
});

test('leaves out empty chunks', async () => {
  const chunks: Uint8Array[] = [];
  const body = toBody(generate(new Uint8Array(), hello, new Uint8Array()));
  for await (const chunk of body.stream()) chunks.push(chunk);
  expect(chunks).toHaveLength(1);
});

test('joins chunks of any sizes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50_000 })), async (chunks) => {
      const whole = Buffer.concat(chunks);
      expect(Buffer.compare(await toBody(generate(...chunks)).bytes(), whole)).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('copies chunks of a source that uses its buffer again', async () => {
  async function* reusing(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(1);
    for (const byte of [1, 2, 3]) {
      buffer[0] = byte;
      yield buffer;
    }
  }
  expect(await toBody(reusing()).bytes()).toEqual(new Uint8Array([1, 2, 3]));
  expect(await toBody(reusing(), { size: 3 }).bytes()).toEqual(new Uint8Array([1, 2, 3]));
});

describe('refuses', () => {
  const shared = new SharedArrayBuffer(4);
  const detached = new Uint8Array(4);
  structuredClone(detached, { transfer: [detached.buffer] });
  const locked = streamOf(hello);
  locked.getReader();

  test.each<[string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['an array of numbers', [1, 2]],
    ['a plain object', { a: 1 }],
    ['another view', new Uint16Array(2)],
    ['a SharedArrayBuffer', shared],
    ['bytes of shared memory', new Uint8Array(shared)],
    ['a buffer that was transferred away', detached],
    ['text with a lone surrogate', 'a\ud800'],
    ['a locked stream', locked],
  ])('%s', (_title, input) => {
    expect(() => toBody(input as BodyInput)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', outcome: 'not-applied' }),
    );
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('the size %s', (size) => {
    expect(() => toBody('a', { size })).toThrow(`the size ${size} is not a whole number`);
  });

  test('a web stream that was read', async () => {
    const stream = streamOf(hello, hello);
    const reader = stream.getReader();
    await reader.read();
    reader.releaseLock();
    expect(() => toBody(stream)).toThrow('was read already');
  });

  test('a Node stream that was read', async () => {
    const stream = Readable.from([Buffer.from('a')]);
    for await (const _chunk of stream);
    expect(() => toBody(stream as AsyncIterable<Uint8Array>)).toThrow('was read already');
  });

  test('a stream that somebody else locked meanwhile', async () => {
    const stream = streamOf(hello);
    const body = toBody(stream);
    stream.getReader();
    await expect(body.bytes()).rejects.toMatchObject({ code: 'unknown' });
  });

  test.each<[string, () => BodyInput]>([
    ['a stream of text', () => streamOf('text')],
    ['a generator of text', () => generate(hello, 'text')],
    ['a Node stream of text', () => Readable.from(['a', 'b']) as never],
    ['shared memory in chunks', () => generate(new Uint8Array(shared))],
  ])('%s', async (_title, make) => {
    await expect(toBody(make()).bytes()).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(readAll(toBody(make()).stream())).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});

describe('a source that fails', () => {
  test('surfaces as the cause', async () => {
    const cause = new Error('the disk is gone');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield hello;
      throw cause;
    }
    const error = await toBody(failing())
      .bytes()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unknown', outcome: 'not-applied', cause });
    const streamed = readAll(toBody(failing()).stream());
    await expect(streamed).rejects.toMatchObject({ cause });
  });

  test('keeps a StorageError as it is', async () => {
    const below = toBody(streamOf('text')).stream();
    const error = await toBody(below)
      .bytes()
      .catch((thrown: unknown) => thrown);
    expect(isStorageError(error, 'invalid-argument')).toBe(true);
  });
});

describe('letting go of a source', () => {
  function watched(): { stream: ReadableStream<Uint8Array>; cancel: ReturnType<typeof vi.fn> } {
    const cancel = vi.fn();
    const stream = new ReadableStream<Uint8Array>({ pull: (c) => c.enqueue(hello), cancel });
    return { stream, cancel };
  }

  test('cancels a web stream that was not read', async () => {
    const { stream, cancel } = watched();
    await toBody(stream).cancel('no');
    expect(cancel).toHaveBeenCalledWith('no');
  });

  test('cancels a web stream that is being read, and ends its reader', async () => {
    const { stream, cancel } = watched();
    const body = toBody(stream);
    const reader = body.stream().getReader();
    await reader.read();
    await body.cancel('no');
    expect(cancel).toHaveBeenCalledWith('no');
    await expect(reader.read()).rejects.toMatchObject({ code: 'aborted', cause: 'no' });
  });

  test('cancels a web stream when its reader breaks out', async () => {
    const { stream, cancel } = watched();
    for await (const _chunk of toBody(stream).stream()) break;
    expect(cancel).toHaveBeenCalled();
  });

  test('runs the finally of a generator', async () => {
    const ended = vi.fn();
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield hello;
        yield hello;
      } finally {
        ended();
      }
    }
    for await (const _chunk of toBody(source()).stream()) break;
    expect(ended).toHaveBeenCalledTimes(1);

    const body = toBody(source());
    const reader = body.stream().getReader();
    await reader.read();
    await body.cancel();
    expect(ended).toHaveBeenCalledTimes(2);

    await expect(toBody(source(), { size: 7 }).bytes()).rejects.toThrow('more came');
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(3));
  });

  test('ends the wait for the next chunk of a Node stream', async () => {
    const silent = new Readable({ read() {} });
    const body = toBody(silent as AsyncIterable<Uint8Array>);
    const reading = body.bytes();
    await body.cancel();
    await expect(reading).rejects.toMatchObject({ code: 'aborted', outcome: 'not-applied' });
    expect(silent.destroyed).toBe(true);
  });

  test('destroys a Node stream, read or not', async () => {
    const unread = Readable.from([Buffer.from('a')]);
    await toBody(unread as AsyncIterable<Uint8Array>).cancel();
    expect(unread.destroyed).toBe(true);

    const begun = Readable.from([Buffer.from('a'), Buffer.from('b')]);
    for await (const _chunk of toBody(begun as AsyncIterable<Uint8Array>).stream()) break;
    expect(begun.destroyed).toBe(true);
  });

  test('does nothing after the end', async () => {
    const body = toBody(generate(hello));
    await body.bytes();
    await body.cancel();
  });

  test('asks a source for nothing before it is read', () => {
    const pull = vi.fn();
    toBody(new ReadableStream({ pull }, { highWaterMark: 0 })).stream();
    expect(pull).not.toHaveBeenCalled();
  });
});

describe('a body that is a body already', () => {
  test('stays as it is', () => {
    const body = toBody('abc');
    expect(toBody(body)).toBe(body);
    expect(toBody(body, { size: 3 })).toBe(body);
  });

  test('is held to a size that it did not know', async () => {
    const body = toBody(toBody(generate(hello)), { size: 6 });
    expect(body.size).toBe(6);
    expect(await body.bytes()).toHaveLength(6);
    const short = toBody(toBody(generate(hello)), { size: 8 });
    await expect(readAll(short.stream())).rejects.toThrow('6 came');
    await short.cancel();
  });

  test('refuses another size than it has', () => {
    expect(() => toBody(toBody('abc'), { size: 4 })).toThrow('it has 3');
  });
});
