import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PACKED_NAME, packMetadata, unpackMetadata } from './pack-metadata.ts';

const expiresAt = new Date('2030-01-02T03:04:05.678Z');

describe('packMetadata', () => {
  test('keeps safe strings where people see them', () => {
    expect(packMetadata({ metadata: { author: 'Ada L.', camera_2: 'x=y' } })).toEqual({
      author: 'Ada L.',
      camera_2: 'x=y',
    });
  });

  test.each([
    ['a number', { a: 1 }],
    ['an empty text', { a: '' }],
    ['spaces at the ends', { a: ' x ' }],
    ['beyond ASCII', { a: 'é😀' }],
    ['a control character', { a: 'x\ty' }],
    ['upper case in the name', { Author: 'x' }],
    ['names that clash', { Ab: 'x', aB: 'y' }],
    ['a dash in the name', { 'a-b': 'x' }],
    ['our own name', { granary: 'x' }],
    ['a hostile name', { ['__proto__']: 'x', constructor: 'y' }],
  ])('keeps %s as JSON under one name', (_title, metadata) => {
    const native = packMetadata({ metadata });
    expect(native[PACKED_NAME]).toMatch(/^[ -~]+$/);
    expect(unpackMetadata(native)).toEqual({ metadata });
  });

  test('gives back tags, expiry and extra facts', () => {
    const attributes = { tags: ['x', 'ÿ'], expiresAt, extra: { writeId: 'w' } };
    expect(unpackMetadata(packMetadata(attributes))).toEqual(attributes);
  });

  test('gives back any metadata, type and all', () => {
    const metadata = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { maxKeys: 6 });
    fc.assert(
      fc.property(metadata, fc.uniqueArray(fc.string({ minLength: 1 })), (any, tags) => {
        const json = JSON.parse(JSON.stringify(any));
        const native = packMetadata({ metadata: json, tags });
        for (const [name, value] of Object.entries(native)) {
          expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
          expect(value).toMatch(/^[!-~](?:[ -~]*[!-~])?$/);
        }
        const { metadata: read = {}, tags: readTags = [] } = unpackMetadata(native);
        expect(new Map(Object.entries(read))).toEqual(new Map(Object.entries(json)));
        expect(readTags).toEqual(tags);
      }),
      { numRuns: 500 },
    );
  });

  test('writes nothing for nothing', () => {
    expect(packMetadata({ metadata: {}, tags: [] })).toEqual({});
    expect(unpackMetadata({})).toEqual({});
  });

  test('refuses more bytes than fit', () => {
    const metadata = { a: 'x'.repeat(9) };
    expect(packMetadata({ metadata }, { maxBytes: 10 })).toEqual(metadata);
    expect(() => packMetadata({ metadata }, { maxBytes: 9 })).toThrow(
      expect.objectContaining({ code: 'too-large', outcome: 'not-applied' }),
    );
  });
});

describe('unpackMetadata', () => {
  test('takes what other programs wrote as strings', () => {
    const foreign = { Author: 'x', 's3cmd-attrs': 'uid:0', [PACKED_NAME]: 'not ours' };
    expect(unpackMetadata(foreign)).toEqual({ metadata: foreign });
    expect(unpackMetadata({ [PACKED_NAME]: '[1]' })).toEqual({
      metadata: { [PACKED_NAME]: '[1]' },
    });
    expect(unpackMetadata({ [PACKED_NAME]: 'null' })).toEqual({
      metadata: { [PACKED_NAME]: 'null' },
    });
  });

  test('finds its own entry in any letter case', () => {
    expect(unpackMetadata({ Granary: '{"v":1,"m":{"a":1}}' })).toEqual({ metadata: { a: 1 } });
  });

  test('refuses a newer format', () => {
    expect(() => unpackMetadata({ [PACKED_NAME]: '{"v":9}' })).toThrow(
      expect.objectContaining({ code: 'invalid-data' }),
    );
  });
});
