import { expect, test } from 'vitest';
import { isSegment, quoted, rootSegments, segmentsOf } from './gdrive-keys.ts';

test('quotes what a query would take for its own', () => {
  expect(quoted("it's")).toBe("'it\\'s'");
  expect(quoted('a\\b')).toBe("'a\\\\b'");
  expect(quoted("\\'")).toBe("'\\\\\\''");
});

test('knows which names of other programs are segments', () => {
  for (const name of ['a', ' a ', 'a:b', '%2F', '__proto__']) expect(isSegment(name)).toBe(true);
  for (const name of ['a/b', '', '.', '..']) expect(isSegment(name)).toBe(false);
});

test('takes paths apart', () => {
  expect(segmentsOf('')).toEqual([]);
  expect(segmentsOf('a/b')).toEqual(['a', 'b']);
  expect(rootSegments('/Apps/Notes/')).toEqual(['Apps', 'Notes']);
  expect(rootSegments(undefined)).toEqual([]);
});
