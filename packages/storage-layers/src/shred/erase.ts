import { createStorage } from '@granary/storage-core';
import {
  isStorageError,
  layersOf,
  type ObjectInfo,
  type OperationOptions,
  StorageError,
  type StorageProvider,
  toStorageError,
  unsupported,
} from '@granary/storage-core/provider';
import type { ErasedStore, Overwritten } from './report.ts';

/** Overwrites the bytes of an object where they lie. It is told the key and how many they are. */
export type OverwriteInPlace = (
  key: string,
  sizeBytes: number,
  options: OperationOptions,
) => Promise<void>;

export interface EraseOptions extends OperationOptions {
  readonly ifMatch?: string | undefined;
  /** What is put over the object before it is deleted. */
  readonly overwrite: 'random' | 'empty' | 'nothing' | OverwriteInPlace;
}

/** How often a delete is tried that another writer comes before. */
const MOST_RACES = 16;
/** The most that `getRandomValues` fills at once. Units: bytes. */
const RANDOM_BYTES = 65_536;

/**
 * Deletes an object with its old versions and unfinished uploads. What others save meanwhile stays,
 * where the store can delete under a condition.
 */
export async function erase(
  store: StorageProvider,
  key: string,
  options: EraseOptions,
): Promise<ErasedStore> {
  const { signal } = options;
  const asked = signal === undefined ? {} : { signal };
  for (let race = 1; ; race += 1) {
    const found = await find(store, key, asked);
    if (options.ifMatch !== undefined && !isWrite(found, options.ifMatch, store)) {
      throw lostCondition(key);
    }
    const old = await versionIds(store, key, asked);
    const { deleteIfMatch } = store.capabilities;
    let begun = false;
    try {
      const over = found?.info && (await overwritten(store, found.info, options));
      begun = over !== undefined && over.how !== 'none';
      const etag = over?.etag ?? options.ifMatch;
      await store.delete(key, {
        ...asked,
        ...(deleteIfMatch && etag !== undefined && { ifMatch: etag }),
      });
      begun = true;
      // A store may name versions and keep none, or none that it can be asked for.
      const replaced = store.capabilities.versions ? over?.version : undefined;
      const ids = new Set([...old, ...(replaced === undefined ? [] : [replaced])]);
      await deleteVersions(store, key, ids, asked);
      return {
        name: store.name,
        existed: found !== undefined,
        overwritten: over?.how ?? 'none',
        versions: ids.size,
        uploads: await abortUploads(store, key, asked),
      };
    } catch (error) {
      const isRace = isStorageError(error, 'precondition-failed');
      if (isRace && options.ifMatch === undefined && race < MOST_RACES) continue;
      throw begun ? halfDone(error, key) : error;
    }
  }
}

/** Deletes all versions of a key that are older than one write. Returns how many. */
export async function eraseOlder(
  store: StorageProvider,
  { key, version, etag }: ObjectInfo,
  options: OperationOptions,
): Promise<number> {
  const infos = await versionsOf(store, key, options);
  const own = infos.findIndex((info) =>
    version === undefined ? info.etag === etag : info.version === version,
  );
  const older = infos.slice(Math.max(own, 0) + 1).flatMap((info) => info.version ?? []);
  try {
    await deleteVersions(store, key, new Set(older), options);
  } catch (error) {
    throw halfDone(error, key);
  }
  return older.length;
}

/** Deletes old versions that are not there any more, and unfinished uploads, of a key that moved. */
export async function eraseTraces(
  store: StorageProvider,
  key: string,
  ids: ReadonlySet<string>,
  options: OperationOptions,
): Promise<Pick<ErasedStore, 'versions' | 'uploads'>> {
  try {
    await deleteVersions(store, key, ids, options);
    return { versions: ids.size, uploads: await abortUploads(store, key, options) };
  } catch (error) {
    throw halfDone(error, key);
  }
}

/**
 * Nothing is begun that could not be ended.
 * Errors: `unsupported` where the store keeps old versions and deletes none alone.
 */
export function checkErasable({ name, capabilities }: StorageProvider): void {
  const { versions, deleteVersion } = capabilities;
  if (!versions || deleteVersion) return;
  throw unsupported(name, 'deleting one version').with({
    outcome: 'not-applied',
    hint: 'Old versions would stay, so nothing was shredded: delete without this layer, and let the service forget them.',
  });
}

/** Ids of all versions of a key. */
export async function versionIds(
  store: StorageProvider,
  key: string,
  options: OperationOptions,
): Promise<ReadonlySet<string>> {
  checkErasable(store);
  const infos = await versionsOf(store, key, options);
  return new Set(infos.flatMap(({ version }) => version ?? []));
}

