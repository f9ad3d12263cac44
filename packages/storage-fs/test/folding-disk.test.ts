import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import type { FileSystemOptions } from '../src/fs-options.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';
import type { FsSystem } from '../src/fs-system.ts';
import { createFileSystem, type FileSystemNative } from '../src/index.ts';
import { systemWith } from './faults.ts';
import { foldingCalls } from './folding-calls.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

/** macOS and Windows fold letter case unless told otherwise; Linux does on some disks. */
const SYSTEMS: readonly [string, FsSystem][] = [
  ['macOS', systemWith(foldingCalls(), { platform: 'darwin' })],
  ['Windows', systemWith(foldingCalls(), { platform: 'win32' })],
  ['a folding disk of Linux', systemWith(foldingCalls())],
];

function openOn(system: FsSystem, baseDir: string, options: FileSystemOptions = {}): StorageEngine {
  const storage = createStorage(
    fileSystemProvider({ baseDir, durability: 'none', ...options }, system),
  );
  onTestFinished(() => storage.close());
  return storage;
}

const formatOf = (baseDir: string) =>
  JSON.parse(readFileSync(join(baseDir, '.granary', 'format.json'), 'utf8')) as { names: string };

const keysOf = async (storage: StorageEngine) => (await storage.list()).map(({ key }) => key);

/** Names that such a disk takes for one. */
const DOUBLES = [
  ['A', 'a'],
  ['Notes/Read Me.txt', 'notes/read me.txt'],
  ['caf\u00e9', 'cafe\u0301'],
] as const;

test.each(SYSTEMS)('on %s keys that differ in letter case alone are two objects', async (_, on) => {
  const baseDir = await temporaryFolder();
  const storage = openOn(on, baseDir);
  for (const [number, pair] of DOUBLES.entries()) {
    for (const key of pair) await storage.put(key, key, { metadata: { number, key } });
  }
  const all = DOUBLES.flat();
  expect(await keysOf(storage)).toEqual(all.toSorted((a, b) => (a < b ? -1 : 1)));
  for (const key of all) {
    const object = await storage.get(key);
    expect(await object.text()).toBe(key);
    expect(object.info.metadata).toMatchObject({ key });
  }
  expect(formatOf(baseDir).names).toBe('folded');
  expect(await Array.fromAsync((storage.native as FileSystemNative).strays())).toEqual([]);
});

test.each(SYSTEMS)('on %s one of them is replaced, moved and removed alone', async (_, on) => {
  const baseDir = await temporaryFolder();
  const storage = openOn(on, baseDir);
  await storage.put('A', 'upper');
  await expect(storage.get('a')).rejects.toMatchObject({ code: 'not-found' });
  expect((await storage.delete('a')).existed).toBe(false);
  await storage.put('a', 'lower', { ifNoneMatch: '*' });
  await storage.put('A', 'upper again');
  expect(await (await storage.get('a')).text()).toBe('lower');
  await storage.move('a', 'B');
  expect(await (await storage.get('A')).text()).toBe('upper again');
  await storage.copy('B', 'b');
  await storage.delete('B');
  expect(await keysOf(storage)).toEqual(['A', 'b']);
  await storage.move('b', 'B');
  expect(await keysOf(storage)).toEqual(['A', 'B']);
  expect(await (await storage.get('B')).text()).toBe('lower');
});

test.each(SYSTEMS)('on %s a person still recognises the files', async (_, on) => {
  const baseDir = await temporaryFolder();
  const storage = openOn(on, baseDir);
  await storage.put('notes/read Me.txt', 'x');
  expect(readdirSync(join(baseDir, 'notes'))).toEqual(['read Me%^10.txt']);
});

test.each(SYSTEMS)(
  'on %s a file that a person put there has its own name as key alone',
  async (_, on) => {
    const baseDir = await temporaryFolder();
    const storage = openOn(on, baseDir);
    await storage.put('first', '1');
    writeFileSync(join(baseDir, 'Report.TXT'), 'by hand');
    expect(await keysOf(storage)).toEqual(['Report.TXT', 'first']);
    expect(await (await storage.get('Report.TXT')).text()).toBe('by hand');
    for (const key of ['report.txt', 'REPORT.TXT']) {
      await expect(storage.stat(key)).rejects.toMatchObject({ code: 'not-found' });
    }
    await storage.put('report.txt', 'by the program');
    expect(await (await storage.get('Report.TXT')).text()).toBe('by hand');
    expect(await (await storage.get('report.txt')).text()).toBe('by the program');
    await storage.delete('report.txt');
    expect(await keysOf(storage)).toEqual(['Report.TXT', 'first']);
  },
);

test.each(SYSTEMS)('a store of an exact disk goes on, folded, on %s', async (_, on) => {
  const baseDir = await temporaryFolder();
  const exact = createFileSystem({ baseDir, durability: 'none' });
  await exact.put('Notes/Report.txt', 'as it was', { metadata: { version: 1 } });
  await exact.put('Überblick.md', 'as it was');
  await exact.close();
  expect(formatOf(baseDir).names).toBe('exact');

  const storage = openOn(on, baseDir);
  expect(await keysOf(storage)).toEqual(['Notes/Report.txt', 'Überblick.md']);
  const object = await storage.get('Notes/Report.txt');
  expect(await object.text()).toBe('as it was');
  expect(object.info.metadata).toEqual({ version: 1 });
  await storage.put('Notes/report.txt', 'another');
  await storage.put('Notes/Report.txt', 'again', { metadata: { version: 2 } });
  expect(formatOf(baseDir).names).toBe('folded');
  expect(await (await storage.get('Notes/report.txt')).text()).toBe('another');
  expect((await storage.stat('Notes/Report.txt')).metadata).toEqual({ version: 2 });
  expect(await keysOf(storage)).toEqual(['Notes/Report.txt', 'Notes/report.txt', 'Überblick.md']);
  await storage.close();

  // What was written folded is read as folded everywhere from then on.
  const after = createFileSystem({ baseDir });
  expect(await keysOf(after)).toEqual(['Notes/Report.txt', 'Notes/report.txt', 'Überblick.md']);
  expect(await (await after.get('Notes/report.txt')).text()).toBe('another');
  await after.close();
});

test('an exact disk keeps names as they are and says so', async ({ skip }) => {
  if (process.platform !== 'linux') skip('only on Linux is the disk known to keep letter case');
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none' });
  await storage.put('A', 'upper');
  await storage.put('a', 'lower');
  expect(readdirSync(baseDir).sort()).toEqual(['.granary', 'A', 'a']);
  expect(formatOf(baseDir).names).toBe('exact');
  await storage.close();
});
