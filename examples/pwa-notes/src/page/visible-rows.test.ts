import { describe, expect, test } from 'vitest';
import { rowAfterKey, rowsToDraw, scrollTopFor } from './visible-rows.ts';

const ROWS = { scrollTop: 0, viewportHeight: 100, rowHeight: 20, count: 1000 };

describe('rowsToDraw', () => {
  test.each([
    [0, 1000, 0, 8],
    [50, 1000, 0, 10],
    [1000, 1000, 48, 58],
    [19_900, 1000, 993, 1000],
    [-30, 1000, 0, 8],
    [99_999, 10, 10, 10],
    [0, 3, 0, 3],
    [0, 0, 0, 0],
  ])('at %d px of %d rows are %d up to %d', (scrollTop, count, start, end) => {
    expect(rowsToDraw({ ...ROWS, scrollTop, count }, 2)).toEqual({ start, end });
  });

  test('cover the whole view at every place', () => {
    for (let scrollTop = 0; scrollTop <= 19_900; scrollTop += 7) {
      const { start, end } = rowsToDraw({ ...ROWS, scrollTop }, 0);
      expect(start * 20).toBeLessThanOrEqual(scrollTop);
      expect(end * 20).toBeGreaterThanOrEqual(Math.min(20_000, scrollTop + 100));
    }
  });
});

test('scrollTopFor moves no more than it must', () => {
  const rows = { ...ROWS, scrollTop: 200 };
  expect(scrollTopFor(5, rows)).toBe(100);
  expect(scrollTopFor(12, rows)).toBe(200);
  expect(scrollTopFor(20, rows)).toBe(320);
});

test('rowAfterKey follows the keys of a list box, within the list', () => {
  const after = (key: string, active: number) => rowAfterKey(key, active, { ...ROWS, count: 10 });
  expect(after('ArrowDown', -1)).toBe(0);
  expect(after('ArrowDown', 9)).toBe(9);
  expect(after('ArrowUp', 0)).toBe(0);
  expect(after('PageDown', 1)).toBe(5);
  expect(after('PageUp', 2)).toBe(0);
  expect(after('Home', 7)).toBe(0);
  expect(after('End', 0)).toBe(9);
  expect(after('a', 0)).toBeUndefined();
  expect(rowAfterKey('End', 0, { ...ROWS, count: 0 })).toBeUndefined();
});
