import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { createFileSystem, type FileSystemOptions } from '../src/index.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';
import { mountSmallDisk } from './small-mount.ts';

const DISK_BYTES = 4 * 1024 * 1024;
const SAID = { metadata: { version: 1 }, tags: ['kept'] };
/** Does not fit beside the others. */
const LARGE = Buffer.alloc(3 * 1024 * 1024, 'granary');

/** A storage on a small disk in memory; skips the test where it cannot be mounted. */
async function openOnSmallDisk(
  context: TestContext,
  options: FileSystemOptions = {},
): Promise<{ readonly baseDir: string; readonly storage: StorageEngine }> {
  const disk = await temporaryFolder();
  await mountSmallDisk(context, disk, DISK_BYTES);
  const baseDir = join(disk, 'store');
  const storage = createFileSystem({ baseDir, ...options });
  onTestFinished(() => storage.close());
  return { baseDir, storage };
}

function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.slice(position, position + 65_536));
      position += 65_536;
      if (position >= bytes.byteLength) controller.close();
    },
  });
}

test.for([
  ['bytes', false],
  ['a stream', true],
] as const)(
  'a full disk refuses %s, keeps what it held and works again after a removal',
  async ([, isStream], context) => {
    const { baseDir, storage } = await openOnSmallDisk(context);
    const small = Buffer.alloc(512 * 1024, 'before');
    await storage.put('folder/a.bin', small, SAID);
    await storage.put('filler.bin', Buffer.alloc(1024 * 1024));
    for (const options of [{}, { metadata: { version: 2 } }]) {
      const content = isStream ? inPieces(LARGE) : LARGE;
      await expect(storage.put('folder/a.bin', content, options)).rejects.toMatchObject({
        ...{ code: 'quota-exceeded', outcome: 'not-applied', key: 'folder/a.bin' },
      });
      const object = await storage.get('folder/a.bin');
      expect(object.info).toMatchObject(SAID);
      expect(small.equals(await object.bytes())).toBe(true);
      expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
    }
    await storage.delete('filler.bin');
    await storage.put('folder/a.bin', isStream ? inPieces(LARGE) : LARGE, {
      metadata: { version: 2 },
    });
    const after = await storage.get('folder/a.bin');
    expect(after.info.metadata).toEqual({ version: 2 });
    expect(LARGE.equals(await after.bytes())).toBe(true);
  },
);

test('a new object that does not fit is not there, nor is its companion', async (context) => {
  const { baseDir, storage } = await openOnSmallDisk(context);
  await storage.put('filler.bin', Buffer.alloc(2 * 1024 * 1024));
  await expect(storage.put('folder/b.bin', LARGE, SAID)).rejects.toMatchObject({
    code: 'quota-exceeded',
  });
  await expect(storage.stat('folder/b.bin')).rejects.toMatchObject({ code: 'not-found' });
  expect(
    readdirSync(baseDir, { recursive: true }).filter((name) => `${name}`.includes('b.bin')),
  ).toEqual([]);
});

test('a backup that does not fit beside its object leaves both as they were', async (context) => {
  const { storage } = await openOnSmallDisk(context, { backup: true });
  await storage.put('a.bin', 'before', SAID);
  const half = Buffer.alloc(2.5 * 1024 * 1024);
  await expect(storage.put('a.bin', half)).rejects.toMatchObject({
    ...{ code: 'quota-exceeded', outcome: 'not-applied' },
  });
  const object = await storage.get('a.bin');
  expect(await object.text()).toBe('before');
  expect(object.info).toMatchObject(SAID);
});

test('objects are removed from a disk without a byte left, and it tells how full it is', async (context) => {
  const { baseDir, storage } = await openOnSmallDisk(context, { durability: 'none' });
  await storage.put('a.txt', 'a', SAID);
  const block = 4096;
  let count = 0;
  let failure: unknown;
  while (failure === undefined) {
    try {
      await storage.put(`fill/${count}`, Buffer.alloc(64 * block));
      count += 1;
    } catch (error) {
      failure = error;
    }
  }
  expect(failure).toMatchObject({ code: 'quota-exceeded' });
  expect(count).toBeGreaterThan(5);
  const { usedBytes, totalBytes } = await storage.usage();
  expect(totalBytes).toBe(DISK_BYTES);
  expect(usedBytes).toBeGreaterThan(DISK_BYTES / 2);
  await storage.delete('fill/0');
  await storage.put('a.txt', 'again', SAID);
  expect(await (await storage.get('a.txt')).text()).toBe('again');
  expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
});
