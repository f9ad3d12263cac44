import {
  type CompleteOptions,
  decodeToken,
  encodeToken,
  lostUpload,
  type ObjectInfo,
  type PartRules,
  partSentBefore,
  StorageError,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { type NativeFile, toInfo } from './dropbox-attributes.ts';
import type { CallOptions, DropboxStore } from './dropbox-client.ts';
import { failureOf, unreadable } from './dropbox-errors.ts';
import { BLOCK_BYTES, contentHash, contentHasher } from './dropbox-hash.ts';
import { toPath } from './dropbox-keys.ts';
import { type NativeFields, nativeFields } from './dropbox-native.ts';
import { findFile } from './dropbox-read.ts';
import { type CommitOptions, commitFile } from './dropbox-write.ts';

/**
 * Limits of sessions. Units: bytes.
 * https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `upload_session/start`
 */
export const MAX_OBJECT_BYTES: number = 2 ** 41 - 2 ** 22;
const MAX_REQUEST_BYTES = 150 * 1024 * 1024;
/** "An upload session can be used for a maximum of 7 days." Same place. Units: ms. */
const LIFE_MS = 7 * 24 * 60 * 60 * 1000;

/** Parts are multiples of the blocks that are hashed. */
const PART: PartRules = {
  minBytes: BLOCK_BYTES,
  maxBytes: Math.floor(MAX_REQUEST_BYTES / BLOCK_BYTES) * BLOCK_BYTES,
  multipleOf: BLOCK_BYTES,
  maxParts: Math.floor(MAX_OBJECT_BYTES / BLOCK_BYTES),
  order: 'sequential',
  needsTotal: false,
};

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** What a token keeps. */
interface UploadState {
  readonly id: string;
  readonly expiresAt: number;
  /** Units: bytes. */
  readonly totalBytes: number | null;
  readonly native?: NativeFields;
}

/**
 * Begins an upload session, or goes on with one. Content goes up one part after the other: of concurrent
 * sessions nobody can ask what they hold. Where the length is known, the last part is kept here until `complete`
 * sends it with the request that makes the file; in another process it has to be written again.
 */
export async function uploadSession(
  store: DropboxStore,
  key: string,
  { token, totalBytes, native: given, signal }: UploadOptions,
): Promise<UploadSession> {
  if (token !== undefined) {
    const state = readState(decodeToken(key, token));
    return session(store, key, state, await offsetOf(store, state.id, 0, { signal }));
  }
  const native = nativeFields(given);
  const id = await beginSession(store, { signal });
  const expiresAt = Date.now() + LIFE_MS;
  const state = { id, expiresAt, totalBytes: totalBytes ?? null, ...(native && { native }) };
  return session(store, key, state, 0);
}

/** Begins a session with its first bytes, if there are any yet. */
export async function beginSession(
  store: DropboxStore,
  options: CallOptions,
  first: Uint8Array<ArrayBuffer> = NOTHING,
): Promise<string> {
  const { session_id: id } = await store.upload<{ readonly session_id?: unknown }>(
    'files/upload_session/start',
    { close: false, ...(first.byteLength > 0 && { content_hash: await contentHash(first) }) },
    first,
    options,
  );
  if (typeof id !== 'string' || id === '') throw unreadable();
  return id;
}

/** Sends a part up; the service compares its hash. */
export async function appendPart(
  store: DropboxStore,
  id: string,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
  options: CallOptions,
): Promise<void> {
  const cursor = { session_id: id, offset };
  const arg = { cursor, close: false, content_hash: await contentHash(bytes) };
  await store.upload('files/upload_session/append_v2', arg, bytes, options);
}

/** Bytes of an upload, and where they begin. */
export interface UploadPiece {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The last part, of which the service may have the beginning. */
interface LastPart extends UploadPiece {
  /** Where it begins. */
  readonly part: number;
  readonly hash: string;
}

/**
 * Sends the last bytes, if any, and makes the file. When that fails for what is at the path, "data has already
 * been appended", so nothing is sent again; after any other failure the service is asked where it stands.
 * https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-22: `UploadSessionFinishError`
 */
export function finishSession(
  store: DropboxStore,
  path: string,
  id: string,
  { offset, bytes }: UploadPiece,
  conditions: CommitOptions,
): Promise<NativeFile> {
  const { signal } = conditions;
  const end = offset + bytes.byteLength;
  let at: number | undefined = offset;
  return commitFile(store, path, conditions, undefined, async (commit) => {
    const from: number = at ?? (await offsetOf(store, id, end, { signal }));
    if (from < offset || from > end) throw otherEnd(from, end);
    const rest = bytes.subarray(from - offset);
    const arg = {
      cursor: { session_id: id, offset: from },
      commit,
      content_hash: await contentHash(rest),
    };
    at = undefined;
    try {
      return await store.upload<NativeFile>('files/upload_session/finish', arg, rest, { signal });
    } catch (error) {
      if (failureOf(error)?.tags[0] === 'path') at = end;
      throw error;
    }
  });
}

/** `held`: what the service holds. */
function session(
  store: DropboxStore,
  key: string,
  state: UploadState,
  held: number,
): UploadSession {
  const { id, totalBytes } = state;
  const path = toPath(key, store.root);
  const { native, ...kept } = state;
  const token = encodeToken(key, { ...kept, ...(native && { native: { ...native } }) });
  /** Hash of all that went up, as long as every part did from here. */
  const hasher = held === 0 ? contentHasher() : undefined;
  let hashed = 0;
  /** Where the service stands; `undefined` when it has to be asked. */
  let reached: number | undefined = held;
  /** The last part, which goes up with `complete`. */
  let last: LastPart | undefined;
  /** Hashes of the parts that went up from here, by offset. */
  const sent = new Map<number, string>();
  let isEnded = false;

  async function stand(options: CallOptions): Promise<number> {
    if (isEnded) throw lostUpload();
    reached = await offsetOf(store, id, reached ?? 0, options);
    return reached;
  }

  async function write(offset: number, bytes: Uint8Array, options: CallOptions): Promise<void> {
    if (isEnded) throw lostUpload();
    const mine = bytes.slice();
    const hash = await contentHash(mine);
    const before = sent.get(offset);
    if (before !== undefined && before !== hash) throw partSentBefore();
    const at = reached ?? (await stand(options));
    if (offset > at) {
      throw new StorageError(
        'invalid-argument',
        `the part comes too early, the service holds ${at} bytes.`,
        { outcome: 'not-applied', hint: 'Parts of this service come one after the other.' },
      );
    }
    const rest = mine.subarray(at - offset);
    if (rest.byteLength === 0) return;
    if (offset + mine.byteLength === totalBytes) {
      // What it was before may have been hashed, and sent.
      if (hashed > at) hashed = Number.NaN;
      last = { offset: at, bytes: rest, part: offset, hash };
      return;
    }
    sent.set(offset, hash);
    // Whatever happens to the request, the service has to be asked again.
    reached = undefined;
    await appendPart(store, id, at, rest, options).catch(asLost);
    reached = at + rest.byteLength;
    if (hashed === offset) {
      hashed = offset + mine.byteLength;
      await hasher?.update(mine);
    }
  }

  /** The bytes that end the upload, or none where the service holds all. */
  async function lastPiece(options: CallOptions): Promise<UploadPiece> {
    const at = reached ?? (await stand(options));
    if (last !== undefined && last.offset <= at) {
      return { offset: at, bytes: last.bytes.subarray(at - last.offset) };
    }
    return { offset: at, bytes: NOTHING };
  }

  async function complete(options: CompleteOptions): Promise<ObjectInfo> {
    const { signal } = options;
    if (isEnded) throw lostUpload();
    if (last !== undefined && hashed === last.offset) {
      hashed += last.bytes.byteLength;
      await hasher?.update(last.bytes);
    }
    const isAll = ({ offset, bytes }: UploadPiece) =>
      totalBytes === null || offset + bytes.byteLength === totalBytes;
    let piece: UploadPiece;
    try {
      piece = await lastPiece({ signal });
      if (!isAll(piece)) {
        // Another process may have gone on, or come to the end.
        reached = undefined;
        piece = await lastPiece({ signal });
      }
    } catch (error) {
      return await alreadyDone(error, options);
    }
    if (!isAll(piece)) throw otherEnd(piece.offset, totalBytes ?? piece.offset);
    if (last !== undefined) sent.set(last.part, last.hash);
    // Whatever happens to the request, the service has to be asked again.
    reached = undefined;
    const file = await finishSession(store, path, id, piece, {
      ...options,
      native: state.native,
    }).catch(asLost);
    isEnded = true;
    last = undefined;
    return toInfo(key, file);
  }

  /** Closes the session. The service forgets by itself what nobody finishes. */
  async function abort(options: CallOptions): Promise<void> {
    if (isEnded) return;
    try {
      const cursor = { session_id: id, offset: await stand(options) };
      const arg = { cursor, close: true };
      await store
        .upload('files/upload_session/append_v2', arg, new Uint8Array(0), options)
        .catch(asLost);
    } catch (error) {
      if ((error as { readonly restart?: unknown }).restart !== true) throw error;
    }
    isEnded = true;
    last = undefined;
  }

  /** A session that is gone may have become the file, when the reply to that was lost. */
  async function alreadyDone(
    error: unknown,
    { ifMatch, ifNoneMatch, signal }: CompleteOptions,
  ): Promise<ObjectInfo> {
    const isKnown = hasher !== undefined && (totalBytes === null || hashed === totalBytes);
    const isGone = (error as { readonly restart?: unknown }).restart === true;
    if (!isGone || !isKnown || ifMatch !== undefined || ifNoneMatch !== undefined) throw error;
    const file = await findFile(store, path, { signal });
    if (file?.size !== hashed || file.content_hash !== (await hasher.digest())) throw error;
    isEnded = true;
    return toInfo(key, file);
  }

  return hidden(token, {
    key,
    part: PART,
    expiresAt: new Date(state.expiresAt),
    async status(options = {}) {
      await stand(options);
      const { offset, bytes } = await lastPiece(options);
      const length = offset + bytes.byteLength;
      return { held: length === 0 ? [] : [{ offset: 0, length }] };
    },
    write: (offset, bytes, options = {}) => write(offset, bytes, options),
    complete: (options = {}) => complete(options),
    abort: (options = {}) => abort(options),
  });
}

/** A session that does not show its token when it is printed. */
function hidden(token: string, parts: Omit<UploadSession, 'token'>): UploadSession {
  const made = { ...parts } as UploadSession;
  return Object.defineProperty(made, 'token', { value: token, enumerable: false });
}

/**
 * Where the service stands. No call tells it, but one that sends nothing to a wrong place is answered with the
 * right one. Errors: `conflict` with `restart` when the session is gone.
 */
async function offsetOf(
  store: DropboxStore,
  id: string,
  guess: number,
  options: CallOptions,
): Promise<number> {
  try {
    await appendPart(store, id, guess, new Uint8Array(0), options);
    return guess;
  } catch (error) {
    const correct = failureOf(error)?.correctOffset;
    if (correct !== undefined) return correct;
    return asLost(error);
  }
}

function otherEnd(offset: number, totalBytes: number): StorageError {
  return new StorageError(
    'invalid-argument',
    `the service holds ${offset} of ${totalBytes} bytes, so the upload is not complete.`,
    { outcome: 'not-applied', hint: 'Write the parts that status() does not tell.' },
  );
}

/** Passes an error on; that of a session which is gone says `restart`. */
function asLost(error: unknown): never {
  const tags = failureOf(error)?.tags ?? [];
  const last = tags[0] === 'lookup_failed' ? tags[1] : tags[0];
  throw last === 'not_found' || last === 'closed' ? lostUpload({ cause: error }) : error;
}

function readState(fields: unknown): UploadState {
  const { id, expiresAt, totalBytes, native } = (fields ?? {}) as Partial<UploadState>;
  const fits =
    typeof id === 'string' &&
    typeof expiresAt === 'number' &&
    (totalBytes === null || typeof totalBytes === 'number');
  if (fits) return { id, expiresAt, totalBytes, ...(native && { native }) };
  throw new StorageError('invalid-argument', 'the token is not one of an upload to this key.');
}
