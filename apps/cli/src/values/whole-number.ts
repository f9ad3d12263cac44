import { usageError } from '../exit-codes.ts';

/** Reads a whole number of at least `least`. Errors: usage. */
export function parseWholeNumber(text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw usageError(`"${text}" is not a whole number of at least ${least}.`);
  }
  return value;
}
