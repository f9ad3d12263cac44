import { describe, expect, test } from 'vitest';
import { emptyNote, type Note } from './note.ts';
import { exportParts, parseExport, planImport } from './transfer.ts';

const NOW = new Date('2026-11-21T10:00:00Z');

function note(id: string, day: number): Note {
  return {
    ...emptyNote(id, NOW),
    text: `"${id}"\n`,
    tags: ['a'],
    changedAt: new Date(2026, 1, day),
  };
}

async function exported(...pages: readonly (readonly Note[])[]): Promise<string> {
  async function* all() {
    yield* pages;
  }
  const parts: string[] = [];
  for await (const part of exportParts(all(), NOW)) parts.push(part);
  return parts.join('');
}

describe('an export', () => {
  test.each([[[]], [[[note('a', 1)]]], [[[note('a', 1), note('b', 2)], [], [note('c', 3)]]]])(
    'is read back as it was: %#',
    async (pages: Note[][]) => {
      expect(parseExport(await exported(...pages))).toEqual(pages.flat());
    },
  );

  test('says what it is', async () => {
    expect(JSON.parse(await exported([note('a', 1)]))).toMatchObject({
      ...{ format: 'granary-notes', version: 1, exportedAt: NOW.toISOString() },
    });
  });
});

describe('an import', () => {
  const good = JSON.parse(JSON.stringify(note('a', 1)));
  const file = (notes: unknown, more: object = {}) =>
    JSON.stringify({ format: 'granary-notes', version: 1, notes, ...more });

  test.each([
    ['{', /not JSON/],
    ['[]', /no file of notes/],
    ['null', /no file of notes/],
    [file([], { format: 'other' }), /no file of notes/],
    [file({}), /no file of notes/],
    [file([], { version: 2 }), /newer version/],
    [file([good, 1]), /Note 2 of the file is not an object. Nothing was imported/],
    [file([{ ...good, id: '../x' }]), /"id"/],
    [file([{ ...good, id: 5 }]), /"id"/],
    [file([{ ...good, title: 5 }]), /"title" or "text"/],
    [file([{ ...good, text: undefined }]), /"title" or "text"/],
    [file([{ ...good, tags: 'a' }]), /"tags"/],
    [file([{ ...good, tags: [1] }]), /"tags"/],
    [file([{ ...good, createdAt: 'soon' }]), /no date as "createdAt"/],
    [file([{ ...good, changedAt: 0 }]), /no date as "changedAt"/],
  ])('refuses %j and says why', (text, problem) => {
    expect(() => parseExport(text)).toThrow(problem);
  });

  test('takes what is new or newer, and brings back what was deleted', () => {
    const here = new Map([
      ['same', { changedAt: note('same', 2).changedAt }],
      ['older', { changedAt: note('older', 1).changedAt }],
      ['newer', { changedAt: note('newer', 3).changedAt }],
      ['deleted', { changedAt: note('deleted', 3).changedAt, deletedAt: NOW }],
    ]);
    const wanted = ['same', 'older', 'newer', 'deleted', 'absent'].map((id) => note(id, 2));
    const plan = planImport(wanted, (id) => here.get(id));
    expect(plan.added.map(({ id }) => id)).toEqual(['deleted', 'absent']);
    expect(plan.updated.map(({ id }) => id)).toEqual(['older']);
    expect(plan.unchanged).toBe(2);
  });

  test('takes the later one of a note that is there twice', () => {
    const plan = planImport([note('a', 1), note('a', 3), note('a', 2)], () => undefined);
    expect(plan.added).toEqual([note('a', 3)]);
  });
});
