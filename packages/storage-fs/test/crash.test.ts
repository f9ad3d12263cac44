import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isStorageError, type StorageEngine } from '@granary/storage-core';
import { expect, test } from 'vitest';
import { createFileSystem, type FileSystemNative, type FileSystemOptions } from '../src/index.ts';
import { contentOf, sizeOf, versionOf } from './processes/content.ts';
import {
  attributesOf,
  type CrashSettings,
  LARGE,
  PARTS,
  type Work,
} from './processes/crash-work.ts';
import { randomFrom } from './processes/random.ts';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const LANES = 6;
const SEED = 20_261_121;

interface Lane {
  /** Versions that were begun. */
  readonly begun: Set<number>;
  /** The last one that had resolved. */
  done: number;
  readonly lines: string[][];
}

/** What the writers say that they did, whole lines of it: what was written is there after a kill. */
function readJournal(path: string): Lane[] {
  const lanes = Array.from(
    { length: LANES },
    (): Lane => ({ begun: new Set(), done: 0, lines: [] }),
  );
  const text = readFileSync(path, 'utf8');
  for (const line of text.split('\n').slice(0, -1)) {
    const [what = '', laneNumber, version, ...rest] = line.split(' ');
    const lane = lanes[Number(laneNumber)];
    if (what === 'begun') lane?.begun.add(Number(version));
    else if (what === 'done' && lane !== undefined) lane.done = Number(version);
    lane?.lines.push([what, version ?? '', ...rest]);
  }
  return lanes;
}

