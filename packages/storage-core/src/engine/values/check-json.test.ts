import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkJson } from './check-json.ts';
import { isExactJson, isJsonKey, MAX_DEPTH, parseJson } from './exact-json.ts';
import { toJsonText } from './json-codec.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const roundTrip = (value: unknown) => parseJson(bytes(toJsonText(value)));

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

class Point {
  readonly x = 1;
}

const HOLES: unknown[] = [1];
HOLES[2] = 3;

const circle: Record<string, unknown> = { name: 'a' };
circle['self'] = { list: [circle] };

const REFUSED: readonly (readonly [title: string, value: unknown, place: string, hint?: string])[] =
  [
    ['undefined at the root', undefined, 'the value itself is undefined', 'null'],
    ['undefined in a list', { a: [1, undefined] }, 'a[1] is undefined'],
    ['a hole in a list', HOLES, '[1] is a hole in an array', 'null'],
    ['NaN', { a: { b: Number.NaN } }, 'a.b is NaN', 'null'],
    ['an infinity', [Number.NEGATIVE_INFINITY], '[0] is -Infinity'],
    ['a BigInt', { 'a b': 1n }, '["a b"] is a BigInt', 'string'],
    ['a function', { f: () => 1 }, 'f is a function'],
    ['a symbol', [Symbol('s')], '[0] is a symbol'],
    ['a property named by a symbol', { [Symbol('s')]: 1 }, 'named by symbols'],
    ['a Date', { at: new Date(0) }, 'at is a Date', 'richJson'],
    ['a Map', new Map([[1, 2]]), 'the value itself is a Map', '[...value]'],
    ['a Set', { s: new Set([1]) }, 's is a Set'],
    ['a class instance', { p: new Point() }, 'p is an instance of Point'],
    ['an instance of a class without a name', new (class {})(), 'an instance of a class'],
    ['a boxed number', Object(5), 'an instance of Number'],
    ['an object with toJSON on its prototype', new URL('a:b'), 'is a URL'],
    ['an object with its own toJSON', { toJSON: () => 1 }, 'toJSON is a function'],
    [
      'a typed array inside',
      { a: new Float32Array(2) },
      'a is a Float32Array inside a value',
      'own',
    ],
    ['an ArrayBuffer inside', [new ArrayBuffer(1)], '[0] is a ArrayBuffer'],
    ['a subclass of Array', new (class Rows extends Array {})(), 'an instance of Rows'],
    ['a stream', new ReadableStream(), 'a ReadableStream', 'put(key, …)'],
    ['a cycle', circle, 'self.list[0] is part of itself (a cycle)', 'id'],
    ['a value nested too deeply', nested(MAX_DEPTH + 1), 'nested deeper than 2000 levels'],
  ];

describe('checkJson', () => {
  test.each(REFUSED)('refuses %s and names its place', (_title, value, place, hint = '') => {
    expect(isExactJson(value)).toBe(false);
    let thrown: unknown;
    try {
      checkJson(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'invalid-data', outcome: 'not-applied' });
    expect(String(thrown)).toContain(place);
    expect(String(thrown)).toContain(hint);
  });

  test('shortens the way to a place that is very deep', () => {
    let value: unknown = Number.NaN;
    for (let level = 0; level < 100; level += 1) value = { a: value };
    expect(() => checkJson(value)).toThrow(/^a\.a\.a.* … .*\.a is NaN/);
  });

  test('says that a value is too deep when not even its cycles can be looked for', () => {
    expect(() => checkJson(nested(200_000))).toThrow('nested deeper than');
  });

  test('takes the same object in two places for no cycle', () => {
    const shared = { a: 1 };
    expect(isExactJson([shared, { shared }])).toBe(true);
    expect(() => checkJson([shared, { shared }])).not.toThrow();
  });

  test('takes objects and lists of another realm, and without a prototype', () => {
    const proto = Object.create(null, { isPrototypeOf: { value: () => false } });
    const listProto = Object.assign([], {});
    const foreignList = Object.setPrototypeOf([1], listProto);
    const foreign = Object.assign(Object.create(proto), { list: foreignList });
    expect(() => checkJson(foreign)).not.toThrow();
    expect(roundTrip(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });
});

describe('JSON values', () => {
  test('come back exactly as they were', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const back = roundTrip(value);
        expect(back).toStrictEqual(value);
        expect(JSON.stringify(back)).toBe(JSON.stringify(value));
      }),
    );
  });

  test('are exact when the walk says so, and only then', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withBigInt: true }), (value) => {
        let isRefused = false;
        try {
          const { hasNegativeZero } = checkJson(value);
          expect(isExactJson(value)).toBe(!hasNegativeZero);
        } catch {
          isRefused = true;
        }
        if (isRefused) expect(isExactJson(value)).toBe(false);
      }),
    );
  });

  test('keep -0 anywhere', () => {
    expect(roundTrip(-0)).toBe(-0);
    expect(roundTrip({ a: [0, -0], b: undefined, c: null, 'd"': 'x' })).toStrictEqual({
      a: [0, -0],
      c: null,
      'd"': 'x',
    });
  });

  test('leave out properties that are undefined', () => {
    expect(toJsonText({ a: undefined, b: 1 })).toBe('{"b":1}');
  });

  test('keep properties of any name without touching prototypes', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":"x"}');
    const back = roundTrip(value) as Record<string, unknown>;
    expect(Object.keys(back)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const text = toJsonText(JSON.parse('{"__proto__":-0}'));
    expect(text).toBe('{"__proto__":-0}');
  });

  test('keep lone surrogates, which JSON can escape', () => {
    expect(roundTrip(['\ud800', { '\udfff': 1 }])).toEqual(['\ud800', { '\udfff': 1 }]);
  });

  test('are read with a byte order mark before them', () => {
    expect(parseJson(bytes('\ufeff{"a":1}'))).toEqual({ a: 1 });
  });
});

describe('isJsonKey', () => {
  test.each([
    ['a', true],
    ['a/b', true],
    ['a.b/c', true],
    ['.hidden', true],
    ['a/.hidden', true],
    ['a.json', true],
    ['a/B.JSON', true],
    ['a.txt', false],
    ['a/b.c', false],
    ['a.json.txt', false],
  ])('of %s is %s', (key, expected) => {
    expect(isJsonKey(key)).toBe(expected);
  });
});
