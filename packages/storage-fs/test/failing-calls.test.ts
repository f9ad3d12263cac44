import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, isStorageError, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { type FsCalls, NODE_CALLS } from '../src/fs-calls.ts';
import type { FileSystemOptions } from '../src/fs-options.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';
import { type FsSystem, THIS_SYSTEM } from '../src/fs-system.ts';
import { createFileSystem, type FileSystemNative } from '../src/index.ts';
import { failure, systemWith } from './faults.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';
import { watchSystem } from './watched-system.ts';

const OLD = { metadata: { version: 1 }, tags: ['old'] };
const NEW = { metadata: { version: 2 }, tags: ['new'] };

/** What is at a key: nothing, the old or the new object, whole and with its own attributes. */
type Found = 'nothing' | 'old' | 'new' | 'old content, new attributes';

interface Work {
  readonly name: string;
  readonly options?: FileSystemOptions;
  prepare(storage: StorageEngine): Promise<unknown>;
  run(storage: StorageEngine): Promise<unknown>;
  /** What may be at the keys before and after it. */
  readonly before: Readonly<Record<string, Found>>;
  readonly after: Readonly<Record<string, Found>>;
  /** What else may be there when nobody knows how it ended. */
  readonly between?: readonly Readonly<Record<string, Found>>[];
}

const putOld = (storage: StorageEngine) => storage.put('folder/a.txt', 'old content', OLD);

const WORKS: readonly Work[] = [
  {
    name: 'a put',
    prepare: (storage) => storage.put('folder/a.txt', 'old content'),
    run: (storage) => storage.put('folder/a.txt', 'new content'),
    before: { 'folder/a.txt': 'old' },
    after: { 'folder/a.txt': 'new' },
  },
  {
    name: 'a put with attributes',
    prepare: putOld,
    run: (storage) => storage.put('folder/a.txt', 'new content', NEW),
    before: { 'folder/a.txt': 'old' },
    after: { 'folder/a.txt': 'new' },
  },
  {
    name: 'a put with attributes and a backup',
    options: { backup: true },
    prepare: putOld,
    run: (storage) => storage.put('folder/a.txt', 'new content', NEW),
    before: { 'folder/a.txt': 'old' },
    after: { 'folder/a.txt': 'new' },
  },
  {
    name: 'a put with attributes in a manifest',
    options: { companions: 'manifest' },
    prepare: putOld,
    run: (storage) => storage.put('folder/a.txt', 'new content', NEW),
    before: { 'folder/a.txt': 'old' },
    after: { 'folder/a.txt': 'new' },
  },
  {
    name: 'a put of a stream',
    prepare: putOld,
    run: (storage) => storage.put('folder/a.txt', new Blob(['new content']).stream(), NEW),
    before: { 'folder/a.txt': 'old' },
    after: { 'folder/a.txt': 'new' },
  },
  {
    name: 'the creation of an object in a new folder',
    prepare: async () => {},
    run: (storage) => storage.put('new/folder/a.txt', 'new content', { ...NEW, ifNoneMatch: '*' }),
    before: { 'new/folder/a.txt': 'nothing' },
    after: { 'new/folder/a.txt': 'new' },
  },
  {
    name: 'the creation of a plain object in a new folder',
    prepare: async () => {},
    run: (storage) => storage.put('new/folder/a.txt', 'new content'),
    before: { 'new/folder/a.txt': 'nothing' },
    after: { 'new/folder/a.txt': 'new' },
  },
  {
    name: 'a removal',
    prepare: putOld,
    run: (storage) => storage.delete('folder/a.txt'),
    before: { 'folder/a.txt': 'old' },
    after: { 'folder/a.txt': 'nothing' },
  },
  {
    name: 'a removal of a plain object',
    prepare: (storage) => storage.put('folder/a.txt', 'old content'),
    run: (storage) => storage.delete('folder/a.txt'),
    before: { 'folder/a.txt': 'old' },
    after: { 'folder/a.txt': 'nothing' },
  },
  {
    name: 'a copy',
    prepare: putOld,
    run: (storage) => storage.copy('folder/a.txt', 'b/c.txt', { attributes: {} }),
    before: { 'folder/a.txt': 'old', 'b/c.txt': 'nothing' },
    after: { 'folder/a.txt': 'old', 'b/c.txt': 'old' },
  },
  {
    name: 'a move',
    prepare: putOld,
    run: (storage) => storage.move('folder/a.txt', 'b/c.txt'),
    before: { 'folder/a.txt': 'old', 'b/c.txt': 'nothing' },
    after: { 'folder/a.txt': 'nothing', 'b/c.txt': 'old' },
  },
  {
    name: 'a move over another object with backups',
    options: { backup: true },
    async prepare(storage) {
      await storage.put('b/c.txt', 'new content', NEW);
      await putOld(storage);
    },
    run: (storage) => storage.move('folder/a.txt', 'b/c.txt'),
    before: { 'folder/a.txt': 'old', 'b/c.txt': 'new' },
    after: { 'folder/a.txt': 'nothing', 'b/c.txt': 'old' },
    between: [{ 'folder/a.txt': 'old', 'b/c.txt': 'old' }],
  },
  {
    name: 'a change of attributes',
    prepare: putOld,
    run: (storage) => storage.setMetadata('folder/a.txt', NEW),
    before: { 'folder/a.txt': 'old' },
    after: { 'folder/a.txt': 'old content, new attributes' },
  },
];

