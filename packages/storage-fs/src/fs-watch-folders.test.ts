import { EventEmitter } from 'node:events';
import type { FSWatcher } from 'node:fs';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import { systemWatcher } from './fs-watch-folders.ts';

interface FakeWatcher extends EventEmitter {
  readonly close: ReturnType<typeof vi.fn<() => void>>;
}

interface Watched {
  readonly root: string;
  /** The system's watcher of a folder, by its path in the root. */
  watcher(path: string): FakeWatcher;
  readonly watchers: ReadonlyMap<string, FakeWatcher>;
  readonly options: { readonly recursive: boolean }[];
  readonly told: string[];
  readonly errors: unknown[];
  close(): void | Promise<void>;
}

/** Watches a folder by watchers that say only what the test has them say. Some folders may be refused. */
async function watch(
  prepare: (root: string) => void = () => {},
  platform: NodeJS.Platform = 'linux',
  changed: Partial<FsCalls> = {},
  refusalOf: (path: string) => string | undefined = () => undefined,
): Promise<Watched> {
  const root = await temporaryFolder();
  prepare(root);
  const watchers = new Map<string, FakeWatcher>();
  const options: { readonly recursive: boolean }[] = [];
  const told: string[] = [];
  const errors: unknown[] = [];
  const { calls } = systemWith({
    watch(path, given) {
      const refusal = refusalOf(path);
      if (refusal !== undefined) throw failure(refusal);
      const fake: FakeWatcher = Object.assign(new EventEmitter(), { close: vi.fn<() => void>() });
      watchers.set(path.slice(root.length + 1), fake);
      options.push(given);
      return fake as unknown as FSWatcher;
    },
    ...changed,
  });
  const isIgnored = (name: string) => name === '.granary';
  const watching = await systemWatcher(
    calls,
    platform,
    isIgnored,
  )(root, {
    changed: (path, isNew) => told.push(`${isNew ? 'new' : 'changed'} ${path}`),
    changedBelow: (path) => told.push(`below ${path}`),
    lost: () => told.push('lost'),
    failed: (error) => errors.push(error),
  });
  onTestFinished(() => watching.close());
  return {
    ...{ root, watchers, options, told, errors, close: watching.close },
    watcher(path) {
      const found = watchers.get(path);
      if (found === undefined) throw new Error(`nobody watches ${JSON.stringify(path)}`);
      return found;
    },
  };
}

test.each(['darwin', 'win32'] as const)(
  '%s watches all below a folder at once',
  async (platform) => {
    const { watcher, options, told, errors, watchers } = await watch(undefined, platform);
    expect([...watchers.keys()]).toEqual(['']);
    expect(options).toEqual([{ recursive: true }]);
    watcher('').emit('change', 'rename', 'folder\\deep/a.txt');
    watcher('').emit('change', 'change', Buffer.from('b.txt'));
    watcher('').emit('change', 'rename', null);
    expect(told).toEqual(['changed folder/deep/a.txt', 'changed b.txt', 'lost']);
    watcher('').emit('error', failure('EIO'));
    expect(errors).toMatchObject([{ code: 'EIO' }]);
  },
);

test('Linux watches each folder, and tells of what is put into a new one', async () => {
  const { root, watcher, options, told, watchers } = await watch((folder) => {
    mkdirSync(join(folder, 'old/inner'), { recursive: true });
    mkdirSync(join(folder, '.granary/work'), { recursive: true });
    writeFileSync(join(folder, 'old/there.txt'), '');
  });
  expect([...watchers.keys()].sort()).toEqual(['', 'old', 'old/inner']);
  expect(options.every(({ recursive }) => !recursive)).toBe(true);
  expect(told).toEqual([]);
  mkdirSync(join(root, 'new/deep'), { recursive: true });
  writeFileSync(join(root, 'new/deep/a.txt'), '');
  watcher('').emit('change', 'rename', 'new');
  await expect.poll(() => told, { interval: 1 }).toEqual(['new new/deep/a.txt']);
  expect([...watchers.keys()]).toContain('new/deep');
  // Once more, as when the folder's time changes: nothing new.
  watcher('').emit('change', 'rename', 'new');
  watcher('old').emit('change', 'change', 'there.txt');
  watcher('').emit('change', 'rename', '.granary');
  expect(told).toEqual(['new new/deep/a.txt', 'changed old/there.txt']);
});

