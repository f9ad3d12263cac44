import { readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListEntry } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { failure, setBack } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import { type Lister, lister } from './fs-list.ts';
import { resolver } from './fs-resolve.ts';
import { openStore } from './fs-store.ts';
import { createFileSystem } from './index.ts';

const EXT4 = 0xef53;

interface Watched {
  readonly baseDir: string;
  /** Another storage of the folder. */
  readonly storage: ReturnType<typeof createFileSystem>;
  readonly lists: Lister;
  /** Entries with attributes, and how often which call was made for that. */
  entries(): Promise<{ readonly entries: ListEntry[]; readonly counts: Counts }>;
  tags(): Promise<Record<string, readonly string[] | undefined>>;
}

interface Counts {
  /** Companions. */
  opened: number;
  /** Files and companions. */
  lookedAt: number;
}

/** A lister whose clock is ahead, so that what was written just now counts as old. */
async function watch(settings: {
  readonly calls?: Partial<FsCalls>;
  readonly aheadMs?: number;
  readonly type?: number;
}): Promise<Watched> {
  const { aheadMs = 10_000, type = EXT4 } = settings;
  const counts: Counts = { opened: 0, lookedAt: 0 };
  const calls: FsCalls = { ...NODE_CALLS, ...settings.calls };
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none' });
  await storage.ready();
  const store = await openStore({
    baseDir,
    isBusy: () => false,
    calls: {
      ...calls,
      statfs: async (path) => Object.assign(await NODE_CALLS.statfs(path), { type }),
      open(path, ...rest) {
        if (path.endsWith('.meta.json')) counts.opened += 1;
        return calls.open(path, ...rest);
      },
      lstatAll(paths) {
        counts.lookedAt += paths.length;
        return calls.lstatAll(paths);
      },
      lstatSync(path) {
        if (!path.endsWith('/')) counts.lookedAt += 1;
        return calls.lstatSync(path);
      },
    },
    durability: 'none',
    companions: undefined,
    lockTimeoutMs: 1000,
    mend: async () => {},
    platform: process.platform,
  });
  const lists = lister(store, resolver(store), () => Date.now() + aheadMs);

  async function entries() {
    Object.assign(counts, { opened: 0, lookedAt: 0 });
    const pages = await Array.fromAsync(lists.list({ include: ['attributes'] }));
    return { entries: pages.flatMap((page) => page.entries), counts: { ...counts } };
  }

  return {
    ...{ baseDir, storage, lists, entries },
    async tags() {
      const found = (await entries()).entries.flatMap((entry) =>
        entry.kind === 'item' ? [[entry.key, entry.tags] as const] : [],
      );
      return Object.fromEntries(found);
    },
  };
}

const SAID = { tags: ['old'], metadata: { by: { name: 'Ada' } } };

