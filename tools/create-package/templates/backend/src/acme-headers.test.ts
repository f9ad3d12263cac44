import { describe, expect, test } from 'vitest';
import { conditionHeaders, MAX_METADATA_BYTES, toInfo, writeHeaders } from './acme-headers.ts';

const ANSWER = { 'acme-size': '3', etag: '"1"', 'acme-modified': '2026-11-21T10:00:00.123Z' };

describe('writeHeaders and toInfo', () => {
  test('bring back what was written', () => {
    const attributes = {
      contentType: 'image/png',
      contentEncoding: 'gzip',
      contentDisposition: 'attachment; filename="ä.png"',
      metadata: { plain: 'text', Größe: 3, nested: { a: [null] } },
      tags: ['a', 'b'],
      expiresAt: new Date('2027-01-01T00:00:00Z'),
      writeId: 'w-1',
    };
    const headers = new Headers({ ...ANSWER, ...writeHeaders(attributes) });
    expect(toInfo('a', headers)).toEqual({
      key: 'a',
      size: 3,
      etag: '1',
      modifiedAt: new Date('2026-11-21T10:00:00.123Z'),
      ...attributes,
    });
  });

  test('leave out what was not given', () => {
    expect(writeHeaders({})).toEqual({});
    expect(Object.keys(toInfo('a', new Headers(ANSWER)))).toEqual([
      'key',
      'size',
      'etag',
      'modifiedAt',
    ]);
  });

  test('refuse more metadata than the service keeps', () => {
    const metadata = { long: 'x'.repeat(MAX_METADATA_BYTES) };
    expect(() => writeHeaders({ metadata })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  test('refuse an answer that is not of the service', () => {
    expect(() => toInfo('a', new Headers({ etag: '"1"' }))).toThrow(/lacks the header acme-size/);
  });

  test('ignore what others keep among the extras', () => {
    const packed = JSON.stringify({ v: 1, x: { contentLanguage: 'de', other: 1 } });
    const info = toInfo('a', new Headers({ ...ANSWER, 'acme-meta-granary': packed }));
    expect(info).toMatchObject({ contentLanguage: 'de' });
    expect(info).not.toHaveProperty('other');
  });
});

describe('conditionHeaders', () => {
  test('quote etags, as headers have them', () => {
    expect(conditionHeaders({ ifMatch: '1' })).toEqual({ 'if-match': '"1"' });
    expect(conditionHeaders({ ifNoneMatch: '1' })).toEqual({ 'if-none-match': '"1"' });
    expect(conditionHeaders({ ifNoneMatch: '*' })).toEqual({ 'if-none-match': '*' });
    expect(conditionHeaders({})).toEqual({});
  });

  test.each(['1 ', '"1"', 'ä', 'a\nb'])('fail for %j, which a header would bend', (ifMatch) => {
    expect(() => conditionHeaders({ ifMatch })).toThrow(
      expect.objectContaining({ code: 'precondition-failed' }),
    );
  });

  test('never match such an etag', () => {
    expect(conditionHeaders({ ifNoneMatch: '1 ' })).toEqual({});
  });
});
