import { describe, expect, test } from 'vitest';
import { isUsageError } from '../exit-codes.ts';
import { parseComparisons, parseMetadata } from './metadata.ts';
import { parseFuture, parsePast } from './moment.ts';
import { parseRange } from './range.ts';
import { parseSize } from './size.ts';
import { parseWholeNumber } from './whole-number.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

function expectUsageError(call: () => unknown): void {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  expect(isUsageError(error)).toBe(true);
}

describe('parseSize', () => {
  test.each([
    ['0', 0],
    ['512', 512],
    ['512B', 512],
    ['10k', 10_000],
    ['10kB', 10_000],
    ['10KiB', 10_240],
    ['1.5GiB', 1_610_612_736],
    ['2 TB', 2e12],
  ])('reads %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', 'MB', '-1', '1e3', '10 parsecs', '1.2.3'])('refuses %j', (text) => {
    expectUsageError(() => parseSize(text));
  });
});

describe('parsePast and parseFuture', () => {
  test.each([
    ['90s', '2026-03-01T11:58:30.000Z'],
    ['30m', '2026-03-01T11:30:00.000Z'],
    ['12h', '2026-03-01T00:00:00.000Z'],
    ['1.5d', '2026-02-28T00:00:00.000Z'],
    ['2w', '2026-02-15T12:00:00.000Z'],
    ['1y', '2025-03-01T12:00:00.000Z'],
    ['2025-12-24', '2025-12-24T00:00:00.000Z'],
    ['2025-12-24T18:00:00Z', '2025-12-24T18:00:00.000Z'],
  ])('reads %s as a moment before', (text, iso) => {
    expect(parsePast(text, NOW).toISOString()).toBe(iso);
  });

  test('reads a span as a moment to come', () => {
    expect(parseFuture('1d', NOW).toISOString()).toBe('2026-03-02T12:00:00.000Z');
    expect(parseFuture('2027-01-01', NOW).toISOString()).toBe('2027-01-01T00:00:00.000Z');
  });

  test.each(['', 'yesterday', '5', '3 d', '2026-13-01', '12/24/2025'])('refuses %j', (text) => {
    expectUsageError(() => parsePast(text, NOW));
    expectUsageError(() => parseFuture(text, NOW));
  });
});

describe('parseMetadata', () => {
  test('keeps text as text and reads JSON after :=', () => {
    expect(
      parseMetadata(['a=1', 'b:=1', 'c:=[true,null]', 'd=x=y', 'e=', 'f:={"g":1}', 'h="q"']),
    ).toEqual({ a: '1', b: 1, c: [true, null], d: 'x=y', e: '', f: { g: 1 }, h: '"q"' });
  });

  test.each(['', 'a', '=a', ':=1', 'a:=nope'])('refuses %j', (text) => {
    expectUsageError(() => parseMetadata([text]));
  });
});

describe('parseComparisons', () => {
  test('reads every sign', () => {
    expect(
      parseComparisons(['a=1', 'b!=x', 'c>2', 'd>=2.5', 'e<-3', 'f<=4', 'g~bor', 'h', 'i=true']),
    ).toEqual({
      a: { eq: 1 },
      b: { ne: 'x' },
      c: { gt: 2 },
      d: { gte: 2.5 },
      e: { lt: -3 },
      f: { lte: 4 },
      g: { contains: 'bor' },
      h: { exists: true },
      i: { eq: true },
    });
  });

  test('joins comparisons of one name', () => {
    expect(parseComparisons(['iso>=100', 'iso<400'])).toEqual({ iso: { gte: 100, lt: 400 } });
  });

  test('keeps text that only looks like a number', () => {
    expect(parseComparisons(['zip=01234', 'v=1.10', 'n=null', 'f=false', 'e='])).toEqual({
      zip: { eq: '01234' },
      v: { eq: '1.10' },
      n: { eq: null },
      f: { eq: false },
      e: { eq: '' },
    });
  });

  test.each(['', '=a', '>3'])('refuses %j', (text) => {
    expectUsageError(() => parseComparisons([text]));
  });
});

describe('parseRange', () => {
  test.each([
    ['0-99', { offset: 0, length: 100 }],
    ['5-5', { offset: 5, length: 1 }],
    ['100-', { offset: 100 }],
    ['-100', { suffix: 100 }],
  ])('reads %s', (text, range) => {
    expect(parseRange(text)).toEqual(range);
  });

  test.each(['', '-', '9-1', 'a-b', '1'])('refuses %j', (text) => {
    expectUsageError(() => parseRange(text));
  });
});

describe('parseWholeNumber', () => {
  test('reads whole numbers from the least on', () => {
    expect(parseWholeNumber('12', 1)).toBe(12);
    expect(parseWholeNumber('0', 0)).toBe(0);
  });

  test.each(['', '0', '-1', '1.5', '1e3', 'x', '99999999999999999999'])('refuses %j', (text) => {
    expectUsageError(() => parseWholeNumber(text, 1));
  });
});
