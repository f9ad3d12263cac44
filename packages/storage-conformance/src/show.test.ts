import { expect, it } from 'vitest';
import { show } from './show.ts';

it.each([
  ['a "b"', '"a \\"b\\""'],
  [12, '12'],
  [-0, '-0'],
  [5n, '5n'],
  [undefined, 'undefined'],
  [null, 'null'],
  [function named() {}, 'function named'],
  [new Date(0), 'Date 1970-01-01T00:00:00.000Z'],
  [new Date(Number.NaN), 'Date invalid'],
  [new TypeError('no'), 'TypeError: no'],
  [[1, { a: 'b' }], '[1, {"a": "b"}]'],
  [Uint8Array.of(1, 255), '2 bytes <01 ff>'],
  [new Uint8Array(20), `20 bytes <${'00 '.repeat(16)}…>`],
  [{ a: { b: { c: { d: { e: 1 } } } } }, '{"a": {"b": {"c": {"d": …}}}}'],
])('shows %o', (value, text) => {
  expect(show(value)).toBe(text);
});

it('shows a function without a name', () => {
  expect(
    show(
      (
        () => () =>
          1
      )(),
    ),
  ).toBe('function (anonymous)');
});

it('cuts what is too long', () => {
  expect(show('x'.repeat(1000))).toMatch(/^"x{299} … \(1002 characters\)$/);
});
