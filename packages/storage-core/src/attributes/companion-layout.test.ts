import { describe, expect, test } from 'vitest';
import {
  type CompanionLayout,
  companionName,
  companionOwner,
  companionPattern,
  isCompanionName,
  readCompanion,
  writeCompanion,
} from './companion-layout.ts';
import { type CompanionRecord, type CompanionSide, selectAttributes } from './companion-record.ts';

const LAYOUTS: CompanionLayout[] = ['meta-json', 'meta', 'manifest'];
const now = new Date('2026-01-02T03:04:05.678Z');

const side = (name: string, more: Partial<CompanionSide> = {}): CompanionSide => ({
  fingerprint: `f-${name}`,
  attributes: { metadata: { name } },
  ...more,
});

describe('names', () => {
  test.each([
    ['meta-json', 'a/b.txt', 'a/b.txt.meta.json'],
    ['meta', 'a/b.txt', 'a/b.txt.meta'],
    ['manifest', 'a/b.txt', 'a/.source-metadata.json'],
    ['manifest', 'b.txt', '.source-metadata.json'],
  ] as const)('in the layout %s the companion of %s is %s', (layout, key, name) => {
    expect(companionName(key, layout)).toBe(name);
    expect(isCompanionName(name, layout)).toBe(true);
    expect(companionPattern(layout).test(name.split('/').at(-1) ?? '')).toBe(true);
    expect(companionOwner(name, layout)).toBe(layout === 'manifest' ? undefined : key);
  });

  test('are beside the object by default', () => {
    expect(companionName('a')).toBe('a.meta.json');
    expect(isCompanionName('a.meta.json')).toBe(true);
    expect(isCompanionName('a.meta')).toBe(false);
    expect(isCompanionName('a.meta.json/b')).toBe(false);
  });
});

describe.each(LAYOUTS)('the text of a companion in the layout %s', (layout) => {
  const key = 'acme/repo/photo.jpg';
  const record: CompanionRecord = {
    next: {
      fingerprint: 'f2',
      attributes: {
        contentType: 'image/jpeg',
        contentEncoding: 'gzip',
        contentLanguage: 'de',
        contentDisposition: 'inline',
        cacheControl: 'no-store',
        metadata: { n: 1, deep: [null, { ['__proto__']: 'x' }] },
        tags: ['x', 'ÿ'],
        expiresAt: new Date('2030-01-01T00:00:00.001Z'),
      },
      createdAt: new Date('2020-01-01T00:00:00Z'),
      size: 12,
      checksums: { sha256: 'sha256-AAAA' },
    },
    previous: { fingerprint: 'f1', attributes: { tags: ['old'] } },
  };
  const write = (text: string | undefined, of: CompanionRecord | undefined, name = key) =>
    writeCompanion({ key: name, text, record: of, layout, now });

  test('is read back as it was written', () => {
    const text = write(undefined, record) ?? expect.unreachable();
    expect(readCompanion(text, key, layout)).toEqual(record);
    const plain = { next: { attributes: {} } };
    const again = write(text, plain) ?? expect.unreachable();
    expect(readCompanion(again, key, layout)).toEqual(plain);
  });

  test('is removed with its last record', () => {
    const text = write(undefined, record) ?? expect.unreachable();
    expect(write(text, undefined)).toBeUndefined();
    expect(write(undefined, undefined)).toBeUndefined();
  });

  test.each(['', '{', 'null', '[]', '"text"', '7'])('is refused when it is %j', (text) => {
    expect(() => readCompanion(text, key, layout)).toThrow(
      expect.objectContaining({
        code: 'corrupted',
        message: expect.stringContaining(companionName(key, layout)),
      }),
    );
  });

  test('is read with a byte order mark', () => {
    const text = write(undefined, record) ?? expect.unreachable();
    expect(readCompanion(`\uFEFF${text}`, key, layout)).toEqual(record);
  });

  const broken = (change: object) => {
    const granary = { granary: 1, next: {}, ...change };
    const json = layout === 'manifest' ? { objects: { 'photo.jpg': { granary } } } : granary;
    return () => readCompanion(JSON.stringify(json), key, layout);
  };

  test('of a newer format is refused by name', () => {
    expect(broken({ granary: 2 })).toThrow(
      expect.objectContaining({
        code: 'invalid-data',
        message: expect.stringContaining('newer than 1'),
      }),
    );
  });

  test('of the two formats before is read, of older ones not', () => {
    for (const version of [0, -1])
      expect(broken({ granary: version })()).toEqual({ next: { attributes: {} } });
    expect(broken({ granary: -2 })).toThrow('unknown format');
    expect(broken({ granary: 'x' })).toThrow('unknown format');
  });

  test('that was damaged is refused', () => {
    expect(broken({ next: undefined })).toThrow('lacks what it should say');
    expect(broken({ next: { expiresAt: 'soon' } })).toThrow('soon is no date');
    expect(broken({ previous: [] })).toThrow('lacks what it should say');
  });
});

