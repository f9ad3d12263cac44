import { describe, expect, test } from 'vitest';
import {
  MAX_METADATA_BYTES,
  markOf,
  maxAgeOf,
  metadataHeader,
  toEtag,
  toInfo,
  toItem,
  toNative,
} from './supabase-attributes.ts';

const AT = '2026-11-21T10:00:00.000Z';
const base = { etag: '"abc"', last_modified: AT, size: 3 };

describe('toNative', () => {
  test('keeps type and cache control where the service keeps them as they are', () => {
    const native = toNative(
      { contentType: 'image/png', cacheControl: 'public, max-age=60' },
      { mark: 'm' },
    );
    expect(native).toMatchObject({ contentType: 'image/png', cacheControl: 'public, max-age=60' });
    expect(
      toInfo('a', {
        ...base,
        content_type: 'image/png',
        cache_control: 'public, max-age=60',
        metadata: native.metadata,
      }),
    ).toMatchObject({
      contentType: 'image/png',
      cacheControl: 'public, max-age=60',
    });
  });

  test.each([
    ['the type that stands for none', { contentType: 'application/octet-stream' }, false],
    ['the type of a form', { contentType: 'multipart/form-data; boundary=x' }, false],
    ['the cache control that stands for none', { cacheControl: 'no-cache' }, false],
    ['what a resumable upload cannot say', { cacheControl: 'public, max-age=60' }, true],
    [
      'what the service has no field for',
      { contentEncoding: 'gzip', contentLanguage: 'de', contentDisposition: 'inline' },
      false,
    ],
  ])('keeps %s in metadata', (_, attributes, viaUpload) => {
    const native = toNative(attributes, { mark: 'm' }, viaUpload);
    expect(native).toMatchObject({
      contentType: 'application/octet-stream',
      cacheControl: 'no-cache',
    });
    const info = toInfo('a', {
      ...base,
      content_type: native.contentType,
      cache_control: native.cacheControl,
      metadata: native.metadata,
    });
    expect(info).toEqual({
      key: 'a',
      size: 3,
      etag: 'abc',
      modifiedAt: new Date(AT),
      ...attributes,
    });
  });

  test('says seconds to a resumable upload', () => {
    const { cacheControl } = toNative({ cacheControl: 'max-age=60' }, { mark: 'm' }, true);
    expect(maxAgeOf(cacheControl)).toBe('60');
    expect(maxAgeOf('no-cache')).toBeUndefined();
  });

  test('gives back the write id of the caller, and the mark only when asked', () => {
    const { metadata } = toNative({}, { mark: 'm', writeId: 'w' });
    const info = toInfo('a', { ...base, metadata });
    expect(info.writeId).toBe('w');
    expect(info).not.toHaveProperty('mark');
    expect(markOf({ metadata })).toBe('m');
    expect(markOf({})).toBeUndefined();
  });

  test('fits a header, whatever the metadata is made of', () => {
    const room = MAX_METADATA_BYTES - 200;
    const { metadata } = toNative({ metadata: { text: '"'.repeat(room / 2) } }, { mark: 'm' });
    expect(metadataHeader(metadata).length).toBeLessThan(14_000);
    expect(() => toNative({ metadata: { text: 'x'.repeat(5000) } }, { mark: 'm' })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });
});

describe('toInfo', () => {
  test('gives JSON that other programs wrote as it is', () => {
    const metadata = { rating: 5, nested: { a: [1] }, text: 'x', nothing: null };
    expect(toInfo('a', { ...base, metadata }).metadata).toEqual({
      rating: 5,
      nested: { a: [1] },
      text: 'x',
    });
  });

  test('tells id and times, and what a row without a file has', () => {
    expect(toInfo('a', { id: 'i', last_modified: AT, created_at: AT })).toEqual({
      key: 'a',
      size: 0,
      etag: 'none',
      id: 'i',
      modifiedAt: new Date(AT),
      createdAt: new Date(AT),
    });
  });

  test('refuses an answer that is none', () => {
    expect(() => toInfo('a', {})).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});

describe('toItem', () => {
  test('tells what a listing has', () => {
    const metadata = { size: 3, eTag: '"abc"', mimetype: 'image/png' };
    expect(
      toItem({ name: 'Z!C3!BCrich', id: 'i', updated_at: AT, created_at: AT, metadata }),
    ).toEqual({
      kind: 'item',
      key: 'Zürich',
      size: 3,
      etag: 'abc',
      id: 'i',
      contentType: 'image/png',
      modifiedAt: new Date(AT),
      createdAt: new Date(AT),
    });
    expect(toItem({ name: 'a', updated_at: AT })).toMatchObject({ size: 0, etag: 'none' });
    expect(() => toItem({ name: 'a' })).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});

test.each([
  ['"abc"', 'abc'],
  ['W/"abc"', 'abc'],
  ['', 'none'],
  [undefined, 'none'],
])('toEtag makes %s %s', (header, etag) => {
  expect(toEtag(header)).toBe(etag);
});
