import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type MapSettings, mapProvider } from '../../test/map-provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { createStorage } from './create-storage.ts';

/** Lets everything else go on first. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

function setup(settings: MapSettings = {}, now?: () => number) {
  const provider = mapProvider(settings);
  return { provider, storage: createStorage(provider, now === undefined ? {} : { now }) };
}

describe('update', () => {
  test('computes from what is there, and creates what is not', async () => {
    const { storage } = setup();
    const seen: unknown[] = [];
    for (let index = 0; index < 3; index += 1) {
      await storage.update('a', (value: number | undefined, info) => {
        seen.push([value, info?.size]);
        return (value ?? 10) + 1;
      });
    }
    expect(seen).toEqual([
      [undefined, undefined],
      [11, 2],
      [12, 2],
    ]);
    expect(await storage.load('a')).toBe(13);
  });

  test('loses nothing of racing counters', async () => {
    const { storage } = setup({ before: () => turn() });
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let index = 0; index < 5; index += 1) {
          await storage.update('n', (value: number = 0) => value + 1, { maxAttempts: 200 });
        }
      }),
    );
    expect(await storage.load('n')).toBe(40);
  });

  test('keeps format, metadata, tags, expiry and headers unless others are given', async () => {
    const { storage } = setup();
    const expiresAt = new Date(Date.now() + 100_000);
    await storage.put('a', 'x: 1\n', {
      contentType: 'application/yaml',
      cacheControl: 'no-store',
      metadata: { m: 1 },
      tags: ['t'],
      expiresAt,
    });
    await storage.update('a', (value: { x: number } = { x: 0 }) => ({ x: value.x + 1 }));
    const { value, info } = await storage.loadItem('a');
    expect(value).toEqual({ x: 2 });
    expect(info).toMatchObject({
      contentType: 'application/yaml',
      cacheControl: 'no-store',
      metadata: { m: 1 },
      tags: ['t'],
      expiresAt,
    });
    await storage.update('a', () => 'plain', { tags: ['u'], format: 'text' });
    const changed = await storage.loadItem('a');
    expect(changed).toMatchObject({
      value: 'plain',
      info: { tags: ['u'], metadata: { m: 1 }, contentType: 'text/plain' },
    });
    const later = new Date(Date.now() + 200_000);
    await storage.update('a', () => 'p', { expiration: later, metadata: { n: 2 } });
    expect(await storage.stat('a')).toMatchObject({ expiresAt: later, metadata: { n: 2 } });
  });

  test('records no type that the name tells, and writes text in UTF-8', async () => {
    const { storage } = setup();
    await storage.save('a.json', 1);
    await storage.update('a.json', () => 2);
    expect(await storage.stat('a.json')).not.toHaveProperty('contentType');
    await storage.put('b', new Uint8Array([0xe9]), { contentType: 'text/html; charset=latin1' });
    await storage.update('b', (text) => `${String(text)}!`);
    expect(await storage.load('b')).toBe('é!');
    expect((await storage.stat('b')).contentType).toBe('text/html');
    await storage.save('c', { x: 1 });
    await storage.update('c', () => new Uint8Array([1]));
    expect(await storage.load('c')).toEqual(new Uint8Array([1]));
  });

  test('sees nothing of an expired item, and replaces exactly that', async () => {
    const clock = { ms: 0 };
    const { storage, provider } = setup({}, () => clock.ms);
    await storage.save('a', 1, { expiration: new Date(1), tags: ['old'] });
    clock.ms = 2;
    const info = await storage.update('a', (value, known) => [value ?? null, known ?? null]);
    expect(info).not.toHaveProperty('tags');
    expect(info).not.toHaveProperty('expiresAt');
    expect(await storage.load('a')).toEqual([null, null]);
    expect(provider.openBodies.size).toBe(0);
  });

  test('gives up after the tries it was allowed', async () => {
    const { storage, provider } = setup({
      before: (operation, key) => {
        const entry = provider.entries.get(key);
        if (operation === 'put' && entry !== undefined) {
          provider.entries.set(key, {
            ...entry,
            info: { ...entry.info, etag: `${entry.info.etag}x` },
          });
        }
      },
    });
    await storage.save('a', 1);
    const change = vi.fn(() => 2);
    await expect(storage.update('a', change, { maxAttempts: 3 })).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
      operation: 'update',
      key: 'a',
      outcome: 'not-applied',
      cause: expect.objectContaining({ code: 'precondition-failed' }),
    });
    expect(change).toHaveBeenCalledTimes(3);
  });

  test('tries again when a read raced with a write', async () => {
    let raced = false;
    const { storage } = setup({
      before: (operation) => {
        if (operation !== 'get' || raced) return;
        raced = true;
        throw new StorageError('conflict', 'it was written meanwhile.');
      },
    });
    await storage.save('a', 1);
    await storage.update('a', (value: number = 0) => value + 1);
    expect(await storage.load('a')).toBe(2);
  });

  test.each([0, 1.5, Number.NaN])('refuses %s tries', async (maxAttempts) => {
    await expect(setup().storage.update('a', () => 1, { maxAttempts })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('refuses a change that gives no value', async () => {
    const { storage, provider } = setup();
    await storage.save('a', 1);
    provider.calls.length = 0;
    await expect(storage.update('a', () => undefined as never)).rejects.toMatchObject({
      code: 'invalid-data',
      operation: 'update',
    });
    expect(provider.calls).toEqual(['get a']);
  });

  test('surfaces what the change throws, also when it looks like a lost race', async () => {
    const { storage } = setup();
    for (const reason of [new Error('mine'), new StorageError('conflict', 'mine.')]) {
      const change = vi.fn(() => {
        throw reason;
      });
      await expect(storage.update('a', change)).rejects.toBe(reason);
      expect(change).toHaveBeenCalledTimes(1);
    }
  });

  test.each([{ replaceIfMatch: false }, { createIfAbsent: false }])(
    'is unsupported with %j, and never reads then writes',
    async (capabilities) => {
      const { storage, provider } = setup({ capabilities });
      await expect(storage.update('a', () => 1)).rejects.toMatchObject({ code: 'unsupported' });
      expect(provider.calls).toEqual([]);
    },
  );

  test('of attributes is unsupported where etags leave them out', async () => {
    const { storage } = setup({ capabilities: { etagCovers: 'content' } });
    await storage.update('a', () => 1);
    for (const options of [{ tags: ['x'] }, { metadata: {} }, { expiration: new Date() }]) {
      await expect(storage.update('a', () => 1, options)).rejects.toMatchObject({
        code: 'unsupported',
      });
    }
  });

  test('checks by a schema what it reads and what it writes', async () => {
    const { storage } = setup();
    const schema = z.number();
    await storage.save('a', 'text');
    await expect(storage.update('a', () => 1, { schema })).rejects.toMatchObject({
      code: 'invalid-data',
    });
    await storage.save('a', 1);
    await expect(storage.update('a', () => 'x' as never, { schema })).rejects.toMatchObject({
      code: 'invalid-data',
    });
    await storage.update('a', (value: number = 0) => value + 1, { schema });
    expect(await storage.load('a')).toBe(2);
  });

  test('ends with its signal between two tries', async () => {
    const controller = new AbortController();
    const { storage } = setup({
      before: (operation) => {
        if (operation !== 'put') return;
        controller.abort();
        throw new StorageError('conflict', 'lost.');
      },
    });
    await expect(storage.update('a', () => 1, { signal: controller.signal })).rejects.toMatchObject(
      { code: 'aborted' },
    );
  });

  test('surfaces what is no lost race', async () => {
    const { storage } = setup({
      before: (operation) => {
        if (operation === 'put') throw new StorageError('quota-exceeded', 'full.');
      },
    });
    await expect(storage.update('a', () => 1)).rejects.toMatchObject({ code: 'quota-exceeded' });
  });
});