test('a file that comes is new, one that comes again is not, and one that goes is told', async () => {
  const { root, watcher, told } = await watch();
  const path = join(root, 'a.txt');
  const rename = (name: string) => watcher('').emit('change', 'rename', name);
  writeFileSync(path, '');
  rename('a.txt');
  await expect.poll(() => told, { interval: 1 }).toEqual(['new a.txt']);
  rename('a.txt');
  await expect.poll(() => told, { interval: 1 }).toEqual(['new a.txt', 'changed a.txt']);
  rmSync(path);
  rename('a.txt');
  await expect.poll(() => told, { interval: 1 }).toHaveLength(3);
  // Gone already, and told.
  rename('a.txt');
  writeFileSync(join(root, 'b.txt'), '');
  rename('b.txt');
  await expect.poll(() => told, { interval: 1 }).toContain('new b.txt');
  expect(told).toEqual(['new a.txt', 'changed a.txt', 'changed a.txt', 'new b.txt']);
});

test('of a folder that goes, or becomes a file, all that was in it is told', async () => {
  const { root, watcher, told } = await watch((folder) => {
    mkdirSync(join(folder, 'gone/inner'), { recursive: true });
    writeFileSync(join(folder, 'gone/a.txt'), '');
    writeFileSync(join(folder, 'gone/inner/b.txt'), '');
    mkdirSync(join(folder, 'becomes'));
    writeFileSync(join(folder, 'becomes/c.txt'), '');
  });
  const inner = watcher('gone/inner');
  rmSync(join(root, 'gone'), { recursive: true });
  watcher('').emit('change', 'rename', 'gone');
  await expect
    .poll(() => told.toSorted(), { interval: 1 })
    .toEqual(['changed gone/a.txt', 'changed gone/inner/b.txt']);
  expect(inner.close).toHaveBeenCalled();
  rmSync(join(root, 'becomes'), { recursive: true });
  writeFileSync(join(root, 'becomes'), '');
  watcher('').emit('change', 'rename', 'becomes');
  await expect
    .poll(() => told.slice(2), { interval: 1 })
    .toEqual(['changed becomes/c.txt', 'changed becomes']);
});

test('of very many files in a new folder, or one that goes, the folder itself is told', async () => {
  const { root, watcher, told } = await watch();
  mkdirSync(join(root, 'many'));
  for (let file = 0; file < 1_001; file += 1) writeFileSync(join(root, 'many', `f${file}`), '');
  watcher('').emit('change', 'rename', 'many');
  await expect.poll(() => told.at(-1)).toBe('below many');
  expect(told).toHaveLength(1_001);
  rmSync(join(root, 'many'), { recursive: true });
  watcher('').emit('change', 'rename', 'many');
  await expect.poll(() => told.length).toBe(2_002);
  expect(told.at(-1)).toBe('below many');
});

test('an event without a name makes everything below the folder doubtful', async () => {
  const { watcher, told } = await watch((folder) => mkdirSync(join(folder, 'some')));
  watcher('some').emit('change', 'change', null);
  watcher('').emit('change', 'rename', null);
  expect(told).toEqual(['below some', 'below ']);
});

test('as many events in one turn as the system keeps are taken for a loss', async () => {
  const { watcher, told, close } = await watch();
  for (let event = 0; event < 20_000; event += 1) watcher('').emit('change', 'change', 'a.txt');
  await expect.poll(() => told.at(-1)).toBe('lost');
  for (let event = 0; event < 20_000; event += 1) watcher('').emit('change', 'change', 'a.txt');
  await close();
  await new Promise(setImmediate);
  expect(told.filter((event) => event === 'lost')).toHaveLength(1);
});

