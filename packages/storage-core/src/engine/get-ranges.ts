import { checkRange } from '../bodies/byte-range.ts';
import type { ByteRange } from '../contract/body.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { GetOptions, OperationOptions } from '../contract/operations.ts';
import { StorageError } from '../errors/storage-error.ts';
import { toStorageError } from '../errors/to-storage-error.ts';
import { type EngineContext, NO_OPTIONS, opened, signalOf } from './engine-context.ts';

/** Ranges with fewer bytes between them are fetched together. Units: bytes. */
const MERGE_GAP_BYTES = 64 * 1024;
/** Requests in flight. */
const CONCURRENCY = 8;

export interface RangesOptions extends OperationOptions {
  readonly ifMatch?: string;
  readonly mergeGapBytes?: number;
}

/** A wanted part, from `start` up to but without `end`, and its place in the answer. */
interface Wanted {
  readonly start: number;
  readonly end: number;
  readonly index: number;
}

/** Parts that one request brings. */
interface Merged {
  readonly start: number;
  end: number;
  readonly parts: Wanted[];
}

/**
 * Reads several parts of one write, near ones by one request, and gives them in the order asked for.
 * Errors: `conflict`, retryable, when the object was written between the requests.
 */
export async function getRanges(
  context: EngineContext,
  key: string,
  ranges: readonly ByteRange[],
  options: RangesOptions = NO_OPTIONS,
): Promise<Uint8Array[]> {
  const { provider } = context;
  try {
    return await readRanges(context, key, ranges, options);
  } catch (error) {
    throw toStorageError(error, { provider: provider.name, operation: 'getRanges', key });
  }
}

async function readRanges(
  context: EngineContext,
  key: string,
  ranges: readonly ByteRange[],
  options: RangesOptions,
): Promise<Uint8Array[]> {
  const { mergeGapBytes = MERGE_GAP_BYTES, ifMatch } = options;
  if (!Number.isSafeInteger(mergeGapBytes) || mergeGapBytes < 0) {
    throw new StorageError('invalid-argument', 'mergeGapBytes is not a whole number.');
  }
  ranges.forEach(checkRange);
  if (ranges.length === 0) return [];
  const { readConditions } = (await opened(context.provider, options)).capabilities;

  // Where a suffix starts is known only with the size.
  const [only] = ranges;
  const lone = ranges.length === 1 && only !== undefined && 'suffix' in only ? only : undefined;
  const fromEnd = lone === undefined && ranges.some((range) => 'suffix' in range);
  const info = fromEnd ? await context.stat(key, signalOf(options)) : undefined;
  let etag = ifMatch ?? info?.etag;
  if (info !== undefined && info.etag !== etag) throw otherWrite();
  const read: GetOptions = {
    ...signalOf(options),
    ...(readConditions && ifMatch !== undefined && { ifMatch }),
  };

  const results: Uint8Array[] = new Array(ranges.length);
  async function fetch(group: Merged, range: ByteRange): Promise<void> {
    const object = await context.get(key, { ...read, range });
    etag ??= object.info.etag;
    if (object.info.etag !== etag) {
      await object.cancel();
      throw ifMatch === undefined ? raced() : otherWrite();
    }
    const bytes = await object.bytes();
    const start = object.range?.offset ?? group.start;
    const alone = group.parts.length === 1;
    for (const part of group.parts) {
      results[part.index] = cut(bytes, start, part, alone, object.info.size);
    }
  }

  if (lone !== undefined) {
    await fetch({ start: 0, end: Infinity, parts: [{ start: 0, end: Infinity, index: 0 }] }, lone);
    return results;
  }
  const waiting = mergeParts(wantedOf(ranges, info), mergeGapBytes).values();
  let failed = false;
  async function work(): Promise<void> {
    for (const group of waiting) {
      if (failed) return;
      await fetch(group, rangeOf(group)).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: CONCURRENCY }, work));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return results;
}

function wantedOf(ranges: readonly ByteRange[], info: ObjectInfo | undefined): Wanted[] {
  return ranges.map((range, index) => {
    if ('suffix' in range) {
      const size = info?.size ?? 0;
      if (size === 0) throw outside(size);
      return { start: Math.max(0, size - range.suffix), end: size, index };
    }
    const { offset, length = Infinity } = range;
    return { start: offset, end: offset + length, index };
  });
}

function mergeParts(wanted: readonly Wanted[], gapBytes: number): Merged[] {
  const merged: Merged[] = [];
  for (const part of wanted.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && part.start <= last.end + gapBytes) {
      last.end = Math.max(last.end, part.end);
      last.parts.push(part);
    } else {
      merged.push({ start: part.start, end: part.end, parts: [part] });
    }
  }
  return merged;
}

function rangeOf({ start, end }: Merged): ByteRange {
  return end === Infinity ? { offset: start } : { offset: start, length: end - start };
}

/** A part in memory of its own, cut at the end of the object. */
function cut(
  bytes: Uint8Array,
  start: number,
  part: Wanted,
  alone: boolean,
  sizeBytes: number,
): Uint8Array {
  if (alone) return bytes;
  const from = Math.max(part.start - start, 0);
  if (from >= bytes.byteLength) throw outside(sizeBytes);
  return bytes.slice(from, part.end - start);
}

function outside(sizeBytes: number): StorageError {
  return new StorageError('range-not-satisfiable', `a range lies behind its ${sizeBytes} bytes.`);
}

function raced(): StorageError {
  return new StorageError('conflict', 'the object was written while its parts were read.', {
    hint: 'Read them again.',
  });
}

function otherWrite(): StorageError {
  return new StorageError('precondition-failed', 'it is another write by now.');
}
