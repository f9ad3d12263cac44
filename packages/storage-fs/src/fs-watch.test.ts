import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createStorage, type StorageEngine, type WatchEvent } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { NODE_CALLS } from './fs-calls.ts';
import type { FileSystemOptions } from './fs-options.ts';
import { fileSystemProvider } from './fs-provider.ts';
import type { FsSystem } from './fs-system.ts';
import type { FolderListener, FolderWatcher } from './fs-watch-folders.ts';

interface Watched {
  readonly baseDir: string;
  readonly storage: StorageEngine;
  /** What the watcher of the test tells the store. */
  readonly listener: FolderListener;
  readonly closed: () => number;
  /** Writes a file as another program would, and tells of it. */
  change(path: string, content?: string, isNew?: boolean): void;
  /** Events of keys with a prefix, by name. */
  events(prefix?: string): Promise<string[]>;
}

function nameOf(event: WatchEvent): string {
  if (event.type === 'subtree') return `subtree ${event.prefix}`;
  return 'key' in event ? `${event.type} ${event.key}` : event.type;
}

async function open(options: FileSystemOptions = {}, system?: FsSystem): Promise<Watched> {
  const baseDir = await temporaryFolder();
  let listener: FolderListener | undefined;
  let closed = 0;
  const watcher: FolderWatcher = async (_folder, given) => {
    listener = given;
    return {
      close: () => {
        closed += 1;
      },
    };
  };
  const storage = createStorage(
    fileSystemProvider({ baseDir, durability: 'none', watcher, ...options }, system),
  );
  onTestFinished(() => storage.close());
  const first = await storage.watch();
  if (listener === undefined) throw new Error('nobody watches');
  const told = listener;
  void first.close().catch(() => {});
  return {
    ...{ baseDir, storage, closed: () => closed, listener: told },
    change(path, content = 'content', isNew = true) {
      mkdirSync(join(baseDir, dirname(path)), { recursive: true });
      writeFileSync(join(baseDir, path), content);
      told.changed(path, isNew);
    },
    async events(prefix = '') {
      const names: string[] = [];
      const watching = await storage.watch({ prefix });
      void (async () => {
        for await (const event of watching) names.push(nameOf(event));
      })().catch((error: unknown) => names.push(String((error as { code?: unknown }).code)));
      return names;
    },
  };
}

test('each watcher hears of keys with its prefix alone', async () => {
  const { change, events } = await open();
  const [all, photos, deep] = [await events(), await events('photos/'), await events('photos/a/b')];
  change('photos/a.jpg');
  change('notes.txt');
  await expect.poll(() => all).toEqual(['put photos/a.jpg', 'put notes.txt']);
  expect(photos).toEqual(['put photos/a.jpg']);
  expect(deep).toEqual([]);
});

test('a manifest speaks of all that is in its folder', async () => {
  const { listener, events } = await open({ companions: 'manifest' });
  const [all, inside, beside] = [await events(), await events('photos/a'), await events('notes/')];
  listener.changed('photos/.source-metadata.json');
  listener.changed('.source-metadata.json');
  await expect.poll(() => all).toEqual(['subtree photos/', 'subtree ']);
  expect(inside).toEqual(['subtree photos/', 'subtree ']);
  expect(beside).toEqual(['subtree ']);
});

test.each([
  ['meta-json', 'a.txt.meta.json'],
  ['meta', 'a.txt.meta'],
] as const)('with %s a change of attributes is one of their object', async (companions, name) => {
  const { change, listener, events, baseDir } = await open({ companions });
  change('folder/a.txt');
  const all = await events();
  writeFileSync(join(baseDir, 'folder', name), '{"metadata":{"a":1}}');
  listener.changed(`folder/${name}`);
  await expect.poll(() => all).toEqual(['put folder/a.txt']);
  // Told again: the file is the same, what is said about it may not be.
  listener.changed(`folder/${name}`);
  await expect.poll(() => all).toHaveLength(2);
  listener.changed('folder/none.txt.meta.json');
  change('folder/last.txt');
  await expect.poll(() => all).toContain('put folder/last.txt');
  expect(all).not.toContain('delete folder/none.txt');
});

test('without companions a file of such a name is an object', async () => {
  const { change, events } = await open({ companions: 'none' });
  const all = await events();
  change('a.txt.meta.json');
  await expect.poll(() => all).toEqual(['put a.txt.meta.json']);
});

test('a change that is none is not told twice', async () => {
  const { change, listener, events, baseDir } = await open();
  const all = await events();
  change('a.txt');
  await expect.poll(() => all).toEqual(['put a.txt']);
  listener.changed('a.txt');
  change('b.txt');
  await expect.poll(() => all).toContain('put b.txt');
  rmSync(join(baseDir, 'a.txt'));
  listener.changed('a.txt');
  await expect.poll(() => all).toContain('delete a.txt');
  listener.changed('a.txt');
  change('c.txt');
  await expect.poll(() => all).toContain('put c.txt');
  expect(all).toEqual(['put a.txt', 'put b.txt', 'delete a.txt', 'put c.txt']);
});

