import type { PartRules } from '../contract/upload.ts';
import { StorageError } from '../errors/storage-error.ts';
import { DOUBLINGS, PART_BYTES } from '../upload/part-sizes.ts';

/** Sizes of the parts of one upload, the same in every process that goes on with it. */
export interface PartPlan {
  /** Errors: `too-large` for a part beyond `maxParts`. Units: bytes. */
  size(index: number): number;
}

/**
 * Cuts an upload into parts that keep the session's rules. Of known length, all have one size, large
 * enough for `maxParts`; of unknown length, they grow in steps, so that small uploads use small parts.
 * Errors: `too-large` when no parts of this session can hold so much.
 */
export function planParts(rules: PartRules, totalBytes: number | undefined): PartPlan {
  const { minBytes, maxBytes, multipleOf, maxParts } = rules;
  const largest = Math.max(Math.floor(maxBytes / multipleOf) * multipleOf, 1);
  const fit = (bytes: number) =>
    Math.min(Math.ceil(Math.max(bytes, minBytes) / multipleOf) * multipleOf, largest);

  const first = fit(Math.max(PART_BYTES, totalBytes === undefined ? 0 : totalBytes / maxParts));
  if (totalBytes !== undefined && first * maxParts < totalBytes) {
    throw tooLarge(`${totalBytes} bytes do not fit`, largest * maxParts);
  }
  const step = Math.ceil(maxParts / DOUBLINGS);
  return {
    size(index) {
      if (index >= maxParts) throw tooLarge('the content does not fit', largest * maxParts);
      return totalBytes === undefined ? fit(first * 2 ** Math.floor(index / step)) : first;
    },
  };
}

function tooLarge(what: string, mostBytes: number): StorageError {
  return new StorageError('too-large', `${what} into the parts of one upload.`, {
    outcome: 'not-applied',
    hint: `At most ${mostBytes} bytes do when the size is given with { size }.`,
  });
}
