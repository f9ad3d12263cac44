import type { ManyOptions, ManyProgress } from '../contract/engine.ts';
import type { BatchResult } from '../contract/operations.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { abortedError, toStorageError } from '../errors/to-storage-error.ts';
import { checkConcurrency } from './check-concurrency.ts';
import type { EngineContext } from './engine-context.ts';

/** Items in flight where the caller says nothing. */
const CONCURRENCY = 16;

/**
 * Runs one operation per item with a bounded number in flight. Gives a result per item, in order;
 * items of the same key run one after another, in order too. An abort fails the whole batch, once
 * what was in flight has ended.
 */
export async function runMany<Value>(
  { provider }: EngineContext,
  operation: string,
  keys: readonly string[],
  options: ManyOptions,
  run: (key: string, index: number) => Promise<Value>,
): Promise<BatchResult<Value>[]> {
  const { concurrency = CONCURRENCY, signal } = options;
  checkConcurrency(concurrency);
  const results: BatchResult<Value>[] = new Array(keys.length);
  const waiting = byKey(keys).values();
  const progress = itemProgress(options, keys.length);

  async function work(): Promise<void> {
    for (const [key, indexes] of waiting) {
      for (const index of indexes) {
        if (signal?.aborted) throw abortedError(signal, { provider: provider.name, operation });
        try {
          results[index] = { key, ok: true, value: await run(key, index) };
        } catch (thrown) {
          const error = toStorageError(thrown, { provider: provider.name, operation, key }, signal);
          if (signal?.aborted && isStorageError(error, 'aborted')) throw error;
          results[index] = { key, ok: false, error };
        }
        progress(1);
      }
    }
  }

  const workers = Array.from({ length: Math.min(concurrency, keys.length) }, work);
  const ended = await Promise.allSettled(workers);
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return results;
}

/** Counts items and tells. */
export function itemProgress(
  { onProgress }: ManyOptions,
  totalItems: number | undefined,
): (items: number) => void {
  let doneItems = 0;
  return (items) => {
    doneItems += items;
    const progress: ManyProgress = { doneItems, ...(totalItems !== undefined && { totalItems }) };
    onProgress?.(progress);
  };
}

/** The places of each key, in the order of its first one. */
function byKey(keys: readonly string[]): Map<string, readonly [string, number[]]> {
  const groups = new Map<string, readonly [string, number[]]>();
  keys.forEach((key, index) => {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [key, [index]]);
    else group[1].push(index);
  });
  return groups;
}
