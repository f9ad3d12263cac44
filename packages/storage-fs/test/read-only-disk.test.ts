import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { createFileSystem } from '../src/index.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';
import { type Mount, mountSmallDisk } from './small-mount.ts';

const SAID = { metadata: { version: 1 }, tags: ['kept'] };

interface Opened {
  readonly baseDir: string;
  readonly disk: Mount;
  readonly storage: StorageEngine;
}

/** A store on a disk that has been written and then made read-only. */
async function readOnlyStore(context: TestContext): Promise<Opened> {
  const folder = await temporaryFolder();
  const disk = await mountSmallDisk(context, folder);
  const baseDir = join(folder, 'store');
  const before = createFileSystem({ baseDir });
  await before.put('folder/a.txt', 'content', SAID);
  await before.put('large.bin', Buffer.alloc(1024 * 1024, 'granary'));
  await before.close();
  await disk.makeReadOnly(true);
  const storage = createFileSystem({ baseDir });
  onTestFinished(() => storage.close());
  return { baseDir, disk, storage };
}

test('a read-only disk is read as ever', async (context) => {
  const { storage } = await readOnlyStore(context);
  const object = await storage.get('folder/a.txt');
  expect(await object.text()).toBe('content');
  expect(object.info).toMatchObject(SAID);
  expect((await storage.list({ prefix: 'folder/' })).map(({ key }) => key)).toEqual([
    'folder/a.txt',
  ]);
  const large = await storage.get('large.bin', { range: { offset: 7, length: 7 } });
  expect(await large.text()).toBe('granary');
  expect((await (await storage.get('large.bin')).bytes()).byteLength).toBe(1024 * 1024);
  await expect(storage.stat('none')).rejects.toMatchObject({ code: 'not-found' });
  expect(await storage.delete('none')).toEqual({ existed: false });
});

test.for<[string, (storage: StorageEngine) => Promise<unknown>]>([
  ['put', (storage) => storage.put('folder/a.txt', 'after')],
  ['put with metadata', (storage) => storage.put('folder/a.txt', 'after', SAID)],
  ['put of a stream', (storage) => storage.put('folder/a.txt', new Blob(['after']).stream())],
  ['put of a new object', (storage) => storage.put('new/b.txt', 'after')],
  ['delete', (storage) => storage.delete('folder/a.txt')],
  ['copy', (storage) => storage.copy('folder/a.txt', 'b.txt')],
  ['move', (storage) => storage.move('folder/a.txt', 'b.txt')],
  ['setMetadata', (storage) => storage.setMetadata('folder/a.txt', { tags: [] })],
  ['upload', (storage) => storage.upload('folder/a.txt', {})],
])(
  '%s is refused on a read-only disk, and works once it can be written',
  async ([, write], context) => {
    const { baseDir, disk, storage } = await readOnlyStore(context);
    const error = await write(storage).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'permission-denied' });
    expect(String(error)).toContain('mounted read-only');
    expect(await (await storage.get('folder/a.txt')).text()).toBe('content');
    expect(await storage.stat('folder/a.txt')).toMatchObject(SAID);
    await disk.makeReadOnly(false);
    expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
    await write(storage);
  },
);

test('a new store on a read-only disk is empty, and refuses writes', async (context) => {
  const folder = await temporaryFolder();
  const disk = await mountSmallDisk(context, folder);
  await disk.makeReadOnly(true);
  const storage = createFileSystem({ baseDir: join(folder, 'store') });
  onTestFinished(() => storage.close());
  expect(await storage.list()).toEqual([]);
  await expect(storage.get('a')).rejects.toMatchObject({ code: 'not-found' });
  await expect(storage.put('a', 'x')).rejects.toMatchObject({
    ...{ code: 'permission-denied', outcome: 'not-applied' },
  });
  await disk.makeReadOnly(false);
  await storage.put('a', 'x');
  expect((await storage.list()).map(({ key }) => key)).toEqual(['a']);
});

test('a read-only disk is told by health', async (context) => {
  const { storage } = await readOnlyStore(context);
  expect(await storage.health()).toMatchObject({
    ok: false,
    error: { code: 'permission-denied', provider: 'fs' },
  });
});
