import { getHashes } from 'node:crypto';
import type { StorageEngine } from '@granary/storage-core';
import { type Comparison, compareObjects, isComparable, type Known } from './compare-objects.ts';
import { hashContent } from './hash-content.ts';

/** An object and what a listing told of it. */
export interface KnownObject {
  readonly store: StorageEngine;
  readonly key: string;
  readonly known: Known;
}

export interface CloserSettings {
  readonly signal: AbortSignal;
  /** Reads what cannot be told otherwise. */
  readonly byContent: boolean;
  /** Units: bytes that were read. */
  readonly onBytes: (bytes: number) => void;
}

/** What was found out about two objects. */
export type CloserComparison =
  | Comparison
  | { readonly verdict: 'same' | 'different'; readonly by: 'content' };

/**
 * Compares two objects by what is known of them, then by what each store tells about the object
 * alone, where listings leave checksums out, and then by content, if that is asked for.
 */
export async function compareCloser(
  left: KnownObject,
  right: KnownObject,
  { signal, byContent, onBytes }: CloserSettings,
): Promise<CloserComparison> {
  const told = compareObjects(left.known, right.known);
  if (told.verdict !== 'unknown') return told;

  const one = await askStore(left, signal);
  // What the other store says could be held against nothing.
  const other = byContent || isComparable(one.known) ? await askStore(right, signal) : right;
  const asked = compareObjects(one.known, other.known);
  if (asked.verdict !== 'unknown' || !byContent) return asked;

  const isSame = await haveSameContent(one, other, { signal, onBytes });
  return { verdict: isSame ? 'same' : 'different', by: 'content' };
}

/** Asks the store about an object whose listing told no checksum. */
async function askStore(object: KnownObject, signal: AbortSignal): Promise<KnownObject> {
  if (object.known.checksums !== undefined) return object;
  return { ...object, known: await object.store.stat(object.key, { signal }) };
}

/** Reads one side, where the checksum of the other can be computed, or both. */
async function haveSameContent(
  left: KnownObject,
  right: KnownObject,
  settings: Pick<CloserSettings, 'signal' | 'onBytes'>,
): Promise<boolean> {
  for (const [told, read] of [
    [left, right],
    [right, left],
  ] as const) {
    const [algorithm, checksum] = computable(told.known);
    if (algorithm === undefined) continue;
    return (await hashContent(read, algorithm, settings)).checksum === checksum;
  }
  const [one, other] = await Promise.all([
    hashContent(left, 'sha256', settings),
    hashContent(right, 'sha256', { ...settings, onBytes: () => {} }),
  ]);
  return one.checksum === other.checksum;
}

const COMPUTABLE: ReadonlySet<string> = new Set(
  getHashes().filter((name) => ['sha512', 'sha256', 'sha1', 'md5'].includes(name)),
);

function computable({ checksums = {} }: Known): [algorithm?: string, checksum?: string] {
  return Object.entries(checksums).find(([name]) => COMPUTABLE.has(name)) ?? [];
}
