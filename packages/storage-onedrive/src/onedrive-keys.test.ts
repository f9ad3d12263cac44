import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyNames } from './onedrive-keys.ts';

const whole = keyNames([]);
const folder = keyNames(['Documents', 'Granary']);

describe('a key', () => {
  test.each(['a', 'Notes/a b.md', 'März/#1 100%.txt', 'forms.txt', 'COMMON', 'a~', '.git/HEAD'])(
    '%s is its own path',
    (key) => {
      expect(whole.pathOf(key).join('/')).toBe(key);
    },
  );

  test.each([
    ['a:b', 'a%3Ab'],
    ['a"*<>?\\|', 'a%22%2A%3C%3E%3F%5C%7C'],
    ['con', '%63on'],
    ['LPT9', '%4CPT9'],
    ['.lock', '%2Elock'],
    ['x_VTI_y', 'x%5FVTI_y'],
    ['~$a', '%7E$a'],
    [' a', '%20a'],
    ['a ', 'a%20'],
    ['a.', 'a%2E'],
    ['Desktop.ini', '%44esktop.ini'],
    ['Forms', '%46orms'],
    ['a\u0007', 'a%07'],
  ])('%j is written as %s', (key, name) => {
    expect(whole.pathOf(key)).toEqual([name]);
    expect(whole.keyOf([name])).toBe(key);
    expect(whole.segmentOf(name, true)).toBe(key);
  });

  test('named forms is reserved at the top of a library alone', () => {
    expect(whole.pathOf('a/forms')).toEqual(['a', 'forms']);
    expect(folder.pathOf('forms')).toEqual(['forms']);
  });

  test('has room for what the folder of the storage leaves', () => {
    expect(whole.maxKeyBytes).toBe(394);
    expect(folder.maxKeyBytes).toBe(394 - 'Documents/Granary/'.length);
    const longest = 'a'.repeat(whole.maxKeyBytes);
    const names = whole.pathOf(longest);
    expect(names.join('/').length).toBeLessThanOrEqual(400);
    expect(whole.keyOf(names)).toBe(longest);
    expect(whole.keyOf(names.slice(0, 1))).toBeUndefined();
    expect(whole.keyOf(['a%-', 'b'])).toBeUndefined();
    expect(() => whole.pathOf('?'.repeat(150))).toThrow(/453 characters/);
  });

  test('comes back from its path', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((text) => !/[/\0]|^\.{1,2}$/.test(text) && text.isWellFormed());
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), (segments) => {
        const key = segments.join('/');
        if (key.length > 30) return;
        const names = whole.pathOf(key);
        expect(whole.keyOf(names)).toBe(key);
        for (const name of names) expect(name).not.toMatch(/["*:<>?\\|]|^[\s~]|[\s.]$/u);
      }),
    );
  });
});
