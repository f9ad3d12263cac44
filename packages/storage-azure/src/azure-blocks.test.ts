import { describe, expect, test } from 'vitest';
import { blockId, layoutOf, parseBlockId, rangesOf } from './azure-blocks.ts';

const block = (offset: number, length: number, turn: number) => ({
  id: `${offset}+${length}@${turn}`,
  offset,
  length,
  turn,
});
const ids = (blocks: ReturnType<typeof layoutOf>) => blocks.map(({ id }) => id);

describe('blockId', () => {
  test('is read back, and always as long', () => {
    const last = { offset: 2 ** 47, length: 4_000 * 1024 * 1024, turn: 99_999 };
    expect(parseBlockId(blockId(last))).toEqual({ id: blockId(last), ...last });
    expect(blockId({ offset: 0, length: 1, turn: 1 })).toHaveLength(blockId(last).length);
  });

  test.each(['', 'AAAA', '!', btoa('some other id')])('is not %j', (id) => {
    expect(parseBlockId(id)).toBeUndefined();
  });
});

describe('layoutOf', () => {
  test('puts blocks in order', () => {
    expect(ids(layoutOf([block(5, 5, 1), block(0, 5, 2)]))).toEqual(['0+5@2', '5+5@1']);
  });

  test('takes the later of two for one place', () => {
    expect(ids(layoutOf([block(0, 5, 1), block(0, 5, 3), block(0, 5, 2)]))).toEqual(['0+5@3']);
    expect(ids(layoutOf([block(0, 10, 1), block(5, 5, 2)]))).toEqual(['5+5@2']);
    expect(ids(layoutOf([block(0, 10, 2), block(5, 5, 1)]))).toEqual(['0+10@2']);
    expect(ids(layoutOf([block(0, 5, 1), block(5, 5, 2), block(0, 10, 3)]))).toEqual(['0+10@3']);
  });
});

test('rangesOf joins what touches', () => {
  const layout = [block(0, 5, 1), block(5, 5, 2), block(12, 1, 3)];
  expect(rangesOf(layout)).toEqual([
    { offset: 0, length: 10 },
    { offset: 12, length: 1 },
  ]);
  expect(rangesOf([])).toEqual([]);
});
