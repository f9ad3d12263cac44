import {
  type BatchResult,
  type BodySource,
  type ContentRange,
  type GetOptions,
  meetReadConditions,
  type ObjectInfo,
  resolveRange,
  StorageError,
  type StoredObject,
  storedObject,
  toStorageError,
} from '@granary/storage-core/provider';
import { type IdbContext, lostContent, notFound } from './idb-commit.ts';
import { toInfo } from './idb-info.ts';
import { toKey, toPlace } from './idb-keys.ts';
import { findRows } from './idb-rows.ts';
import type { BodyRow, InfoRow } from './idb-schema.ts';

/** Content in a row is read with the info, in one transaction; large content later, when it is asked for. */
export async function getObject(
  context: IdbContext,
  key: string,
  options: GetOptions,
): Promise<StoredObject> {
  return await context.store.readRows(['infos', 'bodies'], async (get) => {
    const row = await get('infos', toPlace(key));
    if (row === undefined) throw notFound(key);
    meetReadConditions(row.etag, options, key);
    const part = options.range && resolveRange(options.range, row.size);
    const body = row.body?.in === 'row' ? await get('bodies', row.body.id) : undefined;
    return toObject(context, row, body, part);
  });
}

export async function getObjects(
  context: IdbContext,
  keys: readonly string[],
): Promise<readonly BatchResult<StoredObject>[]> {
  return await context.store.read(['infos', 'bodies'], async (tx) => {
    const rows = await findRows(tx, keys.map(toPlace));
    const ids = new Set<string>();
    for (const { body } of rows.values()) if (body?.in === 'row') ids.add(body.id);
    const found = await tx.table('bodies').bulkGet([...ids]);
    const bodies = new Map(found.map((body) => [body?.id, body]));
    return keys.map((key) =>
      attempt(key, () => {
        const row = rows.get(toPlace(key));
        if (row === undefined) throw notFound(key);
        return toObject(context, row, bodies.get(row.body?.id), undefined);
      }),
    );
  });
}

export async function statObject({ store }: IdbContext, key: string): Promise<ObjectInfo> {
  const row = await store.readRows(['infos'], (get) => get('infos', toPlace(key)));
  if (row === undefined) throw notFound(key);
  return toInfo(row);
}

export async function statObjects(
  { store }: IdbContext,
  keys: readonly string[],
): Promise<readonly BatchResult<ObjectInfo>[]> {
  const rows = await store.read(['infos'], (tx) => findRows(tx, keys.map(toPlace)));
  return keys.map((key) =>
    attempt(key, () => {
      const row = rows.get(toPlace(key));
      if (row === undefined) throw notFound(key);
      return toInfo(row);
    }),
  );
}

/** The result of one item of a batch: its failure is its own. */
function attempt<Value>(key: string, run: () => Value): BatchResult<Value> {
  try {
    return { key, ok: true, value: run() };
  } catch (error) {
    return { key, ok: false, error: toStorageError(error, { key }) };
  }
}

function toObject(
  context: IdbContext,
  row: InfoRow,
  body: BodyRow | undefined,
  range: ContentRange | undefined,
): StoredObject {
  const part = range ?? { offset: 0, length: row.size };
  const source = sourceOf(context, row, body, part);
  return storedObject(toInfo(row), source, range === undefined ? {} : { range });
}

function sourceOf(
  { chunks, files }: IdbContext,
  { body: ref, place }: InfoRow,
  body: BodyRow | undefined,
  part: ContentRange,
): BodySource {
  if (ref === undefined) return { bytes: () => new Uint8Array() };
  if (ref.in === 'chunks') return chunks.read(ref, part);
  if (ref.in === 'file') {
    if (files !== undefined) return files.read(ref, part);
    throw new StorageError('unsupported', 'the content lies in a file beside the database.', {
      hint: 'Open the storage with the same `largeObjects` as it was written with.',
    });
  }
  const start = (ref.offset ?? 0) + part.offset;
  if (body === undefined || body.bytes.byteLength < start + part.length) {
    throw lostContent(toKey(place));
  }
  // What IndexedDB returns is a copy already; others must not see what else is in the row.
  const isWhole = start === 0 && part.length === body.bytes.byteLength;
  return {
    bytes: () =>
      new Uint8Array(isWhole ? body.bytes : body.bytes.slice(start, start + part.length)),
  };
}
