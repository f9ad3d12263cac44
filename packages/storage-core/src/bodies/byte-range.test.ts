import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ByteRange } from '../contract/body.ts';
import { checkRange, parseContentRange, rangeHeader, resolveRange } from './byte-range.ts';

describe('checkRange', () => {
  test.each<ByteRange>([
    { offset: 0 },
    { offset: 3, length: 1 },
    { suffix: 1 },
    { offset: 2 ** 40, length: 2 ** 40 },
  ])('takes %o', (range) => {
    expect(() => checkRange(range)).not.toThrow();
  });

  test.each([
    {},
    { offset: -1 },
    { offset: 1.5 },
    { offset: Number.NaN },
    { offset: 0, length: 0 },
    { offset: 0, length: -1 },
    { offset: 0, length: Number.POSITIVE_INFINITY },
    { suffix: 0 },
    { suffix: -1 },
    { suffix: 1, offset: 0 },
    { suffix: 1, length: 1 },
    { length: 1 },
    { offset: '0' },
  ])('refuses %o', (range) => {
    expect(() => checkRange(range as ByteRange)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('resolveRange', () => {
  test.each<[ByteRange, { offset: number; length: number }]>([
    [
      { offset: 0, length: 1 },
      { offset: 0, length: 1 },
    ],
    [{ offset: 4 }, { offset: 4, length: 6 }],
    [
      { offset: 9, length: 99 },
      { offset: 9, length: 1 },
    ],
    [{ suffix: 3 }, { offset: 7, length: 3 }],
    [{ suffix: 99 }, { offset: 0, length: 10 }],
  ])('of ten bytes reads %o as %o', (range, resolved) => {
    expect(resolveRange(range, 10)).toEqual(resolved);
  });

  test('is never larger than the object and never empty', () => {
    const range = fc.oneof(
      fc.record({ offset: fc.nat(30), length: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ suffix: fc.integer({ min: 1, max: 30 }) }),
    );
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 20 }), (asked, size) => {
        fc.pre(!('offset' in asked) || asked.offset < size);
        const all = Array.from({ length: size }, (_, index) => index);
        const part =
          'suffix' in asked
            ? all.slice(-asked.suffix)
            : all.slice(asked.offset, asked.offset + asked.length);
        const { offset, length } = resolveRange(asked, size);
        expect(all.slice(offset, offset + length)).toEqual(part);
      }),
    );
  });

  test.each<[ByteRange, number]>([
    [{ offset: 10 }, 10],
    [{ offset: 11, length: 1 }, 10],
    [{ offset: 0 }, 0],
    [{ suffix: 5 }, 0],
  ])('finds nothing for %o of %i bytes', (range, size) => {
    expect(() => resolveRange(range, size)).toThrow(
      expect.objectContaining({ code: 'range-not-satisfiable' }),
    );
  });
});

test('writes the header of a range', () => {
  expect(rangeHeader({ offset: 0, length: 10 })).toBe('bytes=0-9');
  expect(rangeHeader({ offset: 5 })).toBe('bytes=5-');
  expect(rangeHeader({ suffix: 7 })).toBe('bytes=-7');
});

test('reads the header of an answer', () => {
  expect(parseContentRange('bytes 0-9/100')).toEqual({
    range: { offset: 0, length: 10 },
    totalBytes: 100,
  });
  expect(parseContentRange(' bytes 5-5/* ')).toEqual({
    range: { offset: 5, length: 1 },
    totalBytes: undefined,
  });
  for (const header of ['', 'bytes */100', 'bytes 9-0/10', 'items 0-9/10', 'bytes 0-9']) {
    expect(parseContentRange(header)).toBeUndefined();
  }
});
