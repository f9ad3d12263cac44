import type { ListItem } from '@granary/storage-core';

/** What is known of two objects tells about their content without reading it. */
export type Comparison =
  | { readonly verdict: 'same' | 'different'; readonly by: 'size' | 'checksum' }
  /** Same size, and nothing else that can be compared. */
  | { readonly verdict: 'unknown' };

/** Objects as `list` or `stat` tells them. */
export type Known = Pick<ListItem, 'size' | 'checksums' | 'modifiedAt' | 'etag'>;

/** Checksums from the one that tells most; any other comes behind them. */
const BEST_FIRST: readonly string[] = ['sha512', 'sha256', 'sha1', 'md5', 'crc64nvme'];
const MD5_ETAG = /^[\da-f]{32}$/;

/**
 * Compares two objects by size, by the best checksum that both have, and by etags that are the MD5
 * of the content. An etag need not be one, so other etags tell nothing.
 */
export function compareObjects(left: Known, right: Known): Comparison {
  if (left.size !== undefined && right.size !== undefined && left.size !== right.size) {
    return { verdict: 'different', by: 'size' };
  }
  const algorithm = commonAlgorithm(left, right);
  if (algorithm !== undefined) {
    const areEqual = left.checksums?.[algorithm] === right.checksums?.[algorithm];
    return { verdict: areEqual ? 'same' : 'different', by: 'checksum' };
  }
  const sums = possibleMd5s(left);
  const isFound = possibleMd5s(right).some((sum) => sums.includes(sum));
  return isFound ? { verdict: 'same', by: 'checksum' } : { verdict: 'unknown' };
}

/** Whether anything is known that the content of another object can be held against. */
export function isComparable(known: Known): boolean {
  return Object.keys(known.checksums ?? {}).length > 0 || possibleMd5s(known).length > 0;
}

/**
 * Whether a copy was certainly written after its source was last changed. Stores that tell whole
 * seconds mean any moment of that second, so a copy of the same second may be the older one.
 */
export function isUpToDate(source: Known, target: Known): boolean {
  if (source.modifiedAt === undefined || target.modifiedAt === undefined) return false;
  const changedAt = source.modifiedAt.getTime();
  const latest = changedAt % 1000 === 0 ? changedAt + 999 : changedAt;
  return target.modifiedAt.getTime() >= latest;
}

function commonAlgorithm(left: Known, right: Known): string | undefined {
  const common = Object.keys(left.checksums ?? {}).filter(
    (name) => right.checksums?.[name] !== undefined,
  );
  return BEST_FIRST.find((name) => common.includes(name)) ?? common[0];
}

/** The MD5 of the content in hex, and an etag that may be it. */
function possibleMd5s({ checksums, etag }: Known): readonly string[] {
  const told = checksums?.['md5']?.replace(/^md5-/, '');
  return [
    ...(told === undefined ? [] : [Buffer.from(told, 'base64').toString('hex')]),
    ...(etag !== undefined && MD5_ETAG.test(etag) ? [etag] : []),
  ];
}
