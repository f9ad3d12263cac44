import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { companionKeys } from './companion-keys.ts';
import {
  type CompanionLayout,
  companionName,
  companionOwner,
  companionPattern,
  isCompanionName,
  readCompanion,
  writeCompanion,
} from './companion-layout.ts';
import {
  type CompanionRecord,
  type CompanionSide,
  isEmptySide,
  nextCompanion,
  selectAttributes,
  settledCompanion,
} from './companion-record.ts';

const LAYOUTS: CompanionLayout[] = ['meta-json', 'meta', 'manifest'];
const now = new Date('2026-01-02T03:04:05.678Z');

const side = (name: string, more: Partial<CompanionSide> = {}): CompanionSide => ({
  fingerprint: `f-${name}`,
  attributes: { metadata: { name } },
  ...more,
});

describe('selectAttributes', () => {
  const record: CompanionRecord = {
    next: side('new', { checksums: { sha256: 'sha256-x' }, size: 7, createdAt: now }),
    previous: side('old', { size: 3 }),
  };

  test('takes the side that the body is', () => {
    expect(selectAttributes(record, 'f-new')).toEqual({ ...record.next, matched: 'next' });
    expect(selectAttributes(record, 'f-old')).toEqual({ ...record.previous, matched: 'previous' });
  });

  test('keeps what the user said of a body that was changed from outside, and nothing else', () => {
    expect(selectAttributes(record, 'other')).toEqual({
      matched: 'neither',
      attributes: { metadata: { name: 'new' } },
      createdAt: now,
    });
  });

  test('knows nothing without a record', () => {
    expect(selectAttributes(undefined, 'f')).toEqual({ matched: 'neither', attributes: {} });
  });
});

describe('nextCompanion', () => {
  test('is not needed where there is nothing to say and nothing to take back', () => {
    const next = { attributes: {} };
    expect(nextCompanion({ current: undefined, currentFingerprint: 'f', next })).toBeUndefined();
  });

  test('holds what is coming and what is there', () => {
    const current = { next: side('there') };
    const next = side('coming');
    expect(nextCompanion({ current, currentFingerprint: 'f-there', next })).toEqual({
      next,
      previous: side('there'),
    });
  });

  test('remembers that the body there had no attributes', () => {
    const next = side('coming');
    expect(nextCompanion({ current: undefined, currentFingerprint: 'f', next })).toEqual({
      next,
      previous: { fingerprint: 'f', attributes: {} },
    });
  });

  test('drops what an edit from outside made wrong', () => {
    const current = { next: side('there', { size: 1 }) };
    const record = nextCompanion({ current, currentFingerprint: 'edited', next: side('coming') });
    expect(record?.previous).toEqual({
      fingerprint: 'edited',
      attributes: { metadata: { name: 'there' } },
    });
  });

  test('takes back attributes that a new body does not have', () => {
    const record = nextCompanion({
      current: { next: side('there') },
      currentFingerprint: 'f-there',
      next: { attributes: {}, fingerprint: 'f' },
    });
    expect(selectAttributes(record, 'f').attributes).toEqual({});
    expect(selectAttributes(record, 'f-there').attributes).toEqual({ metadata: { name: 'there' } });
    expect(settledCompanion(record ?? expect.unreachable(), 'f')).toBeUndefined();
  });

  test('has no past where there was no body, whatever an orphan says', () => {
    const current = { next: side('orphan') };
    const next = side('coming');
    expect(nextCompanion({ current, currentFingerprint: undefined, next })).toEqual({ next });
  });

  test('gives every reader one side or the other, whole, at every step of a crash', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 8 }), (writes) => {
        let body: string | undefined;
        let companion: CompanionRecord | undefined;
        let truth: CompanionSide = { attributes: {} };
        for (const [index, [hasAttributes, crashes]] of writes.entries()) {
          const next: CompanionSide = {
            fingerprint: `f${index}`,
            attributes: hasAttributes ? { metadata: { index } } : {},
          };
          const record = nextCompanion({ current: companion, currentFingerprint: body, next });
          if (record !== undefined) companion = record;
          if (body !== undefined) {
            expect(selectAttributes(companion, body).attributes).toEqual(truth.attributes);
          }
          if (crashes) continue;
          body = next.fingerprint;
          truth = next;
          expect(selectAttributes(companion, body ?? '').attributes).toEqual(truth.attributes);
          if (record !== undefined) companion = settledCompanion(record, body ?? '');
          expect(selectAttributes(companion, body ?? '').attributes).toEqual(truth.attributes);
        }
      }),
    );
  });
});

test('counts computed facts as something to write down', () => {
  expect(isEmptySide({ attributes: { metadata: {}, tags: [] } })).toBe(true);
  expect(isEmptySide({ attributes: {}, size: 0 })).toBe(false);
  expect(isEmptySide({ attributes: {}, checksums: {} })).toBe(false);
  expect(isEmptySide({ attributes: {}, createdAt: now })).toBe(false);
  expect(isEmptySide({ attributes: { tags: ['x'] } })).toBe(false);
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

describe.each(LAYOUTS)('ordinary keys that look like companions in the layout %s', (layout) => {
  const keys = companionKeys(layout);
  const segment = fc.oneof(
    fc.constantFrom(
      'a',
      'a.meta.json',
      'a.meta.json!',
      'a.meta',
      'a.meta!!',
      '.source-metadata.json',
      '.source-metadata.json!',
      '!',
      'b!',
    ),
    fc.string({ minLength: 1 }).filter((text) => !text.includes('/')),
  );
  const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));

  test('are written otherwise and read back', () => {
    fc.assert(
      fc.property(key, (name) => {
        const below = keys.down(name);
        expect(keys.up(below)).toBe(name);
        for (const part of below.split('/')) expect(isCompanionName(part, layout)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('are found by every prefix', () => {
    fc.assert(
      fc.property(key, fc.nat(20), (name, at) => {
        expect(keys.down(name).startsWith(keys.downPrefix(name.slice(0, at)))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('are not taken for companions, which are hidden', () => {
    expect(keys.up(companionName('a/b', layout))).toBeUndefined();
    expect(keys.up(`${companionName('a/b', layout)}/c`)).toBeUndefined();
    expect(keys.down('a/b.txt')).toBe('a/b.txt');
  });
});