async function versionsOf(
  { versions }: StorageProvider,
  key: string,
  options: OperationOptions,
): Promise<readonly ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  if (versions === undefined) return infos;
  for await (const page of versions.list(key, options)) infos.push(...page);
  return infos;
}

/** Something that is there; nothing is told of what is damaged, or under no key that is here. */
interface Found {
  readonly info?: ObjectInfo;
}

async function find(
  store: StorageProvider,
  key: string,
  options: OperationOptions,
): Promise<Found | undefined> {
  try {
    return { info: await store.stat(key, options) };
  } catch (error) {
    if (isStorageError(error, 'not-found')) return undefined;
    // A key that is not here forbids nothing; a store that forbids to look may forbid more.
    const isClosed =
      isStorageError(error, 'permission-denied') && layersOf(store).includes('encrypted');
    if (isClosed || isStorageError(error, 'corrupted')) return {};
    throw error;
  }
}

/** Whether it is this write, or the store itself sees to that. */
function isWrite(
  found: Found | undefined,
  etag: string,
  { capabilities }: StorageProvider,
): boolean {
  if (found?.info !== undefined) return found.info.etag === etag;
  return found !== undefined && capabilities.deleteIfMatch === true;
}

/** Puts something over an object. Its attributes go with it. */
async function overwritten(
  store: StorageProvider,
  { key, size, etag }: ObjectInfo,
  { overwrite, signal }: EraseOptions,
): Promise<{ readonly how: Overwritten; readonly etag: string; readonly version?: string }> {
  const asked = signal === undefined ? {} : { signal };
  if (overwrite === 'nothing') return { how: 'none', etag };
  if (typeof overwrite === 'function') {
    await overwrite(key, size, asked);
    // The store may tell another write by the time of the file.
    const now = await find(store, key, asked);
    return { how: 'in-place', etag: now?.info?.etag ?? etag };
  }
  const sizeBytes = overwrite === 'empty' ? 0 : size;
  const {
    maxPutBytes = Number.POSITIVE_INFINITY,
    replaceIfMatch,
    uploadConditions,
  } = store.capabilities;
  const pins = sizeBytes > maxPutBytes ? uploadConditions : replaceIfMatch;
  const write = { ...asked, size: sizeBytes, ...(pins && { ifMatch: etag }) };
  const body = sizeBytes === 0 ? '' : randomBytes(sizeBytes);
  const info = await createStorage(store).put(key, body, write);
  return {
    how: 'replaced',
    etag: info.etag,
    ...(info.version !== undefined && { version: info.version }),
  };
}

async function* randomBytes(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= RANDOM_BYTES) {
    yield crypto.getRandomValues(new Uint8Array(Math.min(left, RANDOM_BYTES)));
  }
}

async function deleteVersions(
  store: StorageProvider,
  key: string,
  ids: ReadonlySet<string>,
  options: OperationOptions,
): Promise<void> {
  for (const version of ids) {
    try {
      await store.delete(key, { ...options, version });
    } catch (error) {
      if (!isStorageError(error, 'not-found')) throw error;
    }
  }
}

/** Aborts the unfinished uploads of a key. Returns how many. */
async function abortUploads(
  store: StorageProvider,
  key: string,
  options: OperationOptions,
): Promise<number> {
  let count = 0;
  if (store.uploads === undefined || store.upload === undefined) return count;
  const tokens: string[] = [];
  for await (const pending of store.uploads({ ...options, prefix: key })) {
    if (pending.key === key) tokens.push(pending.token);
  }
  for (const token of tokens) {
    try {
      const session = await store.upload(key, { ...options, token });
      await session.abort(options);
      count += 1;
    } catch (error) {
      // It has ended meanwhile.
      const isGone = ['conflict', 'invalid-argument', 'not-found'] as const;
      if (!isGone.some((code) => isStorageError(error, code))) throw error;
    }
  }
  return count;
}

function halfDone(error: unknown, key: string): StorageError {
  const { code, retryAfterMs, status, requestId } = toStorageError(error);
  return new StorageError(code, 'not all that is left of the object could be deleted.', {
    ...{ key, retryAfterMs, status, requestId, operation: 'delete' },
    outcome: 'unknown',
    hint: 'Delete it again: what is left is looked for again then.',
    cause: error,
  });
}

function lostCondition(key: string): StorageError {
  return new StorageError('precondition-failed', 'the object is another write than asked for.', {
    key,
    outcome: 'not-applied',
  });
}
