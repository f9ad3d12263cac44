import type { BatchResult } from '../contract/operations.ts';
import type { StorageError } from '../errors/storage-error.ts';
import { outcomeOf } from './outcome-of.ts';
import type { RetryLoop, Try, Work } from './retry-loop.ts';

/** A batch of which only the items that failed are tried again. */
export interface Batch<Item, Value> extends Work<readonly BatchResult<Value>[]> {
  readonly items: readonly Item[];
  readonly atomic: boolean;
  keyOf(item: Item): string;
  /** Whether trying this item again can neither lose nor double anything. */
  mayRepeat(item: Item, outcome: 'not-applied' | 'unknown'): boolean;
  call(items: readonly Item[], one: Try): Promise<readonly BatchResult<Value>[]>;
}

/** Results of a batch, each item tried again on its own merits. */
export async function retriedBatch<Item, Value>(
  loop: RetryLoop,
  batch: Batch<Item, Value>,
): Promise<readonly BatchResult<Value>[]> {
  const { items, atomic, signal, keyOf } = batch;
  const results: BatchResult<Value>[] = [];
  const unsure = new Set<number>();
  let open = items.map((item, index) => ({ item, index }));

  const outcomeAt = (index: number, error: StorageError) => {
    if (outcomeOf(error) === 'unknown') unsure.add(index);
    return unsure.has(index) ? 'unknown' : 'not-applied';
  };

  for (let failed = 1; open.length > 0; failed += 1) {
    const asked = open;
    const answers = await loop.run(
      {
        ...batch,
        again: (error) =>
          asked.every(({ item, index }) => batch.mayRepeat(item, outcomeAt(index, error))),
      },
      (one) =>
        batch.call(
          asked.map(({ item }) => item),
          one,
        ),
    );
    open = [];
    let worst: StorageError | undefined;
    for (const [place, { item, index }] of asked.entries()) {
      const answer = answers[place];
      if (answer === undefined || answer.ok) {
        if (answer !== undefined) results[index] = answer;
        continue;
      }
      const error = loop.known(
        { operation: batch.operation, key: keyOf(item), signal },
        answer.error,
      );
      const outcome = outcomeAt(index, error);
      const told = batch.writes ? error.with({ outcome }) : error;
      results[index] = { key: keyOf(item), ok: false, error: told };
      if (!atomic && error.retryable && batch.mayRepeat(item, outcome)) {
        open.push({ item, index });
        if ((error.retryAfterMs ?? 0) >= (worst?.retryAfterMs ?? 0)) worst = told;
      }
    }
    if (worst === undefined) break;
    try {
      await loop.wait({ operation: batch.operation, signal }, worst, failed);
    } catch {
      // Out of tries, out of time, or aborted: what is known of each item stands.
      break;
    }
  }
  return results;
}
