import type { ByteRange } from '@granary/storage-core';
import { usageError } from '../exit-codes.ts';

/** Reads `100-199` (both included, as in HTTP), `100-` or `-500` (the last 500). Units: bytes. Errors: usage. */
export function parseRange(text: string): ByteRange {
  const [, first, last] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) {
    throw usageError(
      `"${text}" is not a range.`,
      'Write 0-99, 100- (to the end) or -100 (the last 100).',
    );
  }
  if (first === '') return { suffix: Number(last) };
  const offset = Number(first);
  if (last === '') return { offset };
  if (Number(last) < offset) {
    throw usageError(`"${text}" ends before it begins.`, 'Write the smaller number first.');
  }
  return { offset, length: Number(last) - offset + 1 };
}
