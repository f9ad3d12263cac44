import { describe, expect, it } from 'vitest';
import { isEqual, isSameBytes } from './is-equal.ts';

describe('isEqual', () => {
  it.each([
    [1, 1],
    [Number.NaN, Number.NaN],
    [null, null],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [new Date(5), new Date(5)],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
  ])('finds %o and %o equal', (one, other) => {
    expect(isEqual(one, other)).toBe(true);
  });

  it.each([
    [1, '1'],
    [0, -0],
    [null, undefined],
    [{ a: undefined }, {}],
    [{ a: 1 }, { b: 1 }],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [new Date(5), new Date(6)],
    [new Date(5), 5],
    [new Date(5), {}],
    [Uint8Array.of(1), Uint8Array.of(2)],
    [Uint8Array.of(1), [1]],
    [{}, null],
  ])('tells %o and %o apart', (one, other) => {
    expect(isEqual(one, other)).toBe(false);
    expect(isEqual(other, one)).toBe(false);
  });
});

describe('isSameBytes', () => {
  it('compares length and content', () => {
    expect(isSameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(isSameBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
    expect(isSameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  });
});