/** The version of an object, whole and with the attributes of just this version; 0 for no object. */
async function versionAt(storage: StorageEngine, key: string, size = sizeOf): Promise<number> {
  try {
    const object = await storage.get(key);
    const version = versionOf(key.replace(/^to\//, 'from/'), await object.bytes());
    expect(object.info.size, key).toBe(size(version));
    expect(object.info.metadata, `${key} of version ${version}`).toEqual(
      attributesOf(version).metadata,
    );
    return version;
  } catch (error) {
    if (isStorageError(error, 'not-found')) return 0;
    throw error;
  }
}

/** Neither older than what had resolved nor anything that nobody wrote. */
function expectOldOrNew(version: number, lane: Lane, key: string): void {
  const isKnown = version === lane.done || (lane.begun.has(version) && version > lane.done);
  expect(isKnown, `${key}: version ${version} after ${lane.done} was done`).toBe(true);
}

type Check = (storage: StorageEngine, lane: Lane, number: number) => Promise<readonly string[]>;

/** Looks at a lane and returns the keys that it has. */
const CHECKS: Readonly<Record<Exclude<Work, 'in-place'>, Check>> = {
  async put(storage, lane, number) {
    const key = `put/${number}.bin`;
    const version = await versionAt(storage, key);
    expectOldOrNew(version, lane, key);
    return version === 0 ? [] : [key];
  },

  async stream(storage, lane, number) {
    const key = `stream/${number}.bin`;
    const version = await versionAt(storage, key, () => LARGE);
    expectOldOrNew(version, lane, key);
    return version === 0 ? [] : [key];
  },

  async copy(storage, lane, number) {
    const [from, to] = [`from/lane-${number}`, `to/lane-${number}`];
    const [source, target] = [await versionAt(storage, from), await versionAt(storage, to)];
    expectOldOrNew(source, lane, from);
    expectOldOrNew(target, lane, to);
    expect(target).toBeLessThanOrEqual(source);
    return [...(source === 0 ? [] : [from]), ...(target === 0 ? [] : [to])];
  },

  async move(storage, lane, number) {
    const [from, to] = [`from/lane-${number}`, `to/lane-${number}`];
    const [source, target] = [await versionAt(storage, from), await versionAt(storage, to)];
    expectOldOrNew(target, lane, to);
    if (source > 0) expect(lane.begun.has(source) && source > lane.done, from).toBe(true);
    return [...(source === 0 ? [] : [from]), ...(target === 0 ? [] : [to])];
  },

  async attributes(storage, lane, number) {
    const key = `said/${number}.bin`;
    if (!(await storage.exists(key))) {
      expect(lane.done).toBe(0);
      return [];
    }
    const object = await storage.get(key);
    expect(versionOf(key, await object.bytes())).toBe(0);
    const { metadata = { version: 0, again: 0 }, tags = ['0'] } = object.info;
    const { version } = metadata;
    expect({ metadata, tags }).toEqual({
      metadata: { version, again: version },
      tags: [`${version}`],
    });
    expectOldOrNew(Number(version), lane, key);
    return [key];
  },

  async upload(storage, lane, number) {
    const key = `upload/${number}.bin`;
    const version = await versionAt(storage, key, () => LARGE);
    expectOldOrNew(version, lane, key);
    return version === 0 ? [] : [key];
  },
};

interface Round {
  readonly work: Exclude<Work, 'in-place'>;
  readonly kills: number;
  readonly seed: number;
  readonly options?: FileSystemOptions;
  /** Goes on where the writer was when it was killed. */
  resume?(storage: StorageEngine, journal: string): Promise<void>;
}

/** Kills writers, one after the other; returns how many versions they have written. */
async function killWriters({ work, kills, seed, options, resume }: Round): Promise<number> {
  const folder = await temporaryFolder();
  const [baseDir, journal] = [join(folder, 'store'), join(folder, 'journal')];
  appendFileSync(journal, '');
  const random = randomFrom(seed);
  for (let kill = 1; kill <= kills; kill += 1) {
    const where = `seed ${seed}, kill ${kill}`;
    const after = Math.max(0, ...readJournal(journal).flatMap(({ begun }) => [...begun]));
    const killAtCall =
      kill % 2 === 0 ? Math.floor(20 + random() * (work === 'put' ? 2_500 : 500)) : undefined;
    const settings: CrashSettings = {
      ...options,
      baseDir,
      journal,
      work,
      lanes: LANES,
      after,
      killAtCall,
    };
    const writer = startProcess('crash-writer.ts', settings);
    await writer.told('ready');
    if (killAtCall === undefined) {
      const enough = statSync(journal).size + random() * (work === 'put' ? 6_000 : 600);
      const until = performance.now() + 1_000;
      while (statSync(journal).size < enough && performance.now() < until) await setTimeout(2);
      await setTimeout(random() * 10);
      writer.kill();
    }
    expect(await writer.ended, where).toMatchObject({ signal: 'SIGKILL' });
    const storage = createFileSystem({ ...options, baseDir });
    try {
      await expectWhole(storage, work, journal, where);
      await resume?.(storage, journal);
      await expectSwept(storage, baseDir, where, kill === kills);
    } finally {
      await storage.close();
    }
  }
  return readJournal(journal).reduce((sum, { lines }) => {
    return sum + lines.filter(([what]) => what === 'done').length;
  }, 0);
}

async function expectWhole(
  storage: StorageEngine,
  work: Exclude<Work, 'in-place'>,
  journal: string,
  where: string,
): Promise<void> {
  const keys: string[] = [];
  for (const [number, lane] of readJournal(journal).entries()) {
    try {
      keys.push(...(await CHECKS[work](storage, lane, number)));
    } catch (error) {
      throw new Error(`${where}: ${String(error)}`, { cause: error });
    }
  }
  const listed = (await storage.list()).map(({ key }) => key);
  expect(listed, where).toEqual(keys.sort());
}

/**
 * Nothing that the killed process began lies about when the next one has swept. A lock that was not
 * signed yet may be one that is being made; it goes when it is old.
 */
async function expectSwept(
  storage: StorageEngine,
  baseDir: string,
  where: string,
  isLast: boolean,
): Promise<void> {
  const native = storage.native as FileSystemNative;
  const work = join(baseDir, '.granary', 'work');
  const left = () => (existsSync(work) ? readdirSync(work) : []);
  const isUnsigned = (name: string) =>
    statSync(join(work, name), { throwIfNoEntry: false })?.size === 0;
  await native.sweep();
  // The sweep that opening began may hold some of them for a moment.
  const leftovers = () => left().filter((name) => !isUnsigned(name));
  await expect.poll(leftovers, { message: where, timeout: 5_000 }).toEqual([]);
  if (isLast) {
    const longAgo = Date.now() / 1000 - 600;
    for (const name of left()) utimesSync(join(work, name), longAgo, longAgo);
    await native.sweep();
    await expect.poll(left, { message: where, timeout: 5_000 }).toEqual([]);
  }
  expect(await Array.fromAsync(native.strays()), where).toEqual([]);
}

/** Completes the uploads that were under way, with the parts that are missing. */
async function resumeUploads(storage: StorageEngine, journal: string): Promise<void> {
  for (const [number, { lines, done }] of readJournal(journal).entries()) {
    const key = `upload/${number}.bin`;
    const [, version = '', token = ''] = lines.findLast(([what]) => what === 'token') ?? [];
    if (token === '' || Number(version) <= done) continue;
    if ((await versionAt(storage, key, () => LARGE)) === Number(version)) {
      await expect(storage.upload(key, { token })).rejects.toMatchObject({ code: 'conflict' });
    } else {
      const content = contentOf(key, Number(version), LARGE);
      const session = await storage.upload(key, { token });
      const { held } = await session.status();
      const isHeld = (at: number) =>
        held.some(({ offset, length }) => offset <= at && at < offset + length);
      for (const [what, of, offset] of lines) {
        if (what === 'held' && of === version) expect(isHeld(Number(offset)), token).toBe(true);
      }
      for (let offset = 0; offset < LARGE; offset += LARGE / PARTS) {
        if (isHeld(offset)) continue;
        await session.write(offset, content.subarray(offset, offset + LARGE / PARTS));
      }
      await session.complete();
    }
    expect(await versionAt(storage, key, () => LARGE)).toBe(Number(version));
    appendFileSync(journal, `done ${number} ${version}\n`);
  }
  // A killed process may have begun one and told nobody yet; what is told is gone by now.
  for await (const pending of storage.uploads()) await forget(storage, pending);
}

async function forget(
  storage: StorageEngine,
  { key, token }: { readonly key: string; readonly token: string },
): Promise<void> {
  const session = await storage.upload(key, { token });
  await session.abort();
}

test('puts that are killed leave the old or the new object, whole, with its own attributes', {
  timeout: 240_000,
}, async () => {
  const versions = await Promise.all([
    killWriters({ work: 'put', kills: 8, seed: SEED }),
    killWriters({ work: 'put', kills: 8, seed: SEED + 1, options: { durability: 'none' } }),
  ]);
  console.info(`${versions[0] + versions[1]} writes resolved between 16 kills (seed ${SEED})`);
  expect(versions[0] + versions[1]).toBeGreaterThan(300);
});

test('a manifest for each folder survives kills too', { timeout: 240_000 }, async () => {
  const options: FileSystemOptions = { companions: 'manifest', durability: 'none' };
  await killWriters({ work: 'put', kills: 3, seed: SEED + 2, options });
});

test('streamed objects survive kills', { timeout: 240_000 }, async () => {
  await killWriters({ work: 'stream', kills: 4, seed: SEED + 3 });
});

test('copies and moves survive kills', { timeout: 240_000 }, async () => {
  await Promise.all([
    killWriters({ work: 'copy', kills: 4, seed: SEED + 4 }),
    killWriters({ work: 'move', kills: 4, seed: SEED + 5 }),
  ]);
});

test('changes of attributes survive kills', { timeout: 240_000 }, async () => {
  await killWriters({ work: 'attributes', kills: 3, seed: SEED + 6 });
});

test('another process goes on with uploads whose process was killed', {
  timeout: 240_000,
}, async () => {
  await killWriters({ work: 'upload', kills: 4, seed: SEED + 7, resume: resumeUploads });
});

test('kills are caught when a file is written in place', { timeout: 240_000 }, async () => {
  const folder = await temporaryFolder();
  const [baseDir, journal] = [folder, join(folder, 'journal')];
  let damage: unknown;
  for (let kill = 1; kill <= 10 && damage === undefined; kill += 1) {
    const work = { baseDir, journal, work: 'in-place', lanes: 1, after: kill * 1000 };
    const writer = startProcess('crash-writer.ts', work);
    await writer.told('ready');
    await setTimeout(50);
    writer.kill();
    await writer.ended;
    const storage = createFileSystem({ baseDir });
    try {
      await versionAt(storage, '0.bin', () => LARGE);
    } catch (error) {
      damage = error;
    } finally {
      await storage.close();
    }
  }
  expect(damage).toBeInstanceOf(Error);
});
