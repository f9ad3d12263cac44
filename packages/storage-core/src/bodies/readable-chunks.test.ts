import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readableChunks } from './readable-chunks.ts';

const toError = (error: unknown) => new Error('mapped', { cause: error });
const CHUNK = 100 * 1024;

async function drained(chunks: ReturnType<typeof readableChunks>): Promise<number> {
  let size = 0;
  for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) {
    size += chunk.byteLength;
  }
  return size;
}

/** A stream that counts what was asked of it. */
function counted(count: number, end: 'end' | 'error' | 'stall' = 'end') {
  let made = 0;
  const readable = new Readable({
    highWaterMark: CHUNK,
    read() {
      if (made < count) {
        made += 1;
        this.push(Buffer.alloc(CHUNK, made));
      } else if (end === 'end') this.push(null);
      else if (end === 'error') this.destroy(new Error('reset'));
    },
  });
  return { readable, made: () => made };
}

describe('chunks of a Node stream', () => {
  test('come in their order, to the end, and are asked for a little ahead alone', async () => {
    const { readable, made } = counted(40);
    const chunks = readableChunks(readable, toError);
    expect(made()).toBe(0);
    const first = await chunks.next();
    expect(first?.[0]).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(made()).toBeLessThan(8);
    expect(await drained(chunks)).toBe(39 * CHUNK);
    expect(await chunks.next()).toBeUndefined();
  });

  test('end with what the error was made into, after what came before', async () => {
    const chunks = readableChunks(counted(2, 'error').readable, toError);
    await expect(drained(chunks)).rejects.toMatchObject({
      message: 'mapped',
      cause: { message: 'reset' },
    });
  });

  test('tell an error from before the first was asked for', async () => {
    const { readable } = counted(2);
    const chunks = readableChunks(readable, toError);
    readable.destroy(new Error('early'));
    await new Promise((resolve) => setTimeout(resolve));
    await expect(chunks.next()).rejects.toMatchObject({ cause: { message: 'early' } });
  });

  test('tell a stream that is closed before its end', async () => {
    const { readable } = counted(1, 'stall');
    const chunks = readableChunks(readable, toError);
    await chunks.next();
    const next = chunks.next();
    readable.destroy();
    await expect(next).rejects.toMatchObject({ message: 'mapped' });
  });

  test('destroy the stream when they are let go of', async () => {
    const { readable } = counted(9);
    const chunks = readableChunks(readable, toError);
    await chunks.next();
    await chunks.cancel('enough');
    expect(readable.destroyed).toBe(true);
    await expect(chunks.next()).rejects.toMatchObject({ message: 'mapped' });
  });
});