test('what came and went before anybody looked was never there; folders are no objects', async () => {
  const { change, listener, events, baseDir } = await open();
  const all = await events();
  listener.changed('4913', true);
  mkdirSync(join(baseDir, 'folder'));
  listener.changed('folder', true);
  listener.changed('.granary/format.json');
  change('a.txt');
  await expect.poll(() => all).toContain('put a.txt');
  expect(all).toEqual(['put a.txt']);
  // Nobody said that it was new: it may have been there.
  listener.changed('old.txt');
  await expect.poll(() => all).toContain('delete old.txt');
});

test('keys under escaped, long and hidden names are told as they are', async () => {
  const { baseDir, storage, listener, events } = await open();
  const long = 'x'.repeat(400);
  const keys = [`folder ${long}/CON/a:b.txt`, `${long}.txt`, 'trailing./x'];
  const all = await events();
  for (const key of keys) await storage.put(key, key);
  const files = filesIn(baseDir);
  for (const path of files) listener.changed(path, true);
  await expect.poll(() => all.toSorted()).toEqual(keys.map((key) => `put ${key}`).sort());
  const [inFolder = ''] = files.filter((path) => path.endsWith('b.txt'));
  listener.changedBelow(dirname(inFolder));
  await expect.poll(() => all).toContain(`subtree folder ${long}/CON/`);
  listener.changedBelow('.granary/work');
  listener.changedBelow('');
  await expect.poll(() => all.at(-1)).toBe('subtree ');
  expect(all.filter((name) => name.includes('granary'))).toEqual([]);
});

/** The paths of all files in a folder but the hidden one's. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('.granary'));
}

test('of more keys than are remembered the first are told again and the last are not', {
  timeout: 60_000,
}, async () => {
  const { listener, events } = await open(
    {},
    systemWith({ lstatAll: async (paths) => paths.map(() => undefined) }),
  );
  const all = await events();
  for (let file = 0; file < 10_010; file += 1) {
    listener.changed(`f${file}`);
    // What nobody fetches is lost at some point.
    if (file % 500 === 0) {
      await expect.poll(() => all.length, { timeout: 20_000, interval: 5 }).toBe(file + 1);
    }
  }
  await expect.poll(() => all.length, { timeout: 20_000 }).toBe(10_010);
  // The first ones are forgotten by now and told again; the last ones are known to be gone.
  listener.changed('f0');
  listener.changed('f10009');
  listener.changed('last');
  await expect.poll(() => all.at(-1)).toBe('delete last');
  expect(all.slice(10_010)).toEqual(['delete f0', 'delete last']);
});

test('lost events are told to everybody', async () => {
  const { listener, events } = await open();
  const [all, some] = [await events(), await events('a')];
  listener.lost();
  await expect.poll(() => [all, some]).toEqual([['lost'], ['lost']]);
});

test('a failure of the watcher ends every watching, with its code', async () => {
  const { listener, events } = await open();
  const [all, some] = [await events(), await events('a')];
  listener.failed(failure('EACCES'));
  await expect.poll(() => [all, some]).toEqual([['permission-denied'], ['permission-denied']]);
});

test('a look that fails ends the watching too', async () => {
  let isBroken = false;
  const system = systemWith({
    async lstatAll(paths) {
      if (isBroken) throw failure('EIO');
      return NODE_CALLS.lstatAll(paths);
    },
  });
  const { change, events } = await open({}, system);
  const all = await events();
  isBroken = true;
  change('a.txt');
  await expect.poll(() => all).toEqual(['unavailable']);
});

test('one watcher of the system serves all, and is closed with the last of them', async () => {
  const { storage, closed } = await open();
  await expect.poll(closed).toBe(1);
  const [one, two] = [await storage.watch(), await storage.watch()];
  await one.close();
  expect(closed()).toBe(1);
  await two.close();
  await expect.poll(closed).toBe(2);
  await storage.watch();
  await storage.close();
  expect(closed()).toBe(3);
});

test('what is heard keeps nobody waiting for ever while more and more is heard', async () => {
  const { change, listener, events } = await open();
  const all = await events();
  change('first.txt');
  const busy = setInterval(() => listener.changed('other.txt', true), 5);
  onTestFinished(() => clearInterval(busy));
  await expect.poll(() => all, { timeout: 10_000 }).toContain('put first.txt');
});

test('a watcher that cannot be started fails the watching, and the next one tries again', async () => {
  let attempts = 0;
  const watcher: FolderWatcher = async () => {
    attempts += 1;
    if (attempts === 1) throw failure('EMFILE');
    return { close() {} };
  };
  const baseDir = await temporaryFolder();
  const storage = createStorage(fileSystemProvider({ baseDir, watcher }));
  onTestFinished(() => storage.close());
  await expect(storage.watch()).rejects.toMatchObject({ code: 'unavailable' });
  const second = await storage.watch();
  await second.close();
  expect(attempts).toBe(2);
});
