import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createStorage, isStorageError, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NODE_CALLS } from '../src/fs-calls.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';
import { createFileSystem } from '../src/index.ts';
import { setBack, systemWith } from './faults.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

async function open(): Promise<{ readonly baseDir: string; readonly storage: StorageEngine }> {
  const baseDir = await temporaryFolder();
  return { baseDir, storage: createFileSystem({ baseDir, durability: 'none' }) };
}

async function keysOf(storage: StorageEngine): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list()) keys.push(key);
  return keys;
}

test('an edit in place of the same size and time gives another etag', async () => {
  const { baseDir, storage } = await open();
  const path = join(baseDir, 'a.txt');
  const before = await storage.put('a.txt', 'one apple');
  const { mtimeMs } = statSync(path);
  writeFileSync(path, 'two pears');
  setBack(path, mtimeMs);
  const after = await storage.stat('a.txt');
  expect(after).toMatchObject({ size: before.size, modifiedAt: before.modifiedAt });
  expect(after.etag).not.toBe(before.etag);
  const ifMatch = before.etag ?? '';
  await expect(storage.put('a.txt', 'three', { ifMatch })).rejects.toMatchObject({
    code: 'precondition-failed',
  });
  expect(await (await storage.get('a.txt')).text()).toBe('two pears');
  await storage.close();
});

test('after an edit the attributes of the user stay and the checksum goes', async () => {
  const { baseDir, storage } = await open();
  const said = { metadata: { by: 'Ada' }, tags: ['one'], contentType: 'text/x-notes' };
  const before = await storage.put('a.txt', 'one apple', { ...said, checksum: true });
  expect(before.checksums?.['sha256']).toMatch(/^sha256-/);
  writeFileSync(join(baseDir, 'a.txt'), 'two pears and more');
  const after = await storage.stat('a.txt');
  expect(after).toMatchObject({ ...said, size: 18 });
  expect(after.checksums).toBeUndefined();
  await storage.setMetadata('a.txt', { metadata: { by: 'Bob' } });
  expect(await storage.stat('a.txt')).toMatchObject({ ...said, metadata: { by: 'Bob' } });
  expect((await storage.stat('a.txt')).checksums).toBeUndefined();
  await storage.close();
});

test('files that a person drops in are objects at once, also under hard names', async () => {
  const { baseDir, storage } = await open();
  await storage.put('a.txt', 'a');
  mkdirSync(join(baseDir, 'photos', 'summer'), { recursive: true });
  const names = ['photos/summer/beach.jpg', 'photos/50%.txt', 'photos/ü 1.txt', 'photos/.hidden'];
  for (const name of names) writeFileSync(join(baseDir, name), name);
  expect((await keysOf(storage)).sort()).toEqual(['a.txt', ...names].sort());
  for (const name of names) {
    const object = await storage.get(name);
    expect(await object.text()).toBe(name);
    expect(await storage.stat(name)).toEqual(object.info);
  }
  expect((await storage.stat('photos/summer/beach.jpg')).contentType).toBe('image/jpeg');
  const { etag = '' } = await storage.stat('photos/50%.txt');
  await storage.put('photos/50%.txt', 'by the program', { ifMatch: etag });
  expect(await (await storage.get('photos/50%.txt')).text()).toBe('by the program');
  await storage.delete('photos/50%.txt');
  expect(await keysOf(storage)).not.toContain('photos/50%.txt');
  await storage.close();
});

test('a JSON of another program beside a file is its metadata', async () => {
  const { baseDir, storage } = await open();
  writeFileSync(join(baseDir, 'song.mp3'), 'sound');
  writeFileSync(join(baseDir, 'song.mp3.meta.json'), '{"artist":"Ada","year":1843}');
  const { metadata } = await storage.stat('song.mp3');
  expect(metadata).toEqual({ artist: 'Ada', year: 1843 });
  expect(await keysOf(storage)).toEqual(['song.mp3']);
  await storage.close();
});

test('without its companion an object is still there, with its content alone', async () => {
  const { baseDir, storage } = await open();
  const before = await storage.put('a.txt', 'content', { metadata: { by: 'Ada' } });
  rmSync(join(baseDir, 'a.txt.meta.json'));
  const object = await storage.get('a.txt');
  expect(await object.text()).toBe('content');
  expect(object.info.metadata).toBeUndefined();
  expect(object.info.etag).toBe(before.etag);
  await storage.setMetadata('a.txt', { metadata: { by: 'Bob' } });
  expect((await storage.stat('a.txt')).metadata).toEqual({ by: 'Bob' });
  await storage.close();
});

