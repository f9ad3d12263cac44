import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isStorageError, type StorageEngine } from '@granary/storage-core';
import { expect, test } from 'vitest';
import { createFileSystem } from '../src/index.ts';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

interface Surroundings {
  readonly storage: StorageEngine;
  readonly baseDir: string;
  readonly outside: string;
}

async function storeBesideSecrets(): Promise<Surroundings> {
  const folder = await temporaryFolder();
  const [baseDir, outside] = [join(folder, 'store'), join(folder, 'outside')];
  await mkdir(outside);
  await writeFile(join(outside, 'secret.txt'), 'secret');
  const storage = createFileSystem({ baseDir, durability: 'none' });
  await storage.put('inside.txt', 'inside');
  return { storage, baseDir, outside };
}

async function expectUntouched(outside: string): Promise<void> {
  expect(await readdir(outside)).toEqual(['secret.txt']);
  expect(await readFile(join(outside, 'secret.txt'), 'utf8')).toBe('secret');
}

type Attempt = readonly [string, (storage: StorageEngine, key: string) => Promise<unknown>];

const ATTEMPTS: readonly Attempt[] = [
  ['get', (storage, key) => storage.get(key)],
  ['stat', (storage, key) => storage.stat(key)],
  ['put', (storage, key) => storage.put(key, 'written')],
  ['put with metadata', (storage, key) => storage.put(key, 'written', { metadata: { a: 1 } })],
  ['put of what is new', (storage, key) => storage.put(key, 'written', { ifNoneMatch: '*' })],
  ['delete', (storage, key) => storage.delete(key)],
  ['copy from', (storage, key) => storage.copy(key, 'copy.txt')],
  ['copy to', (storage, key) => storage.copy('inside.txt', key)],
  ['move from', (storage, key) => storage.move(key, 'copy.txt')],
  ['move to', (storage, key) => storage.move('inside.txt', key)],
  ['setMetadata', (storage, key) => storage.setMetadata(key, { metadata: { a: 1 } })],
];

test.each(ATTEMPTS)(
  '%s is refused through links to files and folders outside',
  async (_, attempt) => {
    const { storage, baseDir, outside } = await storeBesideSecrets();
    await symlink(outside, join(baseDir, 'folder'));
    await symlink(join(outside, 'secret.txt'), join(baseDir, 'file.txt'));
    for (const key of ['folder/secret.txt', 'file.txt']) {
      await expect(attempt(storage, key), key).rejects.toMatchObject({ code: 'permission-denied' });
      await expectUntouched(outside);
    }
    expect((await storage.list()).map(({ key }) => key)).toEqual(['inside.txt']);
    await storage.close();
  },
);

test('a companion that is a link outside is not followed', async () => {
  const { storage, baseDir, outside } = await storeBesideSecrets();
  await symlink(join(outside, 'secret.txt'), join(baseDir, 'inside.txt.meta.json'));
  await expect(storage.stat('inside.txt')).rejects.toMatchObject({ code: 'permission-denied' });
  await storage.put('inside.txt', 'again', { metadata: { a: 1 } }).catch(() => {});
  await expectUntouched(outside);
  await storage.close();
});

test('a folder that another process swaps for a link never leads outside', {
  timeout: 240_000,
}, async () => {
  const { storage, baseDir, outside } = await storeBesideSecrets();
  await storage.put('swapped/secret.txt', 'harmless');
  const swapper = startProcess('swapper.ts', { baseDir, outside });
  await swapper.told('ready');
  const known = new Set(['permission-denied', 'not-found', 'conflict']);
  let [operations, refused] = [0, 0];

  async function attempt(work: () => Promise<unknown>): Promise<void> {
    operations += 1;
    try {
      await work();
    } catch (error) {
      if (!isStorageError(error) || !known.has(error.code)) throw error;
      refused += 1;
    }
  }
  async function read(): Promise<void> {
    const text = await (await storage.get('swapped/secret.txt')).text();
    expect(text).not.toBe('secret');
  }
  const until = performance.now() + 4_000;
  for (let round = 0; performance.now() < until || operations < 1_000; round += 1) {
    await Promise.all([
      attempt(read),
      attempt(read),
      attempt(() => storage.stat('swapped/secret.txt')),
      attempt(() => storage.put('swapped/secret.txt', `harmless ${round}`)),
      attempt(() => storage.put(`swapped/new-${round}.txt`, 'new', { metadata: { round } })),
      attempt(() => storage.put(`swapped/deep-${round % 7}/new.txt`, 'new')),
      attempt(() => storage.delete(`swapped/new-${round - 1}.txt`)),
      attempt(() => storage.copy('inside.txt', `swapped/copy-${round % 5}.txt`)),
      attempt(() => storage.copy('swapped/secret.txt', 'copied.txt')),
      attempt(async () => {
        const listed = await storage.list({ prefix: 'swapped/', limit: 20 });
        const secret = listed.find(({ key }) => key === 'swapped/secret.txt');
        expect(secret?.size).not.toBe('secret'.length);
      }),
    ]);
  }
  swapper.tell('stop');
  const swaps = Number(await swapper.told('result'));
  await expectUntouched(outside);
  const copied = await storage.get('copied.txt').then(
    (object) => object.text(),
    () => 'none',
  );
  expect(copied).not.toBe('secret');
  expect(operations).toBeGreaterThan(500);
  expect(swaps).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(0);
  console.info(`${operations} operations, ${refused} of them refused, during ${swaps} swaps`);
  await storage.close();
});
