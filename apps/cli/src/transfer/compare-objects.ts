import type { ListItem } from '@granary/storage-core';

/** What two listings tell about two objects without reading them. */
export type Comparison =
  | { readonly verdict: 'same' | 'different'; readonly by: 'size' | 'checksum' }
  /** Same size, and nothing else that can be compared. */
  | { readonly verdict: 'unknown' };

/** Objects as `list` or `stat` tells them. */
export type Known = Pick<ListItem, 'size' | 'checksums' | 'modifiedAt' | 'etag'>;

/** Compares two objects by size and by a checksum that both have. */
export function compareObjects(left: Known, right: Known): Comparison {
  if (left.size !== undefined && right.size !== undefined && left.size !== right.size) {
    return { verdict: 'different', by: 'size' };
  }
  const algorithm = Object.keys(left.checksums ?? {}).find(
    (name) => right.checksums?.[name] !== undefined,
  );
  if (algorithm === undefined) return { verdict: 'unknown' };
  const areEqual = left.checksums?.[algorithm] === right.checksums?.[algorithm];
  return { verdict: areEqual ? 'same' : 'different', by: 'checksum' };
}

/** Whether a copy was written no earlier than its source was last changed. */
export function isUpToDate(source: Known, target: Known): boolean {
  if (source.modifiedAt === undefined || target.modifiedAt === undefined) return false;
  return target.modifiedAt.getTime() >= source.modifiedAt.getTime();
}
