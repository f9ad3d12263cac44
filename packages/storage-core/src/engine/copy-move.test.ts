import { describe, expect, test } from 'vitest';
import { BARE, type MapSettings, mapProvider } from '../../test/map-provider.ts';
import type { Body } from '../contract/body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { PutOptions } from '../contract/operations.ts';
import { StorageError } from '../errors/storage-error.ts';
import { createStorage } from './create-storage.ts';

const HOUR = 3_600_000;
const ATTRIBUTES = {
  contentType: 'text/plain',
  cacheControl: 'no-store',
  metadata: { m: [1] },
  tags: ['t'],
};
/** Every way a copy can go: on the server, through this process, and with as little as there is. */
const WAYS: readonly (readonly [name: string, capabilities: Partial<Capabilities>])[] = [
  ['on the server', {}],
  ['through this process', { copy: false, move: false }],
  ['by a server-side copy and a delete', { move: false }],
  [
    'without conditional reads and deletes',
    {
      copy: false,
      move: false,
      readConditions: false,
      deleteIfMatch: false,
    },
  ],
];

function setup(settings: MapSettings = {}) {
  const clock = { ms: Date.now() };
  const now = () => clock.ms;
  const provider = mapProvider({ ...settings, now });
  return { clock, provider, storage: createStorage(provider, { now }) };
}

