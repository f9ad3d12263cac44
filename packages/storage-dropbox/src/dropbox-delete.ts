import {
  type BatchOptions,
  type BatchResult,
  type DeleteOptions,
  type DeleteResult,
  isStorageError,
  meetWriteConditions,
  StorageError,
  toStorageError,
} from '@granary/storage-core/provider';
import { etagOf, type NativeFile } from './dropbox-attributes.ts';
import type { CallOptions, DropboxStore } from './dropbox-client.ts';
import { fromFailure, unreadable } from './dropbox-errors.ts';
import { folderPage, PAGE_SIZE } from './dropbox-folders.ts';
import { lowerOf, toPath } from './dropbox-keys.ts';
import { findFile } from './dropbox-read.ts';

/** Most entries of a batch. https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `DeleteBatchArg` */
const MAX_ENTRIES = 1000;
/** How often an object may change between the question for its rev and its deletion. */
const MAX_TRIES = 3;
/** How often a job is asked about before its items are left to the retry loop, which waits. */
const MAX_CHECKS = 20;
/** What the retry loop then waits. Units: ms. */
const JOB_PAUSE_MS = 2000;
const ASCII = /^[ -~]*$/;

/** How objects are deleted. */
export interface Deletion {
  /** Deletes go to the trash, from which people bring files back. */
  readonly trash: boolean;
}

/**
 * Deletes an object. The service deletes folders with all that is in them, unless the rev of a file is given:
 * so it is asked for first, and no folder is ever deleted.
 */
export async function deleteObject(
  store: DropboxStore,
  key: string,
  { ifMatch, signal }: DeleteOptions,
  { trash }: Deletion,
): Promise<DeleteResult> {
  const path = toPath(key, store.root);
  for (let tries = 1; ; tries += 1) {
    const there = await findFile(store, path, { signal });
    if (ifMatch !== undefined) meetWriteConditions(there && etagOf(there), { ifMatch });
    if (there === undefined) return { existed: false };
    try {
      await store.writing(signal, () => deleteRev(store, path, there.rev, trash, { signal }));
      return { existed: true };
    } catch (error) {
      const isGone = isStorageError(error, 'not-found');
      if (isGone && ifMatch === undefined) return { existed: false };
      const isOther =
        isStorageError(error, 'precondition-failed') || isStorageError(error, 'conflict');
      if (!(isOther || isGone) || tries === MAX_TRIES) throw error;
    }
  }
}

/** Deletes one revision, if it is still the current one. */
export async function deleteRev(
  store: DropboxStore,
  path: string,
  rev: string,
  trash: boolean,
  options: CallOptions,
): Promise<void> {
  const route = trash ? 'files/delete_v2' : 'files/permanently_delete';
  try {
    await store.call(route, { path, parent_rev: rev }, options);
  } catch (error) {
    if (trash || !isStorageError(error, 'permission-denied')) throw error;
    throw new StorageError('permission-denied', 'the service deletes for good in teams alone.', {
      status: error.status,
      requestId: error.requestId,
      outcome: 'not-applied',
      hint: 'Leave "trash" out, or use an app of a team with the scope "files.permanent_delete".',
      cause: error,
    });
  }
}

/** Deletes in batches of a thousand, after asking for revs, folder by folder. */
export async function deleteObjects(
  store: DropboxStore,
  keys: readonly string[],
  { signal }: BatchOptions,
  { trash }: Deletion,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const outcomes = new Map<string, DeleteResult | Error>();
  const paths = keys.map((key) => toPath(key, store.root));
  const asked = [...new Set(paths)];
  const revs = await revsOf(store, asked, outcomes, signal);
  const doomed = asked.filter((path) => revs.has(lowerOf(path)));
  for (let start = 0; start < doomed.length; start += MAX_ENTRIES) {
    const chunk = doomed.slice(start, start + MAX_ENTRIES);
    const entries = chunk.map((path) => ({ path, parent_rev: revs.get(lowerOf(path)) ?? '' }));
    try {
      await store.writing(signal, async () => {
        const results = await (trash
          ? deleteBatch(store, entries, { signal })
          : deleteEach(store, entries, { signal }));
        for (const [place, path] of chunk.entries()) {
          outcomes.set(path, results[place] ?? unreadable());
        }
      });
    } catch (error) {
      const failed = toStorageError(error, {}, signal);
      for (const path of chunk) outcomes.set(path, failed);
    }
  }
  return keys.map((key, place) => {
    const outcome = outcomes.get(paths[place] ?? '') ?? { existed: false };
    return outcome instanceof Error
      ? { key, ok: false, error: outcome }
      : { key, ok: true, value: outcome };
  });
}

