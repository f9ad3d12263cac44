import {
  type BatchOptions,
  type BatchResult,
  type ObjectInfo,
  type PutEntry,
  toStorageError,
} from '@granary/storage-core/provider';
import type { MockGate } from './control.ts';
import { type FaultOptions, faultError, type MockOperation } from './faults.ts';
import type { Quota, QuotaTicket } from './quota.ts';

/** A batch that goes through the gate as one call; faults with a `key` meet the items they name. */
export function mockBatch<Item extends string | PutEntry, Value>(
  gate: MockGate,
  { operation, writes = false }: { readonly operation: MockOperation; readonly writes?: boolean },
  items: readonly Item[],
  options: BatchOptions,
  call: (items: readonly Item[]) => Promise<readonly BatchResult<Value>[]>,
): Promise<readonly BatchResult<Value>[]> {
  const keys = items.map((item) => (typeof item === 'string' ? item : item.key));

  return gate.run({ operation, keys, options, writes }, async () => {
    const faults = keys.map((key) => gate.itemFault(operation, key));
    if (faults.some((fault) => fault?.hang)) return gate.hang(options.signal);
    const failAll = (isMet: (fault: FaultOptions) => boolean) => {
      const fault = faults.find((each) => each !== undefined && isMet(each));
      if (options.atomic && fault !== undefined) throw faultError(fault, writes);
    };

    failAll(({ lost }) => !lost);
    const sent = items.filter((_item, index) => reaches(faults[index]));
    const answers = (await call(sent)).values();
    failAll(({ lost }) => lost === true);
    return keys.flatMap((key, index): BatchResult<Value>[] => {
      const fault = faults[index];
      const answer = reaches(fault) ? answers.next().value : undefined;
      if (fault !== undefined) return [{ key, ok: false, error: faultError(fault, writes) }];
      return answer === undefined ? [] : [answer];
    });
  });
}

interface Place {
  readonly entry: PutEntry;
  readonly ticket?: QuotaTicket;
  result?: BatchResult<ObjectInfo> | undefined;
}

/** Puts the entries that fit; of an atomic batch, all or none. */
export async function putThatFit(
  quota: Quota,
  entries: readonly PutEntry[],
  { atomic }: BatchOptions,
  put: (entries: readonly PutEntry[]) => Promise<readonly BatchResult<ObjectInfo>[]>,
): Promise<readonly BatchResult<ObjectInfo>[]> {
  const places = entries.map((entry) => placeFor(quota, entry));
  try {
    for (const { result } of places) if (atomic && result?.ok === false) throw result.error;
    const fitting = places.filter(({ ticket }) => ticket !== undefined);
    const answers = await put(
      fitting.map(({ entry, ticket }) => ({ ...entry, body: ticket?.body ?? entry.body })),
    );
    for (const [index, place] of fitting.entries()) place.result = answers[index];
    return places.flatMap(({ result }) => result ?? []);
  } finally {
    for (const { ticket, result } of places) ticket?.settle(result?.ok ? result.value : undefined);
  }
}

function placeFor(quota: Quota, entry: PutEntry): Place {
  const { key, body } = entry;
  try {
    return { entry, ticket: quota.begin(key, body) };
  } catch (error) {
    return { entry, result: { key, ok: false, error: toStorageError(error, { key }) } };
  }
}

/** Whether an item with this fault reaches the store. */
function reaches(fault: FaultOptions | undefined): boolean {
  return fault === undefined || fault.lost === true;
}
