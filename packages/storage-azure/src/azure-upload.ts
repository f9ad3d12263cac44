import type { BlockBlobClient } from '@azure/storage-blob';
import {
  type CompleteOptions,
  checkSha256,
  decodeToken,
  encodeToken,
  isStorageError,
  type ObjectInfo,
  type OperationOptions,
  type PartRules,
  type PendingUpload,
  type Sha256Hasher,
  StorageError,
  sha256Hasher,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { metadataOfCopy, toNative, writeConditions, writtenInfo } from './azure-attributes.ts';
import { blockId, type HeldBlock, layoutOf, parseBlockId, rangesOf } from './azure-blocks.ts';
import { type AzureStore, blobOf, send } from './azure-client.ts';
import { copyNow } from './azure-copy.ts';
import { toName, UPLOAD_NAMES } from './azure-keys.ts';
import { serviceFields } from './azure-native.ts';
import { readObjectBody } from './azure-read.ts';
import { fromJson, newState, type SessionState, toJson } from './azure-session.ts';

/** https://learn.microsoft.com/azure/storage/blobs/scalability-targets (read 2026-11-21) */
const PART_RULES: PartRules = {
  minBytes: 1,
  maxBytes: 4_000 * 1024 * 1024,
  multipleOf: 1,
  maxParts: 50_000,
  order: 'any',
  needsTotal: false,
};

/** Largest object: as many parts as there can be, of the largest size. Units: bytes. */
export const MAX_OBJECT_BYTES: number = PART_RULES.maxBytes * PART_RULES.maxParts;

/** Parts are dropped when none has come for a week. https://learn.microsoft.com/rest/api/storageservices/put-block (read 2026-11-21) */
const LIFETIME_MS = 7 * 24 * 3_600_000;
const LEASE_FOREVER = -1;
/** As long as a checksum that is not known yet. */
const SHA256_ROOM = `sha256-${'='.repeat(44)}`;

/** Metadata of the blob of a session, which listings give. */
const KEY_FACT = 'upload_key';
const STARTED_FACT = 'upload_started';

/**
 * Opens an upload in parts. The parts are blocks of a blob of the session's own, hidden from listings,
 * because blocks of the object itself are dropped by whoever writes it next. An endless lease keeps
 * writes from a session that has ended. `complete` copies it over, inside the account.
 */
export async function uploadSession(
  store: AzureStore,
  key: string,
  options: UploadOptions,
): Promise<UploadSession> {
  const { token, signal } = options;
  if (token === undefined) return beginUpload(store, key, options);
  const named = fromJson(decodeToken(key, token));
  const blob = blobOf(store, UPLOAD_NAMES + named.id);
  const state = await stateOf(blob, named, signal);
  // It has its lease already, unless its beginning was cut short; the same lease again is no error.
  await inSession(() => lease(blob, state.id, signal));
  const blocks = await heldBlocks(blob, state.id, signal);
  const turn = blocks.reduce((last, block) => Math.max(last, block.turn), 0);
  return sessionOf({ store, blob, key, state, turn, hasher: undefined });
}

/** Sessions that were begun and not ended, from one listing. */
export async function* listUploads(
  { container }: AzureStore,
  { prefix = '', signal }: OperationOptions & { readonly prefix?: string },
): AsyncGenerator<PendingUpload, void, undefined> {
  let continuationToken: string | undefined;
  do {
    const paging = continuationToken === undefined ? {} : { continuationToken };
    const { value } = await send(signal, (abortSignal) =>
      container
        .listBlobsFlat({ prefix: UPLOAD_NAMES, includeMetadata: true, abortSignal })
        .byPage(paging)
        .next(),
    );
    for (const { name, metadata = {} } of value?.segment.blobItems ?? []) {
      const key = decodeURIComponent(metadata[KEY_FACT] ?? '');
      if (key === '' || !key.startsWith(prefix)) continue;
      const startedAt = new Date(metadata[STARTED_FACT] ?? Number.NaN);
      yield {
        key,
        token: encodeToken(key, { id: name.slice(UPLOAD_NAMES.length) }),
        startedAt,
        expiresAt: new Date(startedAt.getTime() + LIFETIME_MS),
      };
    }
    continuationToken = value?.continuationToken || undefined;
  } while (continuationToken !== undefined);
}

async function beginUpload(
  store: AzureStore,
  key: string,
  options: UploadOptions,
): Promise<UploadSession> {
  const { signal } = options;
  toName(key);
  const state = newState(options);
  toNative(state.attributes, { ...state, sha256: state.checksum && SHA256_ROOM });
  const hasher = state.checksum === undefined ? undefined : await sha256Hasher();
  const blob = blobOf(store, UPLOAD_NAMES + state.id);
  const content = new TextEncoder().encode(JSON.stringify(toJson(state)));
  const metadata = factsOf(key, state);
  await send(signal, (abortSignal) =>
    blob.upload(content, content.byteLength, { metadata, abortSignal }),
  );
  await lease(blob, state.id, signal);
  return sessionOf({ store, blob, key, state, turn: 0, hasher });
}

function lease(
  blob: BlockBlobClient,
  id: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return send(signal, (abortSignal) =>
    blob.getBlobLeaseClient(id).acquireLease(LEASE_FOREVER, { abortSignal }),
  );
}

/** A session and what it knows in this process. */
interface OpenSession {
  readonly store: AzureStore;
  readonly blob: BlockBlobClient;
  readonly key: string;
  readonly state: SessionState;
  /** The last write that was counted. */
  readonly turn: number;
  /** Hashes what is written, as long as it comes in order. */
  readonly hasher: Sha256Hasher | undefined;
}

function sessionOf(open: OpenSession): UploadSession {
  const { store, blob, key, state } = open;
  const { id, startedAt, totalBytes } = state;
  const conditions = { leaseId: id };
  let { turn, hasher } = open;
  let hashedBytes = 0;
  let hasEnded = false;

  function checkOpen(): void {
    if (hasEnded) throw lost();
  }

  function hash(offset: number, bytes: Uint8Array): void {
    if (offset === hashedBytes) hasher?.update(bytes);
    else hasher = undefined;
    hashedBytes = offset + bytes.byteLength;
  }

  const session = {
    key,
    part: PART_RULES,
    expiresAt: new Date(Date.parse(startedAt) + LIFETIME_MS),

    async status({ signal }: OperationOptions = {}) {
      checkOpen();
      return { held: rangesOf(layoutOf(await heldBlocks(blob, id, signal))) };
    },

    // https://learn.microsoft.com/rest/api/storageservices/put-block
    async write(offset: number, bytes: Uint8Array, { signal }: OperationOptions = {}) {
      checkOpen();
      checkPart(offset, bytes, totalBytes);
      turn += 1;
      const name = blockId({ offset, length: bytes.byteLength, turn });
      hash(offset, bytes);
      await inSession(() =>
        send(signal, (abortSignal) =>
          blob.stageBlock(name, bytes, bytes.byteLength, { conditions, abortSignal }),
        ),
      );
    },

    async complete(options: CompleteOptions = {}) {
      checkOpen();
      const layout = layoutOf(await heldBlocks(blob, id, options.signal));
      const size = sizeOf(layout, totalBytes);
      const running = hasher !== undefined && hashedBytes === size ? hasher.digest() : undefined;
      // A hasher gives its digest once; what comes after is read back.
      hasher = undefined;
      if (running !== undefined) checkSha256(running, options.checksum);
      const info = await finish({ store, blob, key, state }, layout, size, running, options);
      hasEnded = true;
      return info;
    },

    async abort({ signal }: OperationOptions = {}) {
      hasEnded = true;
      await removeSession(blob, id, undefined, signal);
    },
  };
  // A secret: not shown when the session is printed.
  const token = encodeToken(key, toJson(state));
  return Object.defineProperty(session, 'token', { value: token }) as typeof session & {
    readonly token: string;
  };
}

/** Makes one blob of the parts, then the object of the blob. */
async function finish(
  { store, blob, key, state }: Omit<OpenSession, 'turn' | 'hasher'>,
  layout: readonly HeldBlock[],
  size: number,
  running: string | undefined,
  { ifMatch, ifNoneMatch, checksum, signal }: CompleteOptions,
): Promise<ObjectInfo> {
  const target = blobOf(store, toName(key));
  const conditions = writeConditions({ ifMatch, ifNoneMatch });
  await checkTarget(target, conditions, signal);
  const { blobHTTPHeaders } = toNative(state.attributes, state);
  const commit = await inSession(() =>
    send(signal, (abortSignal) =>
      blob.commitBlockList(
        layout.map(({ id }) => id),
        {
          blobHTTPHeaders,
          metadata: factsOf(key, state),
          conditions: { leaseId: state.id },
          abortSignal,
        },
      ),
    ),
  );
  const isAsked = state.checksum !== undefined || checksum !== undefined;
  const sha256 = running ?? (isAsked ? await hashOf(blob, key, signal) : undefined);
  if (sha256 !== undefined) checkSha256(sha256, checksum);
  const native = toNative(state.attributes, { writeId: state.writeId, sha256 });
  const { objectTags, native: service } = state;
  const answer = await copyNow(
    blob,
    target,
    {
      ...serviceFields(service),
      conditions,
      metadata: metadataOfCopy(native.metadata, factsOf(key, state)),
      ...(objectTags && { tags: { ...objectTags } }),
    },
    signal,
  );
  // The object is there. What cannot be removed stays in `uploads`.
  await removeSession(blob, state.id, commit.versionId, signal).catch(() => undefined);
  const { etag, lastModified, versionId } = answer;
  return writtenInfo(key, size, native, { etag, lastModified, versionId });
}

/** Looks at the conditions before the parts become a blob, so that a session that goes on is as it was. */
async function checkTarget(
  target: BlockBlobClient,
  conditions: { readonly ifMatch?: string; readonly ifNoneMatch?: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifMatch === undefined && ifNoneMatch === undefined) return;
  const found = await send(signal, (abortSignal) => target.getProperties({ abortSignal })).catch(
    (error: unknown) => {
      if (isStorageError(error, 'not-found')) return undefined;
      throw error;
    },
  );
  const fits = ifMatch === undefined ? found === undefined : found?.etag === ifMatch;
  if (fits) return;
  throw new StorageError('precondition-failed', 'the object is another one.', {
    outcome: 'not-applied',
  });
}

async function hashOf(
  blob: BlockBlobClient,
  key: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hasher = await sha256Hasher();
  const reader = (await readObjectBody(blob, key, signal)).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return hasher.digest();
    hasher.update(value);
  }
}

