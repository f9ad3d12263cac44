import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import type { FileSystemOptions } from './fs-options.ts';
import { fileSystemProvider } from './fs-provider.ts';
import type { FsSystem } from './fs-system.ts';
import { createFileSystem, type FileSystemNative } from './index.ts';

const isLinux = process.platform === 'linux';

function openOn(
  baseDir: string,
  changed: Partial<FsCalls> | FsSystem = {},
  options: FileSystemOptions = {},
): StorageEngine {
  const system = 'platform' in changed ? changed : systemWith(changed);
  const storage = createStorage(
    fileSystemProvider({ baseDir, durability: 'none', ...options }, system),
  );
  onTestFinished(() => storage.close());
  return storage;
}

/** Something of every kind of operation, by which a system must not differ from another. */
async function exercise(storage: StorageEngine): Promise<void> {
  await storage.put('a/b/one.txt', 'one');
  await storage.put('a/b/one.txt', 'one again', { metadata: { a: 1 } });
  await storage.put('a/b', 'file beside folder');
  await storage.put('large.bin', new Blob([Buffer.alloc(700_000, 'large ')]).stream());
  await storage.copy('large.bin', 'a/copy.bin');
  await storage.move('a/b/one.txt', 'c/CON.txt');
  await storage.setMetadata('a/copy.bin', { tags: ['x'] });
  const session = await storage.upload('up.txt', {});
  await session.write(0, Buffer.from('uploaded'));
  await session.complete();
  expect((await storage.list()).map(({ key }) => key)).toEqual([
    ...['a/b', 'a/copy.bin', 'c/CON.txt', 'large.bin', 'up.txt'],
  ]);
  const object = await storage.get('c/CON.txt');
  expect([await object.text(), object.info.metadata]).toEqual(['one again', { a: 1 }]);
  const large = await storage.get('a/copy.bin');
  expect(large.info.tags).toEqual(['x']);
  expect(Buffer.alloc(700_000, 'large ').equals(await large.bytes())).toBe(true);
  for (const { key } of await storage.list()) await storage.delete(key);
  expect(await storage.list()).toEqual([]);
  expect(await storage.health()).toMatchObject({ ok: true });
}

const noSync: FsCalls['fsync'] = async (fd) => {
  const path = isLinux ? readlinkSync(`/proc/self/fd/${fd}`) : '';
  if (existsSync(path) && readdirOrNone(path) !== undefined) throw failure('EINVAL');
};

function readdirOrNone(path: string): string[] | undefined {
  try {
    return readdirSync(path);
  } catch {
    return undefined;
  }
}

test.each<[string, FsSystem]>([
  ['this system', systemWith({})],
  ['macOS', systemWith({}, { platform: 'darwin' })],
  ['Windows', systemWith({}, { platform: 'win32' })],
  ['FreeBSD', systemWith({}, { platform: 'freebsd' })],
  ['a system whose /proc leads elsewhere', systemWith({ readlinkSync: () => '/elsewhere' })],
  ['a disk of an unknown kind', systemWith({ statfs: () => Promise.reject(failure('ENOSYS')) })],
  ['a disk without hard links', systemWith({ link: () => Promise.reject(failure('EPERM')) })],
  ['a disk without syncs of folders', systemWith({ fsync: noSync })],
])('%s keeps objects like any other', async (_, system) => {
  for (const durability of ['full', 'none'] as const) {
    const baseDir = join(await temporaryFolder(), 'new', 'deep');
    await exercise(openOn(baseDir, system, { durability }));
    expect(readdirSync(baseDir)).toEqual(['.granary']);
    expect(readdirSync(join(baseDir, '.granary/work'))).toEqual([]);
  }
});

