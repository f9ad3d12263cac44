import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import type { Folder } from './fs-folder.ts';
import { fileLocks, type Locks, lockFileOf, type Purpose } from './fs-lock.ts';
import type { Liveness, Owner } from './fs-owner.ts';
import { temporaryFiles } from './fs-temp.ts';

afterEach(() => {
  vi.useRealTimers();
});

interface Opened {
  readonly locks: Locks;
  readonly folder: Folder;
  /** Of the lock `name`. */
  readonly path: string;
  readonly work: string;
  readonly mended: Purpose[];
  /** Another storage at the same folder. */
  other(id: string): Locks;
}

/** Who is who: the beginning of an owner's id tells whether it runs. */
async function livenessOf(id: string): Promise<Liveness> {
  if (/^[\d]+-alive/.test(id) || id.startsWith('me')) return 'alive';
  return id.includes('dead') ? 'dead' : 'unknown';
}

async function open(
  changed: Partial<FsCalls> = {},
  settings: { readonly timeoutMs?: number; readonly now?: () => number } = {},
): Promise<Opened> {
  const work = await temporaryFolder();
  const { calls } = systemWith(changed);
  const mended: Purpose[] = [];
  const folder = {
    ...{ path: work, at: (name: string) => join(work, name) },
    release: () => {},
  } as Partial<Folder> as Folder;
  function locksOf(id: string): Locks {
    const owner: Owner = { id, livenessOf };
    return fileLocks({
      ...{ calls, owner, temps: temporaryFiles(calls, owner), folder: async () => folder },
      ...{ timeoutMs: 30_000, ...settings },
      mend: async (purpose) => {
        mended.push(purpose);
      },
    });
  }
  const path = join(work, lockFileOf('name'));
  return { locks: locksOf('me-1'), folder, path, work, mended, other: locksOf };
}

/** A clock that goes on by so much each time that somebody looks at it. Units: ms. */
function fastClock(stepMs: number): () => number {
  let time = 0;
  return () => {
    time += stepMs;
    return time;
  };
}

test('one at a time has a lock, in one storage and in two', async () => {
  const { locks, other, work } = await open();
  const all = [locks, other('me-2'), other('me-3')];
  let [inside, most, runs] = [0, 0, 0];
  await Promise.all(
    Array.from({ length: 30 }, (_, turn) =>
      all[turn % 3]?.exclusively({ name: 'name' }, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await Promise.resolve();
        runs += 1;
        inside -= 1;
      }),
    ),
  );
  expect([most, runs]).toEqual([1, 30]);
  expect(readdirSync(work)).toEqual([]);
});

