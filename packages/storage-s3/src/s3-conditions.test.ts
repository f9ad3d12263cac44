import { describe, expect, test } from 'vitest';
import {
  conditionFields,
  conditionsOfHost,
  quoted,
  S3_CONDITIONS,
  toEtag,
} from './s3-conditions.ts';

describe('conditionsOfHost', () => {
  test('knows what Amazon and Cloudflare document, and nothing of others', () => {
    expect(conditionsOfHost('bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com')).toEqual(
      S3_CONDITIONS,
    );
    expect(conditionsOfHost('s3.cn-north-1.amazonaws.com.cn')).toEqual(S3_CONDITIONS);
    expect(conditionsOfHost('a.R2.cloudflarestorage.com')).toContain('uploadConditions');
    expect(conditionsOfHost('a.r2.cloudflarestorage.com')).not.toContain('deleteIfMatch');
    expect(conditionsOfHost('minio.example')).toEqual([]);
  });
});

describe('conditionFields', () => {
  test('quotes etags', () => {
    expect(conditionFields({ ifMatch: 'abc' })).toEqual({ IfMatch: '"abc"' });
    expect(conditionFields({ ifNoneMatch: 'abc-2' })).toEqual({ IfNoneMatch: '"abc-2"' });
    expect(conditionFields({ ifNoneMatch: '*' })).toEqual({ IfNoneMatch: '*' });
    expect(conditionFields({})).toEqual({});
  });

  test('refuses an etag that the service cannot have given, and takes it for another write', () => {
    expect(() => quoted('a"b')).toThrow(expect.objectContaining({ code: 'precondition-failed' }));
    expect(conditionFields({ ifNoneMatch: 'a"b' })).toEqual({});
    expect(toEtag('"abc"')).toBe('abc');
    expect(toEtag('abc')).toBe('abc');
  });
});
