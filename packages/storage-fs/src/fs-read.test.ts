import { execFileSync } from 'node:child_process';
import {
  constants,
  mkdirSync,
  readdirSync,
  type Stats,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { failure, setBack, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { watchSystem } from '../test/watched-system.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import type { FileSystemOptions } from './fs-options.ts';
import { fileSystemProvider } from './fs-provider.ts';

interface Opened {
  readonly baseDir: string;
  readonly storage: StorageEngine;
  readonly held: () => number;
}

async function open(
  changed: Partial<FsCalls> = {},
  platform: NodeJS.Platform = process.platform,
  options: FileSystemOptions = {},
): Promise<Opened> {
  const baseDir = await temporaryFolder();
  const { system, held } = watchSystem(systemWith(changed, { platform }));
  const provider = fileSystemProvider({ baseDir, durability: 'none', ...options }, system);
  const storage = createStorage(provider);
  onTestFinished(() => storage.close());
  return { baseDir, storage, held };
}

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
/** What files of objects are opened with. */
const FILE_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

const isWindows = process.platform === 'win32';

test('pipes and sockets are refused by name, and nothing waits for them', async ({ skip }) => {
  if (isWindows) skip('Windows has no pipes in folders');
  const { baseDir, storage, held } = await open();
  await storage.put('a.txt', 'content');
  execFileSync('mkfifo', [join(baseDir, 'pipe')]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(baseDir, 'socket'), resolve));
  onTestFinished(() => void server.close());
  for (const key of ['pipe', 'socket']) {
    const attempts: readonly (() => Promise<unknown>)[] = [
      () => storage.get(key),
      () => storage.stat(key),
      () => storage.put(key, 'x'),
      () => storage.put(key, 'x', { metadata: { a: 1 } }),
      () => storage.put(`${key}/below`, 'x'),
      () => storage.copy(key, 'copy'),
      () => storage.move('a.txt', key),
      () => storage.delete(key),
    ];
    for (const [number, attempt] of attempts.entries()) {
      await expect(attempt(), `${key}, attempt ${number}`).rejects.toMatchObject({
        code: 'permission-denied',
      });
    }
  }
  expect(held()).toBe(0);
  expect(readdirSync(baseDir).sort()).toEqual(['.granary', 'a.txt', 'pipe', 'socket']);
});

test('a folder is no object, whatever the system says of opening it', async () => {
  for (const code of ['', 'EISDIR', 'EPERM']) {
    const { baseDir, storage } = await open({
      async open(path, flags, mode) {
        if (code !== '' && path.endsWith('/folder') && flags === FILE_FLAGS) throw failure(code);
        return NODE_CALLS.open(path, flags, mode);
      },
    });
    mkdirSync(join(baseDir, 'folder'));
    const refusal = code === 'EPERM' ? 'permission-denied' : 'not-found';
    await expect(storage.get('folder')).rejects.toMatchObject({ code: refusal });
  }
});

test.each([
  ['linux', process.platform],
  ['a system without /proc', 'freebsd'],
] as const)('on %s links are refused on every way to an object', async (_, platform) => {
  const { baseDir, storage } = await open({}, platform);
  const outside = await temporaryFolder();
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  await storage.put('real/a.txt', 'content');
  symlinkSync(outside, join(baseDir, 'link'));
  symlinkSync(join(outside, 'secret.txt'), join(baseDir, 'file.txt'));
  for (const key of ['link/secret.txt', 'file.txt']) {
    for (const attempt of [
      () => storage.get(key),
      () => storage.put(key, 'x'),
      () => storage.put(key, 'x', { metadata: { a: 1 } }),
      () => storage.copy('real/a.txt', key),
      () => storage.delete(key),
    ]) {
      await expect(attempt(), key).rejects.toMatchObject({ code: 'permission-denied' });
    }
  }
  symlinkSync(join(outside, 'secret.txt'), join(baseDir, 'real', 'a.txt.meta.json'));
  await expect(storage.get('real/a.txt')).rejects.toMatchObject({ code: 'permission-denied' });
  expect(readdirSync(outside)).toEqual(['secret.txt']);
});

test('without /proc a companion behind a link of its folder is refused and never read', async () => {
  const outside = await temporaryFolder();
  writeFileSync(join(outside, 'a.txt.meta.json'), '{"metadata":{"secret":true}}');
  let isSwapped = false;
  const { baseDir, storage } = await open(
    {
      async open(path, flags, mode) {
        // As if the folder were swapped for a link whenever its companion is opened.
        const [name] = path.endsWith('.meta.json') && isSwapped ? ['a.txt.meta.json'] : [];
        return NODE_CALLS.open(name === undefined ? path : join(outside, name), flags, mode);
      },
    },
    'freebsd',
  );
  await storage.put('folder/a.txt', 'content', { metadata: { a: 1 } });
  isSwapped = true;
  await expect(storage.get('folder/a.txt')).rejects.toMatchObject({ code: 'permission-denied' });
  isSwapped = false;
  expect((await storage.stat('folder/a.txt')).metadata).toEqual({ a: 1 });
  expect(readdirSync(join(baseDir, 'folder')).sort()).toEqual(['a.txt', 'a.txt.meta.json']);
});

/** What the system says of a file, with another time each time. */
function restless(field: 'mtimeMs' | 'ctimeMs'): Partial<FsCalls> {
  let time = 1000;
  function moved(stats: Stats): Stats {
    if (!stats.isFile() || stats.size !== 7) return stats;
    time += 1;
    return Object.assign(stats, { [field]: time });
  }
  return {
    fstatSync: (fd) => moved(NODE_CALLS.fstatSync(fd)),
    fstat: async (fd) => moved(await NODE_CALLS.fstat(fd)),
  };
}

test.each(['mtimeMs', 'ctimeMs'] as const)(
  'an object that never stands still (%s) fails its reading with conflict, and nothing stays open',
  async (field) => {
    const { baseDir, storage, held } = await open(restless(field));
    writeFileSync(join(baseDir, 'a.txt'), 'content');
    await expect(storage.get('a.txt')).rejects.toMatchObject({
      ...{ code: 'conflict', message: expect.stringContaining('again and again') },
    });
    expect(held()).toBe(0);
  },
);

test('with backups an object that is cut short after each recovery is no endless one', async () => {
  let isHostile = false;
  let cuts = 0;
  const { baseDir, storage, held } = await open(
    {
      async rename(from, to) {
        await NODE_CALLS.rename(from, to);
        if (isHostile && to.endsWith('/a.txt')) cut();
      },
    },
    process.platform,
    { backup: true },
  );
  const path = join(baseDir, 'a.txt');
  function cut(): void {
    const { mtimeMs } = statSync(path);
    truncateSync(path, 3);
    setBack(path, mtimeMs);
    cuts += 1;
  }
  await storage.put('a.txt', 'content');
  isHostile = true;
  cut();
  for (const attempt of [() => storage.stat('a.txt'), () => storage.get('a.txt')]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'conflict' });
  }
  expect(cuts).toBeGreaterThan(2);
  expect(held()).toBe(0);
  isHostile = false;
  expect(await (await storage.get('a.txt')).text()).toBe('content');
});

