import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import { fileSystemProvider } from './fs-provider.ts';
import type { FileSystemNative } from './index.ts';

async function open(changed: Partial<FsCalls> = {}): Promise<{
  readonly baseDir: string;
  readonly storage: StorageEngine;
  readonly keys: () => Promise<string[]>;
}> {
  const baseDir = await temporaryFolder();
  const storage = createStorage(
    fileSystemProvider({ baseDir, durability: 'none' }, systemWith(changed)),
  );
  onTestFinished(() => storage.close());
  return { baseDir, storage, keys: async () => (await storage.list()).map(({ key }) => key) };
}

test('a file beside a folder of its name, made in either order', async () => {
  const { baseDir, storage, keys } = await open();
  await storage.put('one', 'file');
  await storage.put('one/below', 'below');
  await storage.put('two/below', 'below');
  await storage.put('two', 'file', { metadata: { a: 1 } });
  expect(await keys()).toEqual(['one', 'one/below', 'two', 'two/below']);
  for (const key of await keys()) {
    const [, name = 'file'] = key.split('/');
    expect(await (await storage.get(key)).text()).toBe(name);
  }
  expect((await storage.stat('two')).metadata).toEqual({ a: 1 });
  expect(
    readdirSync(baseDir)
      .filter((name) => name.includes('%'))
      .sort(),
  ).toEqual(['one%+d', 'two%+f', 'two%+f.meta.json'].sort());
  await storage.move('one', 'three');
  await storage.delete('two/below');
  await storage.put('two', 'again');
  expect(await keys()).toEqual(['one/below', 'three', 'two']);
  expect(await (await storage.get('two')).text()).toBe('again');
});

test('with folders under both names of an object there is no room for it', async () => {
  const { baseDir, storage } = await open();
  await storage.put('first', 'x');
  for (const name of ['a.txt', 'a%+f.txt']) mkdirSync(join(baseDir, name));
  for (const options of [{}, { metadata: { a: 1 } }]) {
    await expect(storage.put('a.txt', 'content', options)).rejects.toMatchObject({
      ...{ code: 'conflict', retryable: false, outcome: 'not-applied', key: 'a.txt' },
      message: expect.stringContaining('under both names'),
    });
  }
  await expect(storage.get('a.txt')).rejects.toMatchObject({ code: 'not-found' });
});

test('a link under the second name, or in the place of a folder, is refused', async () => {
  const { baseDir, storage } = await open();
  const outside = await temporaryFolder();
  await storage.put('taken/below', 'x');
  await storage.put('taken', 'file');
  await storage.delete('taken');
  symlinkSync(join(outside, 'new'), join(baseDir, 'taken%+f'));
  symlinkSync(outside, join(baseDir, 'link'));
  for (const key of ['taken', 'link/a.txt', 'link/deep/a.txt']) {
    for (const options of [{}, { metadata: { a: 1 } }]) {
      await expect(storage.put(key, 'content', options), key).rejects.toMatchObject({
        code: 'permission-denied',
      });
    }
  }
  expect(readdirSync(outside)).toEqual([]);
});

test('a file that takes a folder’s name just then sends the new object below another name', async () => {
  let isHostile = false;
  const { baseDir, storage, keys } = await open({
    async mkdir(path) {
      if (isHostile && path.endsWith('/folder')) writeFileSync(join(baseDir, 'folder'), 'by hand');
      await NODE_CALLS.mkdir(path);
    },
  });
  await storage.put('first', 'x');
  isHostile = true;
  await storage.put('folder/a.txt', 'content');
  expect(await keys()).toEqual(['first', 'folder', 'folder/a.txt']);
  expect(existsSync(join(baseDir, 'folder%+d', 'a.txt'))).toBe(true);
  expect(await (await storage.get('folder/a.txt')).text()).toBe('content');
});

test('a name that cannot be looked at fails the operation', async () => {
  let isBroken = false;
  const lookAt = (path: string) => {
    if (isBroken && path.endsWith('/a.txt')) throw failure('EIO');
  };
  const { storage } = await open({
    async lstat(path) {
      lookAt(path);
      return NODE_CALLS.lstat(path);
    },
    lstatSync(path) {
      lookAt(path);
      return NODE_CALLS.lstatSync(path);
    },
  });
  await storage.put('a.txt', 'content');
  isBroken = true;
  for (const attempt of [
    () => storage.delete('a.txt'),
    () => storage.put('a.txt', 'x', { metadata: { a: 1 } }),
    () => storage.move('a.txt', 'b.txt'),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'unavailable' });
  }
  isBroken = false;
  expect(await (await storage.get('a.txt')).text()).toBe('content');
});

