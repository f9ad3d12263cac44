import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldedKey, keyNames } from './opfs-keys.ts';

const origin = keyNames({ isUserFolder: false, foldsCase: false });
const person = keyNames({ isUserFolder: true, foldsCase: false });
const folding = keyNames({ isUserFolder: false, foldsCase: true });

describe('a key', () => {
  test.each(['a', 'a/b c.txt', 'märz/ü.png', '.git/HEAD', 'x%20y', 'a.local', '~', '__proto__'])(
    '%s is its own path',
    (key) => {
      expect(origin.pathOf(key).join('/')).toBe(key);
      expect(person.pathOf(key).join('/')).toBe(key);
    },
  );

  test.each([
    ['a\\b', 'a%5Cb'],
    ['.granary', '%2Egranary'],
    ['a.meta.json', 'a%2Emeta.json'],
    ['a.crswap', 'a%2Ecrswap'],
  ])('%s is escaped everywhere', (key, name) => {
    expect(origin.pathOf(key)).toEqual([name]);
    expect(person.pathOf(key)).toEqual([name]);
  });

  // `IsSafePathComponent` of Chromium, see opfs-keys.ts.
  test.each([
    'con',
    'CON.txt',
    'lpt1',
    'desktop.ini',
    'Thumbs.db',
    'a.lnk',
    'a.SCF',
    'a.url',
    'a.',
    'a ',
    ' a',
    '..a',
    '. a',
    'a:b',
    'a?',
    'a*',
    'a"',
    'a<',
    'a|b',
    'a\u0007',
    'a\u202e',
    'a\u2028',
    'x.{00000000-0000-0000-0000-000000000000}',
  ])('%j is its own path in OPFS and escaped in a folder of a person', (key) => {
    expect(origin.pathOf(key)).toEqual([key]);
    const [name = ''] = person.pathOf(key);
    expect(name).not.toBe(key);
    expect(person.segmentOf(name)).toBe(key);
    // Who gave a file this name finds it.
    expect(person.literalOf(key)).toBe(key);
    expect(person.segmentOf(key)).toBe(key);
  });

  test('that is long is folders in folders', () => {
    const long = 'ü'.repeat(300);
    const path = origin.pathOf(`a/${long}/b`);
    expect(path.length).toBeGreaterThan(4);
    const parts = path.slice(1, -1);
    expect(parts.slice(0, -1).every(origin.isPart)).toBe(true);
    expect(origin.segmentOf(parts.join('/'))).toBe(long);
    expect(origin.segmentOf('a/b')).toBeUndefined();
  });

  test('in capitals has a name of its own where letter case is lost', () => {
    const names = ['a.txt', 'A.txt', 'a.TXT'].map((key) => folding.pathOf(key)[0]?.toLowerCase());
    expect(new Set(names).size).toBe(3);
    expect(foldedKey('ÄB')).toBe(foldedKey('a\u0308b'));
  });

  test('comes back from its path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const segment = text.replaceAll('/', '_').replaceAll('\0', '_');
        if (segment === '.' || segment === '..' || !segment.isWellFormed()) return;
        for (const names of [origin, person, folding]) {
          expect(names.segmentOf(names.pathOf(segment).join('/'))).toBe(segment);
        }
      }),
    );
  });
});

test('bookkeeping is no key', () => {
  for (const name of ['.granary', '.Granary-x', 'a.meta.json', 'a.crswap']) {
    expect(origin.isHidden(name)).toBe(true);
    expect(origin.segmentOf(name)).toBeUndefined();
    expect(origin.literalOf(name)).toBeUndefined();
  }
  expect(origin.isHidden('granary')).toBe(false);
});