test('a lock tells who holds it and what for, and goes when the work fails', async () => {
  const { locks, path } = await open();
  const purpose = { work: 'remove', key: 'a\nb' } as const;
  const work = locks.exclusively({ name: 'name', purpose }, async () => {
    expect(readFileSync(path, 'utf8').split('\n')).toEqual(['me-1', JSON.stringify(purpose)]);
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

test.each([
  ['77-alive', 'process 259'],
  ['-alive', 'another process'],
])('who waits for a lock of %s for too long is told who has it', async (id, who) => {
  const { locks, path } = await open({}, { timeoutMs: 50, now: fastClock(20) });
  writeFileSync(path, `${id}\nnull`);
  await expect(locks.exclusively({ name: 'name' }, async () => {})).rejects.toMatchObject({
    ...{ code: 'conflict', outcome: 'not-applied' },
    message: expect.stringContaining(`${who} has held its lock for more than 50 ms`),
  });
  expect(existsSync(path)).toBe(true);
});

test('waiting for a lock ends with an abort, and begins not at all after one', async () => {
  const { locks, path } = await open();
  writeFileSync(path, '77-alive\nnull');
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = locks.exclusively({ name: 'name', signal }, async () => 'never');
  const reason = new Error('enough');
  setImmediate(() => controller.abort(reason));
  await expect(waiting).rejects.toMatchObject({ code: 'aborted', cause: reason });
  await expect(
    locks.exclusively({ name: 'other', signal }, async () => 'never'),
  ).rejects.toMatchObject({ code: 'aborted' });
});

test('the lock of a process that died is taken at once, and what it left is mended', async () => {
  const { locks, path, mended } = await open();
  writeFileSync(path, '77-dead\n{"work":"remove","key":"a/b"}');
  expect(await locks.exclusively({ name: 'name' }, async () => 'mine')).toBe('mine');
  expect(mended).toEqual([{ work: 'remove', key: 'a/b' }]);
  expect(existsSync(path)).toBe(false);
});

test.each(['null', '{"work":"write"}', '{"work":"wri', ''])(
  'a dead lock for %j has nothing to mend',
  async (purpose) => {
    const { locks, path, mended } = await open();
    writeFileSync(path, `77-dead\n${purpose}`);
    await locks.exclusively({ name: 'name' }, async () => {});
    expect(mended).toEqual([]);
  },
);

test('a lock that nobody signed is nobody’s after a second', async () => {
  const { locks, path } = await open({}, { now: fastClock(300) });
  writeFileSync(path, '');
  expect(await locks.exclusively({ name: 'name' }, async () => 'mine')).toBe('mine');
});

test('a lock of another machine is taken when it is old or stands still, and not before', async () => {
  const still = await open({}, { now: fastClock(3_000) });
  writeFileSync(still.path, '77-elsewhere\nnull');
  expect(await still.locks.exclusively({ name: 'name' }, async () => 'mine')).toBe('mine');

  const old = await open({}, { timeoutMs: 0, now: fastClock(1) });
  writeFileSync(old.path, '77-elsewhere\nnull');
  await expect(old.locks.exclusively({ name: 'name' }, async () => {})).rejects.toMatchObject({
    code: 'conflict',
  });
  const longAgo = Date.now() / 1000 - 120;
  utimesSync(old.path, longAgo, longAgo);
  expect(await old.locks.exclusively({ name: 'name' }, async () => 'mine')).toBe('mine');
});

test('a lock that goes while it is looked at is taken', async () => {
  let looks = 0;
  const { locks, path } = await open({
    async open(file, flags, mode) {
      if (file === path && flags === 0 && looks === 0) {
        looks += 1;
        await NODE_CALLS.unlink(file);
      }
      return NODE_CALLS.open(file, flags, mode);
    },
  });
  writeFileSync(path, '77-alive\nnull');
  expect(await locks.exclusively({ name: 'name' }, async () => 'mine')).toBe('mine');
  expect(looks).toBe(1);
});

test('one that breaks a lock leaves a new one alone', async () => {
  const { locks, path, other } = await open({
    async open(file, flags, mode) {
      const fd = await NODE_CALLS.open(file, flags, mode);
      // The dead owner's lock goes and another one comes while the breaker is made.
      if (file === `${path}.break`) {
        await NODE_CALLS.unlink(path);
        writeFileSync(path, '77-alive\nnull');
        setTimeout(() => void NODE_CALLS.unlink(path), 5);
      }
      return fd;
    },
  });
  writeFileSync(path, '77-dead\nnull');
  let order = '';
  await locks.exclusively({ name: 'name' }, async () => {
    order += existsSync(path) ? 'held' : 'lost';
  });
  await other('me-2').exclusively({ name: 'name' }, async () => {});
  expect(order).toBe('held');
});

test('a breaker of one who died is put away', async () => {
  const { locks, path } = await open();
  writeFileSync(path, '77-dead\nnull');
  writeFileSync(`${path}.break`, '78-dead\nnull');
  expect(await locks.exclusively({ name: 'name' }, async () => 'mine')).toBe('mine');
  expect(existsSync(`${path}.break`)).toBe(false);
});

test.each([
  ['that runs', '78-alive\nnull', false],
  ['on another machine', '78-elsewhere\nnull', true],
  ['who died before signing it', '', true],
])(
  'a breaker of one %s is waited for, and the waiting ends in time',
  async (_, text, goesWithAge) => {
    const { locks, path } = await open({}, { timeoutMs: 500, now: fastClock(100) });
    const breaker = `${path}.break`;
    writeFileSync(path, '77-dead\n{"work":"write","key":"a"}');
    writeFileSync(breaker, text);
    await expect(locks.exclusively({ name: 'name' }, async () => {})).rejects.toMatchObject({
      code: 'conflict',
    });
    const longAgo = Date.now() / 1000 - 120;
    utimesSync(breaker, longAgo, longAgo);
    const again = locks.exclusively({ name: 'name' }, async () => 'mine');
    if (goesWithAge) expect(await again).toBe('mine');
    else await expect(again).rejects.toMatchObject({ code: 'conflict' });
  },
);

test('waiting for a breaker ends with an abort', async () => {
  const { locks, path } = await open();
  writeFileSync(path, '77-dead\nnull');
  writeFileSync(`${path}.break`, '78-alive\nnull');
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = locks.exclusively({ name: 'name', signal }, async () => 'never');
  setImmediate(() => controller.abort(new Error('enough')));
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
});

test('a lock that cannot be made or read fails the work', async () => {
  const denied = await open({ open: () => Promise.reject(failure('EACCES')) });
  await expect(denied.locks.exclusively({ name: 'name' }, async () => {})).rejects.toMatchObject({
    code: 'EACCES',
  });
  const unreadable = await open({
    async open(file, flags, mode) {
      if (flags === 0) throw failure('EACCES');
      return NODE_CALLS.open(file, flags, mode);
    },
  });
  writeFileSync(unreadable.path, '77-dead\nnull');
  await expect(
    unreadable.locks.exclusively({ name: 'name' }, async () => {}),
  ).rejects.toMatchObject({ code: 'EACCES' });
});

test('a lock that cannot be signed does not stay', async () => {
  const { locks, path } = await open({ write: () => Promise.reject(failure('ENOSPC')) });
  await expect(locks.exclusively({ name: 'name' }, async () => {})).rejects.toMatchObject({
    code: 'ENOSPC',
  });
  expect(existsSync(path)).toBe(false);
});

test('who lost the lock while it stood still finds out, and takes nobody else’s away', async () => {
  const { locks, path } = await open();
  await locks.exclusively({ name: 'name' }, async (lock) => {
    lock.check();
    await NODE_CALLS.unlink(path);
    writeFileSync(path, '77-alive\nnull');
    expect(() => lock.check()).toThrow('stood still for so long that others took its lock');
  });
  expect(readFileSync(path, 'utf8')).toBe('77-alive\nnull');
});

test('a lock is touched while it is held, whatever becomes of the touching', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { locks, path } = await open();
  await locks.exclusively({ name: 'name' }, async () => {
    utimesSync(path, 1000, 1000);
    vi.advanceTimersByTime(2_000);
    await expect.poll(() => statSync(path).mtimeMs, { interval: 1 }).toBeGreaterThan(1_000_000);
  });
  expect(vi.getTimerCount()).toBe(0);

  let touches = 0;
  const failing = await open({
    async futimes() {
      touches += 1;
      throw failure('EIO');
    },
  });
  await failing.locks.exclusively({ name: 'name' }, async () => {
    vi.advanceTimersByTime(4_000);
  });
  expect(touches).toBe(2);
});

test('quick writes of the key are waited for; those of the dead and the late are ended', async () => {
  const { locks, work } = await open();
  const names = ['q.name.77-alive.1', 'q.name.78-dead.2', 'q.others.77-alive.3'];
  for (const name of names) writeFileSync(join(work, name), '');
  const order: string[] = [];
  const running = locks.exclusively({ name: 'name' }, async () => {
    order.push('work');
  });
  await expect.poll(() => existsSync(join(work, 'q.name.78-dead.2')), { interval: 1 }).toBe(false);
  order.push('written');
  await NODE_CALLS.unlink(join(work, 'q.name.77-alive.1'));
  await running;
  expect(order).toEqual(['written', 'work']);
  expect(readdirSync(work)).toEqual(['q.others.77-alive.3']);

  const late = await open({}, { now: fastClock(1_100) });
  writeFileSync(join(late.work, 'q.name.77-alive.1'), '');
  await late.locks.exclusively({ name: 'name' }, async () => {});
  expect(readdirSync(late.work)).toEqual([]);
});

test('a sweep removes the locks of the dead and their breakers, and mends by taking them', async () => {
  const { locks, folder, work, mended } = await open();
  const left = {
    'l.one': '77-dead\n{"work":"write","key":"one"}',
    'l.two.break': '77-dead\nnull',
    'l.three': '77-alive\nnull',
    'l.four': '77-elsewhere\nnull',
    'w.77-dead.1': '',
    'w.77-alive.1': '',
  };
  for (const [name, text] of Object.entries(left)) writeFileSync(join(work, name), text);
  expect(await locks.sweep(folder)).toBe(2);
  expect(mended).toEqual([{ work: 'write', key: 'one' }]);
  expect(readdirSync(work).sort()).toEqual(['l.four', 'l.three', 'w.77-alive.1']);
});

test('a sweep passes over a lock that goes while it looks', async () => {
  const { locks, folder, work } = await open({ open: () => Promise.reject(failure('ENOENT')) });
  writeFileSync(join(work, 'l.one'), '77-dead\nnull');
  expect(await locks.sweep(folder)).toBe(0);
});
