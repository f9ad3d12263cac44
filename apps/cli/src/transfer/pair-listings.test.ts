import type { ListItem } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { pairListings } from './pair-listings.ts';

async function* listing(keys: readonly string[], onEnd = () => {}): AsyncGenerator<ListItem> {
  try {
    for (const key of keys) yield { kind: 'item', key };
  } finally {
    onEnd();
  }
}

async function sides(
  left: readonly string[],
  right: readonly string[],
  areOrdered: boolean,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const pair of pairListings(listing(left), listing(right), areOrdered)) {
    expect(found[pair.key]).toBeUndefined();
    found[pair.key] = `${pair.left ? 'l' : ''}${pair.right ? 'r' : ''}`;
  }
  return found;
}

describe.each([true, false])('pairListings, ordered: %s', (areOrdered) => {
  test.each([
    [[], []],
    [['a'], []],
    [[], ['a']],
    [
      ['a', 'b', 'd'],
      ['b', 'c', 'd', 'e'],
    ],
    [
      ['a-b', 'a/b', 'a0', '\u{10000}'],
      ['a', 'a/b', '\uffff', '\u{10000}'],
    ],
  ])('finds each key of %j and %j once', async (left, right) => {
    const expected: Record<string, string> = {};
    for (const key of left) expected[key] = 'l';
    for (const key of right) expected[key] = `${expected[key] ?? ''}r`;
    expect(await sides(left, right, areOrdered)).toEqual(expected);
  });

  test('lets go of both listings when it is left early', async () => {
    let ended = 0;
    const end = (): void => {
      ended += 1;
    };
    const both = pairListings(listing(['a', 'b'], end), listing(['a', 'b'], end), areOrdered);
    for await (const pair of both) {
      expect(pair.key).toBe('a');
      break;
    }
    expect(ended).toBe(2);
  });
});

test('pairListings keeps no more than one entry of each side where both are ordered', async () => {
  let read = 0;
  async function* many(): AsyncGenerator<ListItem> {
    for (let index = 0; ; index += 1) {
      read += 1;
      yield { kind: 'item', key: String(index).padStart(9, '0') };
    }
  }
  let seen = 0;
  for await (const _pair of pairListings(many(), many(), true)) {
    seen += 1;
    if (seen === 1000) break;
  }
  expect(read).toBeLessThanOrEqual(2 * 1001);
});
