import { describe, expect, test } from 'vitest';
import {
  MAX_METADATA_BYTES,
  metadataOfCopy,
  readConditions,
  toInfo,
  toNative,
  writeConditions,
  writtenInfo,
} from './azure-attributes.ts';

const facts = { etag: '"0x8D1"', lastModified: new Date(0) };

describe('toNative and writtenInfo', () => {
  test.each([
    [{}],
    [{ contentType: 'image/png', contentLanguage: 'de', cacheControl: 'no-store' }],
    [{ contentType: 'application/octet-stream' }],
    [{ contentDisposition: 'attachment; filename="ä.txt"' }],
    [{ contentEncoding: ' br' }],
    [{ metadata: { plain: 'text', Deep: { n: 1 } }, tags: ['a'], expiresAt: new Date(1e12) }],
  ])('keep %j', (attributes) => {
    const info = writtenInfo('a', 3, toNative(attributes), facts);
    expect(info).toEqual({
      key: 'a',
      size: 3,
      etag: '0x8D1',
      modifiedAt: new Date(0),
      ...attributes,
    });
  });

  test('keep what else is known of a write', () => {
    const native = toNative({}, { writeId: 'w', sha256: 'sha256-x' });
    const answer = { ...facts, versionId: 'v', contentMD5: Uint8Array.of(1, 2) };
    expect(writtenInfo('a', 3, native, answer)).toMatchObject({
      writeId: 'w',
      version: 'v',
      checksums: { sha256: 'sha256-x', md5: 'md5-AQI=' },
    });
  });

  test('refuse more than the service keeps', () => {
    const metadata = { long: 'x'.repeat(MAX_METADATA_BYTES) };
    expect(() => toNative({ metadata })).toThrow(expect.objectContaining({ code: 'too-large' }));
  });
});

describe('toInfo', () => {
  test('takes the type of what has none for none', () => {
    const info = toInfo('a', 1, { ...facts, contentType: 'application/octet-stream' });
    expect(info.contentType).toBeUndefined();
  });

  test('reads names of metadata in any letter case', () => {
    const info = toInfo('a', 1, { ...facts, metadata: { Mine: 'x' } });
    expect(info.metadata).toEqual({ mine: 'x' });
  });

  test('fails when the answer tells too little', () => {
    expect(() => toInfo('a', 1, { lastModified: new Date(0) })).toThrow(/lacks size, etag or date/);
    expect(() => toInfo('a', undefined, facts)).toThrow(/lacks/);
  });
});

test('metadataOfCopy says nothing with an entry, where saying nothing would keep the source’s', () => {
  expect(metadataOfCopy({ a: 'b' }, { c: 'd' })).toEqual({ a: 'b' });
  expect(metadataOfCopy({}, {})).toEqual({});
  expect(metadataOfCopy({}, undefined)).toEqual({});
  const info = toInfo('a', 1, { ...facts, metadata: metadataOfCopy({}, { c: 'd' }) });
  expect(info.metadata).toBeUndefined();
});

describe('conditions', () => {
  test('have quotes', () => {
    expect(writeConditions({ ifMatch: '0x8D1' })).toEqual({ ifMatch: '"0x8D1"' });
    expect(writeConditions({ ifNoneMatch: '*' })).toEqual({ ifNoneMatch: '*' });
    expect(readConditions({ ifMatch: '0x8D1', ifNoneMatch: '0x8D2' })).toEqual({
      ifMatch: '"0x8D1"',
      ifNoneMatch: '"0x8D2"',
    });
  });

  test.each(['*', '"0x8D1"', 'W/"1"', 'a b', 'ä'])('are not met by %s', (etag) => {
    const refused = expect.objectContaining({ code: 'precondition-failed' });
    expect(() => writeConditions({ ifMatch: etag })).toThrow(refused);
    expect(() => readConditions({ ifMatch: etag })).toThrow(refused);
    expect(readConditions({ ifNoneMatch: etag })).toEqual({});
  });
});
