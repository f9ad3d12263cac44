import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CompanionRecord,
  type CompanionSide,
  fromRecordJson,
  isEmptySide,
  nextCompanion,
  selectAttributes,
  selectVersion,
  settledCompanion,
  toRecordJson,
} from './companion-record.ts';

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
    const metadata = { mine: 1, 'granary.integrity': 'sha256-x' };
    expect(selectAttributes({ next: { attributes: { metadata } } }, 'f').attributes).toEqual({
      metadata: { mine: 1 },
    });
  });
});

describe('bodies that others were about to write', () => {
  const current: CompanionRecord = {
    next: side('late'),
    previous: side('there'),
    coming: [side('old', { comingSince: new Date(now.getTime() - 3_600_000) })],
  };

  test('are kept for an hour, and known when they arrive', () => {
    const write = { current, currentFingerprint: 'f-there', next: side('new'), now };
    const record = nextCompanion(write) ?? expect.unreachable();
    expect(record.coming).toEqual([side('late', { comingSince: now })]);
    expect(selectAttributes(record, 'f-late')).toEqual({ ...side('late'), matched: 'coming' });
    expect(selectAttributes(record, 'write', ['f-late']).matched).toBe('coming');
    expect(settledCompanion(record, 'f')?.coming).toEqual(record.coming);
    expect(fromRecordJson(JSON.parse(JSON.stringify(toRecordJson(record))), 'a')).toEqual(record);
  });

  test('are four at most, none of them there already or written now', () => {
    const coming = ['1', '2', '3', '4', '5', 'there', 'new'].map((name) =>
      side(name, { comingSince: now }),
    );
    const write = { current: { ...current, coming }, currentFingerprint: 'f-there', now };
    const record = nextCompanion({ ...write, next: side('new') });
    expect(record?.coming?.map(({ fingerprint }) => fingerprint)).toEqual([
      ...['f-late', 'f-1', 'f-2', 'f-3'],
    ]);
    expect(
      nextCompanion({ current, currentFingerprint: 'f-there', next: side('x') }),
    ).not.toHaveProperty('coming');
  });
});

describe('what tells content alone', () => {
  const record: CompanionRecord = { next: side('new'), previous: side('old') };

  test('comes after what tells the write', () => {
    expect(selectAttributes(record, 'write', ['f-new']).matched).toBe('next');
    expect(selectAttributes(record, 'write', ['f-old']).matched).toBe('previous');
    expect(selectAttributes(record, 'f-old', ['f-new']).matched).toBe('previous');
  });

  test('finds a version that nobody has named', () => {
    const named = side('named', { version: 'v1' });
    const history = { next: side('new'), previous: side('old'), history: [named] };
    expect(selectVersion(history, 'v1', ['f-new'])).toEqual(named);
    expect(selectVersion(history, 'v2', ['f-old'])).toEqual(side('old'));
    expect(selectVersion(history, 'v3', ['f-named'])).toEqual({ attributes: {} });
  });
});

describe('history', () => {
  test('is of so many versions, with each once, and of none that has nothing to say', () => {
    let current: CompanionRecord | undefined;
    for (let turn = 0; turn < 120; turn += 1) {
      current = nextCompanion({
        current,
        currentFingerprint: turn === 0 ? undefined : `f-${turn - 1}`,
        currentVersion: `v${turn - 1}`,
        next: side(String(turn), turn % 2 === 0 ? {} : { attributes: {} }),
      });
    }
    const told = current?.history ?? [];
    expect(told.length).toBe(60);
    expect(told[0]).toMatchObject({ version: 'v118', attributes: { metadata: { name: '118' } } });
    expect(new Set(told.map(({ version }) => version)).size).toBe(told.length);
    // Nothing is to be said of the current one any more, and something of those before.
    expect(settledCompanion({ next: { attributes: {} }, history: told }, 'f')?.history).toEqual(
      told,
    );
  });

  test('takes no more room than a write should send', () => {
    const long = 'x'.repeat(10_000);
    const past = ['a', 'b', 'c', 'd'].map((version) => side(long, { version }));
    const write = { current: { next: side('n'), history: past }, next: side('m') };
    const told = nextCompanion({ ...write, currentFingerprint: 'f-n' })?.history ?? [];
    expect(told.map(({ version }) => version)).toEqual(['a', 'b', 'c']);
  });

  test('has what was written last when another program wrote over it', () => {
    const current = { next: side('mine') };
    const next = side('next');
    const write = { current, currentFingerprint: 'theirs', currentVersion: 'v2', next };
    expect(nextCompanion(write)?.history).toEqual([
      { attributes: { metadata: { name: 'mine' } }, fingerprint: 'theirs', version: 'v2' },
      side('mine'),
    ]);
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