test('storages that make a store at once agree on what it is', async () => {
  const baseDir = join(await temporaryFolder(), 'a', 'b');
  const providers = Array.from({ length: 6 }, (_, number) =>
    // Some of them cannot link, so that the last one counts.
    fileSystemProvider(
      { baseDir, durability: 'none' },
      systemWith(number === 5 ? { link: () => Promise.reject(failure('EEXIST')) } : {}),
    ),
  );
  const storages = providers.slice(0, 5).map((provider) => createStorage(provider));
  await Promise.all(storages.map((storage, number) => storage.put(`key-${number}`, 'x')));
  const { storeId } = JSON.parse(readFileSync(join(baseDir, '.granary/format.json'), 'utf8'));
  for (const provider of providers.slice(0, 5)) expect(provider.storeId).toBe(storeId);
  const late = createStorage(providers[5] ?? fileSystemProvider({ baseDir }));
  await late.put('late', 'x');
  expect(providers[5]?.storeId).toBe(storeId);
  expect(await late.list()).toHaveLength(6);
  for (const storage of [...storages, late]) await storage.close();
});

test.each([
  ['{"granary":', 'corrupted', 'it is not JSON'],
  ['null', 'corrupted', 'it names no version'],
  ['{"granary":1}', 'corrupted', 'something is missing'],
  ['{"granary":1,"storeId":"x","companions":"by mail"}', 'corrupted', 'something is missing'],
  ['{"granary":2,"storeId":"x"}', 'invalid-data', 'has format 2'],
])('a store that says %s of itself is refused, and its objects stay', async (text, code, why) => {
  const baseDir = await temporaryFolder();
  await createFileSystem({ baseDir, durability: 'none' }).put('a.txt', 'content');
  const format = join(baseDir, '.granary/format.json');
  const good = readFileSync(format);
  writeFileSync(format, text);
  const storage = openOn(baseDir);
  for (const attempt of [storage.get('a.txt'), storage.put('a.txt', 'x'), storage.ready()]) {
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringContaining(why) });
  }
  writeFileSync(format, good);
  expect(await (await storage.get('a.txt')).text()).toBe('content');
});

test('a format that cannot be read fails the opening; the next operation tries again', async () => {
  const baseDir = await temporaryFolder();
  await createFileSystem({ baseDir, durability: 'none' }).put('a.txt', 'content');
  let isDenied = true;
  const storage = openOn(baseDir, {
    async open(path, flags, mode) {
      if (isDenied && path.endsWith('format.json')) throw failure('EACCES');
      return NODE_CALLS.open(path, flags, mode);
    },
  });
  await expect(storage.ready()).rejects.toMatchObject({ code: 'permission-denied' });
  isDenied = false;
  expect(await (await storage.get('a.txt')).text()).toBe('content');
});

test('a closing after a failed opening is quiet, and one during an opening waits for it', async () => {
  const baseDir = await temporaryFolder();
  const denied = fileSystemProvider(
    { baseDir },
    systemWith({ realpath: () => Promise.reject(failure('EACCES')) }),
  );
  const opening = Promise.resolve(denied.open?.({})).catch((error: unknown) => error);
  await denied.close?.();
  expect(await opening).toMatchObject({ code: 'permission-denied' });
  await denied.close?.();
  const good = fileSystemProvider({ baseDir });
  const begun = good.open?.({});
  await good.close?.();
  await begun;
});

