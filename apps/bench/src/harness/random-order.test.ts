import { describe, expect, test } from 'vitest';
import { seededRandom, shuffled } from './random-order.ts';

describe('seededRandom', () => {
  test('repeats its numbers for the same seed', () => {
    const first = seededRandom(7);
    const second = seededRandom(7);
    expect([first(), first(), first()]).toEqual([second(), second(), second()]);
  });

  test('spreads its numbers over 0 to 1', () => {
    const random = seededRandom(1);
    const numbers = Array.from({ length: 1000 }, random);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(numbers.filter((number) => number < 0.5).length).toBeGreaterThan(400);
  });
});

describe('shuffled', () => {
  test('keeps every item once', () => {
    const items = Array.from({ length: 20 }, (_, index) => index);
    const order = shuffled(items, seededRandom(3));
    expect(order).not.toEqual(items);
    expect([...order].sort((a, b) => a - b)).toEqual(items);
  });

  test('gives every item the first place sometimes', () => {
    const random = seededRandom(5);
    const firsts = new Set(Array.from({ length: 100 }, () => shuffled(['a', 'b', 'c'], random)[0]));
    expect(firsts).toEqual(new Set(['a', 'b', 'c']));
  });
});
