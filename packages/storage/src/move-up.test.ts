import {
  StorageError,
  type StorageProvider,
  storedObject,
  toBody,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test, vi } from 'vitest';
import { type MovedUp, moveUp } from './move-up.ts';

const memory = () => createMemory.provider();

/** A memory with some of its operations replaced or, by `undefined`, left out. */
function changed(
  inner: StorageProvider,
  overrides: Partial<StorageProvider>,
  capabilities: StorageProvider['capabilities'] = {},
): StorageProvider {
  const { get, put, stat, delete: remove, list, putMany, getMany, ...rest } = inner;
  return {
    ...{ specVersion: 1, name: rest.name, get, put, stat, delete: remove, list },
    capabilities: { ...inner.capabilities, ...capabilities },
    ...(putMany && { putMany }),
    ...(getMany && { getMany }),
    ...overrides,
  };
}

const plain = { putMany: undefined, getMany: undefined } as unknown as Partial<StorageProvider>;
const move = (from: StorageProvider, to: StorageProvider): Promise<MovedUp> =>
  moveUp({ from, to, locks: undefined, lock: 'a' });
const textOf = async (provider: StorageProvider, key: string) =>
  await (await provider.get(key, {})).text();
const keysOf = async (provider: StorageProvider) =>
  (await Array.fromAsync(provider.list({}))).flatMap(({ entries }) =>
    entries.map(({ key }) => key),
  );

async function filled(items: Readonly<Record<string, string>>): Promise<StorageProvider> {
  const provider = memory();
  for (const [key, text] of Object.entries(items)) await provider.put(key, toBody(text), {});
  return provider;
}

