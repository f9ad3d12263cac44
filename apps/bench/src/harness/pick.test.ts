import { expect, test } from 'vitest';
import { pick } from './pick.ts';

test('picks over and over from the start', () => {
  expect([0, 1, 2, 3].map((index) => pick(['a', 'b'], index))).toEqual(['a', 'b', 'a', 'b']);
});

test('refuses an empty list', () => {
  expect(() => pick([], 0)).toThrow(RangeError);
});
