import { describe, expect, test } from 'vitest';
import { renderTable } from './table.ts';

describe('renderTable', () => {
  test('lines its columns up', () => {
    const table = renderTable(
      [
        { name: 'a', count: 5 },
        { name: 'longer', count: 1234 },
      ],
      [
        { title: 'name', text: ({ name }) => name },
        { title: 'n', align: 'right', text: ({ count }) => String(count) },
      ],
    );
    expect(table.split('\n')).toEqual([
      '| name   |    n |',
      '| ------ | ---: |',
      '| a      |    5 |',
      '| longer | 1234 |',
    ]);
  });

  test('keeps a text in its cell', () => {
    const table = renderTable(['a|b\nc'], [{ title: 't', text: (text) => text }]);
    expect(table.split('\n')[2]).toBe('| a\\|b c |');
  });

  test('shows the head of an empty table', () => {
    expect(renderTable([], [{ title: 'x', text: () => '' }])).toBe('| x   |\n| --- |');
  });
});