describe('a listing with attributes', () => {
  test('looks at no companion that is not there, and opens none twice', async () => {
    const { storage, entries } = await watch({});
    for (const key of ['a', 'b', 'sub/c', 'sub/d']) await storage.put(`${key}.txt`, key);
    for (const key of ['a', 'sub/c']) await storage.put(`${key}.txt`, key, SAID);
    const first = await entries();
    expect(first.entries).toEqual(
      await Promise.all(
        ['a.txt', 'b.txt', 'sub/c.txt', 'sub/d.txt'].map(async (key) => ({
          kind: 'item',
          ...(await storage.stat(key)),
        })),
      ),
    );
    // The root, looked at with each folder, is not of the files.
    expect(first.counts).toEqual({ opened: 2, lookedAt: 4 + 2 });
    const second = await entries();
    expect(second.entries).toEqual(first.entries);
    // What was young when it was read is looked at again.
    expect(second.counts.opened).toBe(0);
    expect(second.counts.lookedAt).toBeLessThanOrEqual(4 + 2 + 2);
    await storage.close();
  });

  test.each([
    ['young', { aheadMs: 2000 }],
    ['on a network', { type: 0x6969 }],
  ])('reads companions again that are %s', async (_title, settings) => {
    const { storage, entries } = await watch(settings);
    await storage.put('a.txt', 'a', SAID);
    await storage.put('b.txt', 'b');
    for (let round = 0; round < 2; round += 1) {
      const { entries: found, counts } = await entries();
      expect(found).toMatchObject([{ key: 'a.txt', tags: ['old'] }, { key: 'b.txt' }]);
      expect(counts.opened).toBe(1);
    }
    await storage.close();
  });

  test('reads companions again on a device that is mounted inside', async () => {
    const { storage, entries } = await watch({
      calls: {
        lstatSync(path) {
          const stats = NODE_CALLS.lstatSync(path);
          return stats && path.endsWith('/') ? Object.assign(stats, { dev: 99 }) : stats;
        },
      },
    });
    await storage.put('sub/a.txt', 'a', SAID);
    expect((await entries()).counts.opened).toBe(1);
    expect((await entries()).counts.opened).toBe(1);
    await storage.close();
  });

  test('tells what was written since, by whatever means', async () => {
    const { baseDir, storage, tags } = await watch({});
    const path = join(baseDir, 'a.txt.meta.json');
    await storage.put('a.txt', 'a', SAID);
    expect(await tags()).toEqual({ 'a.txt': ['old'] });
    await storage.setMetadata('a.txt', { tags: ['set'] });
    expect(await tags()).toEqual({ 'a.txt': ['set'] });
    await storage.put('a.txt', 'b', { tags: ['put'] });
    expect(await tags()).toEqual({ 'a.txt': ['put'] });
    const edited = readFileSync(path, 'utf8').replaceAll('"put"', '"man"');
    const { mtimeMs } = statSync(path);
    writeFileSync(path, edited);
    setBack(path, mtimeMs);
    expect(await tags()).toEqual({ 'a.txt': ['man'] });
    unlinkSync(path);
    expect(await tags()).toEqual({ 'a.txt': undefined });
    writeFileSync(path, edited);
    expect(await tags()).toEqual({ 'a.txt': ['man'] });
    await storage.put('a.txt', 'c');
    expect(await tags()).toEqual({ 'a.txt': undefined });
    await storage.close();
  });

  test('tells an edit that the clock of the file system does not show', async () => {
    const step = Math.floor(Date.now() / 2000) * 2000;
    const coarse = <Found extends object | undefined>(stats: Found): Found =>
      stats && Object.assign(stats, { ctimeMs: step, mtimeMs: step });
    const { baseDir, storage, tags } = await watch({
      // As far as possible from the beginning of the step, yet within it.
      aheadMs: step + 2000 - Date.now(),
      calls: {
        lstatSync: (path) => coarse(NODE_CALLS.lstatSync(path)),
        fstatSync: (fd) => coarse(NODE_CALLS.fstatSync(fd)),
        lstatAll: async (paths) => (await NODE_CALLS.lstatAll(paths)).map(coarse),
      },
    });
    const path = join(baseDir, 'a.txt.meta.json');
    const side = { fingerprint: `1-${step * 4096}`, size: 1 };
    const say = (tag: string) =>
      writeFileSync(path, JSON.stringify({ granary: 1, next: { ...side, tags: [tag] } }));
    writeFileSync(join(baseDir, 'a.txt'), 'a');
    say('old');
    expect(await tags()).toEqual({ 'a.txt': ['old'] });
    say('new');
    expect(await tags()).toEqual({ 'a.txt': ['new'] });
    unlinkSync(path);
    expect(await tags()).toEqual({ 'a.txt': undefined });
    await storage.close();
  });

  test('gives every caller entries of its own', async () => {
    const { storage, lists, entries } = await watch({});
    await storage.put('a.txt', 'a', SAID);
    for (let round = 0; round < 3; round += 1) {
      for await (const page of lists.list({ include: ['attributes'] })) {
        const [entry] = page.entries as unknown as [
          { tags: string[]; metadata: typeof SAID.metadata },
        ];
        entry.tags.push('mine');
        entry.metadata.by.name = 'Bob';
      }
    }
    expect((await entries()).entries).toMatchObject([SAID]);
    await storage.close();
  });
});

