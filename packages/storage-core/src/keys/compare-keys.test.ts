import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from './compare-keys.ts';
import { joinKey } from './join-key.ts';
import { sortKeys } from './sort-keys.ts';

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '\uffff', '\ue000', '\ud7ff', '😀', '𐀀') }),
  fc.string({ unit: 'binary' }),
);

test('orders keys as their bytes in UTF-8 do', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareKeys(a, b))).toBe(bytes);
    }),
    { numRuns: 5000 },
  );
});

test('puts characters beyond the first plane last, unlike JavaScript', () => {
  expect('😀' < '\uffff').toBe(true);
  expect(compareKeys('😀', '\uffff')).toBeGreaterThan(0);
  expect(compareKeys('a', 'ab')).toBeLessThan(0);
  expect(compareKeys('a', 'a')).toBe(0);
});

test('joins a key to a prefix', () => {
  expect(joinKey('a/b', 'c')).toBe('a/b/c');
  expect(joinKey('', 'c')).toBe('c');
});

test('sorts keys as their bytes in UTF-8 do, with and without such characters', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(text, fc.string())), (keys) => {
      expect(sortKeys(keys)).toEqual([...keys].sort(compareKeys));
    }),
  );
});