test('a companion without an object is no object, and says nothing of the next one', async () => {
  const { baseDir, storage } = await open();
  await storage.put('a.txt', 'content', { metadata: { by: 'Ada' } });
  rmSync(join(baseDir, 'a.txt'));
  expect(await keysOf(storage)).toEqual([]);
  for (const read of [storage.get('a.txt'), storage.stat('a.txt')]) {
    expect(isStorageError(await read.catch((error: unknown) => error), 'not-found')).toBe(true);
  }
  expect((await storage.put('a.txt', 'new', { ifNoneMatch: '*' })).metadata).toBeUndefined();
  expect((await storage.stat('a.txt')).metadata).toBeUndefined();
  expect(existsSync(join(baseDir, 'a.txt.meta.json'))).toBe(false);
  await storage.close();
});

test('a folder that was copied with its times keeps attributes and checksums', async () => {
  const { baseDir, storage } = await open();
  const said = { metadata: { by: 'Ada' }, checksum: true } as const;
  const before = await storage.put('notes/a.txt', 'content', said);
  await storage.close();
  const copy = join(await temporaryFolder(), 'copy');
  cpSync(baseDir, copy, { recursive: true });
  const { mtimeMs } = statSync(join(baseDir, 'notes', 'a.txt'));
  setBack(join(copy, 'notes', 'a.txt'), mtimeMs);
  const other = createFileSystem({ baseDir: copy });
  const after = await other.stat('notes/a.txt');
  expect(after).toMatchObject({ metadata: before.metadata, checksums: before.checksums });
  await other.close();
});

test('files that came from an archive without times keep what the user said', async () => {
  const { baseDir, storage } = await open();
  await storage.put('a.txt', 'content', { metadata: { by: 'Ada' }, checksum: true });
  utimesSync(join(baseDir, 'a.txt'), 1_000_000_000, 1_000_000_000);
  const info = await storage.stat('a.txt');
  expect(info).toMatchObject({ metadata: { by: 'Ada' }, modifiedAt: new Date(1e12) });
  expect(info.checksums).toBeUndefined();
  await storage.close();
});

test('the hidden folder may be removed while the storage is open', async () => {
  const { baseDir, storage } = await open();
  await storage.put('a.txt', 'content', { metadata: { by: 'Ada' } });
  rmSync(join(baseDir, '.granary'), { recursive: true });
  expect(await storage.stat('a.txt')).toMatchObject({ metadata: { by: 'Ada' } });
  await storage.put('a.txt', 'next', { metadata: { by: 'Bob' } });
  expect(await (await storage.get('a.txt')).text()).toBe('next');
  expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
  await storage.close();
});

test.each<[string, (storage: StorageEngine) => Promise<unknown>]>([
  ['a removal', (storage) => storage.delete('a.txt')],
  [
    'a removal on condition',
    async (storage) =>
      storage.delete('a.txt', { ifMatch: (await storage.stat('a.txt')).etag ?? '' }),
  ],
  ['a put', (storage) => storage.put('a.txt', 'after')],
  ['a put with attributes', (storage) => storage.put('a.txt', 'after', { metadata: { a: 1 } })],
  ['a copy', (storage) => storage.copy('a.txt', 'b.txt')],
  ['a move', (storage) => storage.move('a.txt', 'b.txt')],
  ['an upload', (storage) => storage.upload('a.txt', {})],
])('%s goes on after the hidden folder, or a part of it, was removed', async (_, work) => {
  const { baseDir, storage } = await open();
  for (const part of ['.granary', '.granary/work', '.granary/format.json']) {
    await storage.put('a.txt', 'before');
    await storage.put('b.txt', 'before');
    rmSync(join(baseDir, part), { recursive: true });
    await work(storage);
    const folder = join(baseDir, '.granary', 'work');
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  }
  await storage.close();
});

test('removals and puts make the folder of locks again that was removed long before', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { baseDir, storage } = await open();
  const work = join(baseDir, '.granary', 'work');
  for (const change of [() => storage.delete('a.txt'), () => storage.put('a.txt', 'after')]) {
    await storage.put('a.txt', 'before');
    rmSync(work, { recursive: true });
    vi.advanceTimersByTime(60_000);
    await change();
    expect(readdirSync(work)).toEqual([]);
  }
  expect(await (await storage.get('a.txt')).text()).toBe('after');
  await storage.close();
});

test('a write whose temporary file is removed by hand fails with conflict, and what was there stays', async () => {
  const { baseDir, storage } = await open();
  await storage.put('a.txt', 'before', { metadata: { version: 1 } });
  const system = systemWith({
    async rename(from, to) {
      if (to.endsWith('/a.txt')) await NODE_CALLS.unlink(from);
      await NODE_CALLS.rename(from, to);
    },
  });
  const hasty = createStorage(fileSystemProvider({ baseDir, durability: 'none' }, system));
  await expect(hasty.put('a.txt', 'after', { metadata: { version: 2 } })).rejects.toMatchObject({
    ...{ code: 'conflict', outcome: 'not-applied' },
    message: expect.stringContaining('temporary file'),
  });
  const object = await storage.get('a.txt');
  expect([await object.text(), object.info.metadata]).toEqual(['before', { version: 1 }]);
  expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
  await hasty.close();
  await storage.close();
});