describe('moveUp', () => {
  test('moves items with all their attributes', async () => {
    const [from, to] = [memory(), memory()];
    const attributes = {
      contentType: 'text/x-note',
      cacheControl: 'no-store',
      metadata: { deep: { list: [1, { a: null }] }, name: 'ü' },
      tags: ['b', 'a'],
      expiresAt: new Date(Date.now() + 60_000),
    };
    await from.put('a', toBody('x'), { ...attributes, checksum: 'sha256' });
    await from.put('b', toBody(new Uint8Array([0, 255])), {});
    expect(await move(from, to)).toEqual({ from: 'memory', items: 2, left: [] });
    expect(await to.stat('a', {})).toMatchObject(attributes);
    expect((await to.stat('a', {})).checksums?.['sha256']).toMatch(/^sha256-/);
    expect(await (await to.get('b', {})).bytes()).toEqual(new Uint8Array([0, 255]));
    expect(await keysOf(from)).toEqual([]);
  });

  test('moves more than fit into one step', async () => {
    const from = memory();
    for (let index = 0; index < 450; index += 1)
      await from.put(`k/${index}`, toBody(`${index}`), {});
    const to = memory();
    expect(await move(from, to)).toMatchObject({ items: 450, left: [] });
    expect(await textOf(to, 'k/449')).toBe('449');
  });

  test('moves between places without batches and without conditions on deletes', async () => {
    const from = changed(await filled({ a: '1', b: '2' }), {}, { deleteIfMatch: false });
    const to = changed(memory(), plain);
    expect(await move(from, to)).toMatchObject({ items: 2, left: [] });
    expect(await keysOf(from)).toEqual([]);
    expect(await keysOf(to)).toEqual(['a', 'b']);
  });

  test('does not copy again what is above already', async () => {
    const [from, to] = [await filled({ a: 'same' }), await filled({ a: 'same' })];
    const { etag } = await to.stat('a', {});
    expect(await move(from, to)).toMatchObject({ items: 1, left: [] });
    expect((await to.stat('a', {})).etag).toBe(etag);
    expect(await keysOf(from)).toEqual([]);
  });

  test.each([
    ['content', { content: 'other' }],
    ['size', { content: 'x' }],
    ['attributes', { options: { tags: ['other'] } }],
    ['metadata', { options: { tags: ['mine'], metadata: { a: [1] } } }],
    ['a date', { options: { tags: ['mine'], expiresAt: new Date(5000) } }],
  ])(
    'keeps both where %s differs',
    async (_what, { content = 'below', options = {} }: { content?: string; options?: object }) => {
      const [from, to] = [memory(), memory()];
      const metadata = { a: { '0': 1 } };
      await from.put('a', toBody('below'), { tags: ['mine'], metadata, expiresAt: new Date(9000) });
      await to.put('a', toBody(content), {
        tags: ['mine'],
        metadata,
        expiresAt: new Date(9000),
        ...options,
      });
      const { items, left } = await move(from, to);
      expect(items).toBe(0);
      expect(left).toMatchObject([{ key: 'a', error: { code: 'conflict', retryable: false } }]);
      expect(await textOf(from, 'a')).toBe('below');
      expect(await textOf(to, 'a')).toBe(content);
    },
  );

  test('copies anew what changed below before it was removed', async () => {
    const inner = await filled({ a: 'first' });
    let changes = 0;
    const from = changed(inner, {
      async delete(key, options) {
        if (key === 'a') changes += 1;
        if (changes === 1) await inner.put('a', toBody('second'), {});
        return inner.delete(key, options);
      },
    });
    const to = memory();
    expect(await move(from, to)).toMatchObject({ items: 1, left: [] });
    expect(await textOf(to, 'a')).toBe('second');
    expect(await keysOf(inner)).toEqual([]);
  });

  test('notices a change without conditions on deletes, too', async () => {
    const inner = await filled({ a: 'first' });
    let looks = 0;
    const from = changed(
      inner,
      {
        async stat(key, options) {
          looks += 1;
          if (looks === 1) await inner.put('a', toBody('second'), {});
          return inner.stat(key, options);
        },
      },
      { deleteIfMatch: false },
    );
    const to = memory();
    expect(await move(from, to)).toMatchObject({ items: 1, left: [] });
    expect(await textOf(to, 'a')).toBe('second');
  });

  test('leaves what keeps changing', async () => {
    const inner = await filled({ a: '0' });
    let changes = 0;
    const from = changed(inner, {
      async delete(key, options) {
        if (key === 'a') changes += 1;
        await inner.put('a', toBody(String(changes)), {});
        return inner.delete(key, options);
      },
    });
    const { left } = await move(from, memory());
    expect(left).toMatchObject([{ key: 'a', error: { code: 'precondition-failed' } }]);
    expect(await textOf(inner, 'a')).toBe('3');
  });

  test('counts what another tab has moved or deleted meanwhile as gone', async () => {
    const inner = await filled({ a: '1', b: '2' });
    const from = changed(inner, {
      async get(key, options) {
        if (key === 'a') await inner.delete('a', {});
        return inner.get(key, options);
      },
      async delete(key, options) {
        await inner.delete(key, {});
        return inner.delete(key, options);
      },
    });
    expect(await move(from, memory())).toMatchObject({ items: 0, left: [] });
  });

  test('removes nothing that does not read back as it was', async () => {
    const from = await filled({ a: 'right', b: 'right' });
    const inner = memory();
    const to = changed(inner, {
      ...plain,
      async get(key, options) {
        const { info } = await inner.get(key, options);
        if (key === 'b') throw new StorageError('corrupted', 'a chunk is missing.');
        return storedObject(info, { bytes: () => new TextEncoder().encode('wrong') });
      },
    });
    const { items, left } = await move(from, to);
    expect(items).toBe(0);
    expect(left.map(({ error }) => error.code).sort()).toEqual(['conflict', 'corrupted']);
    expect(await keysOf(from)).toEqual(['a', 'b']);
  });

  test('leaves what cannot be read or stored, and moves the rest', async () => {
    const inner = await filled({ bad: 'x', big: 'y'.repeat(100), good: 'z' });
    const from = changed(inner, {
      async get(key, options) {
        if (key === 'bad') throw new StorageError('corrupted', 'it is damaged.');
        return inner.get(key, options);
      },
    });
    const to = createMemory.provider({ quotaBytes: 50 });
    const { items, left } = await move(from, to);
    expect(items).toBe(1);
    expect(left.map(({ key, error }) => [key, error.code])).toEqual([
      ['bad', 'corrupted'],
      ['big', 'quota-exceeded'],
    ]);
    expect(await keysOf(inner)).toEqual(['bad', 'big']);
  });

  test('takes a turn under a lock where there are locks', async () => {
    const [from, to] = [await filled({ a: '1' }), memory()];
    const request = vi.fn((_name: string, _options: object, run: () => Promise<MovedUp>) => run());
    expect(await moveUp({ from, to, locks: { request }, lock: 'move' })).toMatchObject({
      items: 1,
    });
    expect(request).toHaveBeenCalledWith(
      'move',
      { signal: expect.any(AbortSignal) },
      expect.any(Function),
    );
  });
});
