import {
  type BatchOptions,
  type BatchResult,
  type DeleteOptions,
  type DeleteResult,
  type ObjectInfo,
  type OperationOptions,
  toStorageError,
} from '@granary/storage-core/provider';
import { toInfo } from './gdrive-attributes.ts';
import { type BatchCall, sendBatch } from './gdrive-batch.ts';
import { isGone } from './gdrive-client.ts';
import { notFound } from './gdrive-errors.ts';
import { checkWritable, isExported } from './gdrive-export.ts';
import type { DriveFile } from './gdrive-file.ts';
import { filePath } from './gdrive-folders.ts';
import { inGroups, lookUp, lookUpAll, type Place } from './gdrive-lookup.ts';
import { statObject } from './gdrive-read.ts';
import type { GdriveStore } from './gdrive-store.ts';
import { deleteVersion } from './gdrive-versions.ts';

/** Keys that are looked up together. */
const GROUP_SIZE = 100;

/** Deletes an object, with all files of its name, or one old version of it. */
export async function deleteObject(
  store: GdriveStore,
  key: string,
  { version, signal }: DeleteOptions,
): Promise<DeleteResult> {
  if (version !== undefined) return deleteVersion(store, key, version, signal);
  const { files } = await lookUp(store, key, { signal });
  for (const file of files) checkWritable(store, file);
  await removeFiles(store, files, signal);
  return { existed: files.length > 0 };
}

/** Puts files into the trash, or deletes them for good. One that is gone by then is no failure. */
export async function removeFiles(
  store: GdriveStore,
  files: readonly DriveFile[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const [only, ...others] = files;
  if (only === undefined) return;
  if (others.length === 0) {
    const { query = {}, ...call } = removal(store, only);
    await store.client.send({ ...call, query, signal }).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
    return;
  }
  for (const answer of await sendBatch(
    store,
    files.map((file) => removal(store, file)),
    signal,
  )) {
    if (!answer.ok && !isGone(answer.error)) throw answer.error;
  }
}

/** Deletes many objects: they are looked up together, and go in batches. */
export async function deleteObjects(
  store: GdriveStore,
  keys: readonly string[],
  { signal }: BatchOptions,
): Promise<readonly BatchResult<DeleteResult>[]> {
  return inBatches<DeleteResult>(store, keys, signal, async (places) => {
    const outcomes = places.map(({ files }): DeleteResult | Error => {
      try {
        for (const file of files) checkWritable(store, file);
        return { existed: files.length > 0 };
      } catch (error) {
        return toStorageError(error);
      }
    });
    const wanted = new Map<string, DriveFile>();
    for (const [index, { files }] of places.entries()) {
      if (outcomes[index] instanceof Error) continue;
      for (const file of files) wanted.set(file.id, file);
    }
    const all = [...wanted.values()];
    const answers = await sendBatch(
      store,
      all.map((file) => removal(store, file)),
      signal,
    );
    const failed = new Map<string, Error>();
    for (const [index, answer] of answers.entries()) {
      if (!answer.ok && !isGone(answer.error)) failed.set(all[index]?.id ?? '', answer.error);
    }
    return places.map(({ files }, index) => {
      const error = files.map(({ id }) => failed.get(id)).find((found) => found !== undefined);
      return error ?? outcomes[index] ?? {};
    });
  });
}

/** Tells about many objects: looking them up tells everything. */
export async function statObjects(
  store: GdriveStore,
  keys: readonly string[],
  { signal }: OperationOptions,
): Promise<readonly BatchResult<ObjectInfo>[]> {
  return inBatches<ObjectInfo>(store, keys, signal, (places, group) =>
    Promise.all(
      places.map(async ({ files: [file] }, index) => {
        const key = group[index] ?? '';
        if (file === undefined) return notFound();
        if (!isExported(store, file)) return toInfo(key, file, store.keepsVersions);
        return statObject(store, key, { ...(signal && { signal }) }).catch((error: unknown) =>
          toStorageError(error, {}, signal),
        );
      }),
    ),
  );
}

/** Does something with many keys, a hundred at a time. What fails a whole group fails each key of it. */
async function inBatches<Value extends object>(
  store: GdriveStore,
  keys: readonly string[],
  signal: AbortSignal | undefined,
  work: (places: readonly Place[], keys: readonly string[]) => Promise<readonly (Value | Error)[]>,
): Promise<readonly BatchResult<Value>[]> {
  const results: BatchResult<Value>[] = [];
  for (const group of inGroups(keys, GROUP_SIZE)) {
    let outcomes: readonly (Value | Error)[];
    try {
      outcomes = await work(await lookUpAll(store, group, { signal }), group);
    } catch (error) {
      const failed = toStorageError(error, {}, signal);
      outcomes = group.map(() => failed);
    }
    for (const [index, key] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome instanceof Error) {
        results.push({ key, ok: false, error: outcome ?? notFound() });
      } else {
        results.push({ key, ok: true, value: outcome });
      }
    }
  }
  return results;
}

function removal({ usesTrash, fileQuery }: GdriveStore, { id }: DriveFile): BatchCall {
  if (!usesTrash) return { method: 'DELETE', path: filePath(id), query: fileQuery };
  return {
    method: 'PATCH',
    path: filePath(id),
    query: { fields: 'id', ...fileQuery },
    json: { trashed: true },
  };
}
