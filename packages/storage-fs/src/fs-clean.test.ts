import { existsSync, truncateSync, utimesSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError, toBody } from '@granary/storage-core/provider';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type Cleaner, cleaner } from './fs-clean.ts';
import type { Lister } from './fs-list.ts';
import { fileSystemProvider } from './fs-provider.ts';
import type { Remover } from './fs-remove.ts';
import { createFileSystem, type FileSystemNative, type FileSystemOptions } from './index.ts';

const DAY_MS = 86_400_000;

async function open(options: FileSystemOptions): Promise<{
  readonly baseDir: string;
  readonly storage: ReturnType<typeof createFileSystem>;
  readonly native: FileSystemNative;
  /** Makes an object look as if nobody had used it for so long. */
  readonly age: (key: string, days: number) => void;
  readonly keys: () => Promise<string[]>;
}> {
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none', ...options });
  return {
    ...{ baseDir, storage, native: storage.native as FileSystemNative },
    age(key, days) {
      const seconds = (Date.now() - days * DAY_MS) / 1000;
      utimesSync(join(baseDir, key), seconds, seconds);
    },
    async keys() {
      const keys: string[] = [];
      for await (const { key } of storage.list()) keys.push(key);
      return keys;
    },
  };
}

test('what nobody has used for longer than maxAgeMs goes, with its companion and its folder', async () => {
  const { baseDir, storage, native, age, keys } = await open({ maxAgeMs: 2 * DAY_MS });
  await storage.put('old/a.txt', 'a', { metadata: { a: 1 } });
  await storage.put('new/b.txt', 'b');
  age('old/a.txt', 3);
  age('new/b.txt', 1);
  expect(await native.sweep()).toMatchObject({ objects: 1 });
  expect(await keys()).toEqual(['new/b.txt']);
  expect(existsSync(join(baseDir, 'old'))).toBe(false);
  expect(await native.sweep()).toMatchObject({ objects: 0 });
  await storage.close();
});

test('an old object that was read lately stays', async () => {
  const { baseDir, storage, native, keys } = await open({ maxAgeMs: DAY_MS });
  await storage.put('a.txt', 'a');
  const now = Date.now() / 1000;
  utimesSync(join(baseDir, 'a.txt'), now, now - (10 * DAY_MS) / 1000);
  expect(await native.sweep()).toMatchObject({ objects: 0 });
  expect(await keys()).toEqual(['a.txt']);
  await storage.close();
});

test('of more than maxBytes the ones that were not used for longest go', async () => {
  const { storage, native, age, keys } = await open({ maxBytes: 250 });
  const order = ['c', 'a', 'd', 'b'];
  for (const [index, key] of order.entries()) {
    await storage.put(key, Buffer.alloc(60));
    age(key, 10 - index);
  }
  expect(await keys()).toEqual(['a', 'b', 'c', 'd']);
  await storage.put('e', Buffer.alloc(120));
  // So much was written that it was looked in the background, maybe to the end by now.
  await native.sweep();
  expect(await keys()).toEqual(['b', 'd', 'e']);
  await storage.close();
});

test.each(['cache', 'temp'] as const)(
  'the %s location is cleaned by age and by size without being told to, and data never',
  async (location) => {
    const folder = await temporaryFolder();
    const place = location === 'cache' ? 'XDG_CACHE_HOME' : 'TMPDIR';
    vi.stubEnv(place, folder);
    vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const options = { appName: 'acme', durability: 'none' } as const;
    const storage = createFileSystem({ ...options, location });
    const kept = createFileSystem({ ...options, location: 'data' });
    for (const each of [storage, kept]) {
      for (const key of ['old', 'new', 'large']) await each.put(key, key);
    }
    const days = (count: number) => Date.now() / 1000 - count * 86_400;
    for (const path of [join(folder, 'acme'), join(folder, 'data/acme')]) {
      utimesSync(join(path, 'old'), days(31), days(31));
      truncateSync(join(path, 'large'), 1024 ** 3);
      utimesSync(join(path, 'large'), days(2), days(2));
    }
    expect(await (storage.native as FileSystemNative).sweep()).toMatchObject({ objects: 2 });
    expect((await storage.list()).map(({ key }) => key)).toEqual(['new']);
    expect(await (kept.native as FileSystemNative).sweep()).toMatchObject({ objects: 0 });
    expect(await kept.list()).toHaveLength(3);
    await storage.close();
    await kept.close();
  },
);

test('a store without limits keeps everything', async () => {
  const { storage, native, age, keys } = await open({});
  await storage.put('a.txt', 'a');
  age('a.txt', 4000);
  expect(await native.sweep()).toMatchObject({ objects: 0 });
  expect(await keys()).toEqual(['a.txt']);
  await storage.close();
});

