import type { ByteRange, ContentRange } from '../contract/body.ts';
import { StorageError } from '../errors/storage-error.ts';

/** Refuses what is not a range (SPEC RANGE-4). Errors: `invalid-argument`. */
export function checkRange(range: ByteRange): void {
  const { offset, length, suffix } = range as {
    readonly offset?: unknown;
    readonly length?: unknown;
    readonly suffix?: unknown;
  };
  const fine =
    suffix === undefined
      ? isCount(offset, 0) && (length === undefined || isCount(length, 1))
      : isCount(suffix, 1) && offset === undefined && length === undefined;
  if (fine) return;
  throw new StorageError('invalid-argument', `not a range: ${JSON.stringify(range)}.`, {
    hint: 'Give { offset, length? } or { suffix } in whole bytes, length and suffix at least 1.',
  });
}

/**
 * The part of an object of this size that a range means, cut at its end.
 * Errors: `range-not-satisfiable` when there is nothing in it. Units: bytes.
 */
export function resolveRange(range: ByteRange, sizeBytes: number): ContentRange {
  const offset = 'suffix' in range ? Math.max(0, sizeBytes - range.suffix) : range.offset;
  if (offset >= sizeBytes) {
    throw new StorageError(
      'range-not-satisfiable',
      `the range ${JSON.stringify(range)} has no bytes of an object of ${sizeBytes}.`,
    );
  }
  const rest = sizeBytes - offset;
  const length = 'suffix' in range ? rest : Math.min(range.length ?? rest, rest);
  return { offset, length };
}

/** The value of an HTTP `Range` header. */
export function rangeHeader(range: ByteRange): string {
  if ('suffix' in range) return `bytes=-${range.suffix}`;
  const last = range.length === undefined ? '' : range.offset + range.length - 1;
  return `bytes=${range.offset}-${last}`;
}

/** Reads an HTTP `Content-Range` header; `undefined` when it is none of bytes. Units: bytes. */
export function parseContentRange(
  header: string,
): { readonly range: ContentRange; readonly totalBytes: number | undefined } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header.trim());
  if (match === null) return undefined;
  const [first = 0, last = 0] = [Number(match[1]), Number(match[2])];
  if (last < first) return undefined;
  return {
    range: { offset: first, length: last - first + 1 },
    totalBytes: match[3] === '*' ? undefined : Number(match[3]),
  };
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