async function look(storage: StorageEngine, key: string): Promise<Found> {
  try {
    const object = await storage.get(key);
    const [content] = (await object.text()).split(' ');
    const { metadata, tags } = object.info;
    // Some are plain, and then no attributes at all belong to them.
    if (metadata === undefined && tags === undefined) return content as Found;
    expect(metadata?.['version'], key).toBe(tags?.[0] === 'old' ? 1 : 2);
    const [said] = tags ?? [];
    if (content === 'old' && said === 'new') return 'old content, new attributes';
    expect(said, `attributes of ${key}, whose content is ${content}`).toBe(content);
    return content as Found;
  } catch (error) {
    if (isStorageError(error, 'not-found')) return 'nothing';
    throw error;
  }
}

/** Calls that tell of an open file, which a disk does not refuse, and those whose failing shows nothing. */
const SPARED: ReadonlySet<keyof FsCalls> = new Set([
  ...(['close', 'closeSync', 'fstatSync', 'readlinkSync', 'statfs'] as const),
]);

/** Calls that fail at the same time, each in a store of its own. */
const AT_ONCE = 4;

/** Runs the work with one call after the other failing, until none does. Returns how many there were. */
async function failEach(work: Work, code: string, base: FsSystem): Promise<number> {
  for (let first = 1; ; first += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, place) => first + place);
    const failed = await Promise.all(numbers.map((number) => failAt(number, work, code, base)));
    const over = failed.indexOf(false);
    if (over >= 0) return first + over - 1;
  }
}

/** Runs the work with one of its calls failing; returns whether it has as many. */
async function failAt(number: number, work: Work, code: string, base: FsSystem): Promise<boolean> {
  const where = `${work.name}, call ${number} fails`;
  const baseDir = await temporaryFolder();
  const options = { baseDir, durability: 'full', ...work.options } as const;
  const clean = createFileSystem(options);
  await work.prepare(clean);
  const watched = watchSystem(base);
  const storage = createStorage(fileSystemProvider(options, watched.system));
  await storage.ready();
  await (storage.native as FileSystemNative).sweep();
  const held = watched.held();
  let calls = 0;
  let failed: string | undefined;
  watched.trouble((name) => {
    if (SPARED.has(name)) return undefined;
    calls += 1;
    if (calls !== number) return undefined;
    failed = name;
    return failure(code);
  });
  const error: unknown = await work.run(storage).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  watched.trouble(undefined);
  if (failed === undefined) {
    expect(error, where).toBeUndefined();
    await Promise.all([storage.close(), clean.close()]);
    return false;
  }
  await expectSound(work, clean, error, `${where} (${failed})`);
  expect(watched.held(), `${where} (${failed}): open files`).toBe(held);
  const left = leftIn(baseDir);
  // What cannot be removed stays until it is swept, and a lock until it is stale.
  if (failed !== 'unlink') expect(left, `${where} (${failed})`).toEqual([]);
  for (const path of left) rmSync(path);
  await work.run(storage).catch((reason: unknown) => {
    const known = ['precondition-failed', 'not-found'];
    if (!isStorageError(reason) || !known.includes(reason.code)) throw reason;
  });
  await expectFound(clean, work.after, `${where} (${failed}), after another try`);
  await Promise.all([storage.close(), clean.close()]);
  return true;
}

