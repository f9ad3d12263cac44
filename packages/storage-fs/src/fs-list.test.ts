import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, type ListOptions, type StorageEngine } from '@granary/storage-core';
import { compareKeys } from '@granary/storage-core/provider';
import { expect, onTestFinished, test } from 'vitest';
import { systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { NODE_CALLS } from './fs-calls.ts';
import { fileSystemProvider } from './fs-provider.ts';

interface Looked {
  readonly baseDir: string;
  readonly storage: StorageEngine;
  /** Folders read and files looked at since the last time, by what is behind the root. */
  taken(): { readonly read: number; readonly files: number };
}

async function open(): Promise<Looked> {
  const baseDir = await temporaryFolder();
  let [read, files] = [0, 0];
  const system = systemWith({
    readdir(path) {
      read += 1;
      return NODE_CALLS.readdir(path);
    },
    lstatAll(paths) {
      files += paths.length;
      return NODE_CALLS.lstatAll(paths);
    },
  });
  const storage = createStorage(fileSystemProvider({ baseDir, durability: 'none' }, system));
  onTestFinished(() => storage.close());
  return {
    ...{ baseDir, storage },
    taken() {
      const taken = { read, files };
      [read, files] = [0, 0];
      return taken;
    },
  };
}

async function namesOf(storage: StorageEngine, options: ListOptions): Promise<string[]> {
  return (await storage.list(options)).map(({ kind, key }) => `${kind}:${key}`);
}

/** What a listing with the delimiter gives, the simple way. */
function grouped(keys: readonly string[], { prefix = '', startAfter = '' }: ListOptions): string[] {
  const names = keys
    .filter((key) => key.startsWith(prefix) && compareKeys(key, startAfter) > 0)
    .map((key) => {
      const at = key.indexOf('/', prefix.length);
      return at < 0 ? `item:${key}` : `prefix:${key.slice(0, at + 1)}`;
    });
  return [...new Set(names)];
}

test('a folder is a group by its first file, and no file in it is looked at', async () => {
  const { baseDir, storage, taken } = await open();
  for (const folder of ['a', 'b', 'c/deep/er']) {
    mkdirSync(join(baseDir, folder), { recursive: true });
    for (let file = 0; file < 50; file += 1) writeFileSync(join(baseDir, folder, `${file}`), 'x');
  }
  writeFileSync(join(baseDir, 'top.txt'), 'x');
  await storage.ready();
  taken();
  expect(await namesOf(storage, { delimiter: '/' })).toEqual([
    ...['prefix:a/', 'prefix:b/', 'prefix:c/', 'item:top.txt'],
  ]);
  expect(taken()).toEqual({ read: 1 + 2 + 3, files: 1 });
  expect(await namesOf(storage, { delimiter: '/', prefix: 'c/' })).toEqual(['prefix:c/deep/']);
  expect(taken()).toEqual({ read: 3, files: 0 });
});

test('what is no object makes no group', async () => {
  const { baseDir, storage } = await open();
  await storage.put('real/a.txt', 'x', { tags: ['x'] });
  for (const folder of ['companion', 'hidden', 'empty/inner', 'link', 'bytes', 'leftover']) {
    mkdirSync(join(baseDir, folder), { recursive: true });
  }
  writeFileSync(join(baseDir, 'companion', 'gone.txt.meta.json'), '{}');
  mkdirSync(join(baseDir, 'hidden', '.granary'));
  writeFileSync(join(baseDir, 'hidden', '.granary', 'file'), 'x');
  writeFileSync(join(baseDir, 'leftover', '.granary-temp'), 'x');
  writeFileSync(Buffer.from(`${join(baseDir, 'bytes')}/\xff`, 'latin1'), 'x');
  symlinkSync(join(baseDir, 'real'), join(baseDir, 'link', 'folder'));
  symlinkSync(join(baseDir, 'real', 'a.txt'), join(baseDir, 'link', 'file'));
  expect(await namesOf(storage, {})).toEqual(['item:real/a.txt']);
  expect(await namesOf(storage, { delimiter: '/' })).toEqual(['prefix:real/']);
});

test('groups are those of the listing without a delimiter, from every place on', async () => {
  const { baseDir, storage } = await open();
  const keys = [
    ...['a', 'a/b', 'a/c/d', 'a-b/x', 'a0/y', 'deep/er/and/deeper', 'deep/est', 'CON/1', '%+d/z'],
    ...[`long/${'n'.repeat(300)}`, `${'f'.repeat(300)}/in`, 'x.meta.json/1', '😀/1', '\uffff/1'],
  ];
  for (const key of keys) await storage.put(key, key);
  mkdirSync(join(baseDir, 'nothing', 'at', 'all'), { recursive: true });
  const sorted = keys.toSorted(compareKeys);
  expect(await namesOf(storage, {})).toEqual(sorted.map((key) => `item:${key}`));
  const places = [...keys, 'a/', 'a/b0', 'deep/er', 'deep/er/z', 'zzz', ''];
  for (const prefix of ['', 'a', 'a/', 'a/c', 'deep/', 'deep/er/', 'f', 'nothing/', 'none/']) {
    for (const startAfter of places) {
      const options = { prefix, delimiter: '/', startAfter };
      expect([options, await namesOf(storage, options)]).toEqual([
        options,
        grouped(sorted, options),
      ]);
    }
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const options: ListOptions = { prefix, delimiter: '/', limit: 1 };
      const from = cursor === undefined ? options : { ...options, cursor };
      cursor = undefined;
      for await (const page of storage.list(from).pages()) {
        names.push(...page.entries.map(({ kind, key }) => `${kind}:${key}`));
        cursor = page.cursor;
      }
    } while (cursor !== undefined);
    expect(names).toEqual(grouped(sorted, { prefix }));
  }
});

