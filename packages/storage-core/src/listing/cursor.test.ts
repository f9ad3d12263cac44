import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase64Url, encodeBase64Url } from './base64-url.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

const query = { prefix: 'a/', delimiter: '/', startAfter: 'a/b' };

describe('a cursor', () => {
  test('gives back the position of any query', () => {
    fc.assert(
      fc.property(
        fc.record({ prefix: fc.string({ unit: 'binary' }), delimiter: fc.string() }),
        fc.jsonValue(),
        (asked, position) => {
          const json = JSON.parse(JSON.stringify(position));
          const cursor = JSON.parse(JSON.stringify(encodeCursor(asked, json)));
          expect(decodeCursor(cursor, asked)).toEqual(json);
        },
      ),
    );
  });

  test('has only characters that need no escape in a URL', () => {
    expect(encodeCursor(query, ['ключ/😀?&='])).toMatch(/^[\w-]+$/);
  });

  test('counts what is not given as empty', () => {
    expect(decodeCursor(encodeCursor({}, 1), { prefix: '' })).toBe(1);
  });

  test.each([
    { ...query, prefix: 'b/' },
    { ...query, delimiter: '-' },
    { ...query, startAfter: 'a/c' },
    {},
  ])('does not fit the query %o', (other) => {
    expect(() => decodeCursor(encodeCursor(query, ['k']), other)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
    expect(() => decodeCursor(encodeCursor(query, ['k']), other)).toThrow('another prefix');
  });

  test.each([
    '',
    'nonsense',
    '!!!',
    encodeBase64Url(new TextEncoder().encode('{}')),
    encodeBase64Url(new TextEncoder().encode('[]')),
    encodeBase64Url(new TextEncoder().encode('[2,1,"k"]')),
    encodeBase64Url(new Uint8Array([0xff])),
  ])('is not %j', (text) => {
    expect(() => decodeCursor(text, query)).toThrow('not one that a page of this listing carried');
  });
});

test('base64url keeps any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(decodeBase64Url(encodeBase64Url(bytes))).toEqual(new Uint8Array(bytes));
    }),
  );
});