describe('companions of other programs', () => {
  test('beside the object are taken as its metadata', () => {
    const record = readCompanion('{"title":"x","n":1}', 'a', 'meta');
    expect(selectAttributes(record, 'any')).toMatchObject({
      matched: 'neither',
      attributes: { metadata: { title: 'x', n: 1 } },
    });
  });

  const manifest = {
    repository_id: 'repo',
    account_id: 'acme',
    objects: {
      'a.png': {
        id: 'id-1',
        type: 'file',
        size: 5,
        mime_type: 'image/png',
        created_at: '2020-01-01T00:00:00.000Z',
        updated_at: '2020-01-02T00:00:00.000Z',
        checksum: 'abc',
        metadata: { title: 'x' },
      },
      dir: { id: 'id-2', type: 'directory', size: 0, mime_type: '', metadata: {} },
    },
    last_updated: '2020-01-02T00:00:00.000Z',
    extra: 'kept',
  };

  test('in a manifest are read in its own format', () => {
    const text = JSON.stringify(manifest);
    expect(readCompanion(text, 'acme/repo/a.png', 'manifest')).toEqual({
      next: { attributes: { contentType: 'image/png', metadata: { title: 'x' } } },
    });
    expect(readCompanion(text, 'acme/repo/dir', 'manifest')).toEqual({
      next: { attributes: { metadata: {} } },
    });
    expect(readCompanion(text, 'acme/repo/none', 'manifest')).toBeUndefined();
    expect(readCompanion(text, 'acme/repo/toString', 'manifest')).toBeUndefined();
    expect(readCompanion('{}', 'a', 'manifest')).toBeUndefined();
  });

  test('in a manifest stay when an entry is added or changed', () => {
    const text = writeCompanion({
      key: 'acme/repo/a.png',
      text: JSON.stringify(manifest),
      record: {
        next: {
          attributes: { metadata: { title: 'y' } },
          size: 9,
          checksums: { sha256: 'sha256-z' },
        },
      },
      layout: 'manifest',
      now,
    });
    const json = JSON.parse(text ?? '');
    expect(json).toMatchObject({
      repository_id: 'repo',
      extra: 'kept',
      last_updated: now.toISOString(),
    });
    expect(json.objects.dir).toEqual(manifest.objects.dir);
    expect(json.objects['a.png']).toMatchObject({
      id: 'id-1',
      type: 'file',
      size: 9,
      mime_type: '',
      created_at: '2020-01-01T00:00:00.000Z',
      updated_at: now.toISOString(),
      checksum: 'sha256-z',
      metadata: { title: 'y' },
    });
  });

  test('get a manifest with the names of account and repository', () => {
    const text = writeCompanion({
      key: 'acme/repo/new.png',
      text: undefined,
      record: { next: { attributes: { contentType: 'image/png' } } },
      layout: 'manifest',
      now,
    });
    const json = JSON.parse(text ?? '');
    expect(json).toMatchObject({ account_id: 'acme', repository_id: 'repo' });
    expect(json.objects['new.png']).toMatchObject({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      mime_type: 'image/png',
      created_at: now.toISOString(),
      checksum: '',
    });
    const root = writeCompanion({
      key: 'a',
      text: undefined,
      record: { next: side('x') },
      layout: 'manifest',
      now,
    });
    expect(JSON.parse(root ?? '')).toMatchObject({ account_id: '', repository_id: '' });
  });

  test('that change metadata in a manifest are heard', () => {
    const text = writeCompanion({
      key: 'a',
      text: undefined,
      record: { next: side('x') },
      layout: 'manifest',
      now,
    });
    const json = JSON.parse(text ?? '');
    json.objects.a.metadata = { changed: true };
    const read = () => readCompanion(JSON.stringify(json), 'a', 'manifest')?.next.attributes;
    expect(read()).toEqual({ metadata: { changed: true } });
    json.objects.a.metadata = {};
    expect(read()).toEqual({});
    json.objects.a.metadata = 'none';
    expect(read()).toEqual({ metadata: { name: 'x' } });
  });

  test('are refused when a manifest is damaged', () => {
    for (const text of ['{"objects":[]}', '{"objects":{"a":7}}']) {
      expect(() => readCompanion(text, 'a', 'manifest')).toThrow(
        expect.objectContaining({ code: 'corrupted' }),
      );
    }
  });
});