test.each(['EACCES', 'EROFS'])(
  'a root that cannot be made fails writes alone (%s)',
  async (code) => {
    const folder = await temporaryFolder();
    const storage = openOn(join(folder, 'a', 'b'), { mkdir: () => Promise.reject(failure(code)) });
    await expect(storage.put('x', 'x')).rejects.toMatchObject({
      ...{ code: 'permission-denied', outcome: 'not-applied' },
    });
    expect(await storage.list()).toEqual([]);
    expect(await storage.usage()).toMatchObject({ usedBytes: expect.any(Number) });
    expect(await storage.health()).toMatchObject({ ok: true });
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('a root that is a file, or lies below one, is no store', async () => {
  const folder = await temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  for (const baseDir of [join(folder, 'file'), join(folder, 'file/below/it')]) {
    const storage = openOn(baseDir);
    await expect(storage.list()).rejects.toMatchObject({
      ...{ code: 'store-not-found', message: expect.stringContaining('is not a folder') },
    });
  }
});

test('the root itself may be reached through links', async () => {
  const folder = await temporaryFolder();
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  const storage = openOn(join(folder, 'link', 'store'));
  await storage.put('a/b.txt', 'content');
  expect(readFileSync(join(folder, 'real/store/a/b.txt'), 'utf8')).toBe('content');
  expect(await (await storage.get('a/b.txt')).text()).toBe('content');
});

test('the root may be removed and moved while the storage is open', async () => {
  const folder = await temporaryFolder();
  const baseDir = join(folder, 'store');
  const storage = openOn(baseDir);
  await storage.put('a/b.txt', 'first', { metadata: { a: 1 } });
  rmSync(baseDir, { recursive: true });
  expect(await storage.list()).toEqual([]);
  await expect(storage.get('a/b.txt')).rejects.toMatchObject({ code: 'not-found' });
  await storage.put('a/b.txt', 'second', { metadata: { a: 2 } });
  await storage.put('plain.txt', 'plain');
  renameSync(baseDir, join(folder, 'moved'));
  await expect(storage.get('a/b.txt')).rejects.toMatchObject({ code: 'not-found' });
  await storage.put('plain.txt', 'here');
  expect((await storage.list()).map(({ key }) => key)).toEqual(['plain.txt']);
  expect(readdirSync(join(folder, 'moved')).sort()).toEqual(['.granary', 'a', 'plain.txt']);
});

test('a folder that a person moves takes its objects along, in both places', async () => {
  for (const system of [systemWith({}), systemWith({}, { platform: 'freebsd' })]) {
    const baseDir = await temporaryFolder();
    const storage = openOn(baseDir, system);
    await storage.put('here/a.txt', 'content', { metadata: { a: 1 } });
    renameSync(join(baseDir, 'here'), join(baseDir, 'there'));
    await expect(storage.get('here/a.txt')).rejects.toMatchObject({ code: 'not-found' });
    expect((await storage.stat('there/a.txt')).metadata).toEqual({ a: 1 });
    await storage.put('here/a.txt', 'new');
    expect((await storage.list()).map(({ key }) => key)).toEqual(['here/a.txt', 'there/a.txt']);
  }
});

test('very many folders keep few of them open', async () => {
  const baseDir = await temporaryFolder();
  const storage = openOn(baseDir);
  const keys = Array.from({ length: 400 }, (_, number) => `folder-${number}/a.txt`);
  for (const key of keys) await storage.put(key, key);
  for (const key of keys) expect(await (await storage.get(key)).text()).toBe(key);
  await Promise.all(keys.map((key) => storage.put(key, 'again', { metadata: { key } })));
  expect(await storage.list()).toHaveLength(400);
  if (isLinux) {
    const open = readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(baseDir);
      } catch {
        return false;
      }
    });
    expect(open.length).toBeLessThan(140);
  }
});

test('writes at once share the syncs of their folder', async () => {
  const baseDir = await temporaryFolder();
  let syncs = 0;
  const system = systemWith({
    async fsync(fd) {
      if (NODE_CALLS.fstatSync(fd).isDirectory()) syncs += 1;
      await NODE_CALLS.fsync(fd);
    },
  });
  const storage = openOn(baseDir, system, { durability: 'full' });
  await storage.put('first', 'x');
  syncs = 0;
  await Promise.all(Array.from({ length: 60 }, (_, number) => storage.put(`f${number}`, 'x')));
  expect(syncs).toBeGreaterThan(0);
  expect(syncs).toBeLessThan(60);
});

