import { expect, test } from 'vitest';
import { createDrafts, type DraftShelf } from './drafts.ts';
import { emptyNote } from './note.ts';

function shelfOf(entries: [string, string][] = [], isFull = false): DraftShelf {
  const map = new Map(entries);
  return {
    get length() {
      return map.size;
    },
    key: (index) => [...map.keys()][index] ?? null,
    getItem: (key) => map.get(key) ?? null,
    removeItem: (key) => void map.delete(key),
    setItem(key, value) {
      if (isFull) throw new DOMException('full', 'QuotaExceededError');
      map.set(key, value);
    },
  };
}

const NOTE = {
  ...emptyNote('n', new Date('2026-11-01T00:00:00Z')),
  text: 'last words',
  tags: ['a'],
};

test('what one tab keeps, another one finds until it is dropped', () => {
  const shelf = shelfOf();
  const [mine, other] = [createDrafts(shelf, 'one'), createDrafts(shelf, 'two')];
  expect(mine.keep(NOTE, 'e')).toBe(true);
  expect(mine.ofOthers()).toEqual([]);
  expect(other.ofOthers()).toEqual([{ owner: 'one', note: NOTE, etag: 'e' }]);
  mine.drop('n');
  expect(other.ofOthers()).toEqual([]);
});

test('a draft of another tab is dropped when it has been saved', () => {
  const shelf = shelfOf();
  createDrafts(shelf, 'one').keep(NOTE, undefined);
  const other = createDrafts(shelf, 'two');
  const [draft] = other.ofOthers();
  expect(draft?.etag).toBeUndefined();
  if (draft !== undefined) other.dropOf(draft);
  expect(shelf.length).toBe(0);
});

test('says that there is no room', () => {
  expect(createDrafts(shelfOf([], true), 'one').keep(NOTE, undefined)).toBe(false);
});

test('passes over what is no draft', () => {
  const shelf = shelfOf([
    ['else', '{}'],
    ['pwa-notes-draft:old:1', 'damaged'],
    ['pwa-notes-draft:old:2', '{}'],
  ]);
  expect(createDrafts(shelf, 'one').ofOthers()).toEqual([]);
  expect(shelf.length).toBe(3);
});
