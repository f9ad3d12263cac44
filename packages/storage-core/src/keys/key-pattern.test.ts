import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestPattern, matchesPattern } from './key-pattern.ts';

describe('matchesPattern', () => {
  test.each([
    ['users/*', 'users/1', true],
    ['users/*', 'users/1/2', true],
    ['users/*', 'users/', true],
    ['users/*', 'user', false],
    ['*', 'anything/at.all', true],
    ['a*c', 'ac', true],
    ['a*c', 'abc', true],
    ['a*c', 'abcd', false],
    ['aa*aa', 'aaa', false],
    ['*/meta/*', 'a/meta/b', true],
    ['*/meta/*', 'a/met/b', false],
    ['a*b*c', 'a1b2c', true],
    ['a*b*bc', 'abc', false],
    ['exact', 'exact', true],
    ['exact', 'exactly', false],
    ['[a].?', '[a].?', true],
  ])('%s for %s is %s', (pattern, key, expected) => {
    expect(matchesPattern(pattern, key)).toBe(expected);
  });

  test('is what an expression of the pattern says', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
    fc.assert(
      fc.property(patterns, text, (pattern, key) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's');
        return matchesPattern(pattern, key) === expression.test(key);
      }),
      { numRuns: 2000 },
    );
  });

  test('takes linear time for a pattern made to be slow', () => {
    const startedAt = performance.now();
    expect(matchesPattern(`${'a*'.repeat(50)}b`, 'a'.repeat(100_000))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('bestPattern', () => {
  const patterns = ['*', 'users/*', 'users/*/settings', 'users/admin', 'u*'];

  test.each([
    ['users/admin', 'users/admin'],
    ['users/1', 'users/*'],
    ['users/1/settings', 'users/*/settings'],
    ['up', 'u*'],
    ['other', '*'],
  ])('of %s is %s', (key, expected) => {
    expect(bestPattern(patterns, key)).toBe(expected);
  });

  test('is none where nothing matches', () => {
    expect(bestPattern(['a/*'], 'b')).toBeUndefined();
  });
});
