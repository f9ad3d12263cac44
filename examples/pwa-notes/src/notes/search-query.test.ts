import { expect, test } from 'vitest';
import { parseSearch, toggleTag, toQuery } from './search-query.ts';

test('takes tags and words apart', () => {
  expect(parseSearch('  #Todo bread # rye #garden')).toEqual({
    tags: ['todo', 'garden'],
    text: 'bread rye',
  });
});

test('a tag is put into what is typed, and taken out again', () => {
  expect(toggleTag('bread', 'todo')).toBe('#todo bread');
  expect(toggleTag('#todo bread', 'todo')).toBe('bread');
  expect(toggleTag('#a', 'b')).toBe('#a #b');
});

test('asks for notes with all tags and all words', () => {
  expect(toQuery(parseSearch(' '))).toBeUndefined();
  expect(toQuery(parseSearch('#a'))).toEqual({
    ...{ prefix: 'notes/', metadata: { isNote: true }, tags: ['a'] },
  });
  expect(toQuery(parseSearch('b'))).toMatchObject({ text: 'b', textIn: ['tags', 'value'] });
});
