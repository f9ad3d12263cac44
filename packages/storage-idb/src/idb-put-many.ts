import {
  abortedError,
  type BatchOptions,
  type BatchResult,
  isStorageError,
  type ObjectInfo,
  type PutEntry,
  type PutOptions,
  type StorageError,
  toStorageError,
} from '@granary/storage-core/provider';
import { checkWrite, commit, type IdbContext } from './idb-commit.ts';
import { bytesToAdd, type Content, dropContent, takeContent } from './idb-content.ts';
import { toInfo, toRow } from './idb-info.ts';
import { type NewWrite, newWrite, storeWrites } from './idb-put.ts';
import { findRows } from './idb-rows.ts';
import type { InfoRow } from './idb-schema.ts';

interface Prepared {
  readonly key: string;
  readonly options: Omit<PutOptions, 'signal'>;
  /** The error with which the content could not be read. */
  readonly write: NewWrite | { readonly error: unknown };
}

/** Reads all content first; then stores the objects in order, in one transaction. */
export async function putObjects(
  context: IdbContext,
  entries: readonly PutEntry[],
  { atomic = false, signal }: BatchOptions,
): Promise<readonly BatchResult<ObjectInfo>[]> {
  const prepared = await prepareAll(context, entries, signal);
  const used = new Set<NewWrite>();
  try {
    if (signal?.aborted) throw abortedError(signal, { outcome: 'not-applied' });
    return await storeAll(context, prepared, atomic, used);
  } finally {
    for (const { write } of prepared) {
      if ('error' in write) continue;
      const { content } = write;
      if (!used.has(write)) await dropContent(context, content).catch(() => {});
      else if ('written' in content) context.presence.leave(content.written.ref.id);
    }
  }
}

/** What is in memory is taken at once, before anything is awaited; streams are read one after another. */
async function prepareAll(
  context: IdbContext,
  entries: readonly PutEntry[],
  signal: AbortSignal | undefined,
): Promise<readonly Prepared[]> {
  const prepared: (Prepared | Promise<Prepared>)[] = [];
  let before: Promise<unknown> = Promise.resolve();
  for (const { key, body, options = {} } of entries) {
    const take = () => takeContent(context, body, { key, checksum: options.checksum, signal });
    const taken: Content | Promise<Content> =
      body.buffered === undefined ? before.then(take) : take();
    if (!(taken instanceof Promise)) {
      prepared.push({ key, options, write: newWrite(context, key, taken, options) });
      continue;
    }
    const pending = taken.then(
      (content): Prepared => ({ key, options, write: newWrite(context, key, content, options) }),
      (error: unknown): Prepared => ({ key, options, write: { error } }),
    );
    before = pending;
    prepared.push(pending);
  }
  return prepared.some((each) => each instanceof Promise)
    ? await Promise.all(prepared)
    : (prepared as Prepared[]);
}

/** On a full store, what fits of a batch that may be stored in part is stored object by object. */
async function storeAll(
  context: IdbContext,
  prepared: readonly Prepared[],
  atomic: boolean,
  used: Set<NewWrite>,
): Promise<readonly BatchResult<ObjectInfo>[]> {
  try {
    return await storeTogether(context, prepared, atomic, used);
  } catch (error) {
    if (atomic || prepared.length === 1 || !isStorageError(error, 'quota-exceeded')) throw error;
  }
  const results: BatchResult<ObjectInfo>[] = [];
  for (const each of prepared) {
    try {
      results.push(...(await storeTogether(context, [each], false, used)));
    } catch (error) {
      results.push({ key: each.key, ok: false, error: toStorageError(error, { key: each.key }) });
    }
  }
  return results;
}

async function storeTogether(
  context: IdbContext,
  prepared: readonly Prepared[],
  atomic: boolean,
  used: Set<NewWrite>,
): Promise<readonly BatchResult<ObjectInfo>[]> {
  const { results, writes } = await commit(
    context,
    { neededBytes: sizeOf(prepared) },
    async (change) => {
      const places = prepared.flatMap(({ write }) => ('error' in write ? [] : [write.place]));
      const before = await findRows(change.tx, places);
      /** What is there already, when an earlier run was committed. */
      const isStored = ({ place, info }: NewWrite) =>
        change.isReplay && before.get(place)?.etag === info.etag;
      const latest = new Map<string, NewWrite>();
      const failures = new Map<Prepared, StorageError>();
      for (const each of prepared) {
        const { key, options, write } = each;
        try {
          if ('error' in write) throw write.error;
          const { place } = write;
          const etag = (latest.get(place)?.info ?? before.get(place))?.etag;
          if (!isStored(write)) checkWrite(change, key, etag, options);
          latest.set(place, write);
        } catch (error) {
          if (atomic) throw error;
          failures.set(each, toStorageError(error, { key }));
        }
      }
      const chosen = [...latest.values()];
      const missing = chosen.filter((write) => !isStored(write));
      const rows = await storeWrites(context, change, missing, before);
      const stored = new Map(rows.map((row) => [row.etag, row]));
      return { results: resultsOf(prepared, failures, stored, before), writes: chosen };
    },
  );
  for (const write of writes) used.add(write);
  return results;
}

/** A write that a later one of the batch replaced has an info all the same. */
function resultsOf(
  prepared: readonly Prepared[],
  failures: ReadonlyMap<Prepared, StorageError>,
  stored: ReadonlyMap<string, InfoRow>,
  before: ReadonlyMap<string, InfoRow>,
): readonly BatchResult<ObjectInfo>[] {
  return prepared.map((each) => {
    const { key, write } = each;
    if ('error' in write) return { key, ok: false, error: toStorageError(write.error, { key }) };
    const error = failures.get(each);
    if (error !== undefined) return { key, ok: false, error };
    const { place, info } = write;
    const old = before.get(place);
    const row = stored.get(info.etag) ?? (old?.etag === info.etag ? old : toRow(info, old));
    return { key, ok: true, value: toInfo(row) };
  });
}

function sizeOf(prepared: readonly Prepared[]): number {
  let size = 0;
  for (const { write } of prepared) if ('info' in write) size += bytesToAdd(write.content);
  return size;
}
