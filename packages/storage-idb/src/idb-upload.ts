import {
  type CompleteOptions,
  type ContentRange,
  checkSha256,
  decodeToken,
  encodeToken,
  type ObjectInfo,
  type PartRules,
  type PendingUpload,
  pickAttributes,
  StorageError,
  sha256Hasher,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { checkWrite, commit, type IdbContext } from './idb-commit.ts';
import { toInfo, toRow } from './idb-info.ts';
import { toPlace } from './idb-keys.ts';

import { heldRanges, type Piece, piecesOf, putPart } from './idb-parts.ts';
import type { UploadRow } from './idb-schema.ts';

/** A session that nobody goes on with is removed after so long. */
const LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

const PART: PartRules = {
  minBytes: 1,
  maxBytes: 64 * 1024 * 1024,
  multipleOf: 1,
  maxParts: Number.MAX_SAFE_INTEGER,
  order: 'any',
  needsTotal: false,
};

/** Begins a session, or opens the one of the token, which may come from another tab. */
export async function openUpload(
  context: IdbContext,
  key: string,
  options: UploadOptions,
): Promise<UploadSession> {
  const { token } = options;
  const row =
    token === undefined
      ? await beginUpload(context, key, options)
      : await findUpload(context, key, idIn(key, token));
  return session(context, row);
}

/** Sessions that were begun and not ended. */
export async function* pendingUploads(
  { store }: IdbContext,
  prefix: string,
): AsyncGenerator<PendingUpload, void, undefined> {
  const rows = await store.read(['uploads'], (tx) => tx.table('uploads').toArray());
  for (const { id, key, startedAt, expiresAt } of rows) {
    if (!key.startsWith(prefix)) continue;
    yield {
      key,
      token: encodeToken(key, [id]),
      startedAt: new Date(startedAt),
      expiresAt: new Date(expiresAt),
    };
  }
}

async function beginUpload(
  { store, quota, newId, now }: IdbContext,
  key: string,
  { totalBytes, attributes = {}, checksum, writeId }: UploadOptions,
): Promise<UploadRow> {
  const startedAt = now();
  const row: UploadRow = {
    id: newId(),
    key,
    startedAt,
    expiresAt: startedAt + LIFETIME_MS,
    revision: 0,
    attributes: pickAttributes(attributes),
    hasChecksum: checksum !== undefined,
    ...(totalBytes !== undefined && { totalBytes }),
    ...(writeId !== undefined && { writeId }),
  };
  await quota.guard(() => store.write(['uploads'], (tx) => tx.table('uploads').put(row)), { key });
  return row;
}

async function findUpload({ store }: IdbContext, key: string, id: string): Promise<UploadRow> {
  const row = await store.read(['uploads'], (tx) => tx.table('uploads').get(id));
  if (row === undefined) throw lostSession(key);
  return row;
}

function session(context: IdbContext, row: UploadRow): UploadSession {
  const { id, key, expiresAt } = row;
  return {
    key,
    token: encodeToken(key, [id]),
    part: PART,
    expiresAt: new Date(expiresAt),
    async status() {
      const { pieces } = await readSession(context, key, id);
      return { held: heldRanges(pieces) };
    },
    write: (offset, bytes) => writePart(context, row, offset, bytes.slice()),
    complete: (options = {}) => completeUpload(context, key, id, options),
    async abort() {
      await context.store.write(['uploads', 'chunks'], async (tx) => {
        const known = await tx.table('uploads').get(id);
        // Once it is complete, its pieces are the content of an object.
        if (known === undefined) return;
        await tx.table('uploads').delete(id);
        await tx.table('chunks').where('id').equals(id).delete();
      });
    },
  };
}

async function writePart(
  { store, quota }: IdbContext,
  { id, key, totalBytes }: UploadRow,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const end = offset + bytes.byteLength;
  if (totalBytes !== undefined && end > totalBytes) {
    throw new StorageError(
      'invalid-argument',
      `the part ends after the ${totalBytes} bytes of the upload.`,
      { key, outcome: 'not-applied', hint: "See the session's `part` rules." },
    );
  }
  const operation = () =>
    store.write(['uploads', 'chunks'], async (tx) => {
      const row = await tx.table('uploads').get(id);
      if (row === undefined) throw lostSession(key);
      await putPart(tx, id, offset, bytes);
      await tx.table('uploads').put({ ...row, revision: row.revision + 1 });
    });
  await quota.guard(operation, { key, neededBytes: bytes.byteLength });
}

interface SessionState {
  readonly row: UploadRow;
  readonly pieces: readonly Piece[];
}

async function readSession({ store }: IdbContext, key: string, id: string): Promise<SessionState> {
  return await store.read(['uploads', 'chunks'], async (tx) => {
    const row = await tx.table('uploads').get(id);
    if (row === undefined) throw lostSession(key);
    return { row, pieces: await piecesOf(tx, id) };
  });
}

/** The pieces stay where they are: with the commit they are the content of the object. */
async function completeUpload(
  context: IdbContext,
  key: string,
  id: string,
  { checksum: expected, ...conditions }: CompleteOptions,
): Promise<ObjectInfo> {
  const { row, pieces } = await readSession(context, key, id);
  const size = wholeSize(row, pieces);
  let checksums: { readonly sha256: string } | undefined;
  if (row.hasChecksum || expected !== undefined) {
    const found = await hashOf(context, id, size);
    checkSha256(found, expected);
    checksums = { sha256: found };
  }
  const etag = context.newId();
  return await commit(
    context,
    { key, neededBytes: 0 },
    async (change) => {
      const { tx } = change;
      const before = await tx.table('infos').get(toPlace(key));
      if (before?.etag === etag) return toInfo(before);
      const current = await tx.table('uploads').get(id);
      if (current === undefined) throw lostSession(key);
      if (current.revision !== row.revision) throw changedSession(key);
      checkWrite(change, key, before?.etag, conditions);
      const stored = toRow(
        {
          key,
          size,
          etag,
          now: context.now(),
          attributes: row.attributes,
          checksums,
          writeId: row.writeId,
          ...(size > 0 && { body: { in: 'chunks', id } as const }),
        },
        before,
      );
      await tx.table('infos').put(stored);
      await tx.table('uploads').delete(id);
      change.release(before);
      change.tell({ type: 'put', key, etag });
      return toInfo(stored);
    },
    ['uploads'],
  );
}

async function hashOf({ chunks }: IdbContext, id: string, size: number): Promise<string> {
  const hasher = await sha256Hasher();
  const source = chunks.read({ in: 'chunks', id }, { offset: 0, length: size }).chunks?.();
  for (let chunk = await source?.next(); chunk !== undefined; chunk = await source?.next()) {
    hasher.update(chunk);
  }
  return hasher.digest();
}

/** Errors: `invalid-argument` when bytes are missing. */
function wholeSize({ key, totalBytes }: UploadRow, pieces: readonly Piece[]): number {
  const held = heldRanges(pieces);
  const [first = { offset: 0, length: 0 }] = held;
  const size = totalBytes ?? first.length;
  if (held.length > 1 || first.offset > 0 || first.length !== size) throw incomplete(key, held);
  return size;
}

function idIn(key: string, token: string): string {
  const fields = decodeToken(key, token);
  const [id] = Array.isArray(fields) ? fields : [];
  if (typeof id === 'string') return id;
  throw new StorageError('invalid-argument', 'the token is not one of an upload to this key.', {
    key,
    hint: 'Begin a new upload.',
  });
}

function incomplete(key: string, held: readonly ContentRange[]): StorageError {
  const ranges = held.map(({ offset, length }) => `${offset}–${offset + length}`).join(', ');
  return new StorageError('invalid-argument', `bytes are missing; held are: ${ranges || 'none'}.`, {
    key,
    outcome: 'not-applied',
    hint: 'Write the missing parts and complete again.',
  });
}

function lostSession(key: string): StorageError {
  return new StorageError('conflict', 'the upload was completed, aborted or has expired.', {
    key,
    retryable: false,
    restart: true,
    outcome: 'not-applied',
    hint: 'Begin a new upload.',
  });
}

function changedSession(key: string): StorageError {
  return new StorageError('conflict', 'a part was written while the upload was completed.', {
    key,
    retryable: true,
    outcome: 'not-applied',
    hint: 'Complete it again when all parts are written.',
  });
}