test('more folders than the system watches are refused with what to do', async () => {
  const watchOf = (code: string) => watch(undefined, 'linux', {}, () => code);
  await expect(watchOf('ENOSPC')).rejects.toMatchObject({
    ...{ code: 'quota-exceeded', cause: { code: 'ENOSPC' } },
    hint: expect.stringContaining('fs.inotify.max_user_watches'),
  });
  await expect(watchOf('EACCES')).rejects.toMatchObject({ code: 'EACCES' });
});

test('a new folder for which there is no watcher left fails the watching; one that went does not', async () => {
  const codes: Record<string, string> = { gone: 'ENOENT', one: 'ENOSPC' };
  const refusalOf = (path: string) => codes[path.split('/').at(-1) ?? ''];
  const { root, watcher, errors, told } = await watch(undefined, 'linux', {}, refusalOf);
  for (const name of Object.keys(codes)) {
    mkdirSync(join(root, name));
    watcher('').emit('change', 'rename', name);
  }
  await expect.poll(() => errors, { interval: 1 }).toMatchObject([{ code: 'quota-exceeded' }]);
  expect(told).toEqual([]);
});

test('a folder that is gone when it is read is passed over; another failure is told', async () => {
  let code = 'ENOENT';
  const readdir: FsCalls['readdir'] = async (path) => {
    if (path.endsWith('/x')) throw failure(code);
    return NODE_CALLS.readdir(path);
  };
  const { root, watcher, errors } = await watch(undefined, 'linux', { readdir });
  mkdirSync(join(root, 'x'));
  watcher('').emit('change', 'rename', 'x');
  mkdirSync(join(root, 'y'));
  watcher('').emit('change', 'rename', 'y');
  await expect.poll(() => watcher('y'), { interval: 1 }).toBeDefined();
  expect(errors).toEqual([]);
  code = 'EACCES';
  watcher('x').emit('error', failure('ENOENT'));
  watcher('').emit('change', 'rename', 'x');
  await expect.poll(() => errors, { interval: 1 }).toMatchObject([{ code: 'EACCES' }]);
  await expect(
    watch((folder) => mkdirSync(join(folder, 'x')), 'linux', { readdir }),
  ).rejects.toMatchObject({
    code: 'EACCES',
  });
});

test('a watcher that ends with its folder is let go of; one that breaks is told', async () => {
  const { watcher, errors, close } = await watch((folder) => {
    for (const name of ['a', 'b', 'c']) mkdirSync(join(folder, name));
  });
  for (const [name, code] of [
    ['a', 'ENOENT'],
    ['b', 'EPERM'],
    ['c', 'EIO'],
  ] as const) {
    watcher(name).emit('error', failure(code));
    expect(watcher(name).close).toHaveBeenCalledTimes(1);
  }
  expect(errors).toMatchObject([{ code: 'EIO' }]);
  await close();
  watcher('').emit('error', failure('EIO'));
  expect(errors).toHaveLength(1);
});

test('after its end nothing is told any more, and nothing is watched', async () => {
  let looks = 0;
  const { root, watcher, told, watchers, close } = await watch(undefined, 'linux', {
    async lstatAll(paths) {
      const found = await NODE_CALLS.lstatAll(paths);
      looks += 1;
      return found;
    },
  });
  writeFileSync(join(root, 'a.txt'), '');
  mkdirSync(join(root, 'folder'));
  watcher('').emit('change', 'rename', 'a.txt');
  watcher('').emit('change', 'rename', 'folder');
  await close();
  await expect.poll(() => looks, { interval: 1 }).toBe(2);
  expect(told).toEqual([]);
  expect([...watchers.keys()]).toEqual(['']);
  expect(watcher('').close).toHaveBeenCalled();
});
