import { usageError } from '../exit-codes.ts';

const UNITS = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1e3],
  ['kb', 1e3],
  ['kib', 2 ** 10],
  ['m', 1e6],
  ['mb', 1e6],
  ['mib', 2 ** 20],
  ['g', 1e9],
  ['gb', 1e9],
  ['gib', 2 ** 30],
  ['t', 1e12],
  ['tb', 1e12],
  ['tib', 2 ** 40],
]);

/** Reads a size such as `512`, `10MB` or `1.5GiB`. Units: bytes. Errors: usage. */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = UNITS.get(unit.toLowerCase());
  if (digits === undefined || factor === undefined) {
    throw usageError(`"${text}" is not a size.`, 'Write it as 512, 10kB, 10MB or 1.5GiB.');
  }
  return Math.round(Number(digits) * factor);
}
