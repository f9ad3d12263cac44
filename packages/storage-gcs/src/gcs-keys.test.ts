import { compareKeys } from '@granary/storage-core/provider';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameBehind, toDelimiter, toKey, toName, toPath, toSegment } from './gcs-keys.ts';

const odd = fc.string({
  unit: fc.constantFrom('\u0001', '\u0002', '\t', '\n', '\v', '\f', '\r', '\u000e', 'a', '/'),
});

describe('names', () => {
  test('hold no line ends, and stand for one key each', () => {
    fc.assert(
      fc.property(odd, (key) => {
        const name = toName(key);
        expect(name).not.toMatch(/[\r\n]/);
        expect(toKey(name)).toBe(key);
      }),
    );
  });

  test('have the order and the prefixes of their keys', () => {
    fc.assert(
      fc.property(odd, odd, (one, other) => {
        const order = Math.sign(compareKeys(one, other));
        expect(Math.sign(compareKeys(toName(one), toName(other)))).toBe(order);
        expect(toName(one).startsWith(toName(other))).toBe(one.startsWith(other));
        const isBehind = compareKeys(toName(one), nameBehind(other)) >= 0;
        expect(isBehind).toBe(order > 0);
      }),
    );
  });

  test('are percent-encoded in paths', () => {
    expect(toSegment('a/b c%2F')).toBe('a%2Fb%20c%252F');
    expect(toPath('a/b c?#\n')).toBe('a/b%20c%3F%23%0B%01');
  });

  test('cannot be grouped by what is in escapes', () => {
    expect(toDelimiter('\n')).toBe('\v\u0001');
    expect(() => toDelimiter('\u0001')).toThrow(expect.objectContaining({ code: 'unsupported' }));
    expect(() => toDelimiter('\u0002x')).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});
