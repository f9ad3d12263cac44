import { describe, expect, test } from 'vitest';
import { type DriveFile, exportTypeOf, isObject, newestFirst, oldestFirst } from './gdrive-file.ts';

const file = (id: string, time?: string): DriveFile => ({
  id,
  name: 'a',
  mimeType: 'text/plain',
  ...(time !== undefined && { modifiedTime: time, createdTime: time }),
});
const ids = (files: readonly DriveFile[]) => files.map(({ id }) => id);
const [EARLY, LATE] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];

describe('of several files of one name', () => {
  test('the one that changed last comes first, then the greatest id', () => {
    const files = [file('a', EARLY), file('c', LATE), file('b', LATE), file('d', EARLY)];
    expect(ids(files.toSorted(newestFirst))).toEqual(['c', 'b', 'd', 'a']);
    expect(ids(files.toReversed().toSorted(newestFirst))).toEqual(['c', 'b', 'd', 'a']);
    const same = [file('a', '2026-01-01T00:00:00Z'), file('b', EARLY)];
    expect(ids(same.toSorted(newestFirst))).toEqual(ids(same.toReversed().toSorted(newestFirst)));
    expect(ids([file('a'), file('b')].toSorted(newestFirst))).toEqual(['b', 'a']);
  });

  test('and of folders the one that was made first, then the least id', () => {
    const folders = [file('a', LATE), file('c', EARLY), file('b', EARLY)];
    expect(ids(folders.toSorted(oldestFirst))).toEqual(['b', 'c', 'a']);
    expect(ids(folders.toReversed().toSorted(oldestFirst))).toEqual(['b', 'c', 'a']);
    expect(ids([file('b'), file('a')].toSorted(oldestFirst))).toEqual(['a', 'b']);
  });
});

test('a document is an object where its kind is exported', () => {
  const document = { ...file('a'), mimeType: 'application/vnd.google-apps.document' };
  const exports = { document: 'text/plain' };
  expect(exportTypeOf(document, exports)).toBe('text/plain');
  expect(exportTypeOf(file('a'), exports)).toBeUndefined();
  expect(isObject(document, exports)).toBe(true);
  expect(isObject(document, {})).toBe(false);
  const odd = { ...document, mimeType: 'application/vnd.google-apps.toString' };
  expect(isObject(odd, {})).toBe(false);
});