interface DeleteEntry {
  readonly path: string;
  readonly parent_rev: string;
}

/**
 * The revs of files, by path in lower case. Where several are in one folder its listing tells of them, page by
 * page, as long as that takes no more calls than asking for each.
 */
async function revsOf(
  store: DropboxStore,
  paths: readonly string[],
  outcomes: Map<string, DeleteResult | Error>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const revs = new Map<string, string>();
  for (const [folder, inside] of Map.groupBy(paths, folderOf)) {
    const missing = new Map(inside.map((path) => [lowerOf(path), path]));
    try {
      let calls = 0;
      const query = { path: folder, recursive: false, limit: PAGE_SIZE };
      let cursor: string | undefined;
      let isOver = false;
      while (!isOver && missing.size - calls > 1) {
        calls += 1;
        const page = await folderPage(store, query, cursor, { signal });
        for (const entry of page?.entries ?? []) {
          const lower = entry.path_lower ?? '';
          if (entry['.tag'] === 'file' && missing.delete(lower)) revs.set(lower, entry.rev);
        }
        cursor = page?.cursor;
        isOver = !page?.has_more;
      }
      // Beyond ASCII the service has a lower case of its own, so it is asked about those.
      for (const [lower, path] of missing) {
        if (isOver && ASCII.test(path)) missing.delete(lower);
      }
      for (const [lower, path] of missing) {
        const file: NativeFile | undefined = await findFile(store, path, { signal });
        if (file !== undefined) revs.set(lower, file.rev);
        missing.delete(lower);
      }
    } catch (error) {
      const failed = toStorageError(error, { outcome: 'not-applied' }, signal);
      for (const path of missing.values()) outcomes.set(path, failed);
    }
  }
  return revs;
}

/**
 * Deletes in one request, which the service makes a job. Its state is asked for a few times; when it is not
 * done by then, the items are told to be tried again later, and a second try finds them gone.
 */
async function deleteBatch(
  store: DropboxStore,
  entries: readonly DeleteEntry[],
  options: CallOptions,
): Promise<readonly (DeleteResult | Error)[]> {
  const launched = await store.call<NativeLaunch>('files/delete_batch', { entries }, options);
  let state: NativeLaunch = launched;
  const id = launched.async_job_id;
  for (let checks = 0; id !== undefined && state['.tag'] !== 'complete'; checks += 1) {
    if (state['.tag'] === 'failed') throw fromFailure(state['failed']);
    if (checks === MAX_CHECKS) throw notDone();
    state = await store
      .call<NativeLaunch>('files/delete_batch/check', { async_job_id: id }, options)
      .catch((error: unknown) => {
        throw toStorageError(error, {}, options.signal).with({ outcome: 'unknown' });
      });
  }
  return (state.entries ?? []).map(({ '.tag': tag, failure }) => {
    if (tag === 'success') return { existed: true };
    const error = fromFailure(failure);
    if (isStorageError(error, 'not-found')) return { existed: false };
    // Another write has come in between: the next try asks for its rev.
    return isStorageError(error, 'precondition-failed') ? changedMeanwhile(error) : error;
  });
}

/** For good, one by one: there is no batch of that. */
async function deleteEach(
  store: DropboxStore,
  entries: readonly DeleteEntry[],
  options: CallOptions,
): Promise<readonly (DeleteResult | Error)[]> {
  const results: (DeleteResult | Error)[] = [];
  for (const { path, parent_rev: rev } of entries) {
    results.push(
      await deleteRev(store, path, rev, false, options).then(
        () => ({ existed: true }),
        (error: unknown) => toStorageError(error, {}, options.signal),
      ),
    );
  }
  return results;
}

interface NativeLaunch {
  readonly '.tag': 'async_job_id' | 'in_progress' | 'complete' | 'failed' | 'other';
  readonly async_job_id?: string;
  readonly failed?: unknown;
  readonly entries?: readonly { readonly '.tag': string; readonly failure?: unknown }[];
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function notDone(): StorageError {
  return new StorageError('unavailable', 'the service is still deleting.', {
    retryAfterMs: JOB_PAUSE_MS,
    outcome: 'unknown',
    hint: 'Try again: what is gone by then is told to be missing.',
  });
}

function changedMeanwhile(cause: StorageError): StorageError {
  return new StorageError('conflict', 'the object changed before it was deleted.', {
    cause,
    outcome: 'not-applied',
    hint: 'Try again.',
  });
}
