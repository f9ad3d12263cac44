import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isStorageError, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { createFileSystem, type FileSystemNative } from '../src/index.ts';
import { startProcess } from './processes/start-process.ts';
import type { Stop } from './processes/stopped-writer.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const KEY = 'folder/a.txt';
/** The longest that a lock of nobody may hold up the next writer, with room for a slow machine. Units: ms. */
const BOUND_MS = 20_000;

const LOCK = '/work/l\\.[0-9a-f]+$';
const OBJECT = '/a\\.txt$';
const COMPANION = '/a\\.txt\\.meta\\.json$';

const contentOf = (version: number) => `version ${version}`.repeat(version * 100);

interface Left {
  readonly baseDir: string;
  readonly storage: StorageEngine;
}

/** A store in which a process died in the middle of changing an object. */
async function afterDeath(
  change: { readonly content?: string; readonly to?: string; readonly backup?: boolean },
  stop: Stop,
  isThere = true,
): Promise<Left> {
  const baseDir = await temporaryFolder();
  const backup = change.backup ?? false;
  const before = createFileSystem({ baseDir, backup });
  if (isThere) await before.put(KEY, contentOf(1), { metadata: { version: 1 } });
  await before.close();
  const holder = startProcess('stopped-writer.ts', {
    ...{ baseDir, key: KEY, ...change, metadata: { version: 2 }, stop },
  });
  expect(await holder.ended).toMatchObject({ signal: 'SIGKILL' });
  const storage = createFileSystem({ baseDir, backup });
  onTestFinished(() => storage.close());
  return { baseDir, storage };
}

/** The version of an object, whole and with its own attributes; 0 for none. */
async function versionOf(storage: StorageEngine, key: string): Promise<number> {
  try {
    const object = await storage.get(key);
    const { version } = object.info.metadata as { readonly version: number };
    expect(await object.text()).toBe(contentOf(version));
    expect(object.info.size).toBe(contentOf(version).length);
    return version;
  } catch (error) {
    if (isStorageError(error, 'not-found')) return 0;
    throw error;
  }
}

/** Another process writes the key in bounded time, and nothing that the dead one began lies about. */
async function expectGoesOn({ baseDir, storage }: Left, key: string): Promise<void> {
  const begun = performance.now();
  await storage.put(key, contentOf(3), { metadata: { version: 3 } });
  expect(performance.now() - begun).toBeLessThan(BOUND_MS);
  expect(await versionOf(storage, key)).toBe(3);
  expect((await storage.list()).map((item) => item.key)).toContain(key);
  await storage.delete(key);
  await (storage.native as FileSystemNative).sweep();
  expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
  expect(await Array.fromAsync((storage.native as FileSystemNative).strays())).toEqual([]);
}

const WRITES: readonly [string, Stop, readonly number[]][] = [
  ['between making and signing its lock', { before: 'write', path: LOCK }, [1]],
  ['just after signing its lock', { after: 'write', path: LOCK }, [1]],
  ['before it says anything of the new object', { before: 'rename', path: COMPANION }, [1]],
  ['between the two renames', { after: 'rename', path: COMPANION }, [1]],
  ['just before the rename of the object', { before: 'rename', path: OBJECT }, [1]],
  ['just after the rename of the object', { after: 'rename', path: OBJECT }, [2]],
  ['before it lets go of its lock', { before: 'unlink', path: LOCK }, [2]],
];

test.for(WRITES)(
  'a writer killed %s leaves the object whole, and the next one goes on',
  { timeout: 60_000 },
  async ([, stop, versions]) => {
    const left = await afterDeath({ content: contentOf(2) }, stop);
    expect(versions).toContain(await versionOf(left.storage, KEY));
    await expectGoesOn(left, KEY);
  },
);

test.for(WRITES)(
  'a creator killed %s leaves the object whole or none, and the next one goes on',
  { timeout: 60_000 },
  async ([, stop, versions]) => {
    const left = await afterDeath({ content: contentOf(2) }, stop, false);
    expect(versions.map((version) => (version === 1 ? 0 : version))).toContain(
      await versionOf(left.storage, KEY),
    );
    await expectGoesOn(left, KEY);
  },
);

test.for(WRITES)(
  'with backups a writer killed %s leaves the object whole, and the next one goes on',
  { timeout: 60_000 },
  async ([, stop, versions]) => {
    const left = await afterDeath({ content: contentOf(2), backup: true }, stop);
    expect(versions).toContain(await versionOf(left.storage, KEY));
    await expectGoesOn(left, KEY);
  },
);

