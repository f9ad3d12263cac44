import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import {
  createFileSystem,
  type FileSystemNative,
  type FileSystemOptions,
  type Stray,
} from './index.ts';

async function open(options: FileSystemOptions = {}): Promise<{
  readonly baseDir: string;
  readonly storage: ReturnType<typeof createFileSystem>;
  readonly strays: () => Promise<Stray[]>;
  readonly keys: () => Promise<string[]>;
}> {
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none', ...options });
  return {
    ...{ baseDir, storage },
    async strays() {
      const found: Stray[] = [];
      for await (const stray of (storage.native as FileSystemNative).strays()) found.push(stray);
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    async keys() {
      const found: string[] = [];
      for await (const { key } of storage.list()) found.push(key);
      return found;
    },
  };
}

test('objects, their companions and their folders are no strays', async () => {
  const { baseDir, storage, strays } = await open();
  await storage.put('a.txt', 'a', { metadata: { a: 1 } });
  await storage.put('a.txt/b', 'b');
  await storage.put('folder/con:.txt', 'c', { metadata: { c: 1 } });
  writeFileSync(join(baseDir, 'folder', 'dropped.txt'), 'd');
  mkdirSync(join(baseDir, 'empty'));
  expect(await strays()).toEqual([]);
  await storage.close();
});

test('a store that is not there has none', async () => {
  const baseDir = join(await temporaryFolder(), 'none');
  const storage = createFileSystem({ baseDir });
  for await (const stray of (storage.native as FileSystemNative).strays()) {
    expect.unreachable(stray.path);
  }
  await storage.close();
});

test('links are told and not followed', async () => {
  const { baseDir, storage, strays, keys } = await open();
  await storage.put('folder/a.txt', 'a');
  symlinkSync('/etc/hostname', join(baseDir, 'link.txt'));
  symlinkSync('..', join(baseDir, 'folder', 'round'));
  symlinkSync('nowhere', join(baseDir, 'broken'));
  expect(await strays()).toEqual([
    { path: 'broken', reason: 'link' },
    { path: 'folder/round', reason: 'link' },
    { path: 'link.txt', reason: 'link' },
  ]);
  expect(await keys()).toEqual(['folder/a.txt']);
  await storage.close();
});

test('a pipe is told', async ({ skip }) => {
  if (process.platform === 'win32') skip('Windows has no pipes in folders');
  const { baseDir, storage, strays, keys } = await open();
  execFileSync('mkfifo', [join(baseDir, 'pipe')]);
  expect(await strays()).toEqual([{ path: 'pipe', reason: 'special' }]);
  expect(await keys()).toEqual([]);
  await storage.close();
});

test('a name that is no UTF-8 is told', async ({ skip }) => {
  if (process.platform !== 'linux') skip('only Linux keeps names that are no UTF-8');
  const { baseDir, storage, strays } = await open();
  writeFileSync(Buffer.concat([Buffer.from(`${baseDir}/caf`), Buffer.from([0xe9])]), 'latin1');
  expect(await strays()).toEqual([{ path: 'caf\uFFFD', reason: 'name' }]);
  await storage.close();
});

test('of two files for one key the one that is not read is told', async () => {
  const { baseDir, storage, strays, keys } = await open();
  await storage.put('what?.txt', 'by Granary');
  const literal = join(baseDir, 'what?.txt');
  writeFileSync(literal, 'by a person');
  expect(await strays()).toEqual([{ path: 'what?.txt', reason: 'double' }]);
  expect(await keys()).toEqual(['what?.txt']);
  expect(await (await storage.get('what?.txt')).text()).toBe('by Granary');
  await storage.delete('what?.txt');
  expect(await strays()).toEqual([]);
  await storage.close();
});

test.each([
  ['meta-json', 'a.txt.meta.json'],
  ['meta', 'a.txt.meta'],
] as const)('with %s a companion whose object is gone is told', async (companions, name) => {
  const { baseDir, storage, strays, keys } = await open({ companions });
  await storage.put('folder/a.txt', 'a', { metadata: { a: 1 } });
  expect(await strays()).toEqual([]);
  rmSync(join(baseDir, 'folder', 'a.txt'));
  expect(await strays()).toEqual([{ path: `folder/${name}`, reason: 'companion' }]);
  expect(await keys()).toEqual([]);
  await storage.close();
});

test('a manifest has many objects, so it is no stray of one', async () => {
  const { baseDir, storage, strays } = await open({ companions: 'manifest' });
  await storage.put('a.txt', 'a', { metadata: { a: 1 } });
  rmSync(join(baseDir, 'a.txt'));
  expect(await strays()).toEqual([]);
  await storage.close();
});

test('what a write left beside an object is told', async () => {
  const { baseDir, storage, strays, keys } = await open({ companions: 'none' });
  await storage.put('folder/a.txt', 'a');
  writeFileSync(join(baseDir, 'folder', '.granary-w.1-2-3-4.7'), 'half');
  writeFileSync(join(baseDir, 'folder', 'b.txt.meta.json'), 'an object here');
  expect(await strays()).toEqual([{ path: 'folder/.granary-w.1-2-3-4.7', reason: 'temporary' }]);
  expect(await keys()).toEqual(['folder/a.txt', 'folder/b.txt.meta.json']);
  await storage.close();
});
