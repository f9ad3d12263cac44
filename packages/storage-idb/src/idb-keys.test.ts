import { compareKeys } from '@granary/storage-core/provider';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toKey, toPlace } from './idb-keys.ts';

const texts = fc
  .array(
    fc.constantFrom(
      'a',
      '\0',
      '/',
      '\ud7fe',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{10ffff}',
    ),
  )
  .map((parts) => parts.join(''));

test('sorts places by UTF-16 units as keys are sorted by UTF-8', () => {
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const [a, b] = [toPlace(one), toPlace(other)];
      expect(a < b ? -1 : Number(a > b)).toBe(Math.sign(compareKeys(one, other)));
    }),
    { numRuns: 2000 },
  );
});

test('gives the key back, in a place that is well-formed and has no NUL of its own', () => {
  const characters = fc
    .integer({ min: 0, max: 0x10f7ff })
    .map((point) => String.fromCodePoint(point < 0xd800 ? point : point + 0x800));
  const any = fc.array(characters).map((parts) => parts.join(''));
  fc.assert(
    fc.property(any, (text) => {
      const place = toPlace(text);
      return (
        toKey(place) === text &&
        place.isWellFormed() &&
        place.includes('\0') === text.includes('\0')
      );
    }),
  );
  fc.assert(fc.property(texts, (text) => toKey(toPlace(text)) === text));
});

test('makes the start of a key the start of its place', () => {
  fc.assert(
    fc.property(texts, texts, (start, end) => toPlace(start + end).startsWith(toPlace(start))),
  );
});

test('leaves ordinary keys as they are', () => {
  expect(toPlace('notes/2026/ä漢.json')).toBe('notes/2026/ä漢.json');
});
