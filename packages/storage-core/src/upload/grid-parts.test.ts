import { expect, test } from 'vitest';
import { gridPartNumber, wholeBytes } from './grid-parts.ts';
import { partGrid } from './part-grid.ts';

const STEP = 8 * 1024 * 1024;
const refused = expect.objectContaining({ code: 'invalid-argument', outcome: 'not-applied' });

test('a part that keeps the rules has a number', () => {
  const total = 2 * STEP + 7;
  const grid = partGrid(total, 10_000);
  expect(gridPartNumber(grid, total, 0, STEP)).toBe(1);
  expect(gridPartNumber(grid, total, 2 * STEP, 7)).toBe(3);
  expect(gridPartNumber(partGrid(undefined, 10_000), undefined, STEP, 7)).toBe(2);
});

test.each([
  ['begins between two places', 1, STEP, 'cannot start at 1'],
  ['ends behind the upload', 2 * STEP, 8, 'behind the'],
  ['is short and not the last', 0, 5, 'all but the last'],
])('a part that %s is refused', (_, offset, length, reason) => {
  const total = 2 * STEP + 7;
  const attempt = () => gridPartNumber(partGrid(total, 10_000), total, offset, length);
  expect(attempt).toThrow(refused);
  expect(attempt).toThrow(reason);
});

test('parts make a whole without holes, overlaps and a missing end', () => {
  const part = (offset: number, length: number) => ({ offset, length });
  expect(wholeBytes([], undefined)).toBe(0);
  expect(wholeBytes([part(0, 8), part(8, 3)], 11)).toBe(11);
  expect(() => wholeBytes([part(8, 3)], 11)).toThrow('from 0 to 8 are missing');
  expect(() => wholeBytes([part(0, 9), part(8, 3)], 11)).toThrow('overlaps');
  expect(() => wholeBytes([part(0, 8)], 11)).toThrow('from 8 to 11 are missing');
  expect(() => wholeBytes([part(8, 3)], undefined)).toThrow(refused);
});
