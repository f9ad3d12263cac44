import { appendFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { watchSystem } from '../test/watched-system.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import type { FileSystemOptions } from './fs-options.ts';
import { fileSystemProvider } from './fs-provider.ts';
import { createFileSystem } from './index.ts';

const SAID = { metadata: { version: 1 }, tags: ['kept'] };

interface Opened {
  readonly baseDir: string;
  readonly storage: StorageEngine;
  readonly held: () => number;
  /** What lies in the store but for its format, by path. */
  readonly files: () => string[];
}

async function open(
  changed: Partial<FsCalls> = {},
  options: FileSystemOptions = {},
  platform: NodeJS.Platform = process.platform,
): Promise<Opened> {
  const baseDir = await temporaryFolder();
  const { system, held } = watchSystem(systemWith(changed, { platform }));
  const storage = createStorage(
    fileSystemProvider({ baseDir, durability: 'none', ...options }, system),
  );
  onTestFinished(() => storage.close());
  const files = () =>
    readdirSync(baseDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(baseDir.length + 1))
      .filter((path) => path !== '.granary/format.json')
      .sort();
  return { baseDir, storage, held, files };
}

test.each([
  ['this system', process.platform],
  ['a system without /proc', 'freebsd'],
] as const)(
  'on %s a source that is edited while it is copied fails the copy',
  async (_, platform) => {
    let path = '';
    const edit = () => appendFileSync(path, ' more');
    const { baseDir, storage, held, files } = await open(
      {
        async copyFile(from, to, mode) {
          await NODE_CALLS.copyFile(from, to, mode);
          edit();
        },
        async write(fd, data, offset, length, position) {
          if (path !== '' && length === 7) edit();
          return NODE_CALLS.write(fd, data, offset, length, position);
        },
      },
      {},
      platform,
    );
    await storage.put('a.txt', 'content');
    path = join(baseDir, 'a.txt');
    await expect(storage.copy('a.txt', 'b.txt')).rejects.toMatchObject({
      ...{ code: 'conflict', outcome: 'not-applied', message: expect.stringContaining('changed') },
    });
    expect(files()).toEqual(['a.txt']);
    expect(held()).toBe(0);
  },
);

test('a copy that cannot be synced is none, and nothing stays open', async () => {
  let isBroken = false;
  const { storage, held, files } = await open(
    {
      async fsync(fd) {
        if (isBroken) throw failure('EIO');
        await NODE_CALLS.fsync(fd);
      },
    },
    { durability: 'file' },
  );
  await storage.put('a.txt', 'content', SAID);
  isBroken = true;
  await expect(storage.copy('a.txt', 'b.txt')).rejects.toMatchObject({ code: 'unavailable' });
  expect(files()).toEqual(['a.txt', 'a.txt.meta.json']);
  expect(held()).toBe(0);
});

/** A storage of the same folder that the test's one knows nothing of. */
function otherOf(baseDir: string): StorageEngine {
  const other = createFileSystem({ baseDir, durability: 'none' });
  onTestFinished(() => other.close());
  return other;
}

test.each<[string, (storage: StorageEngine) => Promise<unknown>]>([
  ['a move', (storage) => storage.move('a.txt', 'b.txt')],
  ['a change of attributes', (storage) => storage.setMetadata('a.txt', { tags: ['x'] })],
])('%s of an object that goes before its lock is taken finds none', async (_, change) => {
  let isHostile = false;
  const opened = await open({
    async open(path, flags, mode) {
      if (isHostile && /\/l\.[0-9a-f]+$/.test(path)) {
        isHostile = false;
        await otherOf(opened.baseDir).delete('a.txt');
      }
      return NODE_CALLS.open(path, flags, mode);
    },
  });
  await opened.storage.put('a.txt', 'content', SAID);
  isHostile = true;
  await expect(change(opened.storage)).rejects.toMatchObject({ code: 'not-found', key: 'a.txt' });
  expect(isHostile).toBe(false);
  expect(opened.files()).toEqual([]);
});

test('a move whose source is removed by hand just then finds none', async () => {
  let isHostile = false;
  const { baseDir, storage, files } = await open({
    async rename(from, to) {
      if (isHostile && to.endsWith('/b.txt')) rmSync(join(baseDir, 'a.txt'), { force: true });
      await NODE_CALLS.rename(from, to);
    },
  });
  await storage.put('a.txt', 'content', SAID);
  isHostile = true;
  await expect(storage.move('a.txt', 'b.txt')).rejects.toMatchObject({ code: 'not-found' });
  expect(files()).not.toContain('b.txt.meta.json');
  expect(await storage.list()).toEqual([]);
});

test('a move that cannot rename leaves everything as it was', async () => {
  let isBroken = false;
  const { storage, files } = await open({
    async rename(from, to) {
      if (isBroken && to.endsWith('/b.txt')) throw failure('EACCES');
      await NODE_CALLS.rename(from, to);
    },
  });
  await storage.put('a.txt', 'content', SAID);
  isBroken = true;
  await expect(storage.move('a.txt', 'b.txt')).rejects.toMatchObject({
    code: 'permission-denied',
  });
  expect(files()).toEqual(['a.txt', 'a.txt.meta.json']);
  expect(await storage.stat('a.txt')).toMatchObject(SAID);
});

test('a move that fails after its rename says that nobody knows', async () => {
  let isBroken = false;
  const { storage } = await open({
    async lstat(path) {
      if (isBroken && path.endsWith('/b.txt')) throw failure('EIO');
      return NODE_CALLS.lstat(path);
    },
    async unlink(path) {
      if (isBroken && path.endsWith('/a.txt.meta.json')) throw failure('EIO');
      await NODE_CALLS.unlink(path);
    },
  });
  await storage.put('a.txt', 'content', SAID);
  isBroken = true;
  await expect(storage.move('a.txt', 'b.txt')).rejects.toMatchObject({ outcome: 'unknown' });
  isBroken = false;
  expect(await (await storage.get('b.txt')).text()).toBe('content');
  expect(await storage.stat('b.txt')).toMatchObject(SAID);
});

test('a plain object that replaces one with attributes brings none along', async () => {
  const { baseDir, storage, files } = await open();
  await storage.put('b.txt', 'before', SAID);
  await storage.put('a.txt', 'after');
  const { mtimeMs } = statSync(join(baseDir, 'b.txt'));
  utimesSync(join(baseDir, 'a.txt'), mtimeMs / 1000 + 60, mtimeMs / 1000 + 60);
  const info = await storage.move('a.txt', 'b.txt');
  expect(info.metadata).toBeUndefined();
  expect(files()).toEqual(['b.txt']);
  expect((await storage.stat('b.txt')).metadata).toBeUndefined();
});

test('an older object that replaces a newer one is newer than it from then on', async () => {
  const { baseDir, storage, files } = await open();
  await storage.put('a.txt', 'same size', SAID);
  await storage.put('b.txt', 'SAME SIZE', { metadata: { version: 9 } });
  const before = statSync(join(baseDir, 'b.txt')).mtimeMs;
  await storage.move('a.txt', 'b.txt');
  expect(statSync(join(baseDir, 'b.txt')).mtimeMs).toBeGreaterThan(before);
  expect(await storage.stat('b.txt')).toMatchObject(SAID);
  expect(files()).toEqual(['b.txt', 'b.txt.meta.json']);
});

test('copies and moves carry hashes and types along, where the name changes too', async () => {
  const { storage } = await open();
  const before = await storage.put('a.png', 'image', { checksum: true });
  const copy = await storage.copy('a.png', 'b.bin');
  expect(copy).toMatchObject({ contentType: 'image/png', checksums: before.checksums });
  const moved = await storage.move('b.bin', 'c.txt', { attributes: { tags: ['x'] } });
  expect(moved).toMatchObject({
    ...{ contentType: 'image/png', checksums: before.checksums, tags: ['x'] },
  });
  expect(await storage.stat('c.txt')).toMatchObject({ contentType: 'image/png', tags: ['x'] });
});

test('a move onto itself changes what is said, if anything, by its conditions', async () => {
  const { storage } = await open();
  const { signal } = new AbortController();
  const first = await storage.put('a.txt', 'content', SAID);
  expect(await storage.move('a.txt', 'a.txt')).toMatchObject({ ...SAID, etag: first.etag });
  const info = await storage.move('a.txt', 'a.txt', { attributes: { tags: ['new'] }, signal });
  expect(info).toMatchObject({ metadata: SAID.metadata, tags: ['new'] });
  await expect(storage.move('a.txt', 'a.txt', { ifNoneMatch: '*' })).rejects.toMatchObject({
    code: 'precondition-failed',
  });
  await expect(storage.move('a.txt', 'a.txt', { sourceIfMatch: 'x' })).rejects.toMatchObject({
    code: 'precondition-failed',
  });
  await expect(storage.move('none', 'none')).rejects.toMatchObject({ code: 'not-found' });
});

test('moves against each other end, and lose nothing', async () => {
  const { storage } = await open();
  await storage.put('a', 'one', SAID);
  await storage.put('b', 'two', SAID);
  const moves = Array.from({ length: 12 }, (_, turn) =>
    storage.move(turn % 2 === 0 ? 'a' : 'b', turn % 2 === 0 ? 'b' : 'a').catch(() => undefined),
  );
  await Promise.all(moves);
  const left = await storage.list();
  expect(left).toHaveLength(1);
  const object = await storage.get(left[0]?.key ?? '');
  expect(['one', 'two']).toContain(await object.text());
  expect(object.info).toMatchObject(SAID);
});

test('keys whose locks are one are moved into each other', async () => {
  const { storage } = await open();
  await storage.put('Name', 'content', SAID);
  await storage.move('Name', 'name');
  expect((await storage.list()).map(({ key }) => key)).toEqual(['name']);
  expect(await storage.stat('name')).toMatchObject(SAID);
});

test('a broken companion of a target is replaced with the object', async () => {
  const { baseDir, storage } = await open();
  await storage.put('b.txt', 'before', SAID);
  writeFileSync(join(baseDir, 'b.txt.meta.json'), '{"granary":');
  await storage.put('a.txt', 'after', { tags: ['a'] });
  await storage.copy('a.txt', 'b.txt');
  expect((await storage.stat('b.txt')).tags).toEqual(['a']);
});
