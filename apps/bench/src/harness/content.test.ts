import { describe, expect, test } from 'vitest';
import { assertSameBytes, sampleBytes } from './content.ts';

describe('sampleBytes', () => {
  test('is the same for the same seed and differs between seeds', () => {
    expect(sampleBytes(64, 1)).toEqual(sampleBytes(64, 1));
    expect(sampleBytes(64, 1)).not.toEqual(sampleBytes(64, 2));
  });

  test('uses every byte value', () => {
    expect(new Set(sampleBytes(100_000, 3)).size).toBe(256);
  });
});

describe('assertSameBytes', () => {
  test('accepts equal bytes', () => {
    expect(() => assertSameBytes(Buffer.from('ab'), new Uint8Array([97, 98]), 'x')).not.toThrow();
  });

  test.each([
    ['another byte', new Uint8Array([1, 3]), 'the bytes differ'],
    ['another length', new Uint8Array([1]), 'the length differs'],
    ['no bytes', 'ab' as unknown as Uint8Array, 'expected bytes, got [object String]'],
  ])('says what is wrong with %s', (_, actual, message) => {
    expect(() => assertSameBytes(actual, new Uint8Array([1, 2]), 'get')).toThrow(`get: ${message}`);
  });
});
