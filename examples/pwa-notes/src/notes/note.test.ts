import { describe, expect, test } from 'vitest';
import {
  emptyNote,
  fileKey,
  folderOf,
  freeFileName,
  fromBody,
  isEmpty,
  type Note,
  noteKey,
  placeOf,
  previewOf,
  toBody,
  toMetadata,
  toSummary,
  toTag,
  toTags,
} from './note.ts';

const NOTE: Note = {
  id: 'a-1',
  title: 'Bread',
  text: 'Rye,\n\nhoney.',
  tags: ['todo'],
  createdAt: new Date('2026-11-01T08:00:00Z'),
  changedAt: new Date('2026-11-02T08:00:00Z'),
};

describe('keys', () => {
  test('tell notes, their files and everything else apart', () => {
    expect(placeOf(noteKey('a-1'))).toEqual({ id: 'a-1' });
    expect(placeOf(fileKey('a-1', 'b/c.png'))).toEqual({ id: 'a-1', fileName: 'b/c.png' });
    expect(noteKey('a-1').startsWith(folderOf('a-1'))).toBe(true);
    for (const key of ['notes/a-1', 'other/a-1/note.md', 'notes/a-1/else', 'notes']) {
      expect(placeOf(key)).toBeUndefined();
    }
  });
});

describe('content', () => {
  test.each([
    ['Bread', 'Rye,\n\nhoney.'],
    ['', 'Only text'],
    ['Only a title', ''],
    ['Bread', '\n\nleading lines'],
    ['', ''],
    ['Windows', 'a\r\nb\r\n'],
  ])('of the title %j and the text %j comes back as it was', (title, text) => {
    expect(fromBody(toBody({ title, text }))).toEqual({ title, text });
  });

  test('has its title in one line', () => {
    expect(fromBody(toBody({ title: ' two\nlines ', text: 'x' })).title).toBe('two lines');
  });

  test('of another program is read too', () => {
    expect(fromBody('no line end')).toEqual({ title: 'no line end', text: '' });
  });
});

describe('summaries', () => {
  test('come back from what is stored with a note', () => {
    const { text: _text, ...rest } = NOTE;
    const item = { key: noteKey('a-1'), metadata: toMetadata(NOTE), tags: NOTE.tags, etag: 'e' };
    expect(toSummary(item)).toEqual({ ...rest, preview: 'Rye, honey.', etag: 'e' });
  });

  test('tell when a note was deleted', () => {
    const deletedAt = new Date('2026-11-03T08:00:00Z');
    const metadata = toMetadata(NOTE, deletedAt);
    expect(toSummary({ key: noteKey('a-1'), metadata })?.deletedAt).toEqual(deletedAt);
  });

  test('are made of what there is where metadata is damaged', () => {
    const modifiedAt = new Date('2026-11-04T08:00:00Z');
    const metadata = { isNote: true, title: 7, preview: false, createdAt: 'x', changedAt: 'x' };
    expect(toSummary({ key: noteKey('a'), metadata, modifiedAt })).toEqual({
      ...{ id: 'a', title: '', preview: '', tags: [], etag: '' },
      ...{ createdAt: modifiedAt, changedAt: modifiedAt },
    });
    expect(toSummary({ key: noteKey('a'), metadata })?.changedAt).toEqual(new Date(0));
  });

  test('are not made of files and of what others wrote', () => {
    expect(toSummary({ key: fileKey('a', 'b'), metadata: { isNote: true } })).toBeUndefined();
    expect(toSummary({ key: noteKey('a'), metadata: {} })).toBeUndefined();
    expect(toSummary({ key: noteKey('a') })).toBeUndefined();
    expect(toSummary({ key: 'elsewhere', metadata: { isNote: true } })).toBeUndefined();
  });

  test('hold the start of the text, in one line and without half characters', () => {
    expect(previewOf('a\n\n b')).toBe('a b');
    const long = previewOf('🌾'.repeat(500));
    expect(Array.from(long)).toHaveLength(140);
    expect(long.isWellFormed()).toBe(true);
    expect(long.endsWith('…')).toBe(true);
  });
});

describe('tags', () => {
  test('are lower case, without spaces and marks, each once', () => {
    expect(toTag(' #To Do ')).toBe('to-do');
    expect(toTags(['b', '#B', '', ' # ', 'a'])).toEqual(['b', 'a']);
  });
});

describe('empty notes', () => {
  test('have nothing that could be lost', () => {
    const empty = emptyNote('a', new Date(0));
    expect(isEmpty(empty)).toBe(true);
    expect(isEmpty({ ...empty, title: ' ' })).toBe(true);
    for (const part of [{ title: 'a' }, { text: 'a' }, { tags: ['a'] }]) {
      expect(isEmpty({ ...empty, ...part })).toBe(false);
    }
  });
});

describe('freeFileName', () => {
  test.each([
    ['a.png', [], 'a.png'],
    ['a.png', ['a.png'], 'a (2).png'],
    ['a.png', ['a.png', 'a (2).png'], 'a (3).png'],
    ['README', ['README'], 'README (2)'],
    ['.env', ['.env'], '.env (2)'],
    ['a/b\\c\0d', [], 'a-b-c-d'],
    ['..', [], 'file'],
    ['  ', [], 'file'],
    ['lone \ud800', [], 'lone \ufffd'],
  ])('makes a key of %j beside %j', (wanted, taken, name) => {
    expect(freeFileName(wanted, new Set(taken))).toBe(name);
  });

  test('shortens what no key could hold, and keeps the ending', () => {
    const name = freeFileName(`${'ß'.repeat(300)}.jpeg`, new Set());
    expect(Array.from(name)).toHaveLength(100);
    expect(name.endsWith('.jpeg')).toBe(true);
  });
});
