import {
  appendFile,
  mkdir,
  mkdtemp,
  rename,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StorageEngine, WatchEvent } from '@granary/storage-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createFileSystem } from '../src/index.ts';

interface Watched {
  readonly storage: StorageEngine;
  readonly folder: string;
  readonly events: WatchEvent[];
}

async function watched(): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-watch-'));
  const storage = createFileSystem({ baseDir: folder, durability: 'none' });
  onTestFinished(async () => {
    await storage.close();
    await rm(folder, { recursive: true });
  });
  await storage.put('old.txt', 'old');
  const events: WatchEvent[] = [];
  const watcher = await storage.watch();
  void (async () => {
    for await (const event of watcher) events.push(event);
  })();
  return { storage, folder, events };
}

const named = (events: readonly WatchEvent[]) =>
  events.map((event) => `${event.type} ${'key' in event ? event.key : ''}`);

test('tells of own writes and deletes once, and not of bookkeeping', async () => {
  const { storage, events } = await watched();
  await storage.save('new/a.json', 1, { tags: ['x'] });
  await vi.waitFor(() => expect(named(events)).toEqual(['put new/a.json']));
  await storage.delete('new/a.json');
  await vi.waitFor(() => expect(named(events)).toEqual(['put new/a.json', 'delete new/a.json']));
});

test('tells of a rename as a delete and a put', async () => {
  const { folder, events } = await watched();
  await rename(join(folder, 'old.txt'), join(folder, 'new.txt'));
  await vi.waitFor(() => expect(named(events).sort()).toEqual(['delete old.txt', 'put new.txt']));
});

test('tells of a save by backup and rename, as vim does it, once', async () => {
  const { folder, events } = await watched();
  await rename(join(folder, 'old.txt'), join(folder, 'old.txt~'));
  await writeFile(join(folder, 'old.txt'), 'edited');
  await unlink(join(folder, 'old.txt~'));
  await vi.waitFor(() => expect(named(events)).toEqual(['put old.txt']));
});

/** What programs do to save a file. */
const SAVES: readonly [string, (path: string) => Promise<unknown>][] = [
  ['in place, as nano does it', (path) => writeFile(path, 'edited in place')],
  [
    'by a new file that is renamed, as gedit does it',
    async (path) => {
      await writeFile(`${path}.XY12Z0`, 'edited');
      await rename(`${path}.XY12Z0`, path);
    },
  ],
  [
    'by a lock file, a new file and a rename, as an office program does it',
    async (path) => {
      const lock = join(dirname(path), '.~lock.old.txt#');
      await writeFile(lock, 'Ada');
      await writeFile(`${path}.tmp`, 'edited');
      await unlink(path);
      await rename(`${path}.tmp`, path);
      await unlink(lock);
    },
  ],
  [
    'with a backup that stays, as emacs does it',
    async (path) => {
      await rename(path, `${path}~`);
      await writeFile(path, 'edited');
    },
  ],
  [
    'in many steps, as a slow program does it',
    async (path) => {
      await truncate(path);
      for (let step = 0; step < 20; step += 1) await appendFile(path, 'more ');
    },
  ],
];

test.each(SAVES)('tells of a save %s', async (_, save) => {
  const { folder, storage, events } = await watched();
  await save(join(folder, 'old.txt'));
  const { etag } = await storage.stat('old.txt');
  // What is told last is what is there now.
  await vi.waitFor(() => {
    const last = events.findLast((event) => 'key' in event && event.key === 'old.txt');
    expect(last).toEqual({ type: 'put', key: 'old.txt', etag });
  });
  await storage.put('after.txt', 'x');
  await vi.waitFor(() => expect(named(events)).toContain('put after.txt'));
  expect(named(events)).not.toContain('delete old.txt');
  const others = new Set(named(events).map((name) => name.replace(/^\w+ /, '')));
  for (const key of ['old.txt', 'old.txt~', 'after.txt']) others.delete(key);
  expect([...others]).toEqual([]);
});

test('tells of a folder that is renamed, and of what is removed with one', async () => {
  const { folder, storage, events } = await watched();
  await storage.put('a/b/c.txt', 'x');
  await vi.waitFor(() => expect(named(events)).toEqual(['put a/b/c.txt']));
  await rename(join(folder, 'a'), join(folder, 'z'));
  await vi.waitFor(() =>
    expect(named(events).slice(1).sort()).toEqual(['delete a/b/c.txt', 'put z/b/c.txt']),
  );
  await rm(join(folder, 'z'), { recursive: true });
  await vi.waitFor(() => expect(named(events).at(-1)).toBe('delete z/b/c.txt'));
});

test('tells of files that were put into a new folder before it was watched', async () => {
  const { folder, events } = await watched();
  await mkdir(join(folder, 'x/y/z'), { recursive: true });
  await writeFile(join(folder, 'x/y/z/deep.txt'), 'deep');
  await vi.waitFor(() => expect(named(events)).toEqual(['put x/y/z/deep.txt']));
});

test('tells of a burst of a thousand files', async () => {
  const { folder, events } = await watched();
  await Promise.all(
    Array.from({ length: 1000 }, (_, index) => writeFile(join(folder, `f${index}`), 'x')),
  );
  await vi.waitFor(() => expect(new Set(named(events)).size).toBe(1000), 8_000);
});
