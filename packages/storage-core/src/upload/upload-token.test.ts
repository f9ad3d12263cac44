import { expect, test } from 'vitest';
import { decodeToken, encodeToken } from './upload-token.ts';

const FIELDS = { id: 'abc', partBytes: 8, odd: ['ä', null] };

test('gives back what it was given, for the same key', () => {
  const token = encodeToken('a/ä', FIELDS);
  expect(token).toMatch(/^[\w-]+$/);
  expect(decodeToken('a/ä', token)).toEqual(FIELDS);
});

test('refuses a token of another key, a changed one and what is none', () => {
  const token = encodeToken('a', FIELDS);
  const wrong = [
    encodeToken('b', FIELDS),
    `${token}x`,
    token.slice(0, -2),
    token.split('').reverse().join(''),
    `${token}=`,
    'nonsense',
    '',
    btoa('{}').replaceAll('=', ''),
  ];
  for (const each of wrong) {
    expect(() => decodeToken('a', each)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  }
});
