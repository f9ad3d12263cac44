import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import type { StoredObject } from '@granary/storage-core/provider';
import { expect, onTestFinished, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { watchSystem } from '../test/watched-system.ts';
import { NODE_CALLS } from './fs-calls.ts';
import { fileSystemProvider } from './fs-provider.ts';
import { type FsSystem, THIS_SYSTEM } from './fs-system.ts';

/** Too large to be read at once. Units: bytes. */
const LARGE = 6_000_000;
/** So many unread bodies keep their files open. */
const PINNED = 256;

interface Opened {
  readonly baseDir: string;
  readonly storage: StorageEngine;
  readonly held: () => number;
}

async function open(system: FsSystem = THIS_SYSTEM, backup = false): Promise<Opened> {
  const baseDir = await temporaryFolder();
  const watched = watchSystem(system);
  const provider = fileSystemProvider({ baseDir, durability: 'none', backup }, watched.system);
  const storage = createStorage(provider);
  onTestFinished(() => storage.close());
  await storage.put('a.bin', Buffer.alloc(LARGE, 'first '));
  return { baseDir, storage, held: watched.held };
}

/** Bodies that nobody reads, as many as keep their files open. */
async function pinned(storage: StorageEngine): Promise<StoredObject[]> {
  const all = Array.from({ length: PINNED }, () => storage.get('a.bin'));
  const objects = await Promise.all(all);
  onTestFinished(async () => {
    for (const object of objects) await object.cancel();
  });
  return objects;
}

const isFirst = (bytes: Uint8Array) => Buffer.alloc(LARGE, 'first ').equals(bytes);

test('very many unread bodies keep few files open, and all of them can be read', async () => {
  const { storage, held } = await open();
  const before = await pinned(storage);
  const beyond = await Promise.all([storage.get('a.bin'), storage.get('a.bin')]);
  expect(held()).toBe(PINNED);
  expect(isFirst(await (beyond[0] as StoredObject).bytes())).toBe(true);
  expect(isFirst(new Uint8Array(await new Response(beyond[1]?.stream()).arrayBuffer()))).toBe(true);
  expect(held()).toBe(PINNED);
  for (const object of before) expect(await object.cancel()).toBeUndefined();
  expect(held()).toBe(0);
});

type Change = readonly [
  string,
  (storage: StorageEngine, path: string) => Promise<unknown>,
  { readonly keepsOpenFiles: boolean },
];

test.each<Change>([
  [
    'replaced',
    (storage) => storage.put('a.bin', Buffer.alloc(LARGE, 'second')),
    { keepsOpenFiles: true },
  ],
  ['removed', (storage) => storage.delete('a.bin'), { keepsOpenFiles: true }],
  [
    'edited in place',
    async (_storage, path) => appendFileSync(path, '.'),
    { keepsOpenFiles: false },
  ],
])('an unread body is of no other write when the object was %s', async (_, change, is) => {
  const { storage, baseDir } = await open();
  const [first] = await pinned(storage);
  const beyond = [await storage.get('a.bin'), await storage.get('a.bin')];
  await change(storage, join(baseDir, 'a.bin'));
  for (const [number, object] of beyond.entries()) {
    const read = number === 0 ? object.bytes() : new Response(object.stream()).arrayBuffer();
    await expect(read).rejects.toMatchObject({ code: 'conflict', retryable: true });
  }
  if (is.keepsOpenFiles) expect(isFirst(await (first as StoredObject).bytes())).toBe(true);
});

test('a body whose file cannot be opened again says why', async () => {
  let isDenied = false;
  const { storage } = await open(
    systemWith({
      async open(path, ...rest) {
        if (isDenied && path.endsWith('/a.bin')) throw failure('EACCES');
        return NODE_CALLS.open(path, ...rest);
      },
    }),
  );
  await pinned(storage);
  const beyond = await storage.get('a.bin');
  isDenied = true;
  await expect(beyond.bytes()).rejects.toMatchObject({ code: 'permission-denied' });
});

test('what is edited in place while it is read fails, and holds nothing', async () => {
  const { storage, baseDir, held } = await open();
  const [one, other] = [await storage.get('a.bin'), await storage.get('a.bin')];
  const reader = other.stream().getReader();
  await reader.read();
  writeFileSync(join(baseDir, 'a.bin'), Buffer.alloc(LARGE, 'other '));
  await expect(one.bytes()).rejects.toMatchObject({ code: 'conflict' });
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toMatchObject({ code: 'conflict' });
  expect(held()).toBe(0);
});

test('a body that was let go of is not read any more', async () => {
  const { storage, held } = await open();
  const object = await storage.get('a.bin');
  const reader = object.stream().getReader();
  await reader.read();
  await object.cancel();
  await expect.poll(held).toBe(0);
  const again = await storage.get('a.bin');
  await again.cancel();
  await expect(again.bytes()).rejects.toBeDefined();
});

test('a file that is being read when its body is let go of is closed after that', async () => {
  let release: () => void = () => {};
  let isBlocked = false;
  const reached = { now: () => {} };
  const blocked = new Promise<void>((resolve) => {
    reached.now = resolve;
  });
  const { storage, held } = await open(
    systemWith({
      async read(...values) {
        if (isBlocked) {
          reached.now();
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
        return NODE_CALLS.read(...values);
      },
    }),
  );
  const object = await storage.get('a.bin');
  isBlocked = true;
  const reader = object.stream().getReader();
  const read = reader.read().catch(() => undefined);
  await blocked;
  const cancelled = reader.cancel();
  expect(held()).toBe(1);
  isBlocked = false;
  release();
  await Promise.all([read, cancelled]);
  await expect.poll(held).toBe(0);
});

test('a part of a large object is of the write that was asked for', async () => {
  const { storage } = await open();
  const range = { offset: 3, length: 500_000 };
  const object = await storage.get('a.bin', { range });
  await storage.put('a.bin', 'short');
  const bytes = await object.bytes();
  expect(Buffer.alloc(LARGE, 'first ').subarray(3, 500_003).equals(bytes)).toBe(true);
});

test('with backups a part of a large object is read without its hash', async () => {
  const { storage } = await open(THIS_SYSTEM, true);
  const object = await storage.get('a.bin', { range: { offset: 6, length: 500_004 } });
  expect(
    Buffer.from(await object.bytes())
      .subarray(0, 6)
      .toString(),
  ).toBe('first ');
  expect(isFirst(await (await storage.get('a.bin')).bytes())).toBe(true);
});

test('an object that is removed while its body is open is read to its end', async () => {
  const { storage, baseDir } = await open();
  const object = await storage.get('a.bin');
  rmSync(join(baseDir, 'a.bin'));
  expect(isFirst(await object.bytes())).toBe(true);
});
