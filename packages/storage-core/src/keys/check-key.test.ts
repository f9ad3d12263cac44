import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canStartKey, checkKey, isKey as isListedKey } from './check-key.ts';

/** The same rules, the slow way. */
function isKey(key: string, maxKeyBytes = 1024): boolean {
  return (
    key.isWellFormed() &&
    !key.includes('\0') &&
    new TextEncoder().encode(key).byteLength <= maxKeyBytes &&
    key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

const anyText = fc.oneof(
  fc.string({
    unit: fc.constantFrom('/', '.', 'a', '\0', '\ud800', '\udc00', '😀', 'é', '\uffff'),
  }),
  fc.string({ unit: 'binary' }),
);

describe('checkKey', () => {
  test.each([
    'a',
    'a/b',
    '...',
    '..a',
    'a..',
    '.a/b.',
    'a b',
    ' ',
    'C:\\x',
    '..\\x',
    '%2e%2e/x',
    '__proto__',
    '12345',
    '😀/é',
    '\u200f\uffff',
    'a'.repeat(1024),
    'é'.repeat(512),
  ])('takes %j', (key) => {
    expect(() => checkKey(key)).not.toThrow();
  });

  test.each([
    ['', 'not empty'],
    ['/', 'start with a slash'],
    ['/a', 'start with a slash'],
    ['a/', 'end with a slash'],
    ['a//b', 'empty segment'],
    ['.', 'segment "."'],
    ['..', 'segment ".."'],
    ['a/../b', 'segment ".."'],
    ['a/.', 'segment "."'],
    ['./a', 'segment "."'],
    ['a\0b', 'NUL'],
    ['\ud800', 'lone surrogate'],
    ['a\udc00', 'lone surrogate'],
    ['\ud800\ud800\udc00', 'lone surrogate'],
    ['a'.repeat(1025), 'at most 1024 bytes in UTF-8, this one has 1025'],
    ['😀'.repeat(257), 'this one has 1028'],
    [7 as unknown as string, 'is a string'],
  ])('refuses %j', (key, reason) => {
    expect(() => checkKey(key)).toThrow(reason);
    expect(() => checkKey(key)).toThrow(expect.objectContaining({ code: 'invalid-key' }));
  });

  test('names the key', () => {
    expect(() => checkKey('a//b')).toThrow(expect.objectContaining({ key: 'a//b' }));
  });

  test('keeps to the limit that it is given', () => {
    expect(() => checkKey('abcd', 4)).not.toThrow();
    expect(() => checkKey('abcde', 4)).toThrow('at most 4 bytes');
  });

  test('agrees with the rules on any text', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 20 }), (text, maxKeyBytes) => {
        let taken = true;
        try {
          checkKey(text, maxKeyBytes);
        } catch {
          taken = false;
        }
        expect(taken).toBe(isKey(text, maxKeyBytes));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('canStartKey', () => {
  test.each(['', 'a', 'a/', 'a/b', '.', '..', '../'.slice(0, 2), 'a/.', '.a/'])(
    'takes %j',
    (prefix) => {
      expect(canStartKey(prefix)).toBe(true);
    },
  );

  test.each(['/', '../', '../x', 'a/../', './', 'a//', '\0', '\ud800a', 'a'.repeat(1025)])(
    'refuses %j',
    (prefix) => {
      expect(canStartKey(prefix)).toBe(false);
    },
  );

  test('takes every start of a key', () => {
    fc.assert(
      fc.property(anyText, fc.nat(30), (key, at) => {
        fc.pre(isKey(key));
        const start = key.slice(0, at);
        fc.pre(start.isWellFormed());
        expect(canStartKey(start)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

test('tells names that are no keys, of any length', () => {
  expect(['a', 'a/b', '.a', 'x'.repeat(5000)].every(isListedKey)).toBe(true);
  expect(['', 'a/', '/a', 'a//b', '.', '../a', 'a\0', '\ud800'].some(isListedKey)).toBe(false);
});
