import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SegmentRules, segmentCodec } from './segment-codec.ts';

const WINDOWS: SegmentRules = {
  characters: /[<>:"|?*\\]|\p{Cc}/u,
  patterns: [
    /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?=$|\.)/i,
    /[. ]$/,
    /\.meta\.json$/,
    /^\.granary-/,
  ],
  maxBytes: 255,
};
const FOLDING: SegmentRules = { ...WINDOWS, foldsCase: true };
const SHORT: SegmentRules = { ...WINDOWS, maxBytes: 16 };

const anySegment = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom('%', '2', '5', '-', '^', 'C', 'a', '.', ':', 'Ä'),
      minLength: 1,
    }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
  )
  .filter((text) => text.isWellFormed() && !text.includes('/'));

describe.each([
  ['rules of Windows', WINDOWS],
  ['a store without letter case', FOLDING],
  ['very short names', SHORT],
  ['no rules', {}],
])('segmentCodec with %s', (_title, rules) => {
  const codec = segmentCodec(rules);

  test('reads back every segment it wrote', () => {
    fc.assert(
      fc.property(anySegment, (segment) => {
        expect(codec.decode(codec.encode(segment))).toBe(segment);
      }),
      { numRuns: 3000 },
    );
  });

  test('writes no name that breaks the rules', () => {
    fc.assert(
      fc.property(anySegment, (segment) => {
        for (const name of codec.encode(segment).split('/')) {
          if (rules.characters) expect(name).not.toMatch(rules.characters);
          expect(new TextEncoder().encode(name).byteLength).toBeLessThanOrEqual(
            rules.maxBytes ?? Number.POSITIVE_INFINITY,
          );
          expect(name).not.toBe('');
        }
        for (const pattern of rules.patterns ?? []) {
          expect(codec.encode(segment)).not.toMatch(pattern);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('reads any name as the segment that has this name, or as none', () => {
    fc.assert(
      fc.property(anySegment, (name) => {
        const segment = codec.decode(name);
        if (segment !== undefined) expect(codec.encode(segment)).toBe(name);
      }),
      { numRuns: 1000 },
    );
  });
});

test('leaves ordinary names as they are', () => {
  const codec = segmentCodec(WINDOWS);
  for (const name of [
    'photo.jpg',
    'Grüße an alle.txt',
    '100%.txt',
    'my%20file.pdf',
    '.env',
    'a~b',
    '日本',
  ]) {
    expect(codec.encode(name)).toBe(name);
    expect(codec.decode(name)).toBe(name);
  }
});

test('escapes what is forbidden so that a person recognises it', () => {
  const { encode } = segmentCodec(WINDOWS);
  expect(encode('12:30.txt')).toBe('12%3A30.txt');
  expect(encode('CON')).toBe('%43ON');
  expect(encode('aux.txt')).toBe('%61ux.txt');
  expect(encode('console')).toBe('console');
  expect(encode('end.')).toBe('end%2E');
  expect(encode('end ..')).toBe('end .%2E');
  expect(encode('photo.meta.json')).toBe('photo%2Emeta.json');
  expect(encode('a%3Ab')).toBe('a%253Ab');
  expect(encode('a%-')).toBe('a%25-');
});

test('tells names apart that differ in letter case or Unicode form alone', () => {
  const { encode } = segmentCodec(FOLDING);
  expect(encode('readme.md')).toBe('readme.md');
  expect(encode('ReadMe.md')).toBe('ReadMe%^11.md');
  expect(encode('README')).toBe('README%^3f');
  expect(encode('Ä')).toBe('%C3%84');
  expect(encode('ä')).toBe('ä');
  expect(encode('a\u0308')).toBe('a%CC%88');
});

test('gives different folded names to different segments', () => {
  const { encode } = segmentCodec(FOLDING);
  const fold = (name: string) => name.normalize('NFC').toUpperCase().toLowerCase();
  const letters = fc.string({
    unit: fc.constantFrom(
      'a',
      'A',
      'ä',
      'Ä',
      'a\u0308',
      'ſ',
      's',
      'S',
      'ß',
      'ς',
      'σ',
      'K',
      'k',
      '.',
      '%',
      '^',
      '1',
    ),
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(letters, letters, (a, b) => {
      if (a !== b) expect(fold(encode(a))).not.toBe(fold(encode(b)));
    }),
    { numRuns: 20_000 },
  );
});

test('splits a long segment into folders and marks all but the last', () => {
  const { encode, isPart } = segmentCodec(SHORT);
  const name = encode('a'.repeat(30));
  expect(name).toBe(`${'a'.repeat(14)}%-/${'a'.repeat(14)}%-/aa`);
  expect(name.split('/').map(isPart)).toEqual([true, true, false]);
});

test('reads a path whose first names are no parts as none of ours', () => {
  expect(segmentCodec(SHORT).decode('a/b')).toBeUndefined();
  expect(segmentCodec(WINDOWS).decode('a:b')).toBeUndefined();
  expect(segmentCodec(WINDOWS).decode('%FF:')).toBeUndefined();
});

test('refuses rules under which a segment has no name', () => {
  expect(() => segmentCodec({ maxBytes: 8 })).toThrow('at most 8 bytes');
  expect(() => segmentCodec({ patterns: [/E$/] }).encode('E.')).not.toThrow();
  expect(() => segmentCodec({ patterns: [/[.E]$/] }).encode('.')).toThrow('has no name');
});
