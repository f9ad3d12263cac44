import { compareKeys } from '@granary/storage-core/provider';

/** The keys of a store in UTF-8 order, sorted no earlier than somebody lists them. */
export interface KeyIndex {
  /** Says that a key came or went. */
  touch(key: string): void;
  /** All keys in order. The array is never changed afterwards, so a walk over it is not disturbed. */
  sorted(): readonly string[];
}

/** Keeps the keys for which `isPresent` holds when they are asked for. */
export function keyIndex(isPresent: (key: string) => boolean): KeyIndex {
  let keys: readonly string[] = [];
  let touched = new Set<string>();

  return {
    touch(key) {
      touched.add(key);
    },
    sorted() {
      if (touched.size > 0) {
        keys = merge(keys, touched, isPresent);
        touched = new Set();
      }
      return keys;
    },
  };
}

/** The first place in `keys` whose key is not below `key`. */
export function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merge(
  keys: readonly string[],
  touched: ReadonlySet<string>,
  isPresent: (key: string) => boolean,
): readonly string[] {
  const merged: string[] = [];
  let from = 0;
  for (const key of [...touched].sort(compareKeys)) {
    const place = placeOf(keys, key);
    for (; from < place; from += 1) merged.push(keys[from] ?? '');
    if (keys[from] === key) from += 1;
    if (isPresent(key)) merged.push(key);
  }
  return merged.concat(keys.slice(from));
}
