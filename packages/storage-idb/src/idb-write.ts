import {
  type AttributesPatch,
  type BatchResult,
  type Body,
  type CopyOptions,
  type DeleteOptions,
  type DeleteResult,
  meetWriteConditions,
  type ObjectInfo,
  type PutOptions,
  patchAttributes,
  type SetMetadataOptions,
} from '@granary/storage-core/provider';
import {
  type Commit,
  checkWrite,
  commit,
  deleteRows,
  type IdbContext,
  lostContent,
  notFound,
} from './idb-commit.ts';
import { bytesToAdd, dropContent, takeContent } from './idb-content.ts';
import { type NewInfo, toInfo, toRow } from './idb-info.ts';
import { toKey, toPlace } from './idb-keys.ts';
import { newWrite, storeWrites } from './idb-put.ts';
import { findRows } from './idb-rows.ts';
import type { InfoRow } from './idb-schema.ts';

export async function putObject(
  context: IdbContext,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { store, presence } = context;
  const isConditional = options.ifMatch !== undefined || options.ifNoneMatch !== undefined;
  // Content that is still to come is not read for a write that cannot happen.
  if (isConditional && body.buffered === undefined) {
    const row = await store.readRows(['infos'], (get) => get('infos', toPlace(key)));
    meetWriteConditions(row?.etag, options, key);
  }
  const { checksum, signal } = options;
  const taken = takeContent(context, body, { key, checksum, signal });
  const content = taken instanceof Promise ? await taken : taken;
  const write = newWrite(context, key, content, options);
  const { place, info } = write;
  try {
    const row = await commit(context, { key, neededBytes: bytesToAdd(content) }, async (change) => {
      const before = await change.tx.table('infos').get(place);
      if (before?.etag === info.etag) return before;
      checkWrite(change, key, before?.etag, options);
      const known = new Map(before && [[place, before]]);
      const [stored] = await storeWrites(context, change, [write], known);
      return stored ?? toRow(info, before);
    });
    if ('written' in content) presence.leave(content.written.ref.id);
    return toInfo(row);
  } catch (error) {
    await dropContent(context, content).catch(() => {});
    throw error;
  }
}

export async function deleteObject(
  context: IdbContext,
  key: string,
  { ifMatch }: DeleteOptions,
): Promise<DeleteResult> {
  return await commit(context, { key, frees: true }, async (change) => {
    const row = await change.tx.table('infos').get(toPlace(key));
    if (ifMatch !== undefined) checkWrite(change, key, row?.etag, { ifMatch });
    if (row === undefined) return change.isReplay ? {} : { existed: false };
    await deleteRows(change, [row]);
    return { existed: true };
  });
}

/** Nothing can fail for one key alone, so it is all or nothing with and without `atomic`. */
export async function deleteObjects(
  context: IdbContext,
  keys: readonly string[],
): Promise<readonly BatchResult<DeleteResult>[]> {
  return await commit(context, { frees: true }, async (change) => {
    const rows = await findRows(change.tx, keys.map(toPlace));
    const left = new Set(rows.keys());
    const results = keys.map((key): BatchResult<DeleteResult> => {
      const existed = left.delete(toPlace(key));
      return { key, ok: true, value: change.isReplay && !existed ? {} : { existed } };
    });
    await deleteRows(change, [...rows.values()]);
    return results;
  });
}

