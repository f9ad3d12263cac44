import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPart, lowerOf, placeOf, rootPath, toPath, toSegments } from './dropbox-keys.ts';

const namesOf = (key: string) => toPath(key, '').slice(1).split('/');

describe('names', () => {
  test.each([
    'a',
    'Photos/2026/Zürich 1.png',
    '文件/数据.txt',
    '100%.txt',
    'a%20b',
    '😀',
    '.hidden',
    'etc.',
    ' a',
  ])('keeps the ordinary key %j as it is', (key) =>
    expect(toPath(key, '/root')).toBe(`/root/${key}`),
  );

  test.each([
    ['a ', 'a%20'],
    ['a\u00a0', 'a%C2%A0'],
    ['a\\b', 'a%5Cb'],
    ['icon\r', 'icon%0D'],
    ['.DS_Store', '%2EDS_Store'],
    ['d/Thumbs.db/x', 'd/%54humbs.db/x'],
    ['~$letter.docx', '%7E$letter.docx'],
    ['.~lock', '%2E~lock'],
    ['~x.TMP', '%7Ex.TMP'],
    ['a%5cb', 'a%255cb'],
    ['cafe\u0301', 'cafe%CC%81'],
    ['cafe%CC%81', 'cafe%25CC%2581'],
  ])('writes %j as %j', (key, path) => {
    expect(toPath(key, '')).toBe(`/${path}`);
    expect(toSegments(namesOf(key))).toBe(key);
  });

  test('cuts a segment that is too long into folders, counted in characters', () => {
    const key = `${'x'.repeat(600)}/end`;
    const names = namesOf(key);
    expect(names.every((name) => [...name].length <= 255)).toBe(true);
    expect(names.slice(0, 2).every(isPart)).toBe(true);
    expect(toSegments(names)).toBe(key);
    expect(toSegments(names.slice(0, 1))).toBeUndefined();
    const wide = '文'.repeat(250);
    expect(namesOf(wide)).toEqual([wide]);
    expect(toSegments([wide])).toBe(wide);
  });

  test('are told apart by the service, and read back', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
      .filter((text) => !/[/\0]/.test(text) && text.isWellFormed() && !/^\.{1,2}$/.test(text));
    const escaped = fc
      .array(
        fc.constantFrom('%', '2', '5', 'C', 'c', 'A', '8', '\u0301', 'e', '\\', ' ', '-', '^'),
        { minLength: 1, maxLength: 8 },
      )
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.oneof(segment, escaped), (text) => {
        const names = namesOf(text);
        expect(toSegments(names)).toBe(text);
        expect(names.join('/').normalize('NFC')).toBe(names.join('/'));
      }),
    );
    fc.assert(
      fc.property(escaped, escaped, (one, other) => {
        fc.pre(
          lowerOf(one) !== lowerOf(other) &&
            one.normalize('NFC') === one &&
            other.normalize('NFC') === other,
        );
        expect(lowerOf(toPath(one, ''))).not.toBe(lowerOf(toPath(other, '')));
      }),
    );
  });

  test('of others that no key has are none', () => {
    expect(toSegments(['~$letter.docx'])).toBeUndefined();
    expect(toSegments(['a%-'])).toBeUndefined();
  });
});

test('takes a root with and without slashes, and refuses what is none', () => {
  expect(rootPath('')).toBe('');
  expect(rootPath('/')).toBe('');
  expect(rootPath('Apps/My App/')).toBe('/Apps/My App');
  for (const root of ['a//b', 'a /b', '../x', 'a\\b']) {
    expect(() => rootPath(root)).toThrow('"root"');
  }
});

test('takes prefixes apart', () => {
  expect(placeOf('')).toEqual({ folder: '', start: '' });
  expect(placeOf('log')).toEqual({ folder: '', start: 'log' });
  expect(placeOf('a/b/lo')).toEqual({ folder: 'a/b', start: 'lo' });
  expect(placeOf('a/')).toEqual({ folder: 'a', start: '' });
  for (const prefix of ['/', '../', 'a//', 'a/../b', '\ud800'])
    expect(placeOf(prefix)).toBeUndefined();
});
