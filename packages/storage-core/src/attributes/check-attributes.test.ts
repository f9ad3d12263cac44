import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AttributesPatch } from '../contract/object-info.ts';
import {
  attributeBeyondName,
  checkAttributes,
  patchAttributes,
  pickAttributes,
  withoutAttributes,
} from './check-attributes.ts';
import { contentTypeOf } from './content-type.ts';
import { jsonProblem } from './json-problem.ts';

const refused = (attributes: unknown) =>
  expect(() => checkAttributes(attributes as AttributesPatch));

describe('checkAttributes', () => {
  test('takes what a store can give back', () => {
    checkAttributes({});
    checkAttributes({
      contentType: 'text/html; charset=utf-8; title="a \\"b\\""',
      contentEncoding: 'gzip',
      contentLanguage: 'de',
      contentDisposition: 'attachment; filename="Grüße.txt"',
      cacheControl: 'no-store',
      metadata: { a: 1, 'b c': [null, { d: 'é' }], ['__proto__']: true },
      tags: ['x', 'y z'],
      expiresAt: new Date(0),
    });
    checkAttributes({ contentType: null, metadata: null, tags: null, expiresAt: null });
  });

  test.each([
    'png',
    'image/',
    '/png',
    'image/png;',
    'image/png; a',
    'image/png\n',
    'imäge/png',
    '',
    7,
  ])('refuses %j as a content type', (contentType) => {
    refused({ contentType }).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  test.each(['contentEncoding', 'contentLanguage', 'contentDisposition', 'cacheControl'])(
    'refuses line breaks and NUL in %s',
    (name) => {
      for (const value of ['a\rb', 'a\nb', 'a\0b', '', 1]) {
        refused({ [name]: value }).toThrow(`${name} is not a line of text`);
      }
    },
  );

  test('reads a hostile content type in no time', () => {
    const started = performance.now();
    refused({ contentType: `a/b${';a="'.repeat(50_001)}` }).toThrow('media type');
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test.each([
    [{ '': 1 }, 'name is empty'],
    [{ a: undefined }, 'metadata["a"] is undefined'],
    [{ a: [1, Number.NaN] }, 'metadata["a"][1] is NaN'],
    [{ a: { b: 1n } }, 'metadata["a"]["b"] is a bigint'],
    [{ a: new Date(0) }, 'metadata["a"] is a Date'],
    [['a'], 'not a map'],
    ['text', 'not a map'],
  ])('refuses the metadata %o', (metadata, reason) => {
    refused({ metadata }).toThrow(reason);
  });

  test.each([[['a', 'a']], [['']], [[1]], ['a'], [{}]])('refuses the tags %o', (tags) => {
    refused({ tags }).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  test.each([new Date(Number.NaN), '2026-01-01', 0])('refuses %o as an expiry', (expiresAt) => {
    refused({ expiresAt }).toThrow('not a valid Date');
  });
});

describe('jsonProblem', () => {
  test('finds none in what JSON keeps', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value));
        expect(jsonProblem(json)).toBeUndefined();
      }),
    );
    expect(jsonProblem(Object.create(null))).toBeUndefined();
  });

  test('finds what JSON would drop or bend', () => {
    class Point {
      x = 1;
    }
    const circle: unknown[] = [];
    circle.push(circle);
    for (const [value, problem] of [
      [Symbol('a'), 'is a symbol'],
      [() => 1, 'is a function'],
      [Number.POSITIVE_INFINITY, 'is Infinity'],
      [-0, 'is -0'],
      [new Array(2), '[0] is undefined'],
      [new Map(), 'is a Map'],
      [new Point(), 'is a Point'],
      [new Uint8Array(1), 'is a Uint8Array'],
      [{ toJSON: () => 1 }, 'is a Object'],
      [{ [Symbol('a')]: 1 }, 'is a Object'],
      [circle, 'in a circle'],
    ] as const) {
      expect(jsonProblem(value)).toContain(problem);
    }
  });
});

test('finds the attribute that a name alone does not tell', () => {
  expect(attributeBeyondName('a.png', { contentType: 'image/png' })).toBeUndefined();
  expect(attributeBeyondName('a.png', { metadata: {}, tags: [], expiresAt: null })).toBeUndefined();
  expect(attributeBeyondName('a.png', { contentType: 'image/gif' })).toBe('contentType');
  expect(attributeBeyondName('a', { cacheControl: 'no-store' })).toBe('cacheControl');
  expect(attributeBeyondName('a', { tags: ['x'] })).toBe('tags');
});

test('picks attributes, and everything else', () => {
  const info = { key: 'a', size: 1, contentType: 'a/b', metadata: {}, tags: ['x'] };
  expect(pickAttributes(info)).toEqual({ contentType: 'a/b', tags: ['x'] });
  expect(withoutAttributes(info)).toEqual({ key: 'a', size: 1 });
});

test('patches: gives, clears and keeps', () => {
  const current = { contentType: 'a/b', metadata: { a: 1, b: 2 }, tags: ['x'] };
  expect(patchAttributes(current, undefined)).toEqual(current);
  const patch = { metadata: { c: 3 }, tags: null, cacheControl: 'no-store' };
  expect(patchAttributes(current, patch)).toEqual({
    contentType: 'a/b',
    metadata: { c: 3 },
    cacheControl: 'no-store',
  });
});

test('tells the media type of a name', () => {
  for (const [name, type] of [
    ['a.png', 'image/png'],
    ['dir.d/B.JPG', 'image/jpeg'],
    ['model.safetensors', 'application/octet-stream'],
    ['a.tar.gz', 'application/gzip'],
    ['x/y.yml', 'application/yaml'],
    ['note.md', 'text/markdown'],
    ['clip.mov', 'video/quicktime'],
    ['code.mjs', 'text/javascript'],
    ['.png', undefined],
    ['dir/.json', undefined],
    ['dir.png/file', undefined],
    ['a.constructor', undefined],
    ['a.', undefined],
    ['a', undefined],
  ] as const) {
    expect(contentTypeOf(name)).toBe(type);
  }
});

test('knows every extension that the applications name', () => {
  const extensions =
    'png jpg jpeg webp gif svg avif mp4 webm mov mp3 wav ogg json yaml yml txt md csv html css js mjs xml pdf zip gz tar wasm safetensors';
  for (const extension of extensions.split(' ')) {
    const type = contentTypeOf(`a.${extension}`);
    expect(type).toBeDefined();
    checkAttributes({ contentType: type ?? null });
  }
});