test('errors of reading are told by their codes and leave nothing open', async () => {
  for (const [call, code, expected] of [
    ['open', 'EACCES', 'permission-denied'],
    ['open', 'ELOOP', 'permission-denied'],
    ['open', 'ENODEV', 'permission-denied'],
    ['read', 'EIO', 'unavailable'],
    ['read', 'ESTALE', 'unavailable'],
  ] as const) {
    let isBroken = false;
    const { storage, held } = await open({
      async open(path, flags, mode) {
        if (isBroken && call === 'open' && path.endsWith('/a.bin')) throw failure(code);
        return NODE_CALLS.open(path, flags, mode);
      },
      async read(...values) {
        if (isBroken && call === 'read') throw failure(code);
        return NODE_CALLS.read(...values);
      },
    });
    await storage.put('a.bin', 'small');
    await storage.put('b.bin', Buffer.alloc(400_000));
    isBroken = true;
    await expect(storage.get('a.bin'), `${call} ${code}`).rejects.toMatchObject({ code: expected });
    if (call === 'read') {
      const object = await storage.get('b.bin');
      await expect(object.bytes()).rejects.toMatchObject({ code: expected });
      const streamed = await storage.get('b.bin');
      await expect(new Response(streamed.stream()).arrayBuffer()).rejects.toMatchObject({
        code: expected,
      });
    }
    expect(held()).toBe(0);
  }
});

test('a refused condition or range leaves nothing open', async () => {
  const { storage, held } = await open();
  const { etag = '' } = await storage.put('a.txt', 'content');
  await expect(storage.get('a.txt', { ifNoneMatch: etag })).rejects.toMatchObject({
    code: 'not-modified',
  });
  await expect(storage.get('a.txt', { ifMatch: 'x' })).rejects.toMatchObject({
    code: 'precondition-failed',
  });
  await expect(storage.get('a.txt', { range: { offset: 100, length: 1 } })).rejects.toMatchObject({
    code: 'range-not-satisfiable',
  });
  expect(held()).toBe(0);
});
