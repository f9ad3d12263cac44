import { readdirSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BodyInput, isStorageError, type StorageEngine } from '@granary/storage-core';
import { expect, test } from 'vitest';
import { createFileSystem } from '../src/index.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const KEY = 'notes/today.txt';

/** Files inside the folder that this process has open. */
function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(`${folder}/`) && /\/(?:[wq]\.|l\.|notes\/today)/.test(path) ? [path] : [];
    } catch {
      return [];
    }
  });
}

async function* failing(bytes: number, problem: Error): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += 65_536) yield new Uint8Array(Math.min(65_536, bytes - at));
  throw problem;
}

async function* giving(bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += 65_536) yield new Uint8Array(Math.min(65_536, bytes - at));
}

async function expectUntouched(storage: StorageEngine, baseDir: string, etag: unknown): Promise<void> {
  const object = await storage.get(KEY);
  expect(await object.text()).toBe('what was there');
  expect(object.info).toMatchObject({ etag, metadata: { mood: 'good' }, tags: ['kept'] });
  expect((await storage.list()).map(({ key }) => key)).toEqual([KEY]);
  expect((await readdir(join(baseDir, 'notes'))).sort()).toEqual(['today.txt', 'today.txt.meta.json']);
  expect(await readdir(join(baseDir, '.granary', 'work'))).toEqual([]);
  expect(openFiles(baseDir)).toEqual([]);
}

async function storeWithOld(): Promise<{ storage: StorageEngine; baseDir: string; etag: unknown }> {
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir });
  const attributes = { metadata: { mood: 'good' }, tags: ['kept'] };
  const { etag } = await storage.put(KEY, 'what was there', attributes);
  return { storage, baseDir, etag };
}

const SOURCES: readonly (readonly [string, () => BodyInput, { size?: number }, string])[] = [
  ['fails at once', () => failing(0, new Error('cable pulled')), {}, 'cable pulled'],
  ['fails after 3 MB', () => failing(3_000_000, new Error('cable pulled')), {}, 'cable pulled'],
  ['gives too little', () => giving(1_000_000), { size: 2_000_000 }, 'invalid-argument'],
  ['gives too much', () => giving(2_000_000), { size: 1_000_000 }, 'invalid-argument'],
];

test.each(SOURCES)('a source that %s keeps the old object and leaves nothing', async (_, source, options, reason) => {
  const { storage, baseDir, etag } = await storeWithOld();
  const error: unknown = await storage.put(KEY, source(), options).then(
    () => undefined,
    (problem: unknown) => problem,
  );
  expect(isStorageError(error)).toBe(true);
  const { code, cause } = error as { code: string; cause?: unknown };
  expect([code, String(cause)].join(' ')).toContain(reason);
  await expectUntouched(storage, baseDir, etag);
  await storage.close();
});

test('a put that is aborted midway keeps the old object and leaves nothing', async () => {
  const { storage, baseDir, etag } = await storeWithOld();
  const abort = new AbortController();
  let isReleased = false;
  async function* slow(): AsyncGenerator<Uint8Array> {
    try {
      for (let chunk = 0; ; chunk += 1) {
        if (chunk === 30) abort.abort(new Error('changed my mind'));
        yield new Uint8Array(65_536);
      }
    } finally {
      isReleased = true;
    }
  }
  await expect(storage.put(KEY, slow(), { signal: abort.signal })).rejects.toMatchObject({ code: 'aborted' });
  await expect.poll(() => isReleased).toBe(true);
  await expect.poll(() => openFiles(baseDir)).toEqual([]);
  await expect.poll(() => readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
  await expectUntouched(storage, baseDir, etag);
  await storage.close();
});

test('a hundred failing puts leave no descriptor open', async () => {
  const { storage, baseDir, etag } = await storeWithOld();
  const before = readdirSync('/proc/self/fd').length;
  await Promise.all(
    Array.from({ length: 100 }, () =>
      expect(storage.put(KEY, failing(100_000, new Error('cable pulled')))).rejects.toThrow(),
    ),
  );
  expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(5);
  await expectUntouched(storage, baseDir, etag);
  await storage.close();
});
