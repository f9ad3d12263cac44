import { describe, expect, test } from 'vitest';
import { distribution, median, pairwiseRatio, quantile, summarize } from './statistics.ts';

describe('quantile', () => {
  test('interpolates between the two values around the position', () => {
    expect(quantile([40, 10, 30, 20], 0.5)).toBe(25);
    expect(quantile([10, 20, 30, 40, 50], 0.95)).toBeCloseTo(48);
  });

  test('gives the ends for 0 and 1', () => {
    expect(quantile([3, 1, 2], 0)).toBe(1);
    expect(quantile([3, 1, 2], 1)).toBe(3);
  });

  test('leaves the values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('refuses an empty list', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe('summarize', () => {
  test('takes the low end as the slow one where more is better', () => {
    const values = Array.from({ length: 101 }, (_, index) => index);
    expect(summarize(values, 'higher')).toEqual({ runs: 101, median: 50, p95: 5, best: 100 });
  });

  test('takes the high end as the slow one where less is better', () => {
    const values = Array.from({ length: 101 }, (_, index) => index);
    expect(summarize(values, 'lower')).toEqual({ runs: 101, median: 50, p95: 95, best: 0 });
  });
});

describe('pairwiseRatio', () => {
  test('compares values of the same round, so that a slow round slows both', () => {
    const fast = [200, 100, 20];
    const slow = [100, 50, 10];
    expect(pairwiseRatio(fast, slow, 'higher')).toEqual({ median: 2, low: 2, high: 2, pairs: 3 });
  });

  test('is above 1 for the one that takes less where less is better', () => {
    expect(pairwiseRatio([10], [20], 'lower')?.median).toBe(2);
  });

  test('tells the range of 80 of 100 pairs', () => {
    const ratio = pairwiseRatio([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], Array(11).fill(1), 'higher');
    expect(ratio).toEqual({ median: 6, low: 2, high: 10, pairs: 11 });
  });

  test('pairs what both have when one ran less often', () => {
    expect(pairwiseRatio([2, 2, 2], [1], 'higher')?.pairs).toBe(1);
  });

  test('leaves out rounds in which one of them is nothing', () => {
    expect(pairwiseRatio([0, 4, 1], [2, 2, 0], 'lower')).toMatchObject({ median: 0.5, pairs: 1 });
    expect(pairwiseRatio([0], [0], 'lower')).toBeUndefined();
  });

  test('is undefined when no round has both', () => {
    expect(pairwiseRatio([], [1], 'higher')).toBeUndefined();
  });
});

describe('distribution', () => {
  test('sums up single times', () => {
    expect(distribution([1, 2, 3, 4, 100])).toEqual({
      count: 5,
      p50: 3,
      p95: expect.closeTo(80.8),
      max: 100,
    });
  });
});
