import { describe, expect, test } from 'vitest';
import { BARE, type MapSettings, mapProvider } from '../../test/map-provider.ts';
import type { SaveEntry } from '../contract/engine.ts';
import { StorageError } from '../errors/storage-error.ts';
import { createStorage } from './create-storage.ts';

/** Lets everything else go on first. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const EACH = { putMany: false, getMany: false, deleteMany: false };
const WAYS = [
  ['in batches of the provider', {}],
  ['side by side', EACH],
] as const;

function setup(settings: MapSettings = {}) {
  const provider = mapProvider(settings);
  return { provider, storage: createStorage(provider) };
}

const entriesOf = (...keys: string[]): SaveEntry[] =>
  keys.map((key) => ({ key, value: `v-${key}` }));

describe.each(WAYS)('many items %s', (_way, capabilities) => {
  test('give a result per item, in order, repeated keys included', async () => {
    const { storage } = setup({ capabilities });
    const entries = [...entriesOf('a', 'b', 'a'), { key: 'a', value: 'last' }];
    const saved = await storage.saveMany(entries);
    expect(saved.map(({ key, ok }) => [key, ok])).toEqual(
      ['a', 'b', 'a', 'a'].map((key) => [key, true]),
    );
    const loaded = await storage.loadMany(['b', 'a', 'nope', 'a']);
    expect(loaded).toMatchObject([
      { key: 'b', ok: true, value: 'v-b' },
      { key: 'a', ok: true, value: 'last' },
      { key: 'nope', ok: false, error: { code: 'not-found' } },
      { key: 'a', ok: true, value: 'last' },
    ]);
    const deleted = await storage.deleteMany(['a', 'a', 'b']);
    expect(deleted.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(await storage.list()).toEqual([]);
  });

  test('may be none, or more than one batch', async () => {
    const { storage } = setup({ capabilities });
    expect(await storage.saveMany([])).toEqual([]);
    expect(await storage.loadMany([])).toEqual([]);
    expect(await storage.deleteMany([])).toEqual([]);
    const keys = Array.from({ length: 4050 }, (_, index) => `k${index}`);
    const saved = await storage.saveMany(keys.map((key) => ({ key, value: key })));
    expect(saved.every(({ ok }) => ok)).toBe(true);
    const loaded = await storage.loadMany(keys);
    expect(loaded.map((result) => result.ok && result.value)).toEqual(keys);
    await storage.deleteMany(keys);
    expect(await storage.list()).toEqual([]);
  });

  test('leave the others alone when one fails', async () => {
    const { storage, provider } = setup({
      capabilities,
      before: (_operation, key) => {
        if (key === 'bad') throw new StorageError('permission-denied', 'no.');
      },
    });
    const saved = await storage.saveMany([
      { key: 'a', value: 1 },
      { key: 'bad', value: 1 },
      { key: 'date', value: new Date(0) },
      { key: '', value: 1 },
      { key: 'b', value: 1 },
    ]);
    expect(saved).toMatchObject([
      { key: 'a', ok: true },
      { key: 'bad', ok: false, error: { code: 'permission-denied' } },
      { key: 'date', ok: false, error: { code: 'invalid-data', key: 'date' } },
      { key: '', ok: false, error: { code: 'invalid-key' } },
      { key: 'b', ok: true },
    ]);
    expect([...provider.entries.keys()]).toEqual(['a', 'b']);
    expect(await storage.deleteMany(['a', 'bad'])).toMatchObject([
      { ok: true },
      { ok: false, error: { code: 'permission-denied' } },
    ]);
  });

  test('take what a single save takes', async () => {
    const { storage } = setup({ capabilities });
    await storage.saveMany([
      { key: 'a', value: new Uint8Array([1]), tags: ['x'], expiration: new Date(0) },
      { key: 'b', value: 'text', format: 'text', checksum: true, metadata: { m: 1 } },
    ]);
    expect(await storage.stat('b')).toMatchObject({
      contentType: 'text/plain',
      metadata: { m: 1 },
      checksums: { sha256: 'sha256-4' },
    });
    expect(await storage.loadMany(['a', 'b'])).toMatchObject([
      { ok: false, error: { code: 'not-found' } },
      { ok: true, value: 'text' },
    ]);
  });

  test('create only what is not there, or has expired', async () => {
    const { storage } = setup({ capabilities });
    await storage.save('live', 1);
    await storage.save('dead', 1, { expiration: new Date(0) });
    const saved = await storage.saveMany(
      ['live', 'dead', 'new'].map((key) => ({ key, value: 2, ifNoneMatch: '*' as const })),
    );
    expect(saved).toMatchObject([
      { ok: false, error: { code: 'precondition-failed' } },
      { ok: true },
      { ok: true },
    ]);
    expect(await storage.load('dead')).toBe(2);
  });

  test('send what is too large for one put in parts', async () => {
    const { storage } = setup({ capabilities: { ...capabilities, maxPutBytes: 10 } });
    const bytes = new Uint8Array(50).fill(3);
    const saved = await storage.saveMany([{ key: 'a', value: bytes }, ...entriesOf('b')]);
    expect(saved.map(({ ok }) => ok)).toEqual([true, true]);
    expect(await storage.load('a')).toEqual(bytes);
  });

  test('tell their progress', async () => {
    const { storage } = setup({ capabilities });
    const told: unknown[] = [];
    const onProgress = (progress: unknown) => void told.push(progress);
    await storage.saveMany([...entriesOf('a', 'b'), { key: 'c', value: 1n }], { onProgress });
    expect(told.at(-1)).toEqual({ doneItems: 3, totalItems: 3 });
    await storage.loadMany(['a'], { onProgress });
    await storage.deleteMany(['a'], { onProgress });
    expect(told.slice(-2)).toEqual([
      { doneItems: 1, totalItems: 1 },
      { doneItems: 1, totalItems: 1 },
    ]);
  });

  test('fail as a whole when they are aborted', async () => {
    const controller = new AbortController();
    const { storage, provider } = setup({
      capabilities,
      before: (operation) => {
        if (operation.startsWith('put')) controller.abort();
        controller.signal.throwIfAborted();
      },
    });
    const many = entriesOf(...Array.from({ length: 100 }, (_, index) => `k${index}`));
    const saving = storage.saveMany(many, { signal: controller.signal, concurrency: 2 });
    await expect(saving).rejects.toMatchObject({ code: 'aborted' });
    expect(provider.entries.size).toBe(0);
    const options = { signal: AbortSignal.abort() };
    await expect(storage.loadMany(['a'], options)).rejects.toMatchObject({ code: 'aborted' });
    await expect(storage.deleteMany(['a'], options)).rejects.toMatchObject({ code: 'aborted' });
  });

  test.each([0, -1, 1.5, Number.NaN])('refuse %s in flight', async (concurrency) => {
    const { storage } = setup({ capabilities });
    const refused = { code: 'invalid-argument' };
    await expect(storage.saveMany([], { concurrency })).rejects.toMatchObject(refused);
    await expect(storage.loadMany([], { concurrency })).rejects.toMatchObject(refused);
    await expect(storage.deleteMany([], { concurrency })).rejects.toMatchObject(refused);
  });
});

describe('batches', () => {
  test('end where they hold 8 MiB, unless they are atomic', async () => {
    const { storage } = setup();
    const large = new Uint8Array(3 * 1024 * 1024);
    const entries = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, value: large }));
    const steps: number[] = [];
    const onProgress = ({ doneItems }: { readonly doneItems: number }) =>
      void steps.push(doneItems);
    await storage.saveMany(entries, { onProgress });
    await storage.saveMany(entries, { onProgress, atomic: true });
    expect(steps).toEqual([3, 5, 5]);
  });
});

describe('atomic batches', () => {
  test('are all or nothing', async () => {
    const { storage, provider } = setup({
      before: (operation, key) => {
        if (operation === 'put' && key === 'bad') throw new StorageError('quota-exceeded', 'full.');
      },
    });
    await storage.saveMany(entriesOf('a', 'b'), { atomic: true });
    expect(provider.entries.size).toBe(2);
    for (const bad of [
      { key: 'bad', value: 1 },
      { key: 'c', value: 1n },
    ]) {
      const batch = storage.saveMany([...entriesOf('d'), bad], { atomic: true });
      await expect(batch).rejects.toMatchObject({ code: expect.stringMatching(/quota|invalid/) });
    }
    await storage.saveMany([{ key: 'e', value: 1, ifNoneMatch: '*' }], { atomic: true });
    expect([...provider.entries.keys()]).toEqual(['a', 'b', 'e']);
    await storage.deleteMany(['a', 'b'], { atomic: true });
    expect(provider.calls).toContain('deleteMany 2');
    await storage.saveMany([], { atomic: true });
  });

  test('are unsupported where they are not declared, and for loads', async () => {
    const refused = { code: 'unsupported', message: expect.stringContaining('atomic: true') };
    const { storage } = setup({ capabilities: BARE });
    await expect(storage.saveMany([], { atomic: true })).rejects.toMatchObject(refused);
    await expect(storage.deleteMany([], { atomic: true })).rejects.toMatchObject(refused);
    await expect(storage.clear('a', { atomic: true })).rejects.toMatchObject(refused);
    await expect(setup().storage.loadMany([], { atomic: true })).rejects.toMatchObject(refused);
  });
});

describe('side by side', () => {
  test('have no more operations in flight than asked for', async () => {
    let inFlight = 0;
    let most = 0;
    const { storage } = setup({
      capabilities: EACH,
      before: async () => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await turn();
        inFlight -= 1;
      },
    });
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    await storage.saveMany(entriesOf(...keys), { concurrency: 3 });
    expect(most).toBe(3);
    most = 0;
    await storage.loadMany(keys);
    expect(most).toBe(16);
  });
});

describe('clear', () => {
  test('takes what starts with the prefix, which is a plain string', async () => {
    const { storage, provider } = setup();
    await storage.saveMany(entriesOf('foo', 'foo/1', 'foo/2', 'foobar', 'fo', 'other'));
    expect(await storage.clear('foo/')).toEqual({ deleted: 2, failed: [] });
    expect(await storage.clear('foo')).toEqual({ deleted: 2, failed: [] });
    expect([...provider.entries.keys()]).toEqual(['fo', 'other']);
    expect(await storage.clear('nothing')).toEqual({ deleted: 0, failed: [] });
  });

  test('takes everything only when that is said', async () => {
    const { storage, provider } = setup();
    await storage.saveMany(entriesOf('a', 'b', 'c', 'd', 'e'));
    for (const clear of [storage.clear(''), storage.clear({} as never), storage.clear('', {})]) {
      await expect(clear).rejects.toMatchObject({
        code: 'invalid-argument',
        hint: expect.stringContaining('all: true'),
      });
    }
    expect(provider.calls).not.toContain('list');
    const told: unknown[] = [];
    const onProgress = (progress: unknown) => void told.push(progress);
    expect(await storage.clear({ all: true, onProgress })).toEqual({ deleted: 5, failed: [] });
    expect(told).toEqual([{ doneItems: 3 }, { doneItems: 5 }]);
  });

  test('takes expired items too, and everything at once when it is atomic', async () => {
    const { storage, provider } = setup({ capabilities: { listFields: ['expiresAt'] } });
    await storage.saveMany(entriesOf('a', 'b', 'c', 'd'));
    await storage.save('dead', 1, { expiration: new Date(0) });
    provider.calls.length = 0;
    expect(await storage.clear({ all: true, atomic: true })).toEqual({ deleted: 5, failed: [] });
    expect(provider.calls).toContain('deleteMany 5');
  });

  test('tells what it could not delete', async () => {
    const { storage } = setup({
      before: (operation, key) => {
        if (operation === 'delete' && key === 'b')
          throw new StorageError('permission-denied', 'no.');
      },
    });
    await storage.saveMany(entriesOf('a', 'b'));
    expect(await storage.clear({ all: true })).toMatchObject({
      deleted: 1,
      failed: [{ key: 'b', error: { code: 'permission-denied' } }],
    });
  });
});

describe('sweep', () => {
  const past = new Date(0);
  const future = new Date(Date.now() + 1e9);

  async function filled(settings: MapSettings = {}) {
    const all = setup(settings);
    await all.storage.save('a', 1, { expiration: past });
    await all.storage.save('b', 1, { expiration: future });
    await all.storage.save('c', 1);
    await all.storage.save('p/d', 1, { expiration: past });
    all.provider.calls.length = 0;
    return all;
  }
  const keysOf = ({ entries }: ReturnType<typeof mapProvider>) => [...entries.keys()];

  test.each([
    ['from fields of a plain listing', { listFields: ['expiresAt'] as const }],
    ['from a listing with attributes', {}],
    ['without conditional deletes', { deleteIfMatch: false }],
    ['where etags leave attributes out', { etagCovers: 'write' as const }],
  ])('deletes what has expired, %s', async (_title, capabilities) => {
    const { storage, provider } = await filled({ capabilities });
    expect(await storage.sweep('p/')).toEqual({ deleted: 1, failed: [] });
    expect(await storage.sweep()).toEqual({ deleted: 1, failed: [] });
    expect(keysOf(provider)).toEqual(['b', 'c']);
  });

  test('asks for each key only when that is allowed', async () => {
    const { storage, provider } = await filled({ capabilities: { listAttributes: false } });
    await expect(storage.sweep()).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('scan: true'),
    });
    expect(await storage.sweep('', { scan: true })).toEqual({ deleted: 2, failed: [] });
    expect(keysOf(provider)).toEqual(['b', 'c']);
  });

  test('finds nothing where nothing can expire', async () => {
    const { storage, provider } = setup({ capabilities: BARE });
    expect(await storage.sweep()).toEqual({ deleted: 0, failed: [] });
    expect(provider.calls).toEqual([]);
  });

  test.each([{}, { etagCovers: 'content' as const }, { deleteIfMatch: false }])(
    'leaves an item that was renewed after it was listed (%j)',
    async (capabilities) => {
      let renewed = false;
      const { storage, provider } = await filled({
        capabilities,
        before: (operation, key, entries) => {
          const entry = entries.get(key);
          const looks = operation === 'stat' || operation === 'delete';
          if (!looks || key !== 'a' || entry === undefined || renewed) return;
          renewed = true;
          const { expiresAt: _past, ...info } = entry.info;
          entries.set('a', { ...entry, info: { ...info, etag: 'renewed' } });
        },
      });
      expect(await storage.sweep()).toEqual({ deleted: 1, failed: [] });
      expect(keysOf(provider)).toEqual(['a', 'b', 'c']);
    },
  );

  test('tells what it could not delete, and leaves out what is gone', async () => {
    const { storage, provider } = await filled({
      capabilities: { etagCovers: 'write' },
      before: (operation, key) => {
        if (operation === 'stat') provider.entries.delete('a');
        if (operation === 'delete' && key === 'p/d') throw new StorageError('unavailable', 'down.');
      },
    });
    const told: unknown[] = [];
    const result = await storage.sweep('', { onProgress: (progress) => void told.push(progress) });
    expect(result).toMatchObject({
      deleted: 0,
      failed: [{ key: 'p/d', error: { code: 'unavailable' } }],
    });
    expect(told.at(-1)).toEqual({ doneItems: 4 });
  });
});