test('groups by what is no slash, and jumps over what they hold', async () => {
  const { storage, taken } = await open();
  for (let file = 0; file < 300; file += 1) await storage.put(`a-${file}/x`, 'x');
  for (const key of ['a', 'b-1', 'b-2', 'c']) await storage.put(key, 'x');
  taken();
  expect(await namesOf(storage, { delimiter: '-' })).toEqual([
    ...['item:a', 'prefix:a-', 'prefix:b-', 'item:c'],
  ]);
  expect(taken().files).toBeLessThan(150);
});

test('a listing that is aborted ends', async () => {
  const { storage } = await open();
  for (let file = 0; file < 5; file += 1) await storage.put(`${file}`, 'x');
  const controller = new AbortController();
  const pages = storage.list({ signal: controller.signal, limit: 3 }).pages();
  controller.abort('enough');
  await expect(Array.fromAsync(pages)).rejects.toMatchObject({ code: 'aborted' });
});

test('a listing that ends soon reads little for nothing', async () => {
  const { baseDir, storage, taken } = await open();
  for (let folder = 0; folder < 40; folder += 1) {
    mkdirSync(join(baseDir, `folder-${folder}`));
    for (let file = 0; file < 20; file += 1) {
      writeFileSync(join(baseDir, `folder-${folder}`, `${file}`), 'x');
    }
  }
  await storage.ready();
  taken();
  expect(await storage.list({ limit: 5 })).toHaveLength(5);
  const { read, files } = taken();
  expect(read).toBeLessThanOrEqual(12);
  expect(files).toBeLessThanOrEqual(32 + 64);
});

test('others have their turn while much is listed', async () => {
  const { baseDir, storage } = await open();
  mkdirSync(join(baseDir, 'many'));
  for (let file = 0; file < 2000; file += 1) writeFileSync(join(baseDir, 'many', `${file}`), 'x');
  await storage.ready();
  let turns = 0;
  let isListing = true;
  const count = () => {
    turns += 1;
    if (isListing) setImmediate(count);
  };
  setImmediate(count);
  expect(await storage.list()).toHaveLength(2000);
  isListing = false;
  expect(turns).toBeGreaterThan(10);
});
