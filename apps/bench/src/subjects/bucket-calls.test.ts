import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { bytesOf, deletedInBatches } from './bucket-calls.ts';

test('bytesOf joins what a stream has, and refuses text', async () => {
  const stream = Readable.from([Buffer.from('ab'), Buffer.from('c')]);
  expect(Buffer.from(await bytesOf(stream)).toString()).toBe('abc');
  await expect(bytesOf(Readable.from(['text']))).rejects.toThrow('has text, not bytes');
});

test('deletedInBatches goes on until all are sent, and fails for what could not be deleted', async () => {
  const batches: (readonly string[])[] = [];
  await deletedInBatches(['a', 'b', 'c'], 2, async (batch) => {
    batches.push(batch);
    return 0;
  });
  expect(batches).toEqual([['a', 'b'], ['c']]);
  await expect(deletedInBatches(['a'], 2, async () => 1)).rejects.toThrow('1 keys could not be');
});
