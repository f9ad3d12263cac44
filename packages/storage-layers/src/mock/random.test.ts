import { expect, test } from 'vitest';
import { seededRandom } from './random.ts';

const numbers = (seed: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: 10_000 }, random);
};

test('gives the same numbers for the same seed, and others for another', () => {
  expect(numbers(1)).toEqual(numbers(1));
  expect(numbers(1)).not.toEqual(numbers(2));
});

test('spreads its numbers evenly from 0 to 1', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const number of numbers(7)) {
    expect(number).toBeGreaterThanOrEqual(0);
    expect(number).toBeLessThan(1);
    tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] ?? 0) + 1;
  }
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
