import { isStorageError, type ObjectAttributes } from '@granary/storage-core/provider';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { etagOf, MAX_METADATA_BYTES, toInfo, toNative } from './gdrive-attributes.ts';
import type { DriveFile } from './gdrive-file.ts';

const FILE: DriveFile = {
  id: 'id',
  name: 'a',
  mimeType: 'application/octet-stream',
  size: '3',
  createdTime: '2026-01-01T00:00:00.000Z',
  modifiedTime: '2026-01-02T00:00:00.000Z',
  headRevisionId: 'rev',
};

/** A file with properties that another program made. */
const FOREIGN: DriveFile = { ...FILE, appProperties: { color: 'red', granary29: 'x' } };

/** The file as the service has it after a write. */
function stored(key: string, attributes: ObjectAttributes, before?: DriveFile): DriveFile {
  const { mimeType, appProperties } = toNative(attributes, { key, over: before });
  const properties = { ...before?.appProperties, ...appProperties };
  const kept = Object.entries(properties).filter(([, value]) => value !== null);
  return { ...FILE, mimeType, appProperties: Object.fromEntries(kept) as Record<string, string> };
}

const roundTrip = (key: string, attributes: ObjectAttributes, before?: DriveFile) =>
  toInfo(key, stored(key, attributes, before), false);

describe('attributes', () => {
  test('come back as they were, in properties of 124 bytes at most', () => {
    const attributes: ObjectAttributes = {
      contentType: 'text/html; charset=utf-8',
      contentLanguage: 'de',
      cacheControl: 'no-store',
      metadata: { a: ' ', long: 'word '.repeat(200), nested: { ä: [1, null, true] }, n: 1 },
      tags: ['one', 'two three'],
      expiresAt: new Date('2030-01-01T00:00:00.000Z'),
    };
    const file = stored('a', attributes);
    for (const [name, value] of Object.entries(file.appProperties ?? {})) {
      expect(name.length + value.length).toBeLessThanOrEqual(124);
      expect(value).toBe(value.trim());
    }
    expect(toInfo('a', file, false)).toMatchObject(attributes);
  });

  test('of a write before are gone, whoever made them', () => {
    const before = stored('a', { metadata: { long: 'x'.repeat(1000) } });
    const foreign = { ...before, appProperties: { ...before.appProperties, color: 'red' } };
    expect(toInfo('a', foreign, false).metadata).toMatchObject({ color: 'red' });
    expect(roundTrip('a', { metadata: { n: 1 } }, foreign).metadata).toEqual({ n: 1 });
    expect(roundTrip('a', {}, foreign).metadata).toBeUndefined();
  });

  test('of any kind come back, or are too large', () => {
    const names = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(
        fc.dictionary(names, fc.jsonValue({ noUnicodeString: false })),
        fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 5 }),
        (metadata, tags) => {
          const given = JSON.parse(JSON.stringify({ metadata, tags })) as ObjectAttributes;
          try {
            const info = roundTrip('a', given, FOREIGN);
            expect(info.metadata ?? {}).toEqual(given.metadata);
            expect(info.tags ?? []).toEqual(given.tags);
          } catch (error) {
            if (!isStorageError(error, 'too-large')) throw error;
          }
        },
      ),
    );
  });

  test('are refused when they do not fit', () => {
    const metadata = { long: 'x'.repeat(MAX_METADATA_BYTES) };
    expect(() => toNative({ metadata }, { key: 'a' })).toThrow(/3450 fit/);
    const spaces = { long: ' '.repeat(500) };
    expect(roundTrip('a', { metadata: spaces }).metadata).toEqual(spaces);
  });
});

describe('the content type', () => {
  test.each([
    ['a.png', undefined, 'image/png', 'image/png'],
    ['a', undefined, 'application/octet-stream', undefined],
    ['a', 'text/x-own', 'text/x-own', 'text/x-own'],
    ['a.png', 'application/octet-stream', 'application/octet-stream', 'application/octet-stream'],
    ['a', 'text/html; charset=utf-8', 'application/octet-stream', 'text/html; charset=utf-8'],
    [
      'a',
      'application/vnd.google-apps.document',
      'application/octet-stream',
      'application/vnd.google-apps.document',
    ],
  ])('of %s, given as %s, is stored as %s and told as %s', (key, contentType, native, told) => {
    const file = stored(key, contentType === undefined ? {} : { contentType });
    expect(file.mimeType).toBe(native);
    expect(toInfo(key, file, false).contentType).toBe(told);
  });

  test('is kept beside the file where the file keeps another one', () => {
    const before: DriveFile = { ...FILE, mimeType: 'image/png' };
    const change = (contentType?: string) => {
      const attributes = contentType === undefined ? {} : { contentType };
      const { mimeType, appProperties } = toNative(attributes, {
        key: 'a',
        over: before,
        fixedType: before.mimeType,
      });
      const kept = Object.entries(appProperties).filter(([, value]) => value !== null);
      const file = { ...before, appProperties: Object.fromEntries(kept) as Record<string, string> };
      expect(mimeType).toBe('image/png');
      return file;
    };
    expect(toInfo('a', change('image/webp'), false).contentType).toBe('image/webp');
    expect(toInfo('a', change(), false).contentType).toBeUndefined();
    // Someone gave the file new content of another type meanwhile.
    const after = { ...change('image/webp'), mimeType: 'text/plain' };
    expect(toInfo('a', after, false).contentType).toBe('text/plain');
  });
});

test('tells writes apart by revision, and by what there is without one', () => {
  const { headRevisionId: _revision, ...bare } = FILE;
  expect(etagOf(FILE)).toBe('rev');
  expect(etagOf({ ...bare, md5Checksum: 'ff' })).toBe('ff-2026-01-02T00:00:00.000Z');
  expect(etagOf({ ...bare, version: '7' })).toBe('v7');
  expect(toInfo('a', FILE, true).version).toBe('id.rev');
  expect(toInfo('a', bare, true).version).toBeUndefined();
  const { size: _size, ...sizeless } = FILE;
  expect(() => toInfo('a', sizeless, false)).toThrow(/lacks a size/);
  const odd = { ...FILE, appProperties: { granary00: '{"v":1,"x":{"type":7,"n":1}}' } };
  expect(toInfo('a', odd, false)).not.toHaveProperty('n');
});