/** Temporary files and locks. */
function leftIn(baseDir: string): string[] {
  const work = join(baseDir, '.granary', 'work');
  return existsSync(work) ? readdirSync(work).map((name) => join(work, name)) : [];
}

async function expectSound(
  { before, after, between = [] }: Work,
  storage: StorageEngine,
  error: unknown,
  where: string,
): Promise<void> {
  const found = Object.fromEntries(
    await Promise.all(
      Object.keys(before).map(async (key) => [key, await look(storage, key)] as const),
    ),
  );
  if (error === undefined) {
    expect(found, where).toEqual(after);
    return;
  }
  if (!isStorageError(error)) throw error;
  if (error.outcome === 'not-applied') expect(found, where).toEqual(before);
  else expect([before, after, ...between], `${where}: ${error.message}`).toContainEqual(found);
}

async function expectFound(
  storage: StorageEngine,
  expected: Readonly<Record<string, Found>>,
  where: string,
): Promise<void> {
  for (const [key, found] of Object.entries(expected)) {
    expect(await look(storage, key), `${key} by ${where}`).toBe(found);
  }
}

test.each(WORKS)(
  '$name leaves the old or the new state, whichever of its calls fails',
  { timeout: 120_000 },
  async (work) => {
    expect(await failEach(work, 'EIO', THIS_SYSTEM)).toBeGreaterThan(5);
  },
);

test.each(WORKS)(
  'without /proc $name leaves the old or the new state, whichever of its calls fails',
  { timeout: 120_000 },
  async (work) => {
    const withoutProc = systemWith({}, { platform: 'freebsd' });
    expect(await failEach(work, 'ENOSPC', withoutProc)).toBeGreaterThan(5);
  },
);

test('many puts at once on a full disk fail each for itself, and none of them unheard', async () => {
  const baseDir = await temporaryFolder();
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => void unheard.push(reason);
  process.on('unhandledRejection', hear);
  onTestFinished(() => void process.off('unhandledRejection', hear));
  let isFull = false;
  const system = systemWith({
    async write(...values) {
      if (isFull) throw failure('ENOSPC');
      return NODE_CALLS.write(...values);
    },
  });
  const storage = createStorage(fileSystemProvider({ baseDir, durability: 'file' }, system));
  await storage.put('a', 'before');
  isFull = true;
  const puts = Array.from({ length: 12 }, (_, number) => storage.put(`${number % 3}`, 'x'));
  for (const put of await Promise.allSettled(puts)) {
    expect(put).toMatchObject({ status: 'rejected', reason: { code: 'quota-exceeded' } });
  }
  await new Promise(setImmediate);
  expect(unheard).toEqual([]);
  isFull = false;
  expect((await storage.list()).map(({ key }) => key)).toEqual(['a']);
  await storage.close();
});

test('a listing whose disk fails after its first page fails, and is not shortened', async () => {
  const baseDir = await temporaryFolder();
  const watched = watchSystem(THIS_SYSTEM);
  const storage = createStorage(
    fileSystemProvider({ baseDir, durability: 'none' }, watched.system),
  );
  const keys = Array.from({ length: 3_000 }, (_, number) => `f${number % 5}/${number}`);
  await Promise.all(keys.map((key) => storage.put(key, '')));
  const seen: string[] = [];
  async function walk(): Promise<void> {
    for await (const { entries } of storage.list().pages()) {
      seen.push(...entries.map(({ key }) => key));
      watched.trouble((name) => (SPARED.has(name) ? undefined : failure('EIO')));
    }
  }
  await expect(walk()).rejects.toMatchObject({ code: 'unavailable' });
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.length).toBeLessThan(3_000);
  watched.trouble(undefined);
  expect(await storage.list()).toHaveLength(3_000);
  expect(watched.held()).toBe(0);
  await storage.close();
});