/** Large content is not copied: both objects have the same, which no write ever changes. */
export async function copyObject(
  context: IdbContext,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<ObjectInfo> {
  const etag = context.newId();
  return await commit(context, { key: to }, async (change) => {
    const pair = await findBoth(change, from, to);
    if (pair.target?.etag === etag) return toInfo(pair.target);
    const source = checkCopy(change, pair, options);
    const body = from === to ? bodyOf(source) : await copyBody(change, source, etag);
    return toInfo(await putTarget(context, change, { ...pair, etag, source, body }, options));
  });
}

export async function moveObject(
  context: IdbContext,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<ObjectInfo> {
  const etag = context.newId();
  return await commit(context, { key: to }, async (change) => {
    const pair = await findBoth(change, from, to);
    if (pair.target?.etag === etag) return toInfo(pair.target);
    const source = checkCopy(change, pair, options);
    if (from === to && options.attributes === undefined) return toInfo(source);
    const isPacked = source.body?.offset !== undefined && from !== to;
    const body = isPacked ? await copyBody(change, source, etag) : bodyOf(source);
    const row = await putTarget(context, change, { ...pair, etag, source, body }, options);
    if (from !== to) {
      await change.tx.table('infos').delete(source.place);
      if (isPacked) change.release(source);
      change.tell({ type: 'delete', key: from });
    }
    return toInfo(row);
  });
}

export async function setAttributes(
  context: IdbContext,
  key: string,
  patch: AttributesPatch,
  { ifMatch }: SetMetadataOptions,
): Promise<ObjectInfo> {
  const { newId, now } = context;
  const etag = newId();
  return await commit(context, { key }, async (change) => {
    const before = await change.tx.table('infos').get(toPlace(key));
    if (before?.etag === etag) return toInfo(before);
    if (before === undefined) throw notFound(key);
    if (ifMatch !== undefined) checkWrite(change, key, before.etag, { ifMatch });
    const { size, checksums, writeId } = before;
    const attributes = patchAttributes(toInfo(before), patch);
    const written = { key, size, etag, now: now(), attributes, checksums, writeId };
    const info: NewInfo = { ...written, ...bodyOf(before) };
    return toInfo(await putRow(change, key, toRow(info, before)));
  });
}

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly source: InfoRow | undefined;
  readonly target: InfoRow | undefined;
}

async function findBoth({ tx }: Commit, from: string, to: string): Promise<Pair> {
  const [source, target] = await tx.table('infos').bulkGet([toPlace(from), toPlace(to)]);
  return { from, to, source, target };
}

/** The source. Errors: `not-found`; `precondition-failed`. */
function checkCopy(
  change: Commit,
  { from, to, source, target }: Pair,
  { sourceIfMatch, ifNoneMatch }: CopyOptions,
): InfoRow {
  if (source === undefined) throw notFound(from);
  if (sourceIfMatch !== undefined) {
    checkWrite(change, from, source.etag, { ifMatch: sourceIfMatch });
  }
  if (ifNoneMatch !== undefined) checkWrite(change, to, target?.etag, { ifNoneMatch });
  return source;
}

/** What of a row says where its content lies. */
type BodyOfRow = Pick<NewInfo, 'body' | 'sharedBody'>;

function bodyOf({ body, sharedBody }: InfoRow): BodyOfRow {
  return { body, sharedBody };
}

/** Content in a row gets a row of its own; large content is shared from now on. */
async function copyBody({ tx }: Commit, source: InfoRow, id: string): Promise<BodyOfRow> {
  const { body, size } = source;
  if (body === undefined) return {};
  if (body.in !== 'row') {
    if (source.sharedBody === undefined) {
      await tx.table('infos').put({ ...source, sharedBody: body.id });
    }
    return { body, sharedBody: body.id };
  }
  const { bytes } = (await tx.table('bodies').get(body.id)) ?? {};
  const { offset = 0 } = body;
  if (bytes === undefined) throw lostContent(toKey(source.place));
  await tx.table('bodies').put({ id, bytes: bytes.slice(offset, offset + size) });
  return { body: { in: 'row', id } };
}

interface NewTarget extends Pair {
  readonly etag: string;
  readonly source: InfoRow;
  readonly body: BodyOfRow;
}

async function putTarget(
  { now }: IdbContext,
  change: Commit,
  { from, to, etag, source, target, body }: NewTarget,
  options: CopyOptions,
): Promise<InfoRow> {
  const { size, checksums } = source;
  const attributes = patchAttributes(toInfo(source), options.attributes);
  const info: NewInfo = { key: to, size, etag, now: now(), attributes, checksums, ...body };
  if (from !== to) change.release(target);
  return await putRow(change, to, toRow(info, target));
}

async function putRow(change: Commit, key: string, row: InfoRow): Promise<InfoRow> {
  await change.tx.table('infos').put(row);
  change.tell({ type: 'put', key, etag: row.etag });
  return row;
}
