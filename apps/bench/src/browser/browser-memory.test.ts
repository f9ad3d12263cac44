import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BrowserMemoryFacts, watchBrowserMemory } from './browser-memory.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const KIB = 1024;

/** A browser, its page, and a stranger; `undefined` for a process that has ended. */
function factsOf(held: Map<number, string | undefined>): BrowserMemoryFacts {
  const parents = new Map([
    [1, 0],
    [2, 1],
    [3, 2],
    [9, 0],
  ]);
  return {
    entries: () => Array.from(parents, ([id, parentId]) => ({ id, parentId, cpuMs: 0 })),
    statusOf(id) {
      const status = held.get(id);
      if (status === undefined) throw new Error('ESRCH');
      return status;
    },
  };
}

const status = (anonymous: number, rest: number) =>
  `VmRSS:\t99 kB\nRssAnon:\t  ${anonymous} kB\nRssFile:\t 77 kB\nRssShmem:\t${rest} kB\n`;

describe('watchBrowserMemory', () => {
  test('tells the peak of all processes below one over what they held', () => {
    const held = new Map<number, string | undefined>([
      [1, status(100, 10)],
      [2, status(50, 0)],
      [9, status(5000, 0)],
    ]);
    const watch = watchBrowserMemory(1, factsOf(held));
    held.set(3, status(40, 5));
    vi.advanceTimersByTime(30);
    held.set(3, undefined);
    held.set(9, status(9000, 0));
    vi.advanceTimersByTime(30);
    expect(watch.stop()).toBe(45 * KIB);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tells nothing where the system does not', () => {
    const watch = watchBrowserMemory(1, { entries: () => undefined, statusOf: () => '' });
    expect(watch.stop()).toBeUndefined();
  });

  test('reads the running system', () => {
    expect(watchBrowserMemory(process.pid).stop()).toBeGreaterThanOrEqual(0);
  });
});
