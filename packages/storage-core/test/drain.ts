/** Reads an iterable to its end. */
export async function drain<Item>(items: AsyncIterable<Item> | undefined): Promise<Item[]> {
  if (items === undefined) throw new TypeError('there is nothing to read');
  return Array.fromAsync(items);
}
