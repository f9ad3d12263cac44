import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mapProvider } from '../../../test/map-provider.ts';
import { createStorage } from '../create-storage.ts';
import { richJson } from './rich-json.ts';
import { fromRichJson, toRichJson } from './rich-json-wire.ts';

const HOLES: unknown[] = [1];
HOLES[2] = 3;
const encoder = new TextEncoder();
const back = (value: unknown) => fromRichJson(encoder.encode(toRichJson(value)));

describe('richJson', () => {
  test('keeps what JSON cannot hold', () => {
    const value = {
      date: new Date('2026-11-21T10:00:00.123Z'),
      never: new Date(Number.NaN),
      map: new Map<unknown, unknown>([
        [1, 'a'],
        [{ deep: [new Set([undefined])] }, new Map()],
      ]),
      set: new Set(['a', 1n]),
      big: 123456789012345678901234567890n,
      missing: undefined,
      numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1.5],
      bytes: new Uint8Array([1, 2, 255]),
      floats: new Float64Array([1.5, Number.NaN]),
      bigs: new BigInt64Array([-1n]),
      clamped: new Uint8ClampedArray([300]),
      buffer: new Uint8Array([9]).buffer,
    };
    const result = back(value) as typeof value;
    expect(result).toStrictEqual(value);
    expect(Object.keys(result)).toEqual(Object.keys(value));
    expect(Object.is(result.numbers[3], -0)).toBe(true);
  });

  test('keeps the part of a buffer that a view shows', () => {
    const whole = new Uint16Array([1, 2, 3, 4]);
    expect(back(whole.subarray(1, 3))).toStrictEqual(new Uint16Array([2, 3]));
  });

  test('keeps large byte arrays', () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index);
    expect(back(bytes)).toStrictEqual(bytes);
  });

  test('keeps plain objects that look like its own marks', () => {
    for (const value of [{ $date: 'x' }, { $plain: { $set: [] } }, { $: 1 }, { $a: 1, b: 2 }]) {
      expect(back(value)).toStrictEqual(value);
    }
    expect(toRichJson({ $date: 'x' })).toBe('{"$plain":{"$date":"x"}}');
  });

  test('keeps names such as __proto__ without touching prototypes', () => {
    const value = JSON.parse('{"__proto__":{"a":1}}');
    expect(Object.keys(back(value) as object)).toEqual(['__proto__']);
  });

  test('keeps any nesting of what it knows', () => {
    const known = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(known, (value) => {
        expect(back(value)).toEqual(value);
      }),
    );
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a class instance', new (class Point {})()],
    ['an error', new Error('x')],
    ['holes', HOLES],
    ['properties named by symbols', { [Symbol('s')]: 1 }],
  ])('refuses %s', (_title, value) => {
    expect(() => toRichJson({ value })).toThrow(expect.objectContaining({ code: 'invalid-data' }));
  });

  test('refuses a cycle', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => toRichJson(circle)).toThrow(/circle/);
  });

  test.each(['{"$what":1}', '{"$bytes":["Nothing","AA=="]}'])('refuses to read %s', (text) => {
    expect(() => fromRichJson(encoder.encode(text))).toThrow(SyntaxError);
  });

  test('is found by the content type of an item', async () => {
    const storage = createStorage(mapProvider(), { codecs: [richJson] });
    const value = { at: new Date(0), tags: new Set(['x']) };
    const info = await storage.save('a', value, { format: 'rich-json' });
    expect(info.contentType).toBe('application/vnd.granary.rich-json');
    expect(await storage.load('a')).toStrictEqual(value);
  });

  test('is asked for where it was not given, instead of reading the wire form', async () => {
    const provider = mapProvider();
    const rich = createStorage(provider, { codecs: [richJson] });
    await rich.save('a', new Date(0), { format: 'rich-json' });
    await expect(createStorage(provider).load('a')).rejects.toMatchObject({
      code: 'invalid-data',
      key: 'a',
      message: expect.stringContaining('codecs: [richJson]'),
    });
    expect(provider.openBodies.size).toBe(0);
  });
});