test.each([
  ['this system', undefined],
  ['a system without /proc', 'freebsd'],
] as const)('on %s a folder whose sync fails leaves the outcome unknown', async (_, platform) => {
  const baseDir = await temporaryFolder();
  let isBroken = false;
  const system = systemWith(
    {
      async fsync(fd) {
        if (isBroken && NODE_CALLS.fstatSync(fd).isDirectory()) throw failure('EIO');
        await NODE_CALLS.fsync(fd);
      },
    },
    platform === undefined ? {} : { platform },
  );
  const storage = openOn(baseDir, system, { durability: 'full' });
  await storage.put('a.txt', 'before');
  isBroken = true;
  for (const options of [{}, { metadata: { a: 1 } }]) {
    await expect(storage.put('a.txt', 'after', options)).rejects.toMatchObject({
      ...{ code: 'unavailable', outcome: 'unknown' },
    });
  }
  isBroken = false;
  expect(await (await storage.get('a.txt')).text()).toBe('after');
});

test('a folder that a person removes again and again is made again', async () => {
  const baseDir = await temporaryFolder();
  let removals = 0;
  const storage = openOn(baseDir, {
    async mkdir(path) {
      await NODE_CALLS.mkdir(path);
      if (path.endsWith('/deep') && removals < 5) {
        removals += 1;
        rmSync(join(baseDir, 'folder'), { recursive: true });
      }
    },
  });
  await storage.put('folder/deep/a.txt', 'content');
  expect(removals).toBe(5);
  expect(await (await storage.get('folder/deep/a.txt')).text()).toBe('content');
});

test('a folder that nobody may make fails the write', async () => {
  const baseDir = await temporaryFolder();
  const storage = openOn(baseDir, {
    async mkdir(path) {
      if (path.endsWith('/folder')) throw failure('EACCES');
      await NODE_CALLS.mkdir(path);
    },
  });
  await expect(storage.put('folder/a.txt', 'x')).rejects.toMatchObject({
    ...{ code: 'permission-denied', outcome: 'not-applied' },
  });
  await storage.put('a.txt', 'x');
});

test('a store with objects but without its hidden folder is looked through for second names', async () => {
  const baseDir = await temporaryFolder();
  const storage = openOn(baseDir);
  await storage.put('a', 'file');
  await storage.put('a/b', 'below');
  await storage.close();
  rmSync(join(baseDir, '.granary'), { recursive: true });
  const after = openOn(baseDir);
  expect(await (await after.get('a')).text()).toBe('file');
  await after.put('a', 'again');
  expect((await after.list()).map(({ key }) => key)).toEqual(['a', 'a/b']);
  await after.delete('a');
  await after.delete('a/b');
  expect(await after.list()).toEqual([]);
});

test('a read-only hidden folder is no obstacle to reading', async () => {
  const baseDir = await temporaryFolder();
  const storage = openOn(baseDir);
  await storage.put('a.txt', 'content');
  await storage.close();
  chmodSync(join(baseDir, '.granary'), 0o500);
  onTestFinished(() => chmodSync(join(baseDir, '.granary'), 0o700));
  expect(await (await openOn(baseDir).get('a.txt')).text()).toBe('content');
});

test('public URLs are the keys behind the base, escaped, and there are none without it', async () => {
  const baseDir = await temporaryFolder();
  const storage = openOn(baseDir, {}, { publicUrlBase: 'https://files.example.org/x//' });
  expect(await storage.publicUrl('a b/ü?.txt')).toBe(
    'https://files.example.org/x/a%20b/%C3%BC%3F.txt',
  );
  await expect(async () => openOn(baseDir).publicUrl('a')).rejects.toMatchObject({
    code: 'unsupported',
  });
});

test('health and usage tell of a store that is not there yet', async () => {
  const storage = openOn(join(await temporaryFolder(), randomUUID(), 'deep'));
  expect(await storage.health()).toMatchObject({ ok: true });
  const { usedBytes = 0, totalBytes = 0 } = await storage.usage();
  expect(totalBytes).toBeGreaterThan(usedBytes);
  expect(await Array.fromAsync((storage.native as FileSystemNative).strays())).toEqual([]);
});