describe('a listing with attributes, while others write', () => {
  type Interrupt = (storage: Watched['storage'], baseDir: string) => unknown;

  /** Runs once, after the names of a folder were read, `before` or `after` its files are looked at. */
  async function interrupted(
    when: 'before' | 'after',
    prepare: (storage: Watched['storage']) => Promise<unknown>,
    interrupt: Interrupt,
  ): Promise<{ readonly told: readonly unknown[]; readonly stats: readonly unknown[] }> {
    let isDue = true;
    const watched: Watched = await watch({
      calls: {
        async lstatAll(paths) {
          const early = when === 'before' ? undefined : await NODE_CALLS.lstatAll(paths);
          if (isDue) {
            isDue = false;
            await interrupt(watched.storage, watched.baseDir);
          }
          return early ?? NODE_CALLS.lstatAll(paths);
        },
      },
    });
    const { storage } = watched;
    await prepare(storage);
    const told = (await watched.entries()).entries;
    const stats: unknown[] = [];
    for (const { key } of await storage.list()) {
      stats.push({ kind: 'item', ...(await storage.stat(key)) });
    }
    await storage.close();
    return { told, stats };
  }

  const writes: readonly [title: string, Interrupt][] = [
    ['put with others', (storage) => storage.put('a.txt', 'ab', { tags: ['new'] })],
    ['put without', (storage) => storage.put('a.txt', 'ab')],
    ['deleted', (storage) => storage.delete('a.txt')],
    [
      'put twice',
      async (storage) => {
        await storage.put('a.txt', 'ab', { tags: ['new'] });
        await storage.put('a.txt', 'abc', { tags: ['newest'] });
      },
    ],
    [
      'deleted and put',
      async (storage) => {
        await storage.delete('a.txt');
        await storage.put('a.txt', 'ab');
      },
    ],
    [
      'described by a person',
      (_storage, baseDir) => {
        writeFileSync(join(baseDir, 'a.txt.meta.json'), '{"granary":1,"next":{"tags":["man"]}}');
        utimesSync(baseDir, 1, 1);
      },
    ],
  ];
  const before: readonly [
    title: string,
    prepare: (storage: Watched['storage']) => Promise<unknown>,
  ][] = [
    ['without attributes', (storage) => storage.put('a.txt', 'a')],
    ['with attributes', (storage) => storage.put('a.txt', 'a', SAID)],
  ];
  const cases = before.flatMap(([had, prepare]) =>
    writes.map(([title, interrupt]) => ({ had, title, prepare, interrupt })),
  );

  test.each(cases)('tells of an object $had that is $title', async ({ prepare, interrupt }) => {
    const { told, stats } = await interrupted('before', prepare, interrupt);
    expect(told).toEqual(stats);
  });

  test.each(cases)('tells one write of an object $had that is $title late', async (one) => {
    const before: unknown[] = [];
    const { told, stats } = await interrupted(
      'after',
      async (storage) => {
        await one.prepare(storage);
        before.push({ kind: 'item', ...(await storage.stat('a.txt')) });
      },
      one.interrupt,
    );
    expect([before, stats]).toContainEqual(told);
  });
});

test('many companions are read at once, and none any more when a listing has failed', async () => {
  let held = 0;
  let most = 0;
  const { storage, lists } = await watch({
    calls: {
      async read(...values) {
        held += 1;
        most = Math.max(most, held);
        const count = await NODE_CALLS.read(...values);
        held -= 1;
        if (most > 20) throw failure('EIO');
        return count;
      },
    },
  });
  await storage.saveMany(
    Array.from({ length: 100 }, (_, index) => ({
      key: `${index}.json`,
      value: index,
      tags: ['x'],
    })),
  );
  const listing = Array.fromAsync(lists.list({ include: ['attributes'] }));
  await expect(listing).rejects.toMatchObject({ code: 'EIO' });
  expect(most).toBeGreaterThan(20);
  expect(most).toBeLessThanOrEqual(128);
  expect(held).toBe(0);
  await storage.close();
});
