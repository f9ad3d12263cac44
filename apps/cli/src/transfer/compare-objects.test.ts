import { describe, expect, test } from 'vitest';
import { compareObjects, isUpToDate } from './compare-objects.ts';

const early = new Date('2026-01-01');
const late = new Date('2026-02-01');

describe('compareObjects', () => {
  test('tells other sizes apart', () => {
    expect(compareObjects({ size: 1 }, { size: 2 })).toEqual({ verdict: 'different', by: 'size' });
  });

  test('goes by a checksum that both have', () => {
    const left = { size: 1, checksums: { md5: 'md5-a', sha256: 'sha256-b' } };
    expect(compareObjects(left, { size: 1, checksums: { sha256: 'sha256-b' } })).toEqual({
      verdict: 'same',
      by: 'checksum',
    });
    expect(compareObjects(left, { size: 1, checksums: { sha256: 'sha256-c' } })).toEqual({
      verdict: 'different',
      by: 'checksum',
    });
  });

  test('does not know where nothing else can be compared', () => {
    expect(compareObjects({ size: 1 }, { size: 1 })).toEqual({ verdict: 'unknown' });
    expect(compareObjects({}, { size: 1 })).toEqual({ verdict: 'unknown' });
    expect(
      compareObjects(
        { size: 1, checksums: { md5: 'md5-a' } },
        { checksums: { crc32c: 'crc32c-a' } },
      ),
    ).toEqual({ verdict: 'unknown' });
  });

  test('does not take equal etags of two stores for anything', () => {
    expect(compareObjects({ size: 1, etag: 'x' }, { size: 1, etag: 'x' }).verdict).toBe('unknown');
  });
});

describe('isUpToDate', () => {
  test('is what was written no earlier than the source was changed', () => {
    expect(isUpToDate({ modifiedAt: early }, { modifiedAt: late })).toBe(true);
    expect(isUpToDate({ modifiedAt: early }, { modifiedAt: early })).toBe(true);
    expect(isUpToDate({ modifiedAt: late }, { modifiedAt: early })).toBe(false);
  });

  test('is nothing without times', () => {
    expect(isUpToDate({}, { modifiedAt: early })).toBe(false);
    expect(isUpToDate({ modifiedAt: early }, {})).toBe(false);
  });
});
