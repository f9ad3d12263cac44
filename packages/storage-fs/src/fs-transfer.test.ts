import { toBody } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import type { FsCalls } from './fs-calls.ts';
import { copyBytes, readAll, readStream, writeAll, writeBody } from './fs-transfer.ts';

const BLOCK = 512 * 1024;
/** Several chunks. */
const LONG = 5_000_000;

/** A system with one file in memory, which takes and gives few bytes at a time. */
function memoryFile(atOnce: number, content: Uint8Array = new Uint8Array(0)) {
  let file = content;
  const calls: Partial<FsCalls> = {
    async write(_fd, bytes, offset, length, position) {
      const count = Math.min(length, atOnce);
      const at = position ?? file.byteLength;
      const next = new Uint8Array(Math.max(file.byteLength, at + count));
      next.set(file);
      next.set(bytes.subarray(offset, offset + count), at);
      file = next;
      return count;
    },
    async read(_fd, buffer, offset, length, position) {
      const part = file.subarray(position, position + Math.min(length, atOnce));
      buffer.set(part, offset);
      return part.byteLength;
    },
  };
  return { calls: calls as FsCalls, content: () => file };
}

const numbers = (length: number) => Uint8Array.from({ length }, (_, index) => index % 251);

test('all is written and read, however little the system takes at once', async () => {
  const file = memoryFile(7);
  await writeAll(file.calls, 3, numbers(1000), 5);
  expect(file.content().subarray(5)).toEqual(numbers(1000));
  expect(await readAll(file.calls, 3, 5, 1000)).toEqual(numbers(1000));
  expect(await readAll(file.calls, 3, 5, 0)).toEqual(new Uint8Array(0));
});

test('a file that ends before is read as far as it goes', async () => {
  const file = memoryFile(100, numbers(250));
  expect(await readAll(file.calls, 3, 50, 1000)).toEqual(numbers(250).subarray(50));
  expect(await readAll(file.calls, 3, 300, 10)).toEqual(new Uint8Array(0));
});

test('a file is copied in pieces, and no further than it goes', async () => {
  const source = numbers(BLOCK + 1000);
  const from = memoryFile(BLOCK, source);
  const to = memoryFile(100_000);
  const calls: Partial<FsCalls> = { read: from.calls.read, write: to.calls.write };
  await copyBytes(calls as FsCalls, 3, 4, source.byteLength);
  expect(Buffer.from(to.content()).equals(source)).toBe(true);
  const short = memoryFile(BLOCK);
  await copyBytes({ ...calls, write: short.calls.write } as FsCalls, 3, 4, source.byteLength * 9);
  expect(Buffer.from(short.content()).equals(source)).toBe(true);
});

test.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])(
  'a stream of %i bytes is written whole, its buffer used again',
  async (length) => {
    const source = numbers(length);
    const file = memoryFile(300_000);
    const tasted: number[] = [];
    async function* chunks(): AsyncGenerator<Uint8Array> {
      const buffer = new Uint8Array(100_000);
      for (let at = 0; at < length; at += buffer.byteLength) {
        const chunk = source.subarray(at, at + buffer.byteLength);
        buffer.set(chunk);
        yield buffer.subarray(0, chunk.byteLength);
      }
    }
    const taster = { update: (bytes: Uint8Array) => void tasted.push(bytes.byteLength) };
    expect(await writeBody(file.calls, 3, toBody(chunks()), { taster })).toBe(length);
    expect(Buffer.from(file.content()).equals(source)).toBe(true);
    expect(tasted.reduce((sum, count) => sum + count, 0)).toBe(length);
  },
);

test('a write that fails later on fails the body, and the source is let go of', async () => {
  let isCancelled = false;
  let writes = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(BLOCK)),
    cancel() {
      isCancelled = true;
    },
  });
  const calls: Partial<FsCalls> = {
    async write(_fd, _bytes, _offset, length) {
      writes += 1;
      if (writes === 3) throw new Error('no more room');
      return length;
    },
  };
  await expect(writeBody(calls as FsCalls, 3, toBody(stream), {})).rejects.toThrow('no more room');
  expect(isCancelled).toBe(true);
});

interface Reading {
  readonly stream: ReadableStream<Uint8Array>;
  readonly log: string[];
}

function reading(
  part: { readonly offset: number; readonly length: number },
  file: Uint8Array,
  fail?: 'read' | 'end',
): Reading {
  const log: string[] = [];
  const stream = readStream(part, {
    async read(bytes, position) {
      if (fail === 'read') throw new Error('no');
      const found = file.subarray(position, position + bytes.byteLength);
      bytes.set(found);
      log.push(`read ${found.byteLength} at ${position}`);
      return found.byteLength;
    },
    async end() {
      log.push('end');
      if (fail === 'end') throw new Error('changed');
    },
    release: () => void log.push('release'),
  });
  return { stream, log };
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

test('a part of a file is streamed in chunks and let go of at its end', async () => {
  const file = numbers(LONG + 300);
  const { stream, log } = reading({ offset: 100, length: LONG }, file);
  expect(Buffer.from(await bytesOf(stream)).equals(file.subarray(100, LONG + 100))).toBe(true);
  expect(log.slice(-2)).toEqual(['end', 'release']);
  const reads = log.slice(0, -2).map((line) => line.match(/\d+/g)?.map(Number) ?? []);
  expect(reads.length).toBeGreaterThan(1);
  let position = 100;
  for (const [count = 0, at] of reads) {
    expect(at).toBe(position);
    position += count;
  }
  expect(position).toBe(LONG + 100);
});

test('nothing is read of an empty part; a file that is shorter ends its stream', async () => {
  const empty = reading({ offset: 5, length: 0 }, numbers(10));
  expect(await bytesOf(empty.stream)).toHaveLength(0);
  expect(empty.log).toEqual(['end', 'release']);
  const short = reading({ offset: 0, length: 100 }, numbers(10));
  expect(await bytesOf(short.stream)).toEqual(numbers(10));
  expect(short.log).toEqual(['read 10 at 0', 'read 0 at 10', 'end', 'release']);
});

test.each(['read', 'end'] as const)(
  'a stream whose %s fails fails and is let go of',
  async (fail) => {
    const { stream, log } = reading({ offset: 0, length: 10 }, numbers(10), fail);
    await expect(bytesOf(stream)).rejects.toThrow(fail === 'read' ? 'no' : 'changed');
    expect(log.at(-1)).toBe('release');
  },
);

test('a stream that nobody wants any more is let go of', async () => {
  const { stream, log } = reading({ offset: 0, length: LONG }, numbers(LONG));
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  expect(log.at(-1)).toBe('release');
});
