/** Names that differ by more than this share of their letters are no misspelling of each other. */
const MAX_SHARE = 0.4;

/** The name that was most likely meant, where one is near enough. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const plain = plainOf(name);
  let found: string | undefined;
  let least = Math.max(1, Math.floor(plain.length * MAX_SHARE)) + 1;
  for (const candidate of names) {
    const steps = distance(plain, plainOf(candidate));
    if (steps < least) {
      least = steps;
      found = candidate;
    }
  }
  return found;
}

/** The question to ask about a name, where an answer is near. */
export function didYouMean(name: string, names: readonly string[]): string | undefined {
  const found = nearestName(name, names);
  return found === undefined ? undefined : `Did you mean "${found}"?`;
}

/** `max_bytes` and `maxBytes` are spelled alike. */
function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

/** Letters to put in, to take out, to replace or to swap with their neighbor. */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let index = 1; index <= one.length; index += 1) {
    const next = [index];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[index - 1] === other[column - 1];
      const isSwap =
        index > 1 &&
        column > 1 &&
        one[index - 1] === other[column - 2] &&
        one[index - 2] === other[column - 1];
      next[column] = Math.min(
        (row[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (row[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = row;
    row = next;
  }
  return row[other.length] ?? 0;
}
