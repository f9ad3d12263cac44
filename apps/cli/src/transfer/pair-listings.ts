import type { ListItem } from '@granary/storage-core';
import { compareKeys } from '@granary/storage-core/provider';

/** What stands under one key in two places. */
export interface Pair {
  readonly key: string;
  readonly left?: ListItem;
  readonly right?: ListItem;
}

/**
 * Walks two listings side by side. Where both are in key order it holds one entry of each; else it
 * holds the whole right one.
 */
export function pairListings(
  left: AsyncIterable<ListItem>,
  right: AsyncIterable<ListItem>,
  areOrdered: boolean,
): AsyncIterable<Pair> {
  return areOrdered ? mergeListings(left, right) : lookUpListing(left, right);
}

async function* mergeListings(
  left: AsyncIterable<ListItem>,
  right: AsyncIterable<ListItem>,
): AsyncGenerator<Pair> {
  const lefts = left[Symbol.asyncIterator]();
  const rights = right[Symbol.asyncIterator]();
  try {
    let [leftStep, rightStep] = await Promise.all([lefts.next(), rights.next()]);
    for (;;) {
      const leftItem = leftStep.done === true ? undefined : leftStep.value;
      const rightItem = rightStep.done === true ? undefined : rightStep.value;
      const order = compareEnds(leftItem, rightItem);
      if (order === undefined) return;
      if (order <= 0) leftStep = await lefts.next();
      if (order >= 0) rightStep = await rights.next();
      yield pair(order <= 0 ? leftItem : undefined, order >= 0 ? rightItem : undefined);
    }
  } finally {
    await Promise.all([lefts.return?.(), rights.return?.()]);
  }
}

/** Which side comes first; a side that has ended comes last; nothing when both have. */
function compareEnds(left: ListItem | undefined, right: ListItem | undefined): number | undefined {
  if (left === undefined) return right === undefined ? undefined : 1;
  return right === undefined ? -1 : compareKeys(left.key, right.key);
}

async function* lookUpListing(
  left: AsyncIterable<ListItem>,
  right: AsyncIterable<ListItem>,
): AsyncGenerator<Pair> {
  const rights = new Map<string, ListItem>();
  for await (const item of right) rights.set(item.key, item);
  for await (const item of left) {
    const other = rights.get(item.key);
    rights.delete(item.key);
    yield pair(item, other);
  }
  for (const item of rights.values()) yield pair(undefined, item);
}

function pair(left: ListItem | undefined, right: ListItem | undefined): Pair {
  return {
    key: left?.key ?? right?.key ?? '',
    ...(left === undefined ? {} : { left }),
    ...(right === undefined ? {} : { right }),
  };
}