/** All blocks, of parts that became a blob already too. Errors: `conflict` with `restart`. */
async function heldBlocks(
  blob: BlockBlobClient,
  id: string,
  signal: AbortSignal | undefined,
): Promise<readonly HeldBlock[]> {
  const { committedBlocks = [], uncommittedBlocks = [] } = await inSession(() =>
    send(signal, (abortSignal) =>
      blob.getBlockList('all', { conditions: { leaseId: id }, abortSignal }),
    ),
  );
  const blocks = new Map<string, HeldBlock>();
  for (const { name, size } of [...committedBlocks, ...uncommittedBlocks]) {
    const block = parseBlockId(name);
    if (block !== undefined && block.length === size) blocks.set(name, block);
  }
  return [...blocks.values()];
}

/** Errors: `conflict` with `restart` when the session, or what it was begun with, is gone. */
async function stateOf(
  blob: BlockBlobClient,
  named: ReturnType<typeof fromJson>,
  signal: AbortSignal | undefined,
): Promise<SessionState> {
  if (named.attributes !== undefined) return named as SessionState;
  const reader = (await inSession(() => readObjectBody(blob, '', signal))).getReader();
  let text = '';
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
    // Parts that became a blob have replaced it.
    if (!text.startsWith('{')) break;
  }
  await reader.cancel();
  try {
    return fromJson(JSON.parse(text) as never) as SessionState;
  } catch {
    throw lost();
  }
}

