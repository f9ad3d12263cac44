import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { timeLimits } from './time-limits.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('timeLimits', () => {
  test('ends each in its time, with one timer for all', () => {
    const limits = timeLimits();
    const ended: string[] = [];
    const start = (name: string, ms: number) =>
      limits.start(ms, (limitMs) => ended.push(`${name} ${limitMs}`));
    start('a', 300);
    start('b', 100);
    const c = start('c', 200);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    expect(ended).toEqual(['b 100']);
    limits.stop(c);
    limits.stop(c);
    vi.advanceTimersByTime(199);
    expect(ended).toEqual(['b 100']);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(['b 100', 'a 300']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('starts the time again', () => {
    const limits = timeLimits();
    const end = vi.fn();
    const limit = limits.start(100, end);
    vi.advanceTimersByTime(99);
    limits.set(limit, 150);
    vi.advanceTimersByTime(149);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledExactlyOnceWith(150);
    limits.set(limit, 10);
    vi.advanceTimersByTime(10);
    expect(end).toHaveBeenLastCalledWith(10);
  });

  test('never ends what has no limit, or one beyond what a timer holds', () => {
    const limits = timeLimits();
    const end = vi.fn();
    limits.start(Number.POSITIVE_INFINITY, end);
    limits.start(2 ** 31, end);
    expect(vi.getTimerCount()).toBe(0);
    const limit = limits.start(100, end);
    limits.set(limit, Number.POSITIVE_INFINITY);
    vi.advanceTimersByTime(2 ** 31);
    expect(end).not.toHaveBeenCalled();
  });

  test('ends at once what has no time left', () => {
    const limits = timeLimits();
    const end = vi.fn();
    limits.start(-5, end);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(0);
    expect(end).toHaveBeenCalledExactlyOnceWith(-5);
  });

  test('keeps a process alive only while something is to end', () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const limits = timeLimits();
    const first = limits.start(100, () => {});
    const timer = set.mock.results[0]?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(true);
    limits.stop(first);
    expect(timer.hasRef()).toBe(false);
    const second = limits.start(100, () => {});
    expect(timer.hasRef()).toBe(true);
    expect(set).toHaveBeenCalledTimes(1);
    limits.stop(second);
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves no timer behind where a process stays alive for every timer', () => {
    let last = 0;
    const running = new Set<number>();
    vi.spyOn(globalThis, 'setTimeout').mockImplementation((() => {
      last += 1;
      running.add(last);
      return last;
    }) as never);
    vi.spyOn(globalThis, 'clearTimeout').mockImplementation(((id: number) => {
      running.delete(id);
    }) as never);
    const limits = timeLimits();
    const first = limits.start(100, () => {});
    const second = limits.start(200, () => {});
    expect([...running]).toEqual([1]);
    limits.stop(first);
    expect([...running]).toEqual([1]);
    limits.stop(second);
    expect([...running]).toEqual([]);
    limits.start(300, () => {});
    expect([...running]).toEqual([2]);
  });

  test('goes by a clock that does not jump', () => {
    const limits = timeLimits();
    const end = vi.fn();
    limits.start(100, end);
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(99);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledTimes(1);
  });
});
