import { describe, expect, test } from 'vitest';
import { type MapSettings, mapProvider } from '../../test/map-provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { createStorage } from './create-storage.ts';

const MEBIBYTE = 1024 * 1024;
const CONTENT = new Uint8Array(20 * MEBIBYTE + 3).map(
  (_, index) => (index * 7 + (index >> 13)) % 251,
);

async function setup(settings: MapSettings = {}, content: Uint8Array = CONTENT) {
  const provider = mapProvider(settings);
  const storage = createStorage(provider);
  await storage.put('a', content);
  provider.calls.length = 0;
  return {
    provider,
    storage,
    gets: () => provider.calls.filter((call) => call === 'get a').length,
  };
}

async function joined(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Blob((await Array.fromAsync(stream)) as BlobPart[]).arrayBuffer(),
  );
}

describe('a read in parts at once', () => {
  test('gives the content as bytes and as a stream, in its order', async () => {
    const { storage, gets } = await setup();
    const object = await storage.get('a', { concurrency: 2 });
    expect(object.info.size).toBe(CONTENT.byteLength);
    expect(object.range).toBeUndefined();
    expect(Buffer.compare(await object.bytes(), CONTENT)).toBe(0);
    expect(gets()).toBe(3);
    const { stream } = await storage
      .get('a', { concurrency: 16 })
      .then((it) => ({ stream: it.stream() }));
    expect(Buffer.compare(await joined(stream), CONTENT)).toBe(0);
  });

  test('gives a part of the content', async () => {
    const { storage } = await setup();
    const range = { offset: 5, length: 18 * MEBIBYTE };
    const object = await storage.get('a', { concurrency: 3, range });
    expect(object.range).toEqual(range);
    expect(Buffer.compare(await object.bytes(), CONTENT.subarray(5, 5 + range.length))).toBe(0);
    const tail = await storage.get('a', { concurrency: 3, range: { offset: 9 * MEBIBYTE } });
    expect(tail.range).toEqual({ offset: 9 * MEBIBYTE, length: 11 * MEBIBYTE + 3 });
    expect((await tail.bytes()).byteLength).toBe(11 * MEBIBYTE + 3);
  });

  test.each([
    ['where there are no ranges', { rangeReads: false }, { concurrency: 4 }],
    ['where there are no conditions', { readConditions: false }, { concurrency: 4 }],
    ['with a concurrency of 1', {}, { concurrency: 1 }],
    ['of the end of the content', {}, { concurrency: 4, range: { suffix: 9 * MEBIBYTE } }],
    ['of a small part', {}, { concurrency: 4, range: { offset: 0, length: 10 } }],
  ])('is one read %s', async (_, capabilities, options) => {
    const { storage, gets } = await setup({ capabilities });
    await (await storage.get('a', options)).bytes();
    expect(gets()).toBe(1);
  });

  test('reads a small and an empty object', async () => {
    const small = await setup({}, new Uint8Array([1, 2]));
    expect(await (await small.storage.get('a', { concurrency: 4 })).bytes()).toEqual(
      new Uint8Array([1, 2]),
    );
    expect(small.gets()).toBe(1);
    const empty = await setup({}, new Uint8Array(0));
    expect((await (await empty.storage.get('a', { concurrency: 4 })).bytes()).byteLength).toBe(0);
  });

  test('tells progress', async () => {
    const { storage } = await setup();
    const told: number[] = [];
    const onProgress = ({ transferredBytes }: { transferredBytes: number }) =>
      told.push(transferredBytes);
    await joined((await storage.get('a', { concurrency: 2, onProgress })).stream());
    expect(told.at(-1)).toBe(CONTENT.byteLength);
  });

  test('fails where the object is written meanwhile, or goes', async () => {
    for (const change of ['write', 'delete'] as const) {
      const { storage, provider } = await setup();
      const object = await storage.get('a', { concurrency: 2 });
      if (change === 'write') await storage.put('a', new Uint8Array(CONTENT.byteLength));
      else await storage.delete('a');
      await expect(object.bytes()).rejects.toMatchObject({ code: 'conflict', retryable: true });
      expect(provider.openBodies.size).toBe(0);
    }
  });

  test('fails with what a part fails with, and ends the others', async () => {
    let gets = 0;
    const { storage } = await setup({
      before(operation) {
        if (operation !== 'get') return;
        gets += 1;
        if (gets === 2) throw new StorageError('permission-denied', 'not this part.');
      },
    });
    const object = await storage.get('a', { concurrency: 4 });
    await expect(object.bytes()).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('refuses what is no number of parts, and tells a missing object', async () => {
    const { storage } = await setup();
    for (const concurrency of [0, -1, 1.5]) {
      await expect(storage.get('a', { concurrency })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
    await expect(storage.get('b', { concurrency: 2 })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('lets go of everything when it is cancelled, before and while it is read', async () => {
    const { storage, provider } = await setup();
    await (await storage.get('a', { concurrency: 2 })).cancel();
    expect(provider.openBodies.size).toBe(0);
    const reader = (await storage.get('a', { concurrency: 2 })).stream().getReader();
    await reader.read();
    await reader.cancel();
    await new Promise((resolve) => setTimeout(resolve));
    expect(provider.openBodies.size).toBe(0);
  });

  test('ends with its signal', async () => {
    const { storage } = await setup();
    const controller = new AbortController();
    const object = await storage.get('a', { concurrency: 2, signal: controller.signal });
    const reader = object.stream().getReader();
    await reader.read();
    controller.abort('enough');
    await expect(Promise.all([reader.read(), reader.read(), reader.read()])).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});
