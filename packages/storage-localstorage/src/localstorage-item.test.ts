import type { ObjectInfo } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { formatItem, fromContent, parseItem, toContent } from './localstorage-item.ts';

const encode = (text: string) => new TextEncoder().encode(text);

const info: ObjectInfo = {
  key: 'a',
  size: 5,
  etag: 'one',
  modifiedAt: new Date(2000),
  createdAt: new Date(1000),
  contentType: 'text/plain',
  contentEncoding: 'identity',
  contentLanguage: 'en',
  contentDisposition: 'inline',
  cacheControl: 'no-store',
  metadata: JSON.parse('{"__proto__":1,"lone":"\\ud800","line":"a\\nb","deep":{"x":[null,true]}}'),
  tags: ['todo', 'ä'],
  expiresAt: new Date(9000),
  checksums: { sha256: 'sha256-abc' },
  writeId: 'w',
};

describe('an item', () => {
  test('holds an object with all its attributes', () => {
    const content = toContent(encode('hello'));
    const value = formatItem({ info, content });
    expect(parseItem('a', value)).toEqual({ info, content });
    expect(value.endsWith('\nhello')).toBe(true);
    expect(value).toBe(value.toWellFormed());
  });

  test('keeps what it does not have absent', () => {
    const plain = { key: 'a', size: 0, etag: 'e', modifiedAt: new Date(1), createdAt: new Date(1) };
    const { info: read } = parseItem(
      'a',
      formatItem({ info: plain, content: toContent(encode('')) }),
    );
    expect(Object.keys(read).sort()).toEqual(Object.keys(plain).sort());
  });

  test.each([
    ['text', encode('grün 🌾'), false],
    ['text with a byte order mark', encode('\ufeffx'), false],
    ['text with line ends', encode('a\r\nb\n'), false],
    ['text with NUL', encode('a\0b'), true],
    ['bytes', new Uint8Array([0xff, 0xfe, 1]), true],
    ['half a character', encode('ü').slice(0, 1), true],
    ['nothing', new Uint8Array(0), false],
  ])('keeps %s byte for byte', (_, bytes, isPacked) => {
    const content = toContent(bytes);
    expect(content.isPacked).toBe(isPacked);
    expect(fromContent('a', content)).toEqual(bytes);
  });

  const value = formatItem({ info, content: toContent(encode('hello')) });
  test.each([
    ['cut', value.slice(0, -1)],
    ['cut in its header', value.slice(0, 20)],
    ['empty', ''],
    ["somebody else's", 'hello\nworld'],
    ['without a header', 'granary1 null\n'],
    ['with half a header', 'granary1 {"s":1}\n'],
    ['with a broken header', 'granary1 {\n'],
    ['with other types', value.replace('"e":"one"', '"e":1')],
    ['of a version that never was', value.replace('granary1', 'granary0')],
  ])('that is %s is damaged', (_, damaged) => {
    expect(() => parseItem('a', damaged)).toThrow(/"a": the item in localStorage is damaged/);
  });

  test('with other content of the same length is damaged', () => {
    const { content } = parseItem('a', value.replace('\nhello', '\nhellö'));
    expect(() => fromContent('a', content)).toThrow('damaged');
  });

  test('of a newer format says so', () => {
    expect(() => parseItem('a', value.replace('granary1', 'granary2'))).toThrow(
      /newer version.*Update/,
    );
  });
});
