import { describe, expect, test } from 'vitest';
import { isWholePrefix, maxNameBytes, namePrefix, toKey, toName, toPath } from './supabase-keys.ts';

const VALID = /^[A-Za-z0-9_/!.*'() &$=@;:+,?-]+$/;

describe('toName', () => {
  test.each([
    ['photos/2026/cat.jpg', 'photos/2026/cat.jpg'],
    ["a!b*c'd() &$=@;:+,?", "a!b*c'd() &$=@;:+,?"],
    ['Zürich.txt', 'Z!C3!BCrich.txt'],
    ['100%', '100!25'],
    ['a#b', 'a!23b'],
    ['a\\b~c', 'a!5Cb!7Ec'],
    ['😀', '!F0!9F!98!80'],
    ['hello!', 'hello!'],
    ['hello!41', 'hello!41'],
    ['a!25', 'a!2125'],
    ['a!25!', 'a!25!'],
    ['a!/x%', 'a!/x!25'],
    ['a!%', 'a!21!25'],
    ['!C3', '!C3'],
    ['!C3!BC', '!21C3!21BC'],
  ])('gives %s the name %s, and back', (key, name) => {
    expect(toName(key, 'b')).toBe(name);
    expect(toKey(name)).toBe(key);
  });

  test('gives different keys different names, that the service takes', () => {
    const pieces = ['!', '%', '2', '1', '5', 'C3', 'BC', 'ü', '!25', '!21', 'a', '/x'];
    const names = new Map<string, string>();
    for (const one of pieces) {
      for (const two of pieces) {
        for (const three of pieces) {
          const key = `k${one}${two}${three}`;
          const name = toName(key, 'b');
          expect(name).toMatch(VALID);
          expect(toKey(name)).toBe(key);
          expect(names.get(name) ?? key).toBe(key);
          names.set(name, key);
        }
      }
    }
  });

  test('refuses what is too long with its escapes', () => {
    const most = maxNameBytes('photos');
    expect(most).toBe(959);
    expect(toName('x'.repeat(most), 'photos')).toHaveLength(most);
    expect(() => toName('ä'.repeat(most / 2), 'photos')).toThrow(
      expect.objectContaining({ code: 'invalid-key', outcome: 'not-applied' }),
    );
  });
});

describe('toKey', () => {
  test.each(['a!zz', 'a!', 'a!c3', 'a!FF', 'wow!-yes', 'a!41', '!21'])(
    'takes the name %s of another program as it is',
    (name) => {
      expect(toName(toKey(name), 'b')).toBe(name);
    },
  );
});

describe('namePrefix', () => {
  test.each([
    ['', ''],
    ['log', 'log'],
    ['ä/', '!C3!A4/'],
    ['a!b', 'a!'],
    ['a😀'.slice(0, 2), 'a'],
  ])('begins the names of all keys with %s with %s', (prefix, start) => {
    expect(namePrefix(prefix)).toBe(start);
  });
});

test('toPath escapes each segment', () => {
  expect(toPath(' a b/c?d/e+f ')).toBe('%20a%20b/c%3Fd/e%2Bf%20');
});

test.each([
  ['', true],
  ['log/', true],
  ['ä', true],
  ['a!', false],
  ['😀'.slice(0, 1), false],
])('isWholePrefix says of %s %s', (prefix, isWhole) => {
  expect(isWholePrefix(prefix)).toBe(isWhole);
});
