import { describe, expect, test } from 'vitest';
import {
  attributeFields,
  attributeHeaders,
  conditionQuery,
  etagParts,
  fromHeaders,
  MAX_METADATA_BYTES,
  toInfo,
} from './gcs-attributes.ts';

const OBJECT = {
  generation: '1795255200123456',
  metageneration: '2',
  size: '3',
  updated: '2026-11-21T10:00:00.500Z',
};
const HEADERS = {
  'x-goog-generation': OBJECT.generation,
  'x-goog-metageneration': OBJECT.metageneration,
  'x-goog-stored-content-length': OBJECT.size,
  'x-goog-stored-content-encoding': 'identity',
  'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
  'content-type': 'application/octet-stream',
};
const ATTRIBUTES = {
  contentType: 'image/png',
  contentEncoding: 'gzip',
  contentLanguage: 'de',
  contentDisposition: 'attachment; filename="ä.png"',
  cacheControl: 'no-store',
  metadata: { plain: 'text', Größe: 3, nested: { a: [null] } },
  tags: ['a', 'b'],
  expiresAt: new Date('2027-01-01T00:00:00Z'),
};

describe('attributes', () => {
  test('come back from fields of the JSON API and from headers of the XML API', () => {
    const fields = attributeFields(ATTRIBUTES, { writeId: 'w-1', sha256: 'sha256-x' });
    const info = {
      key: 'a',
      size: 3,
      etag: '1795255200123456.2',
      modifiedAt: new Date(1795255200123),
      ...ATTRIBUTES,
      checksums: { sha256: 'sha256-x' },
      writeId: 'w-1',
    };
    expect(toInfo('a', { ...OBJECT, ...fields }, false)).toEqual(info);
    const headers = {
      ...HEADERS,
      ...attributeHeaders(fields),
      'x-goog-stored-content-encoding': 'gzip',
    };
    expect(toInfo('a', fromHeaders(headers), false)).toEqual(info);
  });

  test('that were not given are absent, and so is the type that the service makes up', () => {
    expect(attributeFields({})).toEqual({ contentType: 'application/octet-stream', metadata: {} });
    const names = ['key', 'size', 'etag', 'modifiedAt'];
    expect(Object.keys(toInfo('a', { ...OBJECT, ...attributeFields({}) }, false))).toEqual(names);
    expect(Object.keys(toInfo('a', fromHeaders(HEADERS), false))).toEqual(names);
  });

  test('keep the type that the service makes up when it was asked for', () => {
    const contentType = 'application/octet-stream';
    const object = { ...OBJECT, ...attributeFields({ contentType }) };
    expect(toInfo('a', object, false)).toMatchObject({ contentType });
  });

  test('keep the caching that the service makes up only when it was asked for', () => {
    for (const cacheControl of ['public, max-age=3600', 'private, max-age=0']) {
      const headers = { ...HEADERS, 'cache-control': cacheControl };
      expect(toInfo('a', fromHeaders(headers), false)).not.toHaveProperty('cacheControl');
      const fields = attributeFields({ cacheControl });
      expect(fields).toMatchObject({ cacheControl });
      expect(toInfo('a', { ...OBJECT, ...fields }, false)).toMatchObject({ cacheControl });
      const asked = { ...headers, ...attributeHeaders(fields) };
      expect(toInfo('a', fromHeaders(asked), false)).toMatchObject({ cacheControl });
    }
  });

  test('that are too large are refused', () => {
    const metadata = { long: 'x'.repeat(MAX_METADATA_BYTES) };
    expect(() => attributeFields({ metadata })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });
});

describe('toInfo', () => {
  test('tells checksums, and the generation where the bucket keeps them', () => {
    const hash = 'crc32c=AAAAAA==, md5=1B2M2Y8AsgTpgAmY7PhCfg==';
    const object = fromHeaders({ ...HEADERS, 'x-goog-hash': hash });
    expect(toInfo('a', object, true)).toMatchObject({
      checksums: { md5: 'md5-1B2M2Y8AsgTpgAmY7PhCfg==', crc32c: 'crc32c-AAAAAA==' },
      version: OBJECT.generation,
    });
  });

  test('takes the date, cut to seconds, where a generation is no time', () => {
    const info = toInfo('a', { ...OBJECT, generation: '7' }, false);
    expect(info.modifiedAt).toEqual(new Date('2026-11-21T10:00:00Z'));
    expect(info.etag).toBe('7.2');
  });

  test.each([
    ['a generation', { ...OBJECT, generation: undefined }],
    ['a metageneration', { ...OBJECT, metageneration: undefined }],
    ['a size', { ...OBJECT, size: undefined }],
    ['a date', { ...OBJECT, generation: '7', updated: undefined }],
  ])('refuses an answer without %s', (_what, object) => {
    expect(() => toInfo('a', object as object, false)).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    );
  });

  test('reads UTF-8 and repeated headers of other writers', () => {
    const object = fromHeaders({
      ...HEADERS,
      'x-goog-meta-town': Buffer.from('Köln').toString('latin1'),
      'x-goog-hash': ['crc32c=AAAAAA==', 'md5=1B2M2Y8AsgTpgAmY7PhCfg=='] as unknown as string,
    });
    expect(toInfo('a', object, false)).toMatchObject({
      metadata: { town: 'Köln' },
      checksums: { crc32c: 'crc32c-AAAAAA==', md5: 'md5-1B2M2Y8AsgTpgAmY7PhCfg==' },
    });
    expect(toInfo('a', { ...OBJECT, metadata: { Town: 'x' } }, false).metadata).toEqual({
      town: 'x',
    });
  });
});

describe('conditions', () => {
  test('are generations', () => {
    expect(conditionQuery({})).toEqual({});
    expect(conditionQuery({ ifNoneMatch: '*' })).toEqual({ ifGenerationMatch: '0' });
    expect(conditionQuery({ ifMatch: '12.3' })).toEqual({
      ifGenerationMatch: '12',
      ifMetagenerationMatch: '3',
    });
  });

  test.each(['', '*', '"1.1"', '1', '1.', '0.1', '01.1', '1.1.1', '1.1 '])(
    'refuse the etag %j, which the service cannot have given',
    (etag) => {
      expect(() => etagParts(etag)).toThrow(
        expect.objectContaining({ code: 'precondition-failed', outcome: 'not-applied' }),
      );
    },
  );
});
