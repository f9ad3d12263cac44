import { describe, expect, test } from 'vitest';
import { attributeFields, checksumsOf, ownFacts, toInfo, wholeSeconds } from './s3-attributes.ts';

const LastModified = new Date('2026-11-21T10:00:00.500Z');
const answer = { ETag: '"e"', LastModified };

describe('attributeFields', () => {
  test('uses headers where they can hold the value', () => {
    const fields = attributeFields({
      contentType: 'text/plain',
      cacheControl: 'no-store',
      metadata: { author: 'Ada' },
    });
    expect(fields).toEqual({
      ContentType: 'text/plain',
      CacheControl: 'no-store',
      Metadata: { author: 'Ada' },
    });
  });

  test('packs what headers or proxies would bend, and gives it back', () => {
    const attributes = {
      contentType: 'binary/octet-stream',
      contentDisposition: 'attachment; filename="naïve.txt"',
      metadata: { user_id: '7', author: 'Ada', n: 1 },
    };
    const fields = attributeFields(attributes, { writeId: 'w', sha256: 'sha256-x' });
    expect(Object.keys(fields.Metadata ?? {}).toSorted()).toEqual(['author', 'granary']);
    expect(fields.ContentDisposition).toBeUndefined();
    const info = toInfo('a', { ...answer, ...fields }, 3);
    expect(info).toMatchObject({ ...attributes, writeId: 'w', checksums: { sha256: 'sha256-x' } });
    expect(ownFacts(info)).toEqual({ writeId: 'w', sha256: 'sha256-x' });
  });

  test('says nothing where there is nothing', () => {
    expect(attributeFields({})).toEqual({ ContentType: 'binary/octet-stream' });
    expect(toInfo('a', { ...answer, ContentType: 'binary/octet-stream' }, 0)).toEqual({
      key: 'a',
      size: 0,
      etag: 'e',
      modifiedAt: wholeSeconds(LastModified),
    });
  });
});

describe('toInfo', () => {
  test('refuses an answer that lacks what every object has', () => {
    for (const [fields, size] of [
      [{ LastModified }, 1],
      [{ ETag: '"e"' }, 1],
      [answer, undefined],
    ] as const) {
      expect(() => toInfo('a', fields, size)).toThrow(
        expect.objectContaining({ code: 'unavailable' }),
      );
    }
  });
});

describe('checksumsOf', () => {
  test('tells checksums of the whole alone', () => {
    expect(checksumsOf({ ChecksumCRC32: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' })).toEqual({
      crc32: 'crc32-AAAAAA==',
    });
    expect(checksumsOf({ ChecksumSHA256: 'x-3' })).toEqual({});
    expect(checksumsOf({ ChecksumSHA256: 'x', ChecksumType: 'COMPOSITE' })).toEqual({});
  });
});