test('a create by condition succeeds after the creator died with the lock', {
  timeout: 60_000,
}, async () => {
  const stop: Stop = { after: 'rename', path: COMPANION };
  const { storage } = await afterDeath({ content: contentOf(2) }, stop, false);
  const begun = performance.now();
  await storage.put(KEY, contentOf(3), { metadata: { version: 3 }, ifNoneMatch: '*' });
  expect(performance.now() - begun).toBeLessThan(BOUND_MS);
  expect(await versionOf(storage, KEY)).toBe(3);
});

test.for<[string, Stop, readonly number[]]>([
  ['before it removes the file', { before: 'unlink', path: OBJECT }, [1]],
  ['between the file and its companion', { after: 'unlink', path: OBJECT }, [0]],
  ['between the companion and the folder', { after: 'unlink', path: COMPANION }, [0]],
  ['after it removed the folder', { after: 'rmdir', path: '/folder$' }, [0]],
  ['before it lets go of its lock', { before: 'unlink', path: LOCK }, [0]],
])(
  'a remover killed %s leaves the object or none, and the next writer goes on',
  { timeout: 60_000 },
  async ([, stop, versions]) => {
    const left = await afterDeath({}, stop);
    expect(versions).toContain(await versionOf(left.storage, KEY));
    const info = await left.storage.put(KEY, 'without attributes');
    expect(info.metadata).toBeUndefined();
    expect((await left.storage.stat(KEY)).metadata).toBeUndefined();
    await expectGoesOn(left, KEY);
  },
);

test.for<[string, Stop, readonly [from: number, to: number]]>([
  ['before the rename', { before: 'rename', path: '/b\\.txt$' }, [1, 0]],
  ['after the rename', { after: 'rename', path: '/b\\.txt$' }, [0, 1]],
  ['before it removes the companion of the source', { before: 'unlink', path: COMPANION }, [0, 1]],
  ['before it lets go of its locks', { before: 'unlink', path: LOCK }, [0, 1]],
])(
  'a mover killed %s leaves one object, and the next writers of both keys go on',
  { timeout: 60_000 },
  async ([, stop, [from, to]]) => {
    const left = await afterDeath({ to: 'folder/b.txt' }, stop);
    expect(await versionOf(left.storage, KEY)).toBe(from);
    expect(await versionOf(left.storage, 'folder/b.txt')).toBe(to);
    await left.storage.put('folder/keeps-it.txt', 'here');
    await expectGoesOn(left, KEY);
    if (to > 0) expect(await versionOf(left.storage, 'folder/b.txt')).toBe(to);
    await expectGoesOn(left, 'folder/b.txt');
  },
);

test('a sweep alone mends what a killed remover left half done', { timeout: 60_000 }, async () => {
  const { baseDir, storage } = await afterDeath({}, { after: 'unlink', path: OBJECT });
  expect((await (storage.native as FileSystemNative).sweep()).temporaryFiles).toBe(0);
  await expect
    .poll(() => existsSync(join(baseDir, 'folder', 'a.txt.meta.json')), { timeout: 20_000 })
    .toBe(false);
});

/** Where a holder stands still for longer than a lock is good. */
const FREEZES: readonly Stop[] = [
  { before: 'fsync', path: '/work/w\\.', number: 2 },
  { before: 'rename', path: COMPANION },
  { before: 'rename', path: OBJECT },
];

// All at once, since each waits until a lock is old.
test('holders frozen before they say anything of the object, and between the two renames, are not waited for when their locks are old, and fail when they wake', {
  timeout: 120_000,
}, async () => {
  const stores = FREEZES.map(async (place) => {
    const baseDir = await temporaryFolder();
    const storage = createFileSystem({ baseDir });
    onTestFinished(() => storage.close());
    await storage.put(KEY, contentOf(1), { metadata: { version: 1 } });
    const stop: Stop = { ...place, freezes: true };
    const holder = startProcess('stopped-writer.ts', {
      ...{ baseDir, key: KEY, content: contentOf(2), metadata: { version: 2 }, stop },
    });
    await holder.told('frozen');
    const pid = holder.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    await storage.put(KEY, contentOf(3), { metadata: { version: 3 } });
    process.kill(pid, 'SIGCONT');
    holder.tell('go on');
    expect(await holder.told('failed')).toBe('conflict');
    expect(await versionOf(storage, KEY)).toBe(3);
  });
  await Promise.all(stores);
});
