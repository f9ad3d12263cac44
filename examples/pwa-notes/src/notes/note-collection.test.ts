import { describe, expect, test } from 'vitest';
import type { NoteSummary } from './note.ts';
import { createNoteCollection } from './note-collection.ts';

function summary(id: string, day: number, more: Partial<NoteSummary> = {}): NoteSummary {
  const changedAt = new Date(2026, 10, day);
  return {
    ...{ id, title: id, preview: '', tags: [], createdAt: changedAt, changedAt },
    etag: `${id}-${day}`,
    ...more,
  };
}

describe('createNoteCollection', () => {
  test('has the last changed notes first', () => {
    const notes = createNoteCollection();
    for (const note of [summary('a', 1), summary('c', 3), summary('b', 3)]) notes.put(note);
    expect(notes.visible().map(({ id }) => id)).toEqual(['b', 'c', 'a']);
    notes.put(summary('a', 4));
    expect(notes.visible().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(notes.get('a')?.etag).toBe('a-4');
    expect(notes.size).toBe(3);
  });

  test('says whether something changed, and gives the same list until it does', () => {
    const notes = createNoteCollection();
    expect(notes.put(summary('a', 1))).toBe(true);
    const before = notes.visible();
    expect(notes.put(summary('a', 1))).toBe(false);
    expect(notes.visible()).toBe(before);
  });

  test('shows no deleted notes, and still knows them', () => {
    const notes = createNoteCollection();
    notes.put(summary('a', 1, { deletedAt: new Date() }));
    notes.put(summary('b', 1));
    expect(notes.visible().map(({ id }) => id)).toEqual(['b']);
    expect(notes.all()).toHaveLength(2);
    expect(notes.size).toBe(1);
    notes.remove('b');
    notes.remove('b');
    expect(notes.visible()).toEqual([]);
  });

  test('shows only what was found', () => {
    const notes = createNoteCollection();
    for (const id of ['a', 'b']) notes.put(summary(id, 1));
    notes.show(new Set(['b', 'gone']));
    expect(notes.visible().map(({ id }) => id)).toEqual(['b']);
    notes.show(undefined);
    expect(notes.visible()).toHaveLength(2);
  });

  test('counts files and tags', () => {
    const notes = createNoteCollection();
    notes.put(summary('a', 1, { tags: ['x', 'y'] }));
    notes.put(summary('b', 1, { tags: ['z', 'y'] }));
    expect(notes.tags()).toEqual([
      ['y', 2],
      ['x', 1],
      ['z', 1],
    ]);
    expect(notes.tags()).toBe(notes.tags());
    for (const name of ['f', 'f', 'g']) notes.addFile('a', name);
    expect(notes.fileCount('a')).toBe(2);
    notes.removeFile('a', 'f');
    notes.removeFile('unknown', 'f');
    expect([notes.fileCount('a'), notes.fileCount('b')]).toEqual([1, 0]);
  });
});
