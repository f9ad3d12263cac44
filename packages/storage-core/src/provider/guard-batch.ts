import type { Body } from '../contract/body.ts';
import type { BatchOptions, BatchResult } from '../contract/operations.ts';
import { StorageError } from '../errors/storage-error.ts';
import { unsupported } from '../errors/to-storage-error.ts';
import type { Admission } from './admission.ts';

type Entry = string | { readonly key: string; readonly body: Body };

interface Batch<Item extends Entry, Value> {
  check(item: Item): void;
  call(items: readonly Item[]): Promise<readonly BatchResult<Value>[]>;
  finish?(value: Value): Value;
}

/**
 * Runs a batch: an item that is not valid gets its error as its result and the others go on, unless
 * the batch is atomic (SPEC BATCH-1 to BATCH-3).
 */
export function guardBatch<Item extends Entry, Value>(
  { name, run, label, capabilities }: Admission,
  operation: string,
  items: readonly Item[],
  { signal, atomic }: BatchOptions,
  { check, call, finish }: Batch<Item, Value>,
): Promise<readonly BatchResult<Value>[]> {
  const writes = operation === 'putMany' || operation === 'deleteMany';

  function failed(item: Item, error: unknown): BatchResult<Value> {
    const key = keyOf(item);
    const known = label(error, { operation, key, signal, writes });
    if (typeof item === 'object') item.body.cancel(known).catch(() => {});
    return { key, ok: false, error: known };
  }

  async function runAll(): Promise<readonly BatchResult<Value>[]> {
    if (atomic && !capabilities().atomicBatch) throw unsupported(name, 'atomic: true');
    const results: BatchResult<Value>[] = [];
    const good: Item[] = [];
    const places: number[] = [];
    for (const [index, item] of items.entries()) {
      try {
        check(item);
        good.push(item);
        places.push(index);
      } catch (error) {
        const result = failed(item, error);
        if (atomic && !result.ok) throw result.error;
        results[index] = result;
      }
    }
    const answers = good.length === 0 ? [] : await call(good);
    if (answers.length !== good.length) {
      throw new StorageError(
        'unknown',
        `${answers.length} results came back for ${good.length} items.`,
      );
    }
    for (const [index, item] of good.entries()) {
      const answer = answers[index] as BatchResult<Value>;
      const placeOf = places[index] as number;
      if (!answer.ok) results[placeOf] = failed(item, answer.error);
      else results[placeOf] = finish ? { ...answer, value: finish(answer.value) } : answer;
    }
    return results;
  }

  return run({ operation, signal, writes }, runAll).catch((error: unknown) => {
    for (const item of items) if (typeof item === 'object') item.body.cancel(error).catch(() => {});
    throw error;
  });
}

function keyOf(item: Entry): string {
  return typeof item === 'string' ? item : item.key;
}
