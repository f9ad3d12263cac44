import { compareKeys } from './compare-keys.ts';

const SURROGATE = /[\ud800-\udfff]/;

/**
 * Keys in the order of their UTF-8 bytes. Without a character beyond U+FFFF that is JavaScript's
 * own order, which is several times as fast.
 */
export function sortKeys(keys: Iterable<string>): string[] {
  const sorted = [...keys];
  return sorted.some((key) => SURROGATE.test(key)) ? sorted.sort(compareKeys) : sorted.sort();
}
