import { futimesSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import type { FsCalls } from '../src/fs-calls.ts';
import { NODE_CALLS } from '../src/fs-calls.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';
import { createFileSystem } from '../src/index.ts';
import { setBack, systemWith } from './faults.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const SECONDS = 1_700_000_000;

/** A disk whose clock stands still: what is written has this time until somebody sets another. */
function stoppedClock(stepMs: number): Partial<FsCalls> {
  return {
    async write(fd, ...rest) {
      const written = await NODE_CALLS.write(fd, ...rest);
      futimesSync(fd, SECONDS, SECONDS);
      return written;
    },
    async futimes(fd, accessed, modified) {
      const coarse = Math.floor((modified * 1000) / stepMs) * stepMs;
      await NODE_CALLS.futimes(fd, accessed, coarse / 1000);
    },
  };
}

async function open(calls: Partial<FsCalls>): Promise<{
  readonly baseDir: string;
  readonly storage: StorageEngine;
}> {
  const baseDir = await temporaryFolder();
  const storage = createStorage(
    fileSystemProvider({ baseDir, durability: 'none' }, systemWith(calls)),
  );
  onTestFinished(() => storage.close());
  return { baseDir, storage };
}

const CLOCKS: readonly [string, number][] = [
  ['fine times', 0.001],
  ['times of a millisecond', 1],
  ['times of a sixtieth of a second', 16],
  ['times of a second', 1000],
  ['times of two seconds', 2000],
];

test.each(CLOCKS)(
  'on a disk with %s writes within one tick have etags of their own',
  async (_, stepMs) => {
    const { baseDir, storage } = await open(stoppedClock(stepMs));
    const etags = new Set<string | undefined>();
    const times = new Set<number>();
    for (let version = 10; version < 20; version += 1) {
      const said = version % 2 === 0 ? { metadata: { version } } : {};
      const info = await storage.put('a.txt', `version ${version}`, said);
      etags.add(info.etag);
      times.add(statSync(join(baseDir, 'a.txt')).mtimeMs);
      const object = await storage.get('a.txt');
      expect(object.info.etag).toBe(info.etag);
      expect(await object.text()).toBe(`version ${version}`);
      // The next write of the same length has no share in what was said of this one.
      expect(object.info.metadata).toEqual('metadata' in said ? said.metadata : undefined);
    }
    expect(etags.size).toBe(10);
    expect(times.size).toBe(10);
  },
);

test('on a disk that keeps no times etags tell writes apart, and conditions hold', async () => {
  const { baseDir, storage } = await open({ ...stoppedClock(1), futimes: async () => {} });
  const first = await storage.put('a.txt', 'version 1');
  const second = await storage.put('a.txt', 'version 2');
  expect(statSync(join(baseDir, 'a.txt')).mtimeMs).toBe(SECONDS * 1000);
  expect(second.etag).not.toBe(first.etag);
  await expect(
    storage.put('a.txt', 'version 3', { ifMatch: first.etag ?? '' }),
  ).rejects.toMatchObject({ code: 'precondition-failed' });
  await storage.put('a.txt', 'version 3', { ifMatch: second.etag ?? '' });
  expect(await (await storage.get('a.txt')).text()).toBe('version 3');
});

test('a write that gets the time of the one before by force still has another etag', async () => {
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none' });
  onTestFinished(() => storage.close());
  const path = join(baseDir, 'a.txt');
  const etags = new Set<string | undefined>();
  await storage.put('a.txt', 'version 0');
  const { mtimeMs } = statSync(path);
  etags.add((await storage.stat('a.txt')).etag);
  for (let version = 1; version < 8; version += 1) {
    await storage.put('a.txt', `version ${version}`);
    setBack(path, mtimeMs);
    const info = await storage.stat('a.txt');
    expect(info).toMatchObject({ size: 9, modifiedAt: new Date(mtimeMs) });
    etags.add(info.etag);
  }
  expect(etags.size).toBe(8);
});

test('reading never changes an etag', async () => {
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none' });
  onTestFinished(() => storage.close());
  const { etag } = await storage.put('a.bin', Buffer.alloc(600_000, 1), { metadata: { a: 1 } });
  const reads: readonly (() => Promise<unknown>)[] = [
    async () => (await storage.get('a.bin')).bytes(),
    async () => (await storage.get('a.bin', { range: { offset: 5, length: 10 } })).text(),
    async () => (await storage.get('a.bin')).stream().pipeTo(new WritableStream()),
    async () => (await storage.get('a.bin')).cancel(),
    async () => storage.stat('a.bin'),
    async () => storage.list(),
    async () => storage.list({ include: ['attributes'] }),
    async () => storage.copy('a.bin', 'copy.bin'),
  ];
  for (const read of reads) {
    await read();
    expect((await storage.stat('a.bin')).etag).toBe(etag);
    expect((await storage.get('a.bin')).info.etag).toBe(etag);
    expect((await storage.list({ prefix: 'a' }))[0]?.etag).toBe(etag);
  }
  const other = createFileSystem({ baseDir });
  expect((await other.stat('a.bin')).etag).toBe(etag);
  await other.close();
});
