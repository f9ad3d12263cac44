import { createStorage } from '@granary/storage-core';
import {
  defineLayer,
  type LayerFactory,
  type StorageProvider,
  toBody,
  type UploadSession,
  withCompanion,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainMemory } from '../test/plain-memory.ts';
import { createExpiring } from './expire.ts';
import { createMock, withMock } from './mock.ts';
import { createShredding, type ShredOptions, type ShredReport, shred, withShred } from './shred.ts';
import { createValidated } from './validate.ts';

/** A layer that says that it encrypts. */
const createSaidEncrypted: LayerFactory<object> = defineLayer({
  name: 'encrypted',
  layer: (below) => ({ ...pass(below) }),
});

function pass(below: StorageProvider): StorageProvider {
  return {
    specVersion: 1,
    name: below.name,
    capabilities: {
      attributes: 'native',
      etagCovers: 'attributes',
      replaceIfMatch: true,
      deleteIfMatch: true,
    },
    get: (key, options) => below.get(key, options),
    put: (key, body, options) => below.put(key, body, options),
    stat: (key, options) => below.stat(key, options),
    delete: (key, options) => below.delete(key, options),
    list: (options) => below.list(options),
  };
}

function setup(options: ShredOptions = {}, versioning = true) {
  const reports: ShredReport[] = [];
  const inner = createMemory.provider({ versioning });
  const mock = withMock(inner);
  const storage = createShredding({
    underlying: mock,
    onShred: (report) => void reports.push(report),
    ...options,
  });
  return { inner, mock: mock.mock, below: createStorage(inner), storage, reports };
}

async function beginUpload(provider: StorageProvider, key: string): Promise<UploadSession> {
  if (provider.upload === undefined) throw new Error('it takes no uploads');
  return provider.upload(key, {});
}

async function versionsOf(storage: ReturnType<typeof createMemory>, key: string): Promise<number> {
  return (await storage.versions.list(key)).length;
}