/** Removes the blob of a session with its lease; that it is gone already is no error. */
async function removeSession(
  blob: BlockBlobClient,
  id: string,
  versionId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  await send(signal, (abortSignal) =>
    blob.delete({ conditions: { leaseId: id }, abortSignal }),
  ).catch((error: unknown) => {
    if (!isStorageError(error, 'not-found')) throw error;
  });
  // Where versions are kept, the content would stay as one.
  if (versionId !== undefined) {
    await send(signal, (abortSignal) => blob.withVersion(versionId).delete({ abortSignal }));
  }
}

/** A session whose blob or lease is gone has ended. */
async function inSession<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    const isOver = isStorageError(error, 'not-found') || isStorageError(error, 'conflict');
    throw isOver ? lost() : error;
  }
}

function factsOf(key: string, { startedAt }: SessionState): Record<string, string> {
  return { [KEY_FACT]: encodeURIComponent(key), [STARTED_FACT]: startedAt };
}

function checkPart(offset: number, bytes: Uint8Array, totalBytes = MAX_OBJECT_BYTES): void {
  const isWhole = Number.isSafeInteger(offset) && offset >= 0;
  const length = bytes instanceof Uint8Array ? bytes.byteLength : 0;
  const fits = isWhole && length > 0 && length <= PART_RULES.maxBytes;
  if (fits && offset + length <= totalBytes) return;
  throw new StorageError('invalid-argument', `no part of ${length} bytes at ${offset} is taken.`, {
    outcome: 'not-applied',
  });
}

/** Errors: `invalid-argument` when bytes are missing. */
function sizeOf(layout: readonly HeldBlock[], totalBytes: number | undefined): number {
  const [range, ...more] = rangesOf(layout);
  const size = range?.length ?? 0;
  const isWhole = (range?.offset ?? 0) === 0 && more.length === 0;
  if (isWhole && size === (totalBytes ?? size)) return size;
  throw new StorageError('invalid-argument', 'parts of the upload are missing.', {
    outcome: 'not-applied',
    hint: 'See what `status` tells, and write the rest.',
  });
}

function lost(): StorageError {
  return new StorageError('conflict', 'the upload has ended.', {
    restart: true,
    retryable: false,
    outcome: 'not-applied',
    hint: 'Begin a new one.',
  });
}
