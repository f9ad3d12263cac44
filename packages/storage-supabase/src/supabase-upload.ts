import {
  decodeToken,
  encodeToken,
  isStorageError,
  lostUpload,
  type ObjectInfo,
  type PartRules,
  partSentBefore,
  StorageError,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { maxAgeOf, toNative } from './supabase-attributes.ts';
import type { SupabaseBucket, SupabaseRequest } from './supabase-client.ts';
import { unreadable } from './supabase-errors.ts';
import { toName } from './supabase-keys.ts';
import { writtenInfo } from './supabase-write.ts';

/**
 * "The chunk size must be set to 6MB (for now)". Units: bytes.
 * https://supabase.com/docs/guides/storage/uploads/resumable-uploads, read 2026-11-21
 */
const PART_BYTES = 6 * 1024 * 1024;
/** Parts become parts of an upload to S3. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;
/** An upload can be gone on with for so long. Same page of Supabase. Units: ms. */
const EXPIRY_MS = 24 * 60 * 60 * 1000;
const TUS = { 'tus-resumable': '1.0.0', 'x-upsert': 'true' } as const;
/** The upload does not exist, was ended, or has expired. */
const LOST: ReadonlySet<number | undefined> = new Set([404, 410]);

/** What a token keeps. */
interface UploadState {
  /** Last segment of the upload's address. */
  readonly id: string;
  readonly mark: string;
  readonly expiresAt: number;
  /** Units: bytes. */
  readonly totalBytes: number | null;
}

/**
 * Begins a resumable upload, or goes on with one. Its length is told with the last request alone:
 * otherwise the service would make the object with the last part, before `complete`.
 * https://tus.io/protocols/resumable-upload and
 * https://github.com/tus/tus-node-server/blob/main/packages/server/src/handlers/PatchHandler.ts
 */
export async function uploadSession(
  store: SupabaseBucket,
  key: string,
  options: UploadOptions,
): Promise<UploadSession> {
  const name = toName(key, store.bucket);
  const { token, signal } = options;
  if (token === undefined) return session(store, key, await begin(store, name, options), 0);
  const state = readState(decodeToken(key, token));
  const { offset, length } = await offsetOf(store, state, signal);
  return session(store, key, state, length === undefined ? offset : undefined);
}

async function begin(
  store: SupabaseBucket,
  name: string,
  { attributes = {}, totalBytes, writeId, signal }: UploadOptions,
): Promise<UploadState> {
  const mark = crypto.randomUUID();
  const { contentType, cacheControl, metadata } = toNative(attributes, { mark, writeId }, true);
  const seconds = maxAgeOf(cacheControl);
  const fields = {
    bucketName: store.bucket,
    objectName: name,
    contentType,
    ...(seconds !== undefined && { cacheControl: seconds }),
    metadata: JSON.stringify(metadata),
  };
  const { headers } = await store.send('POST', 'upload/resumable', {
    headers: {
      ...TUS,
      'upload-defer-length': '1',
      'upload-metadata': Object.entries(fields)
        .map(([field, value]) => `${field} ${btoa(value)}`)
        .join(','),
    },
    signal,
  });
  // The address may name another host than the one that was called, and gets no token.
  const id = /([^/]+)\/?$/.exec(headers.get('location') ?? '')?.[1];
  if (id === undefined) throw unreadable();
  const expires = Date.parse(headers.get('upload-expires') ?? '');
  return {
    id,
    mark,
    expiresAt: Number.isNaN(expires) ? Date.now() + EXPIRY_MS : expires,
    totalBytes: totalBytes ?? null,
  };
}

/** `held`: what the service holds, where that is known. */
function session(
  store: SupabaseBucket,
  key: string,
  state: UploadState,
  held: number | undefined,
): UploadSession {
  const { mark, totalBytes } = state;
  const token = encodeToken(key, { ...state });
  const name = toName(key, store.bucket);
  /** Where the service stood last, as far as it is known, and digests of the parts sent from here. */
  let reached = held;
  const sent = new Map<number, string>();
  let isEnded = false;

  /** Where the service stands. Errors: `conflict` with `restart` when the upload has ended. */
  async function open(signal?: AbortSignal): Promise<number> {
    if (isEnded) throw lostUpload();
    const { offset, length } = await offsetOf(store, state, signal);
    if (length !== undefined) throw lostUpload();
    return offset;
  }

  async function write(offset: number, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const mine = bytes.slice();
    const digest = await digestOf(mine);
    const before = sent.get(offset);
    if (before !== undefined && before !== digest) throw partSentBefore();
    if (isEnded) throw lostUpload();
    reached ??= await open(signal);
    if (offset > reached) {
      throw new StorageError(
        'invalid-argument',
        `the part comes too early, the service holds ${reached} bytes.`,
        {
          outcome: 'not-applied',
          hint: 'Parts of this service come one after the other.',
        },
      );
    }
    const rest = mine.subarray(reached - offset);
    if (rest.byteLength === 0) return;
    const from = reached;
    sent.set(offset, digest);
    // Whatever happens to the request, the service has to be asked again.
    reached = undefined;
    const { headers } = await patch(store, state, { from, body: rest, signal });
    reached = Number(headers.get('upload-offset') ?? Number.NaN);
    if (reached !== from + rest.byteLength) {
      reached = undefined;
      throw unreadable();
    }
  }

  async function complete(signal?: AbortSignal): Promise<ObjectInfo> {
    if (isEnded) throw lostUpload();
    const { offset, length } = await offsetOf(store, state, signal);
    if (totalBytes !== null && offset !== totalBytes) {
      throw new StorageError(
        'invalid-argument',
        `the service holds ${offset} of ${totalBytes} bytes, so the upload is not complete.`,
        { outcome: 'not-applied', hint: 'Write the parts that status() does not tell.' },
      );
    }
    if (length === undefined) {
      await patch(store, state, { from: offset, body: new Uint8Array(0), signal, length: offset });
    }
    const options = { ...(signal && { signal }) };
    const info = await writtenInfo(store, { key, name, mark, size: offset, options });
    isEnded = true;
    return info;
  }

  return hidden(token, {
    key,
    part: partRules(totalBytes),
    expiresAt: new Date(state.expiresAt),
    async status({ signal } = {}) {
      reached = await open(signal);
      return { held: reached === 0 ? [] : [{ offset: 0, length: reached }] };
    },
    write: (offset, bytes, { signal } = {}) => write(offset, bytes, signal),
    complete: ({ signal } = {}) => complete(signal),
    async abort({ signal } = {}) {
      await askUpload(store, 'DELETE', state, { signal }).catch((error: unknown) => {
        // Of one that is complete the service says 400; there is nothing left to free.
        if (!isStorageError(error) || !(error.restart || error.status === 400)) throw error;
      });
      isEnded = true;
    },
  });
}

/** A session that does not show its token when it is printed. */
function hidden(token: string, parts: Omit<UploadSession, 'token'>): UploadSession {
  const session = { ...parts } as UploadSession;
  return Object.defineProperty(session, 'token', { value: token, enumerable: false });
}

/** Parts of 6 MiB, and of more where 10,000 of those do not hold the whole. */
function partRules(totalBytes: number | null): PartRules {
  const needed = Math.ceil((totalBytes ?? 0) / MAX_PARTS / PART_BYTES);
  return {
    minBytes: PART_BYTES,
    maxBytes: Math.max(1, needed) * PART_BYTES,
    multipleOf: PART_BYTES,
    maxParts: MAX_PARTS,
    order: 'sequential',
    needsTotal: false,
  };
}

/** What the service holds; with a length, the object was made of it. */
async function offsetOf(
  store: SupabaseBucket,
  state: UploadState,
  signal: AbortSignal | undefined,
): Promise<{ readonly offset: number; readonly length: number | undefined }> {
  const { headers } = await askUpload(store, 'HEAD', state, { signal });
  const offset = headers.get('upload-offset');
  if (offset === null || !/^\d+$/.test(offset)) throw unreadable();
  const length = headers.get('upload-length');
  return { offset: Number(offset), length: length === null ? undefined : Number(length) };
}

interface Patch {
  readonly from: number;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal | undefined;
  /** Says how long the whole is, which makes the object. */
  readonly length?: number;
}

async function patch(
  store: SupabaseBucket,
  state: UploadState,
  { from, body, signal, length }: Patch,
): Promise<Response> {
  return askUpload(store, 'PATCH', state, {
    headers: {
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(from),
      ...(length !== undefined && { 'upload-length': String(length) }),
    },
    body,
    signal,
  });
}

/** One request to an upload. Errors: `conflict` with `restart` for one that the service has no more. */
async function askUpload(
  store: SupabaseBucket,
  method: string,
  { id }: UploadState,
  request: SupabaseRequest,
): Promise<Response> {
  try {
    return await store.send(method, `upload/resumable/${id}`, {
      ...request,
      headers: { ...TUS, ...request.headers },
    });
  } catch (error) {
    if (!isStorageError(error)) throw error;
    if (LOST.has(error.status)) throw lostUpload({ cause: error, status: error.status });
    // Another offset than the service's: a part went on its way twice.
    if (error.status === 409) throw error.with({ retryable: true });
    throw error;
  }
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...hash));
}

function readState(fields: unknown): UploadState {
  const { id, mark, expiresAt, totalBytes } = (fields ?? {}) as Partial<UploadState>;
  const fits =
    typeof id === 'string' &&
    /^[\w-]+$/.test(id) &&
    typeof mark === 'string' &&
    typeof expiresAt === 'number' &&
    (totalBytes === null || typeof totalBytes === 'number');
  if (fits) return { id, mark, expiresAt, totalBytes };
  throw new StorageError('invalid-argument', 'the token is not one of an upload to this key.');
}
