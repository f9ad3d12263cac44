import type { ListItem } from '@granary/storage-core';
import type { KeyFilter } from '../places/glob-filter.ts';
import type { Tree } from '../places/open-places.ts';
import { type NeededField, walkTree } from '../places/walk-tree.ts';
import { compareObjects, type Known } from './compare-objects.ts';
import type { Journal } from './journal.ts';
import { pairListings } from './pair-listings.ts';
import type { SkipReason } from './transfer-log.ts';

/** What is to be done with one object. */
export type Decision =
  | { readonly action: 'transfer' }
  /** The listings do not tell whether they are the same. */
  | { readonly action: 'compare'; readonly source: Known; readonly target: Known }
  | { readonly action: 'skip'; readonly reason: SkipReason }
  /** What there is to know of it could not be found out. */
  | { readonly action: 'fail'; readonly error: unknown };

/** An object of the source and what is to be done with it. */
export interface PlannedItem {
  /** Its key below the source, which is its key below the target too. */
  readonly key: string;
  /** Units: bytes. */
  readonly size: number | undefined;
  readonly etag: string | undefined;
  readonly decision: Decision;
}

/** How it is decided whether an object is copied. */
export interface DecisionRules {
  /** Leaves what is the same already. */
  readonly update: boolean;
  /** Leaves what exists already. */
  readonly ifAbsent: boolean;
}

export interface PlanSettings extends DecisionRules {
  readonly source: Tree;
  readonly target: Tree;
  readonly filter: KeyFilter;
  readonly signal: AbortSignal;
  readonly journal: Journal | undefined;
}

/** Decides for each object of the source, looking at the target only where that matters. */
export async function* planTree(settings: PlanSettings): AsyncGenerator<PlannedItem> {
  const { source, target, filter, signal, journal, update, ifAbsent } = settings;
  const isResumed = (journal?.earlier.size ?? 0) > 0;
  const need: NeededField[] = ['size'];
  if (isResumed) need.push('etag');
  if (update) need.push('modifiedAt');
  // What cannot be read fails by itself, and not the others with it.
  const walk = { signal, filter, need, passesUnreadable: true };
  const sources = walkTree(source, walk);
  if (!isResumed && !update && !ifAbsent) {
    for await (const { key, size, etag } of sources) {
      yield { key, size, etag, decision: { action: 'transfer' } };
    }
    return;
  }
  const targets = walkTree(target, walk);
  const areOrdered = [source, target].every(
    ({ store }) => store.getCapabilities().listOrder === 'utf8',
  );
  for await (const { key, left, right } of pairListings(sources, targets, areOrdered)) {
    if (left === undefined) continue;
    const { size, etag } = left;
    yield { key, size, etag, decision: decide(left, right, settings, journal) };
  }
}

/** Decides for one object. */
export function decide(
  source: ListItem,
  target: ListItem | undefined,
  { update, ifAbsent }: DecisionRules,
  journal: Journal | undefined,
): Decision {
  if (target === undefined) return { action: 'transfer' };
  const earlier = journal?.earlier.get(source.key);
  if (earlier !== undefined && earlier.source === source.etag && earlier.target === target.etag) {
    return { action: 'skip', reason: 'done-before' };
  }
  if (ifAbsent) return { action: 'skip', reason: 'exists' };
  if (!update) return { action: 'transfer' };
  const { verdict } = compareObjects(source, target);
  if (verdict === 'same') return { action: 'skip', reason: 'same' };
  return verdict === 'different' ? { action: 'transfer' } : { action: 'compare', source, target };
}