describe.each(WAYS)('copy %s', (_way, capabilities) => {
  test('makes an equal object, over an existing one too', async () => {
    const { storage } = setup({ capabilities });
    await storage.put('b', 'old', { tags: ['old'] });
    const {
      key: _a,
      etag,
      modifiedAt,
      createdAt,
      ...same
    } = await storage.put('a', 'x', ATTRIBUTES);
    const info = await storage.copy('a', 'b');
    expect(info).toMatchObject({ key: 'b', ...same });
    expect(await storage.stat('b')).toEqual(info);
    expect(await (await storage.get('b')).text()).toBe('x');
    expect(await storage.exists('a')).toBe(true);
  });

  test('changes the attributes that are given', async () => {
    const { storage } = setup({ capabilities });
    await storage.put('a', 'x', ATTRIBUTES);
    const info = await storage.copy('a', 'b', {
      attributes: { tags: ['n'], metadata: null, contentType: 'image/png' },
    });
    expect(info).toMatchObject({ tags: ['n'], contentType: 'image/png', cacheControl: 'no-store' });
    expect(info).not.toHaveProperty('metadata');
  });

  test('of a missing source leaves the target', async () => {
    const { storage } = setup({ capabilities });
    await storage.save('b', 1);
    await expect(storage.copy('a', 'b')).rejects.toMatchObject({ code: 'not-found', key: 'a' });
    expect(await storage.load('b')).toBe(1);
  });

  test('honors its conditions', async () => {
    const { storage, provider } = setup({ capabilities });
    const { etag } = await storage.save('a', 1);
    await storage.save('b', 2);
    const failed = { code: 'precondition-failed' };
    await expect(storage.copy('a', 'b', { ifNoneMatch: '*' })).rejects.toMatchObject(failed);
    await expect(storage.copy('a', 'c', { sourceIfMatch: 'x' })).rejects.toMatchObject(failed);
    expect(await storage.load('b')).toBe(2);
    expect(await storage.exists('c')).toBe(false);
    await storage.copy('a', 'c', { sourceIfMatch: etag, ifNoneMatch: '*' });
    expect(await storage.load('c')).toBe(1);
    expect(provider.openBodies.size).toBe(0);
  });

  test('onto itself keeps the object, and changes attributes', async () => {
    const { storage } = setup({ capabilities });
    const before = await storage.put('a', 'x', ATTRIBUTES);
    expect(await storage.copy('a', 'a')).toEqual(before);
    expect(await storage.copy('a', 'a', { attributes: {} })).toEqual(before);
    const info = await storage.copy('a', 'a', { attributes: { tags: null } });
    expect(info).not.toHaveProperty('tags');
    expect(await storage.stat('a')).toMatchObject({ metadata: { m: [1] }, size: 1 });
    const failed = { code: 'precondition-failed' };
    await expect(storage.copy('a', 'a', { ifNoneMatch: '*' })).rejects.toMatchObject(failed);
    await expect(storage.copy('a', 'a', { sourceIfMatch: 'x' })).rejects.toMatchObject(failed);
    await expect(storage.copy('b', 'b')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('brings nothing back that has expired', async () => {
    const { storage, clock } = setup({ capabilities });
    await storage.save('a', 1, { expiration: new Date(clock.ms + HOUR) });
    const later = { attributes: { expiresAt: new Date(clock.ms + 3 * HOUR) } };
    await storage.copy('a', 'b', later);
    clock.ms += 2 * HOUR;
    expect(await storage.load('b')).toBe(1);
    const absent = { code: 'not-found' };
    await expect(storage.copy('a', 'c', later)).rejects.toMatchObject(absent);
    await expect(storage.move('a', 'c', later)).rejects.toMatchObject(absent);
    await expect(storage.copy('a', 'a', later)).rejects.toMatchObject(absent);
  });

  test('creates where only an expired item is', async () => {
    const { storage, clock } = setup({ capabilities });
    if (capabilities.deleteIfMatch === false) return;
    await storage.save('a', 1);
    await storage.save('b', 2, { expiration: new Date(clock.ms + HOUR) });
    clock.ms += HOUR;
    await storage.copy('a', 'b', { ifNoneMatch: '*' });
    expect(await storage.load('b')).toBe(1);
  });

  test('tells its progress', async () => {
    const { storage } = setup({ capabilities });
    await storage.put('a', 'abc');
    const told: object[] = [];
    const onProgress = (progress: object) => void told.push(progress);
    await storage.copy('a', 'b', { onProgress });
    await storage.move('a', 'c', { onProgress });
    expect(told).toEqual([
      { transferredBytes: 3, totalBytes: 3 },
      { transferredBytes: 3, totalBytes: 3 },
    ]);
  });
});

describe('copy through this process', () => {
  const capabilities = { copy: false, move: false };

  test('streams large objects, in parts where they need them', async () => {
    const { storage, provider } = setup({
      capabilities: { ...capabilities, maxPutBytes: 2 ** 20 },
    });
    const bytes = new Uint8Array(3 * 2 ** 20).fill(7);
    await storage.put('a', bytes, { tags: ['x'] });
    provider.calls.length = 0;
    const info = await storage.copy('a', 'b');
    expect(info).toMatchObject({ size: bytes.byteLength, tags: ['x'] });
    expect(provider.entries.get('b')?.bytes).toEqual(bytes);
    expect(provider.calls).toContain('upload b');
  });

  test('keeps the type that the name of the source told', async () => {
    const { storage } = setup({ capabilities });
    await storage.save('a.txt', 'x');
    expect((await storage.copy('a.txt', 'b')).contentType).toBe('text/plain');
    expect(await storage.load('b')).toBe('x');
    expect(await storage.copy('b', 'c.txt')).not.toHaveProperty('contentType');
  });

  test('asks for no type that a store without attributes could not keep', async () => {
    const { storage } = setup({ capabilities: BARE });
    await storage.put('a.txt', 'x');
    await storage.copy('a.txt', 'b.md');
    expect(await storage.load('b.md')).toBe('x');
    await expect(
      storage.copy('a.txt', 'c', { attributes: { contentType: 'image/png' } }),
    ).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('refuses to create only where that is not declared, before any read', async () => {
    const { storage, provider } = setup({
      capabilities: { ...capabilities, createIfAbsent: false },
    });
    await storage.save('a', 1);
    provider.calls.length = 0;
    await expect(storage.copy('a', 'b', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'unsupported',
    });
    expect(provider.calls).toEqual([]);
  });

  test('rewrites an object onto itself where attributes cannot be set', async () => {
    const { storage } = setup({ capabilities: { ...capabilities, setMetadata: false } });
    await storage.put('a', 'x', ATTRIBUTES);
    const info = await storage.copy('a', 'a', { attributes: { tags: ['n'] } });
    expect(info).toMatchObject({ ...ATTRIBUTES, tags: ['n'], size: 1 });
    const weak = setup({
      capabilities: { ...capabilities, setMetadata: false, replaceIfMatch: false },
    });
    await weak.storage.put('a', 'x', ATTRIBUTES);
    await weak.storage.copy('a', 'a', { attributes: { tags: ['n'] } });
    expect((await weak.storage.stat('a')).tags).toEqual(['n']);
  });

  test('takes the way through this process for a condition the server cannot check', async () => {
    const { storage, provider } = setup({ capabilities: { copyIfMatch: false } });
    const { etag } = await storage.save('a', 1);
    await storage.copy('a', 'b', { sourceIfMatch: etag });
    expect(provider.calls).not.toContain('copy a');
    await storage.copy('a', 'c', { ifNoneMatch: '*' });
    expect(provider.calls).toContain('copy a');
  });
});

describe.each(WAYS)('move %s', (_way, capabilities) => {
  test('makes the target and takes the source away', async () => {
    const { storage, provider } = setup({ capabilities });
    await storage.put('a', 'x', ATTRIBUTES);
    const info = await storage.move('a', 'b', { attributes: { tags: ['n'] } });
    expect(info).toMatchObject({ ...ATTRIBUTES, key: 'b', tags: ['n'] });
    expect([...provider.entries.keys()]).toEqual(['b']);
  });

  test('of a missing source leaves the target', async () => {
    const { storage } = setup({ capabilities });
    await storage.save('b', 1);
    await expect(storage.move('a', 'b')).rejects.toMatchObject({ code: 'not-found' });
    expect(await storage.load('b')).toBe(1);
  });

  test('honors its conditions', async () => {
    const { storage, provider } = setup({ capabilities });
    const { etag } = await storage.save('a', 1);
    await storage.save('b', 2);
    const failed = { code: 'precondition-failed' };
    await expect(storage.move('a', 'b', { ifNoneMatch: '*' })).rejects.toMatchObject(failed);
    await expect(storage.move('a', 'c', { sourceIfMatch: 'x' })).rejects.toMatchObject(failed);
    expect([...provider.entries.keys()]).toEqual(['a', 'b']);
    await storage.move('a', 'c', { sourceIfMatch: etag, ifNoneMatch: '*' });
    expect([...provider.entries.keys()]).toEqual(['b', 'c']);
  });

  test('onto itself changes nothing', async () => {
    const { storage, provider } = setup({ capabilities });
    const info = await storage.save('a', 1);
    provider.calls.length = 0;
    expect(await storage.move('a', 'a')).toEqual(info);
    expect(provider.calls).toEqual(['stat a']);
    await expect(storage.move('b', 'b')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('creates where only an expired item is', async () => {
    const { storage, clock } = setup({ capabilities });
    if (capabilities.deleteIfMatch === false) return;
    await storage.save('a', 1);
    await storage.save('b', 2, { expiration: new Date(clock.ms + HOUR) });
    clock.ms += HOUR;
    await storage.move('a', 'b', { ifNoneMatch: '*' });
    expect(await storage.load('b')).toBe(1);
    expect(await storage.exists('a')).toBe(false);
  });
});

describe('a move whose source is written meanwhile', () => {
  const rewrites = (when: string, extra: Partial<Capabilities> = {}) => {
    let once = true;
    const all = setup({
      capabilities: { move: false, copy: false, ...extra },
      before: (operation, key) => {
        if (operation !== when || key !== (when === 'put' ? 'b' : 'a') || !once) return;
        const entry = all.provider.entries.get('a');
        if (entry === undefined) return;
        once = when === 'stat';
        all.provider.entries.set('a', {
          ...entry,
          info: { ...entry.info, etag: `${entry.info.etag}+` },
        });
      },
    });
    return all;
  };

  test.each([
    ['is copied', 'get', {}],
    ['is copied on the server', 'copy', { copy: true }],
    ['is deleted', 'delete', {}],
    ['is deleted without a condition', 'put', { deleteIfMatch: false }],
  ] as const)('before it %s keeps the source', async (_title, when, extra) => {
    const { storage, provider } = rewrites(when, extra);
    await storage.save('a', 1);
    await expect(storage.move('a', 'b')).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
      operation: 'move',
      key: 'a',
    });
    expect(provider.entries.has('a')).toBe(true);
  });

  test('fails its own condition when one was given', async () => {
    const { storage, provider } = setup({ capabilities: { move: false } });
    await storage.save('a', 1);
    await expect(storage.move('a', 'b', { sourceIfMatch: 'e0' })).rejects.toMatchObject({
      code: 'precondition-failed',
      outcome: 'not-applied',
    });
    expect([...provider.entries.keys()]).toEqual(['a']);
  });

  test('and whose target is written meanwhile keeps the source', async () => {
    const { storage, provider } = setup({
      capabilities: { move: false, copy: false },
      before: (operation, key) => {
        const entry = provider.entries.get('b');
        if (operation === 'stat' && key === 'b' && entry !== undefined) {
          provider.entries.set('b', { ...entry, info: { ...entry.info, etag: 'mine' } });
        }
      },
    });
    await storage.save('a', 1);
    await expect(storage.move('a', 'b')).rejects.toMatchObject({ code: 'conflict' });
    expect(provider.entries.has('a')).toBe(true);
  });

  test('succeeds when somebody else deleted the source after it was copied', async () => {
    const { storage, provider } = setup({
      capabilities: { move: false, copy: false },
      before: (operation, key) => {
        if (operation === 'delete') provider.entries.delete(key);
      },
    });
    await storage.save('a', 1);
    expect(await storage.move('a', 'b')).toMatchObject({ key: 'b' });
  });

  test('surfaces what its delete fails with', async () => {
    const { storage, provider } = setup({
      capabilities: { move: false },
      before: (operation) => {
        if (operation === 'delete') throw new StorageError('permission-denied', 'no.');
      },
    });
    await storage.save('a', 1);
    await expect(storage.move('a', 'b')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(provider.entries.size).toBe(2);
  });

  test('surfaces errors of the looks at the source', async () => {
    let stats = 0;
    const { storage } = setup({
      capabilities: { move: false, copy: false, deleteIfMatch: false },
      before: (operation, key) => {
        if (operation === 'stat' && key === 'a') stats += 1;
        if (stats === 2) throw new StorageError('unavailable', 'down.');
      },
    });
    await storage.save('a', 1);
    await expect(storage.move('a', 'b')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test('a copy that is aborted leaves no body open', async () => {
  const controller = new AbortController();
  const { storage, provider } = setup({ capabilities: { copy: false } });
  await storage.put('a', new Uint8Array(2 ** 21));
  const other = createStorage({
    ...provider,
    async put(key: string, body: Body, options: PutOptions) {
      controller.abort();
      options.signal?.throwIfAborted();
      return provider.put(key, body, options);
    },
  });
  await expect(other.copy('a', 'b', { signal: controller.signal })).rejects.toMatchObject({
    code: 'aborted',
  });
  expect(provider.openBodies.size).toBe(0);
});
