import { expect, test } from 'vitest';
import { nativeText, readOnlyError } from './vault-errors.ts';

test.each([
  [new Error('first line\nsecond line'), 'first line.'],
  [new Error('It ended!'), 'It ended!'],
  ['a text', 'a text.'],
  [new Error(' '), 'it failed for a reason that was not given.'],
  [undefined, 'it failed for a reason that was not given.'],
  [{ message: 7 }, 'it failed for a reason that was not given.'],
])('the text of %o is told in a line', (error, text) => {
  expect(nativeText(error)).toBe(text);
});

test('a place that is read-only says so', () => {
  expect(readOnlyError()).toMatchObject({ code: 'permission-denied', outcome: 'not-applied' });
});
