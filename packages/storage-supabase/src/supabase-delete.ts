import {
  type BatchOptions,
  type BatchResult,
  type DeleteOptions,
  type DeleteResult,
  isStorageError,
  StorageError,
  toStorageError,
} from '@granary/storage-core/provider';
import type { SupabaseBucket } from './supabase-client.ts';
import { toName } from './supabase-keys.ts';
import { nativeInfo } from './supabase-read.ts';

/** Most names of one request. https://github.com/supabase/storage/blob/master/src/storage/limits.ts, read 2026-11-21 */
const MAX_NAMES = 1000;
/** The shortest life that a signed URL can have. Units: s. */
const SHORTEST_SECONDS = 1;

/**
 * Deletes an object. The service leaves out silently what a policy does not let the caller delete,
 * so when nothing was deleted it is asked whether the object is still there.
 */
export async function deleteObject(
  store: SupabaseBucket,
  key: string,
  { signal }: DeleteOptions,
): Promise<DeleteResult> {
  const name = toName(key, store.bucket);
  if ((await remove(store, [name], signal)).has(name)) return { existed: true };
  if (!(await exists(store, name, signal))) return { existed: false };
  // It may have come after the first try.
  if ((await remove(store, [name], signal)).has(name)) return { existed: true };
  if (!(await exists(store, name, signal))) return { existed: false };
  throw notDeletable();
}

/** Deletes in requests of a thousand names, and looks at what was not deleted in one more each. */
export async function deleteObjects(
  store: SupabaseBucket,
  keys: readonly string[],
  { signal }: BatchOptions,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const names = keys.map((key) => {
    try {
      return toName(key, store.bucket);
    } catch (error) {
      return toStorageError(error);
    }
  });
  const outcomes = new Map<string, DeleteResult | Error>();
  const asked = [...new Set(names.filter((name) => typeof name === 'string'))];
  for (let start = 0; start < asked.length; start += MAX_NAMES) {
    const chunk = asked.slice(start, start + MAX_NAMES);
    try {
      await deleteChunk(store, chunk, outcomes, signal);
    } catch (error) {
      const failed = toStorageError(error, {}, signal);
      for (const name of chunk) {
        if (!isDeleted(outcomes.get(name))) outcomes.set(name, failed);
      }
    }
  }
  return keys.map((key, index) => {
    const name = names[index];
    const outcome = typeof name === 'string' ? outcomes.get(name) : name;
    return outcome instanceof Error
      ? { key, ok: false, error: outcome }
      : { key, ok: true, value: outcome ?? {} };
  });
}

function isDeleted(outcome: DeleteResult | Error | undefined): boolean {
  return outcome !== undefined && 'existed' in outcome && outcome.existed === true;
}

async function deleteChunk(
  store: SupabaseBucket,
  names: readonly string[],
  outcomes: Map<string, DeleteResult | Error>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let left = names;
  for (const isLast of [false, true]) {
    const removed = await remove(store, left, signal);
    for (const name of left) outcomes.set(name, { existed: removed.has(name) });
    left = left.filter((name) => !removed.has(name));
    const [probe] = left;
    if (probe === undefined) return;
    // A missing bucket looks like one without these objects.
    if (left.length === names.length) await exists(store, probe, signal);
    left = await stillThere(store, left, signal);
    for (const name of left) if (isLast) outcomes.set(name, notDeletable());
    if (left.length === 0) return;
  }
}

async function remove(
  store: SupabaseBucket,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const removed = await store.call((files) => files.remove([...names]), { signal });
  return new Set(removed.map(({ name }) => name));
}

async function exists(
  store: SupabaseBucket,
  name: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await nativeInfo(store, name, signal);
    return true;
  } catch (error) {
    if (isStorageError(error, 'not-found')) return false;
    throw error;
  }
}

/** Signing many names is the one request that tells of many whether they exist. */
async function stillThere(
  store: SupabaseBucket,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const signed = await store.call((files) => files.createSignedUrls([...names], SHORTEST_SECONDS), {
    signal,
  });
  return names.filter((_, index) => signed[index]?.error === null);
}

function notDeletable(): StorageError {
  return new StorageError('permission-denied', 'the object is there and was not deleted.', {
    outcome: 'not-applied',
    hint: 'A delete policy on storage.objects has to allow it, and a select policy too.',
  });
}
