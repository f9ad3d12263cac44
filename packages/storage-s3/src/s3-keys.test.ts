import { expect, test } from 'vitest';
import { copySource, decodeName, encodeKey } from './s3-keys.ts';

test('encodes the source of a copy', () => {
  expect(copySource('b', 'ä b/c+d?e')).toBe('b/%C3%A4%20b/c%2Bd%3Fe');
  expect(copySource('b', 'a', 'v+1')).toBe('b/a?versionId=v%2B1');
  expect(encodeKey('a/b c')).toBe('a/b%20c');
});

test('decodes names of both ways to write a space', () => {
  expect(decodeName('a+b%20c%2Bd')).toBe('a b c+d');
});
