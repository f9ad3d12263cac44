import type { ContentRange } from '../contract/body.ts';
import { StorageError } from '../errors/storage-error.ts';
import type { PartGrid } from './part-grid.ts';

/** The number of a part that keeps the rules of its grid. Errors: `invalid-argument`. Units: bytes. */
export function gridPartNumber(
  grid: PartGrid,
  totalBytes: number | undefined,
  offset: number,
  length: number,
): number {
  const number = grid.numberAt(offset);
  const step = grid.stepAt(offset);
  if (number === undefined) {
    throw refusal(
      `a part cannot start at ${offset}; a multiple of ${step} can, up to 10,000 parts.`,
    );
  }
  if (totalBytes === undefined) return number;
  const end = offset + length;
  if (end > totalBytes) {
    throw refusal(`a part ends at ${end}, behind the ${totalBytes} bytes of the upload.`);
  }
  if (end < totalBytes && length % step !== 0) {
    throw refusal(`a part has ${length} bytes; all but the last have a multiple of ${step}.`);
  }
  return number;
}

/** The size of the whole, when parts in their order make one. Errors: `invalid-argument`. Units: bytes. */
export function wholeBytes(parts: readonly ContentRange[], totalBytes: number | undefined): number {
  let end = 0;
  for (const { offset, length } of parts) {
    if (offset > end) throw refusal(`the bytes from ${end} to ${offset} are missing.`);
    if (offset < end) throw refusal(`the part at ${offset} overlaps the one before it.`);
    end += length;
  }
  if (totalBytes !== undefined && end !== totalBytes) {
    throw refusal(`the bytes from ${end} to ${totalBytes} are missing.`);
  }
  return end;
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', reason, { outcome: 'not-applied' });
}
