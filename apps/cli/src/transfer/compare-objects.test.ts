import { describe, expect, test } from 'vitest';
import { compareObjects, isComparable, isUpToDate } from './compare-objects.ts';

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

  test('goes by the best of several checksums', () => {
    const left = { size: 1, checksums: { crc32c: 'crc32c-a', md5: 'md5-a' } };
    const right = { size: 1, checksums: { crc32c: 'crc32c-a', md5: 'md5-b' } };
    expect(compareObjects(left, right).verdict).toBe('different');
    const weak = { size: 1, checksums: { crc32c: 'crc32c-a' } };
    expect(compareObjects(left, weak)).toEqual({ verdict: 'same', by: 'checksum' });
  });

  test('does not take equal etags of two stores for anything', () => {
    expect(compareObjects({ size: 1, etag: 'x' }, { size: 1, etag: 'x' }).verdict).toBe('unknown');
  });

  test('believes an etag that is the MD5 of the other, and no other etag', () => {
    const md5 = { size: 3, checksums: { md5: 'md5-dk76iD3aHhHbR2ccSju9ng==' } };
    const etag = '764efa883dda1e11db47671c4a3bbd9e';
    const same = { verdict: 'same', by: 'checksum' };
    expect(compareObjects({ size: 3, etag }, md5)).toEqual(same);
    expect(compareObjects(md5, { size: 3, etag })).toEqual(same);
    expect(compareObjects({ size: 3, etag }, { size: 3, etag })).toEqual(same);
    const other = '864efa883dda1e11db47671c4a3bbd9e';
    expect(compareObjects({ size: 3, etag: other }, md5)).toEqual({ verdict: 'unknown' });
    expect(compareObjects({ size: 3, etag: `${etag}-2` }, md5)).toEqual({ verdict: 'unknown' });
  });
});

describe('isComparable', () => {
  test('is what has a checksum or an etag that may be one', () => {
    expect(isComparable({ checksums: { crc32c: 'crc32c-a' } })).toBe(true);
    expect(isComparable({ etag: '764efa883dda1e11db47671c4a3bbd9e' })).toBe(true);
    expect(isComparable({ size: 1, etag: '0x1EB9CF37BE516D0' })).toBe(false);
  });
});

describe('isUpToDate', () => {
  test('is what was written after the source was changed', () => {
    expect(isUpToDate({ modifiedAt: early }, { modifiedAt: late })).toBe(true);
    expect(isUpToDate({ modifiedAt: late }, { modifiedAt: early })).toBe(false);
    const exact = new Date('2026-01-01T00:00:00.250Z');
    expect(isUpToDate({ modifiedAt: exact }, { modifiedAt: exact })).toBe(true);
  });

  test('is not what was written in the whole second that the source tells', () => {
    const half = new Date(early.getTime() + 500);
    const next = new Date(early.getTime() + 1000);
    expect(isUpToDate({ modifiedAt: early }, { modifiedAt: early })).toBe(false);
    expect(isUpToDate({ modifiedAt: early }, { modifiedAt: half })).toBe(false);
    expect(isUpToDate({ modifiedAt: half }, { modifiedAt: early })).toBe(false);
    expect(isUpToDate({ modifiedAt: early }, { modifiedAt: next })).toBe(true);
  });

  test('is nothing without times', () => {
    expect(isUpToDate({}, { modifiedAt: early })).toBe(false);
    expect(isUpToDate({ modifiedAt: early }, {})).toBe(false);
  });
});