describe('a delete', () => {
  test('leaves no version and no unfinished upload of the key, and nothing else is touched', async () => {
    const { storage, below, inner, reports } = setup();
    await storage.put('a', 'one', { metadata: { n: 1 } });
    await storage.put('a', 'two');
    await storage.put('ab', 'other');
    for (const key of ['a', 'a', 'a/b', 'ab']) {
      const session = await beginUpload(inner, key);
      await session.write(0, Uint8Array.of(1));
    }
    expect(await storage.delete('a')).toEqual({ existed: true });
    expect(await versionsOf(below, 'a')).toBe(0);
    expect(await versionsOf(below, 'ab')).toBe(1);
    const pending: string[] = [];
    for await (const { key } of inner.uploads?.({}) ?? []) pending.push(key);
    expect(pending.toSorted()).toEqual(['a/b', 'ab']);
    expect(reports).toEqual([
      {
        key: 'a',
        name: 'memory',
        at: expect.any(Date),
        cause: 'delete',
        existed: true,
        overwritten: 'none',
        encrypted: false,
        keyDestroyed: false,
        versions: 2,
        uploads: 2,
        copies: [],
        notPromised: expect.arrayContaining([
          expect.stringContaining('not overwritten where they lay'),
          expect.stringContaining('Snapshots'),
          expect.stringContaining('not encrypted'),
        ]),
      },
    ]);
  });

  test('asks for no version of a store that names versions and has none to delete', async () => {
    const inner = createMemory.provider({ versioning: true });
    const named: StorageProvider = {
      ...pass(inner),
      put: (key, body, options) => inner.put(key, body, options),
    };
    const storage = createShredding({ underlying: named, overwrite: 'always' });
    expect((await storage.put('a', 'content')).version).toBeDefined();
    expect(await storage.delete('a')).toEqual({ existed: true });
    expect(await storage.exists('a')).toBe(false);
  });

  test('leaves no companion, here and in the copies', async () => {
    const places = [plainMemory(), plainMemory()] as const;
    const [here, copy] = places.map((place) => withCompanion(place));
    if (here === undefined || copy === undefined) throw new Error('there are two');
    const backup = createStorage(copy);
    for (const overwrite of ['auto', 'always'] as const) {
      const storage = createShredding({ underlying: here, copies: [backup], overwrite });
      for (const one of [storage, backup]) {
        await one.put('a', 'content', { metadata: { name: 'Ada' }, tags: ['x'] });
      }
      for (const place of places) expect(await createStorage(place).list()).toHaveLength(2);
      await storage.delete('a');
      for (const place of places) expect(await createStorage(place).list()).toEqual([]);
    }
  });

  test('of a key that is gone deletes what is left of it', async () => {
    const { storage, below, reports } = setup();
    await below.put('a', 'one');
    await below.delete('a');
    expect(await storage.delete('a')).toEqual({ existed: false });
    expect(await versionsOf(below, 'a')).toBe(0);
    expect(reports).toMatchObject([{ existed: false, versions: 1 }]);
  });

  test('keeps its condition', async () => {
    const { storage, below } = setup();
    const { etag } = await storage.put('a', 'one');
    await storage.put('a', 'two');
    await expect(storage.delete('a', { ifMatch: etag })).rejects.toMatchObject({
      code: 'precondition-failed',
      outcome: 'not-applied',
    });
    await expect(storage.delete('b', { ifMatch: etag })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(await versionsOf(below, 'a')).toBe(2);
    await storage.delete('a', { ifMatch: (await storage.stat('a')).etag });
    expect(await versionsOf(below, 'a')).toBe(0);
  });

  test('takes one version alone when it is asked to', async () => {
    const { storage, below, reports } = setup();
    const { version = '' } = await storage.put('a', 'one');
    await storage.put('a', 'two');
    await storage.versions.delete('a', version);
    expect(await versionsOf(below, 'a')).toBe(1);
    expect(await (await storage.get('a')).text()).toBe('two');
    expect(reports).toEqual([]);
  });

  test('overwrites with as many random bytes when it is asked to', async () => {
    const written: Uint8Array[] = [];
    const inner = createMemory.provider({});
    const spying: StorageProvider = {
      ...pass(inner),
      async put(key, body, options) {
        const bytes = await body.bytes();
        written.push(bytes.slice());
        return inner.put(key, toBody(bytes), options);
      },
    };
    const storage = createShredding({ underlying: spying, overwrite: 'always' });
    await storage.put('a', new Uint8Array(200_000));
    await storage.put('empty', '');
    written.length = 0;
    await storage.delete('a');
    await storage.delete('empty');
    expect(written.map(({ byteLength }) => byteLength)).toEqual([200_000, 0]);
    expect(new Set(written[0]).size).toBe(256);
    expect(await storage.list()).toEqual([]);
  });

  test('overwrites large objects in parts, under a condition where there are some', async () => {
    for (const conditions of [true, false]) {
      const inner = createMemory.provider({ maxPutBytes: 1000, partBytes: 1000 });
      const { uploadConditions: _dropped, ...rest } = inner.capabilities;
      const mock = withMock(inner);
      const below: StorageProvider = {
        ...pass(mock),
        capabilities: {
          ...pass(mock).capabilities,
          maxPutBytes: 1000,
          upload: true,
          ...(conditions && rest && { uploadConditions: true }),
        },
        upload: async (key, options) => (await mock.upload?.(key, options)) as UploadSession,
      };
      const storage = createShredding({ underlying: below, overwrite: 'always' });
      await storage.put('a', new Uint8Array(5000));
      mock.mock.reset();
      await storage.delete('a');
      expect(mock.mock.calls('upload.write')).toHaveLength(5);
      expect('ifMatch' in (mock.mock.calls('upload.complete')[0]?.options ?? {})).toBe(conditions);
    }
  });

  test('over an encryption layer puts an empty object over the header first', async () => {
    const { mock } = setup();
    const memory = createMock();
    const reports: ShredReport[] = [];
    const storage = createShredding({
      underlying: createSaidEncrypted({ underlying: memory }),
      onShred: (report) => void reports.push(report),
    });
    await storage.put('a', 'secret');
    await storage.delete('a');
    expect(memory.calls().map(({ operation }) => operation)).toEqual([
      ...['open', 'put', 'stat', 'put', 'delete'],
    ]);
    expect(reports).toMatchObject([{ overwritten: 'replaced', encrypted: true }]);
    expect(reports[0]?.notPromised.join()).toContain('keys of the encryption layer');
    expect(mock.calls()).toEqual([]);
    const never = createShredding({
      underlying: createSaidEncrypted({ underlying: memory }),
      overwrite: 'never',
    });
    await never.put('a', 'secret');
    memory.reset();
    await never.delete('a');
    expect(memory.calls('put')).toEqual([]);
  });

  test('overwrites in place where the application can', async () => {
    const seen: unknown[] = [];
    const { storage, reports } = setup({
      overwrite: async (key, sizeBytes) => void seen.push([key, sizeBytes]),
    });
    await storage.put('a', 'content');
    await storage.delete('a');
    expect(seen).toEqual([['a', 7]]);
    expect(reports).toMatchObject([{ overwritten: 'in-place' }]);
    expect(reports[0]?.notPromised.join()).toContain('SSDs');
  });

  test('reaches the copies, and destroys keys that are kept elsewhere', async () => {
    const backup = createMemory({ versioning: true });
    const other = createMemory.provider({});
    const destroyed: string[] = [];
    const { storage, reports } = setup({
      copies: [backup, other],
      destroyKey: async (key) => void destroyed.push(key),
    });
    await storage.put('a', 'one');
    await backup.put('a', 'old');
    await backup.put('a', 'one');
    await backup.put('b', 'stays');
    await storage.delete('a');
    expect(await versionsOf(backup, 'a')).toBe(0);
    expect(await backup.exists('b')).toBe(true);
    expect(destroyed).toEqual(['a']);
    expect(reports).toMatchObject([
      {
        keyDestroyed: true,
        copies: [
          { name: 'memory', existed: true, versions: 2 },
          { name: 'memory', existed: false, versions: 0 },
        ],
      },
    ]);
    expect(reports[0]?.notPromised.join()).toContain('unreadable');
  });

  test('of what cannot tell its versions or uploads says so', async () => {
    const inner = createMemory.provider({});
    const { signal } = new AbortController();
    const report = await shred(pass(inner), 'none', { overwrite: 'always', signal });
    expect(report).toMatchObject({ existed: false, overwritten: 'none', versions: 0, uploads: 0 });
    expect(report.notPromised.join()).toContain('Versions or a trash');
    expect(report.notPromised.join()).toContain('unfinished uploads');
  });
});

describe('a delete that is disturbed', () => {
  test('tries again when another writer comes before, and deletes what that wrote', async () => {
    const { storage, mock, below } = setup({ overwrite: 'always' });
    await storage.put('a', 'one');
    mock.fail('delete', { with: 'precondition-failed', times: 2 });
    await storage.delete('a');
    expect(await below.exists('a')).toBe(false);
    expect(await versionsOf(below, 'a')).toBe(0);
    await storage.put('a', 'one');
    mock.fail('put', { with: 'precondition-failed', times: 100 });
    await expect(storage.delete('a')).rejects.toMatchObject({ code: 'precondition-failed' });
    expect(mock.calls('put').length).toBeLessThan(30);
  });

  test.each([
    ['stat', 'not-applied', true],
    ['versions.list', 'not-applied', true],
    ['put', 'not-applied', true],
    ['delete', 'unknown', true],
    ['uploads', 'unknown', false],
  ] as const)(
    'says what is known when %s fails, and is finished by another one',
    async (operation, outcome, exists) => {
      const { storage, mock, below, inner } = setup({ overwrite: 'always' });
      await storage.put('a', 'one');
      await (await beginUpload(inner, 'a')).write(0, Uint8Array.of(1));
      mock.fail(operation, { with: 'permission-denied' });
      await expect(storage.delete('a')).rejects.toMatchObject({
        code: 'permission-denied',
        operation: 'delete',
        key: 'a',
        ...(outcome === 'unknown' && { outcome, hint: expect.stringContaining('again') }),
      });
      expect(await below.exists('a')).toBe(exists);
      await storage.delete('a');
      expect(await versionsOf(below, 'a')).toBe(0);
      expect(await below.exists('a')).toBe(false);
    },
  );

  test('says so when a version, a copy or a key is left', async () => {
    const backup = createMock();
    let isKeyLeft = true;
    const { storage, mock, below } = setup({
      copies: [backup],
      async destroyKey() {
        if (isKeyLeft) throw new Error('KMS is down');
      },
    });
    await storage.put('a', 'one');
    await backup.put('a', 'one');
    mock.fail('delete', { after: 1, with: 'unavailable' });
    await expect(storage.delete('a')).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    expect(await versionsOf(below, 'a')).toBe(1);
    backup.fail('delete', { with: 'permission-denied' });
    await expect(storage.delete('a')).rejects.toMatchObject({
      code: 'permission-denied',
      outcome: 'unknown',
      hint: expect.stringContaining('delete it again'),
    });
    expect(await versionsOf(below, 'a')).toBe(0);
    await expect(storage.delete('a')).rejects.toMatchObject({
      code: 'unknown',
      outcome: 'unknown',
    });
    expect(await backup.exists('a')).toBe(false);
    isKeyLeft = false;
    await storage.delete('a');
  });

  test('minds no version and no upload that is gone already', async () => {
    const { storage, mock, inner } = setup();
    await storage.put('a', 'one');
    await (await beginUpload(inner, 'a')).write(0, Uint8Array.of(1));
    mock.fail('delete', { after: 1, with: 'not-found' });
    mock.fail('upload', { with: 'invalid-argument' });
    await storage.delete('a');
    await storage.put('a', 'one');
    mock.fail('upload', { with: 'unavailable' });
    await expect(storage.delete('a')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('ends with its signal', async () => {
    const { storage, mock } = setup({ copies: [createMemory()], overwrite: 'always' });
    await storage.put('a', 'one');
    mock.fail('stat', { hang: true });
    const controller = new AbortController();
    const pending = storage.delete('a', { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(pending).rejects.toMatchObject({ code: 'aborted' });
    await storage.delete('a', { signal: new AbortController().signal });
  });
});

describe('a write over an object', () => {
  test('deletes its old versions when it is asked to', async () => {
    const { storage, below, reports } = setup({ onReplace: true });
    await storage.put('a', 'one');
    expect(reports).toEqual([]);
    await storage.put('a', 'two');
    expect(await versionsOf(below, 'a')).toBe(1);
    await storage.setMetadata('a', { metadata: { n: 1 } });
    expect(await versionsOf(below, 'a')).toBe(1);
    await storage.put('b', 'other');
    await storage.copy('a', 'b');
    expect(await versionsOf(below, 'b')).toBe(1);
    await storage.saveMany([{ key: 'b', value: 'x' }]);
    expect(await versionsOf(below, 'b')).toBe(1);
    expect(reports.map(({ key, cause, versions }) => [key, cause, versions])).toEqual([
      ['a', 'replace', 1],
      ['a', 'replace', 1],
      ['b', 'replace', 1],
      ['b', 'replace', 1],
    ]);
    expect(storage.getCapabilities().versions ?? false).toBe(false);
  });

  test('by an upload too', async () => {
    const inner = createMemory.provider({ versioning: true });
    const provider = withShred(inner, { onReplace: true });
    await provider.open?.({});
    await provider.put('a', toBody('one'), {});
    const session = await beginUpload(provider, 'a');
    await session.write(0, Uint8Array.of(1));
    expect((await session.status()).held).toEqual([{ offset: 0, length: 1 }]);
    await session.complete();
    expect(await versionsOf(createStorage(inner), 'a')).toBe(1);
    await (await beginUpload(provider, 'a')).abort();
  });

  test('says so when it is stored and old versions are left', async () => {
    const { storage, mock, below } = setup({ onReplace: true });
    await storage.put('a', 'one');
    mock.fail('delete', { with: 'unavailable' });
    await expect(storage.put('a', 'two')).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    expect(await (await below.get('a')).text()).toBe('two');
    await storage.put('a', 'three');
    expect(await versionsOf(below, 'a')).toBe(1);
  });

  test('keeps the old versions when nobody asks', async () => {
    const { storage, below } = setup();
    const { version = '' } = await storage.put('a', 'one');
    await storage.put('a', 'two');
    expect(await versionsOf(below, 'a')).toBe(2);
    await storage.versions.restore('a', version);
    expect(await (await storage.get('a')).text()).toBe('one');
  });

  test('goes by the etag where writes tell no version', async () => {
    const inner = createMemory.provider({ versioning: true });
    const silent: StorageProvider = {
      ...pass(inner),
      capabilities: { ...pass(inner).capabilities, versions: true, deleteVersion: true },
      async put(key, body, options) {
        const { version: _untold, ...info } = await inner.put(key, body, options);
        return info;
      },
      versions: inner.versions as NonNullable<StorageProvider['versions']>,
    };
    const storage = createShredding({ underlying: silent, onReplace: true });
    await storage.put('a', 'one');
    await storage.put('a', 'two');
    expect(await versionsOf(createStorage(inner), 'a')).toBe(1);
    expect(await (await storage.get('a')).text()).toBe('two');
  });
});

test('nothing is begun where old versions could not be deleted', async () => {
  function keeping(): StorageProvider {
    const { open: _open, capabilities, ...inner } = createMemory.provider({ versioning: true });
    const { deleteVersion: _no, ...rest } = capabilities;
    return { ...inner, capabilities: rest };
  }
  const refused = { code: 'unsupported', outcome: 'not-applied', key: 'a' };
  const storage = createShredding({ underlying: keeping() });
  await storage.put('a', 'one');
  await expect(storage.delete('a')).rejects.toMatchObject(refused);
  await expect(storage.move('a', 'b')).rejects.toMatchObject(refused);
  expect(await (await storage.get('a')).text()).toBe('one');
  const tidy = createShredding({ underlying: keeping(), onReplace: true });
  await expect(tidy.put('a', 'one')).rejects.toMatchObject(refused);
  expect(await tidy.exists('a')).toBe(false);
});

describe('a move', () => {
  test('leaves no version of the source', async () => {
    const { storage, below, reports } = setup();
    await storage.put('a', 'one');
    await storage.put('a', 'two');
    await storage.move('a', 'b');
    await storage.move('b', 'b');
    expect(await versionsOf(below, 'a')).toBe(0);
    expect(await (await storage.get('b')).text()).toBe('two');
    expect(reports).toMatchObject([{ key: 'a', cause: 'move', versions: 2 }]);
    await expect(storage.move('none', 'c')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is a copy and a delete where more is to be done', async () => {
    const backup = createMemory();
    const { storage, reports } = setup({ copies: [backup] });
    await storage.put('a', 'one');
    await backup.put('a', 'one');
    await storage.move('a', 'b');
    expect(await backup.exists('a')).toBe(false);
    expect(reports).toMatchObject([{ key: 'a', cause: 'delete' }]);
  });

  test('says so when something of the source is left', async () => {
    const { storage, mock } = setup();
    await storage.put('a', 'one');
    mock.fail('delete', { with: 'unavailable' });
    await expect(storage.move('a', 'b')).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await (await storage.get('b')).text()).toBe('one');
  });
});

describe('a legal hold', () => {
  const mayDelete = async (key: string) => !key.startsWith('held/');
  const refusal = { code: 'permission-denied', outcome: 'not-applied' };

  test('blocks deletes, moves and, where nothing would be left, writes over', async () => {
    for (const [versioning, onReplace] of [
      [false, false],
      [true, true],
    ] as const) {
      const { storage, below } = setup({ mayDelete, onReplace }, versioning);
      await storage.put('held/a', 'evidence');
      await storage.put('free', 'x');
      await expect(storage.delete('held/a')).rejects.toMatchObject(refusal);
      expect((await storage.deleteMany(['held/a', 'free']))[0]).toMatchObject({ error: refusal });
      await storage.put('free', 'x');
      const { etag } = await storage.stat('held/a');
      for (const write of [
        () => storage.put('held/a', 'other'),
        () => storage.put('held/a', 'other', { ifMatch: etag }),
        () => storage.copy('free', 'held/a'),
        () => storage.move('held/a', 'b'),
        () => storage.move('free', 'held/a'),
        () => shred(below, 'held/a', { mayDelete }),
      ]) {
        await expect(write()).rejects.toMatchObject(refusal);
      }
      await expect(storage.put('held/a', 'x', { ifNoneMatch: '*' })).rejects.toMatchObject({
        code: 'precondition-failed',
      });
      expect((await storage.saveMany([{ key: 'held/a', value: 1 }]))[0]?.ok).toBe(false);
      await storage.setMetadata('held/a', { metadata: { case: 42 } });
      expect(await (await below.get('held/a')).text()).toBe('evidence');
      await storage.clear({ all: true } as never).catch(() => {});
      expect(await below.exists('held/a')).toBe(true);
    }
  });

  test('lets writes through where the old version stays', async () => {
    const { storage, below } = setup({ mayDelete });
    await storage.put('held/a', 'one');
    const { version = '' } = await storage.put('held/a', 'two');
    await storage.put('held/a', 'three');
    expect(await versionsOf(below, 'held/a')).toBe(3);
    await expect(storage.versions.delete('held/a', version)).rejects.toMatchObject(refusal);
  });

  test('holds against uploads too', async () => {
    const inner = createMemory.provider({});
    const provider = withShred(inner, { mayDelete });
    await provider.open?.({});
    for (const key of ['held/a', 'free']) {
      const first = await beginUpload(provider, key);
      await first.write(0, Uint8Array.of(1));
      await first.complete();
      const second = await beginUpload(provider, key);
      await second.write(0, Uint8Array.of(2));
      if (key === 'free') await second.complete();
      else await expect(second.complete()).rejects.toMatchObject(refusal);
    }
    expect(await (await inner.get('held/a', {})).bytes()).toEqual(Uint8Array.of(1));
  });

  test('keeps old versions of attributes as well', async () => {
    const { storage, below } = setup({ mayDelete, onReplace: true });
    await storage.put('held/a', 'evidence');
    await storage.setMetadata('held/a', { metadata: { n: 1 } });
    expect(await versionsOf(below, 'held/a')).toBe(2);
  });

  test('asks where a create cannot be conditional', async () => {
    const mock = withMock(createMemory.provider({}));
    const storage = createShredding({ underlying: pass(mock), mayDelete });
    await storage.put('held/a', 'one');
    await expect(storage.put('held/a', 'two')).rejects.toMatchObject(refusal);
    mock.mock.fail('stat', { with: 'unauthenticated' });
    await expect(storage.put('held/b', 'two')).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('holds when it cannot be told', async () => {
    const { storage } = setup({ mayDelete: () => undefined as never });
    await storage.put('a', 'one');
    await expect(storage.delete('a')).rejects.toMatchObject(refusal);
    const down = setup({ mayDelete: () => Promise.reject(new Error('down')) });
    await down.below.put('a', 'x');
    await expect(down.storage.delete('a')).rejects.toThrow('down');
    expect(await down.below.exists('a')).toBe(true);
  });

  test('takes no presigned writes', async () => {
    const below: StorageProvider = {
      ...pass(createMemory.provider({})),
      capabilities: { presign: true, attributes: 'none', etagCovers: 'write' },
      presign: async (key, { method = 'GET' }) => ({
        ...{ url: `https://example.test/${key}`, method, headers: {} },
        expiresAt: new Date(0),
      }),
    };
    const storage = createShredding({ underlying: below, mayDelete });
    await expect(storage.presign('a', { method: 'PUT' })).rejects.toMatchObject({
      code: 'unsupported',
    });
    expect((await storage.presign('a')).method).toBe('GET');
    const free = createShredding({ underlying: below });
    expect((await free.presign('a', { method: 'PUT' })).method).toBe('PUT');
  });
});

describe('the order of layers', () => {
  test('is checked', () => {
    const memory = createMemory();
    expect(() => createShredding({ underlying: createExpiring({ underlying: memory }) })).toThrow(
      'createExpiring over createShredding',
    );
    expect(() =>
      createShredding({ underlying: createValidated({ underlying: memory, maxBytes: 1 }) }),
    ).toThrow('createValidated over createShredding');
    createExpiring({ underlying: createShredding({ underlying: memory }) });
  });

  test('lets a sweeper above shred', async () => {
    const { below } = setup();
    const shredding = createShredding({ underlying: below });
    let nowMs = Date.now();
    const now = () => nowMs;
    const storage = createExpiring({ underlying: shredding, ttl: 10, now }, { now });
    await storage.put('a', 'one');
    await storage.put('a', 'two');
    nowMs += 11;
    expect(await storage.sweep()).toEqual({ deleted: 1, failed: [] });
    expect(await versionsOf(below, 'a')).toBe(0);
  });
});

describe('over all histories', () => {
  test('no byte of what was deleted is left, and all else is', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'a/b'),
      action: fc.constantFrom('put', 'put', 'delete', 'copy', 'move', 'upload'),
      overwrite: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.constantFrom('auto', 'always', 'never'),
        async (steps, overwrite) => {
          const { storage, below, inner } = setup({ overwrite });
          const model = new Map<string, string>();
          for (const [index, { key, action }] of steps.entries()) {
            const to = key === 'a' ? 'b' : 'a';
            const value = model.get(key);
            switch (action) {
              case 'put':
                await storage.put(key, `${index}`);
                model.set(key, `${index}`);
                break;
              case 'delete':
                await storage.delete(key);
                model.delete(key);
                expect(await versionsOf(below, key)).toBe(0);
                break;
              case 'upload':
                await (await beginUpload(inner, key)).write(0, Uint8Array.of(1));
                break;
              default:
                if (value === undefined) break;
                await storage[action](key, to);
                model.set(to, value);
                if (action === 'move') model.delete(key);
            }
          }
          for (const key of ['a', 'b', 'a/b']) await storage.delete(key);
          expect(await inner.usage?.({})).toMatchObject({ usedBytes: 0 });
        },
      ),
      { numRuns: 60 },
    );
  });
});
