import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packBytes, unpackBytes } from './localstorage-bytes.ts';

describe('packBytes', () => {
  test('gives back what it was given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(unpackBytes(packBytes(bytes), bytes.byteLength)).toEqual(bytes);
      }),
    );
  });

  test.each([0, 1, 14, 15, 16, 4095, 4096, 65_537, 262_143])('keeps %i bytes', (size) => {
    for (const fill of [0, 255]) {
      const bytes = new Uint8Array(size).fill(fill);
      const text = packBytes(bytes);
      expect(text.length).toBe(Math.ceil((size * 8) / 15));
      expect(unpackBytes(text, size)).toEqual(bytes);
    }
  });

  test('uses no surrogate and no control character', () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7919) >> (index % 9));
    expect(/[\ud800-\udfff\p{C}]/u.test(packBytes(bytes).replace(/[\u3400-\ub3ff]/g, ''))).toBe(
      false,
    );
    expect(/^[\u3400-\ub3ff]*$/.test(packBytes(bytes))).toBe(true);
  });
});

describe('unpackBytes', () => {
  test('refuses text that was not made of so many bytes', () => {
    const text = packBytes(new Uint8Array([1, 2, 3]));
    expect(unpackBytes(text, 4)).toBeUndefined();
    expect(unpackBytes(text.slice(1), 3)).toBeUndefined();
    expect(unpackBytes(`a${text.slice(1)}`, 3)).toBeUndefined();
    expect(unpackBytes(`${text.slice(0, 1)}\ub3ff`, 3)).toBeUndefined();
  });
});
