import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyNames, lockNameOf } from './fs-keys.ts';

const names = keyNames({ companionNames: /\.meta\.json$/, foldsCase: false });
const folding = keyNames({ companionNames: /\.meta\.json$/, foldsCase: true });

test.each(['a', 'config/app.json', 'photos/2026/cat 1.png', 'é/ü.txt', '100%.txt', 'a%20b'])(
  'keeps the ordinary key %j as its path',
  (key) => {
    expect(names.pathOf(key)).toBe(key);
  },
);

test.each([
  ['aux.txt', '%61ux.txt'],
  ['CON', '%43ON'],
  ['a:b', 'a%3Ab'],
  ['end.', 'end%2E'],
  ['end ', 'end%20'],
  ['x.meta.json', 'x%2Emeta.json'],
  ['.granary/x', '%2Egranary/x'],
])('writes %j as %j', (key, path) => {
  expect(names.pathOf(key)).toBe(path);
  expect(names.isPlain(key)).toBe(false);
});

test('cuts a segment that is too long into folders', () => {
  const key = 'x'.repeat(1000);
  const path = names.pathOf(key);
  expect(path.split('/').every((name) => name.length <= 230)).toBe(true);
  expect(names.segmentOf(path, 'file')).toEqual({ segment: key, rank: 0 });
});

test('gives second names that are told apart by role', () => {
  expect(names.namesOf('a.json', 'file', true)).toEqual(['a.json', 'a%+f.json']);
  expect(names.namesOf('a', 'folder', true)).toEqual(['a', 'a%+d']);
  expect(names.segmentOf('a%+f.json', 'file')).toEqual({ segment: 'a.json', rank: 1 });
  expect(names.segmentOf('a%+d', 'folder')).toEqual({ segment: 'a', rank: 1 });
});

test('finds a file under the name that a person gave it', () => {
  expect(names.namesOf('a:b', 'file', false)).toEqual(['a%3Ab', 'a:b']);
  expect(names.segmentOf('a:b', 'file')).toEqual({ segment: 'a:b', rank: 2 });
  expect(names.segmentOf('a.meta.json', 'file')).toBeUndefined();
});

test('writes names that differ in letter case as different names in any case', () => {
  const paths = ['readme', 'README', 'Readme'].map((key) => folding.pathOf(key).toLowerCase());
  expect(new Set(paths).size).toBe(3);
  expect(lockNameOf('README')).toBe(lockNameOf('readme'));
});

test.each([names, folding])('every segment has a name of its own that is read back', (codec) => {
  const segment = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
    .filter((text) => !/[/\0]/.test(text) && text.isWellFormed() && !/^\.{1,2}$/.test(text));
  fc.assert(
    fc.property(segment, (text) => {
      const path = codec.pathOf(text);
      expect(codec.segmentOf(path, 'file')).toEqual({ segment: text, rank: 0 });
    }),
  );
});
