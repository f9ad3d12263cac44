import { describe, expect, test } from 'vitest';
import { noteOf, notesFrom, ONE_AUTHOR, RARE_TAG, taggedAmong, writtenAmong } from './note.ts';

describe('noteOf', () => {
  test.each([0, 7, 9999, 1_000_001])('makes note %i of 1 KiB', (id) => {
    expect(JSON.stringify(noteOf(id).value)).toHaveLength(1024);
  });

  test('makes the same note each time, and another one for each number', () => {
    expect(noteOf(5)).toEqual(noteOf(5));
    expect(noteOf(5).value.body).not.toBe(noteOf(6).value.body);
    expect(new Set(notesFrom(0, 500).map(({ key }) => key)).size).toBe(500);
  });
});

describe('what is searched for', () => {
  test.each([1, 7, 8, 100, 110, 250])('is counted among %i notes', (count) => {
    const notes = notesFrom(0, count);
    expect(notes.filter(({ tags }) => tags.includes(RARE_TAG))).toHaveLength(taggedAmong(count));
    expect(notes.filter(({ metadata }) => metadata.author === ONE_AUTHOR)).toHaveLength(
      writtenAmong(count),
    );
  });
});