test('names that are no UTF-8 are no keys, and hide none', async ({ skip }) => {
  if (process.platform !== 'linux') skip('only Linux keeps names that are no UTF-8');
  const { baseDir, storage, keys } = await open();
  await storage.put('folder/a.txt', 'a');
  await storage.put('folder/\ufffd.txt', 'stands for itself');
  const invalid = Buffer.concat([
    Buffer.from(join(baseDir, 'folder/b')),
    Buffer.from([0xff, 0x2e]),
  ]);
  writeFileSync(invalid, 'nobody’s');
  expect(await keys()).toEqual(['folder/a.txt', 'folder/\ufffd.txt']);
  expect(await (await storage.get('folder/\ufffd.txt')).text()).toBe('stands for itself');
  const strays = await Array.fromAsync((storage.native as FileSystemNative).strays());
  expect(strays.map(({ reason }) => reason)).toEqual(['name']);
});

test('very long segments that begin alike share folders and stay apart', async () => {
  const { storage, keys } = await open();
  const start = 'long '.repeat(60);
  const all = [`${start}a`, `${start}b`, `${start}b/below`, `${start}c/${start}d`].sort();
  for (const key of all)
    await storage.put(key, key.slice(-7), { metadata: { end: key.at(-1) ?? '' } });
  expect(await keys()).toEqual(all);
  for (const key of all) {
    const object = await storage.get(key);
    expect([await object.text(), object.info.metadata]).toEqual([
      key.slice(-7),
      { end: key.at(-1) },
    ]);
  }
  for (const key of all) await storage.delete(key);
  expect(await keys()).toEqual([]);
});

test('names that look like second or escaped ones of others are objects of their own', async () => {
  const { baseDir, storage, keys } = await open();
  await storage.put('first', 'x');
  const names = ['a%+f.txt', 'b%+d', '%41.txt', '100%', 'c%+x'];
  for (const name of names) writeFileSync(join(baseDir, name), name);
  await storage.put('a.txt', 'plain');
  const found = await keys();
  expect(found).toContain('a.txt');
  for (const key of found) expect(await (await storage.get(key)).text()).not.toBe('');
  expect(new Set(found).size).toBe(found.length);
  for (const key of ['a%+f.txt', 'b%+d', '%41.txt']) {
    await storage.put(key, 'by the program');
    expect(await (await storage.get(key)).text()).toBe('by the program');
  }
  expect(await (await storage.get('a.txt')).text()).toBe('plain');
});

test('keys that look like bookkeeping, or that Windows reserves, are objects like others', async () => {
  const { baseDir, storage, keys } = await open();
  const all = [
    ...['.granary', '.granary/format.json', '.granary/work/w.1.2', '.Granary', '.granary-w.a.1'],
    ...[
      'a.txt',
      'a.txt.meta.json',
      'a.txt.meta',
      '.source-metadata.json',
      'a.txt.meta.json.meta.json',
    ],
    ...[
      'CON',
      'nul.txt',
      'com1 .log',
      'LPT\u00b9',
      'aux/prn',
      'ends.',
      'ends ',
      'with:colon',
      'a\\b',
      'q?',
    ],
  ];
  for (const [number, key] of all.entries()) {
    await storage.put(key, key, number % 2 === 0 ? { metadata: { key } } : {});
  }
  expect((await keys()).sort()).toEqual(all.toSorted());
  for (const [number, key] of all.entries()) {
    const object = await storage.get(key);
    expect(await object.text()).toBe(key);
    expect(object.info.metadata).toEqual(number % 2 === 0 ? { key } : undefined);
  }
  const names = readdirSync(baseDir, { recursive: true })
    .map(String)
    .filter((path) => !path.startsWith('.granary/') && path !== '.granary');
  for (const name of names.flatMap((path) => path.split('/'))) {
    expect(name).not.toMatch(/[<>:"|?*\\]|[. ]$|^(con|nul|aux|prn|com1 ?|lpt\u00b9)(\.|$)/i);
  }
  expect(await Array.fromAsync((storage.native as FileSystemNative).strays())).toEqual([]);
  for (const key of all) await storage.delete(key);
  expect(readdirSync(baseDir)).toEqual(['.granary']);
});
