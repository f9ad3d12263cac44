import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