test('writing an eighth of maxBytes looks in the background, by the clock of the system', async () => {
  const baseDir = await temporaryFolder();
  let later = 0;
  const system = systemWith({}, { now: () => Date.now() + later });
  const options = { baseDir, durability: 'none', maxAgeMs: DAY_MS, maxBytes: 800 } as const;
  const provider = fileSystemProvider(options, system);
  await provider.put('old', toBody('old'), {});
  await provider.put('small', toBody('small'), {});
  later = 2 * DAY_MS;
  await provider.put('new', toBody(Buffer.alloc(100)), {});
  await provider.close?.();
  const files = (await readdir(baseDir)).filter((name) => name !== '.granary');
  expect(files).not.toContain('old');
  expect(files).not.toContain('small');
});

interface Parts {
  readonly cleaner: Cleaner;
  readonly remove: ReturnType<typeof vi.fn<Remover['remove']>>;
  readonly inBackground: ReturnType<typeof vi.fn<(work: () => Promise<unknown>) => void>>;
  readonly walks: () => number;
}

/** A cleaner of objects of 10 bytes that were used at 1, 2, 3 … ms, at 1000 ms. */
function cleanerOf(
  keys: readonly string[],
  limits: { readonly maxAgeMs?: number; readonly maxBytes?: number },
): Parts {
  let walks = 0;
  const remove = vi.fn<Remover['remove']>(async () => ({ existed: true }));
  const inBackground = vi.fn<(work: () => Promise<unknown>) => void>();
  const files: Lister['files'] = async function* () {
    walks += 1;
    for (const [index, key] of keys.entries()) {
      const time = index + 1;
      yield {
        key,
        stats: { ino: time, size: 10, atimeMs: 0, mtimeMs: time, ctimeMs: time } as never,
      };
    }
  };
  const settings = {
    lister: { files } as Lister,
    remover: { remove } as Partial<Remover> as Remover,
    ...{ maxAgeMs: limits.maxAgeMs, maxBytes: limits.maxBytes, now: () => 1000 },
  };
  return { cleaner: cleaner(settings, inBackground), remove, inBackground, walks: () => walks };
}

test('an object that is written over just then stays and is not counted', async () => {
  const { cleaner, remove } = cleanerOf(['a', 'b', 'c'], { maxAgeMs: 998 });
  remove.mockRejectedValueOnce(new StorageError('precondition-failed', 'written over'));
  expect(await cleaner.clean()).toBe(0);
  expect(remove).toHaveBeenCalledTimes(1);
  expect(remove).toHaveBeenCalledWith('a', { ifMatch: '1-10-4096-4096' });
});

test('what is too much is counted without what is written over just then', async () => {
  const { cleaner, remove } = cleanerOf(['a', 'b', 'c'], { maxBytes: 15 });
  remove.mockRejectedValueOnce(new StorageError('precondition-failed', 'written over'));
  expect(await cleaner.clean()).toBe(1);
  expect(remove.mock.calls.map(([key]) => key)).toEqual(['a', 'b']);
});

test('a removal that fails is told, and the next cleaning starts anew', async () => {
  const { cleaner, remove, walks } = cleanerOf(['a'], { maxBytes: 0 });
  remove.mockRejectedValueOnce(new StorageError('permission-denied', 'no rights'));
  await expect(cleaner.clean()).rejects.toMatchObject({ code: 'permission-denied' });
  expect(await cleaner.clean()).toBe(1);
  expect(walks()).toBe(2);
});

test('two cleanings at once are one', async () => {
  const { cleaner, walks } = cleanerOf(['a', 'b'], { maxBytes: 10 });
  expect(await Promise.all([cleaner.clean(), cleaner.clean()])).toEqual([1, 1]);
  expect(walks()).toBe(1);
});

test('small writes add up to a look, and then count from nothing', () => {
  const { cleaner, inBackground } = cleanerOf([], { maxBytes: 80 });
  cleaner.wrote(4);
  cleaner.wrote(5);
  expect(inBackground).not.toHaveBeenCalled();
  cleaner.wrote(1);
  expect(inBackground).toHaveBeenCalledTimes(1);
  cleaner.wrote(9);
  expect(inBackground).toHaveBeenCalledTimes(1);
});

test('writes alone never look where no size is set', () => {
  const { cleaner, inBackground } = cleanerOf([], { maxAgeMs: 1 });
  cleaner.wrote(Number.MAX_SAFE_INTEGER);
  expect(inBackground).not.toHaveBeenCalled();
});
