/** Returns the item at an index, over and over from the start. Errors: a `RangeError` for an empty list. */
export function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new RangeError('There is nothing to pick from.');
  return item;
}
