import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyIndex, placeOf } from './memory-keys.ts';

const byUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('keyIndex', () => {
  test('gives the keys in the byte order of their UTF-8', () => {
    const keys = ['a0', '😀', 'a/b', '\u{ffff}', 'a', 'é', 'a-b'];
    const index = keyIndex(() => true);
    for (const key of keys) index.touch(key);
    expect(index.sorted()).toEqual(['a', 'a-b', 'a/b', 'a0', 'é', '\u{ffff}', '😀']);
  });

  test('leaves an array alone that it gave out', () => {
    const present = new Set(['a', 'c']);
    const index = keyIndex((key) => present.has(key));
    for (const key of present) index.touch(key);
    const before = index.sorted();
    present.add('b');
    index.touch('b');
    present.delete('a');
    index.touch('a');
    expect(index.sorted()).toEqual(['b', 'c']);
    expect(before).toEqual(['a', 'c']);
  });

  test('sorts nothing again while nothing changes', () => {
    const index = keyIndex(() => true);
    index.touch('a');
    expect(index.sorted()).toBe(index.sorted());
  });

  test('agrees with a set that is sorted each time, whatever comes and goes', () => {
    const step = fc.record({
      key: fc.string({ maxLength: 3, unit: 'grapheme' }),
      add: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(step, { maxLength: 100, size: 'max' }), { maxLength: 8 }),
        (rounds) => {
          const present = new Set<string>();
          const index = keyIndex((key) => present.has(key));
          for (const round of rounds) {
            for (const { key, add } of round) {
              if (add) present.add(key);
              else present.delete(key);
              index.touch(key);
            }
            expect(index.sorted()).toEqual([...present].sort(byUtf8));
          }
        },
      ),
    );
  });
});

describe('placeOf', () => {
  const keys = ['b', 'd'];

  test.each([
    ['a', 0],
    ['b', 0],
    ['c', 1],
    ['d', 1],
    ['e', 2],
  ])('puts %s at %i', (key, place) => {
    expect(placeOf(keys, key)).toBe(place);
  });
});
