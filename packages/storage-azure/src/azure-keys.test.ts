import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OWN_NAMES, toGroup, toKey, toName, toNamePrefixes } from './azure-keys.ts';

/** Keys that are likely to be written in another way. */
const odd = fc.string({
  unit: fc.constantFrom(
    ...['a', '.', '/', '\\', '\u201b', '\u0001', '%', '\u{10ffff}', '\ue000', '0', '5', 'C', '😀'],
  ),
  maxLength: 12,
});

const isKey = (text: string) =>
  text !== '' && text.split('/').every((segment) => !['', '.', '..'].includes(segment));

describe('toName', () => {
  test.each([
    ['folder/file.txt', 'folder/file.txt'],
    ['ä b%2F?#', 'ä b%2F?#'],
    ['a\\b', 'a\u201b005Cb'],
    ['a.', 'a\u201b002E'],
    ['a../b', 'a.\u201b002E/b'],
    ['it\u201bs', 'it\u201b201Bs'],
    ['\u0001', '\u201b0001'],
    ['\u{10ffff}', '\u201bDBFF\u201bDFFF'],
  ])('writes %j as %j', (key, name) => {
    expect(toName(key)).toBe(name);
    expect(toKey(name)).toBe(key);
  });

  test('refuses what gets too long, and too many segments', () => {
    const refused = expect.objectContaining({ code: 'invalid-key' });
    expect(() => toName('\\'.repeat(300))).toThrow(refused);
    expect(() => toName('a/'.repeat(254).concat('a'))).toThrow(refused);
  });

  test('gives every key a name of its own, which is read back', () => {
    fc.assert(
      fc.property(odd.filter(isKey), (key) => {
        const name = toName(key);
        expect(toKey(name)).toBe(key);
        expect(name.startsWith(OWN_NAMES)).toBe(false);
      }),
    );
  });
});

describe('toKey', () => {
  test.each([
    'folder/',
    '/a',
    'a//b',
    'a.',
    'a\\b',
    'it\u201bs',
    `${OWN_NAMES}uploads/x`,
    'a\u201b0041',
  ])('knows no key of %j', (name) => {
    expect(toKey(name)).toBeUndefined();
  });
});

describe('toGroup', () => {
  test('reads the names of groups', () => {
    expect(toGroup('a\u201b002E/')).toBe('a./');
    expect(toGroup(OWN_NAMES)).toBeUndefined();
  });
});

describe('toNamePrefixes', () => {
  test.each([
    ['', ['']],
    ['a', ['a']],
    ['a.', ['a\u201b002E', 'a.']],
    ['a./b', ['a\u201b002E/b']],
    ['\ud800', []],
    ['\0', []],
    ['a'.repeat(2000), []],
  ])('of %j are %j', (prefix, starts) => {
    expect(toNamePrefixes(prefix)).toEqual(starts);
  });

  test('find every key with the prefix', () => {
    fc.assert(
      fc.property(odd.filter(isKey), fc.nat(12), (key, length) => {
        const prefix = key.slice(0, length);
        fc.pre(prefix.isWellFormed());
        const name = toName(key);
        const found = toNamePrefixes(prefix).filter((start) => name.startsWith(start));
        expect(found).toHaveLength(1);
      }),
    );
  });
});
