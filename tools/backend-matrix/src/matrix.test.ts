import { expect, test } from 'vitest';
import { matrixTable, putTable } from './matrix.ts';

test('a capability that is not declared is a dash', () => {
  const table = matrixTable([
    { name: 'acme', capabilities: { rangeReads: true, attributes: 'none', delimiter: 'any' } },
    { name: 'bare', capabilities: {} },
  ]);
  expect(table).toContain('|  | acme | bare |');
  expect(table).toContain('| ranged reads | yes | – |');
  expect(table).toContain('| metadata and tags | – | – |');
  expect(table).toContain('| delimiter | any | – |');
  expect(table).toContain('| longest key, bytes | 1024 | 1024 |');
});

test('the table replaces the old one and leaves the rest of the page', () => {
  const page = 'before\n<!-- matrix: pnpm matrix -->\nold\n<!-- /matrix -->\nafter $& end';
  const filled = putTable(page, '| $1 |');
  expect(filled).toBe(
    'before\n<!-- matrix: pnpm matrix -->\n| $1 |\n<!-- /matrix -->\nafter $& end',
  );
  expect(putTable(filled, '| $1 |')).toBe(filled);
});

test('a page without a place for the table is refused', () => {
  expect(() => putTable('# Granary', '')).toThrow('has no');
});
