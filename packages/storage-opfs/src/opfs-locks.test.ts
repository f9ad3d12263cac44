import { describe, expect, test } from 'vitest';
import { openLocks } from './opfs-locks.ts';
import { patiently } from './opfs-patience.ts';
import { clockPast } from './opfs-temp.ts';

describe.each([
  ['Web Locks', globalThis.navigator?.locks],
  ['a queue of its own', undefined],
] as const)('locks by %s', (_, manager) => {
  test('let work with a name in common run one after another, in whatever order it is named', async () => {
    const locks = openLocks(manager);
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return running;
    };
    const failing = locks.exclusively(['a'], undefined, () => Promise.reject(new Error('odd')));
    const all = [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'a'],
    ].map((names) => locks.exclusively(names, undefined, work));
    await expect(failing).rejects.toThrow('odd');
    expect(await Promise.all(all)).toEqual([0, 0, 0]);
    expect(most).toBe(1);
  });

  test('are held until they are let go of, and waiting can be given up', async () => {
    const locks = openLocks(manager);
    const release = await locks.hold('held');
    const held = await locks.held();
    expect(held?.has('held')).toBe(manager === undefined ? undefined : true);
    const abort = new AbortController();
    const waiting = locks.exclusively(['held'], abort.signal, async () => 'too late');
    abort.abort(new Error('enough'));
    release();
    await expect(waiting).rejects.toThrow();
    expect(await locks.exclusively(['held'], undefined, async () => 'free')).toBe('free');
  });
});

test('what is locked for a moment is tried again, and other failures are not', async () => {
  let count = 0;
  const locked = new DOMException('', 'NoModificationAllowedError');
  const work = () => {
    count += 1;
    return count < 4 ? Promise.reject(locked) : Promise.resolve('done');
  };
  const waits: number[] = [];
  const wait = async (ms: number) => waits.push(ms);
  expect(await patiently(work, wait)).toBe('done');
  expect(waits).toEqual([1, 2, 4]);
  count = -100;
  await expect(patiently(work, wait)).rejects.toBe(locked);
  expect(Math.max(...waits)).toBe(50);
  expect(count).toBe(-60);
  await expect(patiently(() => Promise.reject(new Error('odd')))).rejects.toThrow('odd');
});

test('a time just ahead is waited for, and one of another clock is not', async () => {
  let now = 100;
  const clock = () => {
    now += 1;
    return now;
  };
  await clockPast(103, clock);
  expect(now).toBeGreaterThan(103);
  const before = now;
  await clockPast(1_000_000, clock);
  expect(now - before).toBeLessThan(4);
});
