import {
  decodeToken,
  encodeToken,
  isStorageError,
  type JsonValue,
  lostUpload,
  type ObjectInfo,
  type PartRules,
  StorageError,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { type DriveItem, toDriveItem, toInfo } from './onedrive-attributes.ts';
import { type OneDrive, objectOf } from './onedrive-client.ts';
import { versionMade } from './onedrive-current.ts';
import { unreadable } from './onedrive-errors.ts';
import { quickXorHasher } from './onedrive-hash.ts';
import { fileAt } from './onedrive-item.ts';
import { describe, type NativeFields, nativeFields } from './onedrive-native.ts';
import { withRoom } from './onedrive-room.ts';
import { MAX_OBJECT_BYTES } from './onedrive-write.ts';

/**
 * "The size of each byte range MUST be a multiple of 320 KiB", "less than 60 MiB", and 10 MiB is best.
 * Units: bytes. https://learn.microsoft.com/graph/api/driveitem-createuploadsession, read 2026-11-21
 */
const MULTIPLE_BYTES = 320 * 1024;
const MIN_PART_BYTES: number = 16 * MULTIPLE_BYTES;
const MAX_PART_BYTES: number = 160 * MULTIPLE_BYTES;
const MAX_PARTS: number = Math.ceil(MAX_OBJECT_BYTES / MIN_PART_BYTES);
const BEHAVIOR = '@microsoft.graph.conflictBehavior';

/** What a token keeps. */
interface UploadState {
  /** The session's address, which is good by itself. */
  readonly url: string;
  readonly expiresAt: number;
  /** Units: bytes. */
  readonly totalBytes: number | null;
  /** For an object without content, which is made without the session. */
  readonly native: NativeFields | null;
}

/**
 * Begins an upload in parts, or goes on with one. The service makes the object with the last part
 * (committing it in a request of its own works in one way for work accounts and in another for
 * personal ones), so the last part is kept here until `complete`; `status` does not count it, and in
 * another process it has to be written again.
 */
export async function uploadSession(
  drive: OneDrive,
  key: string,
  options: UploadOptions,
): Promise<UploadSession> {
  const { token, signal } = options;
  const names = drive.names.pathOf(key);
  if (token === undefined) return session(drive, key, await begin(drive, names, options), 0);
  const state = readState(decodeToken(key, token));
  return session(drive, key, state, await heldBytes(drive, state, signal));
}

async function begin(
  drive: OneDrive,
  names: readonly string[],
  { totalBytes, native: given, signal }: UploadOptions,
): Promise<UploadState> {
  const native = nativeFields(given);
  return withRoom(drive, { names, isNew: false, signal }, async () => {
    const { uploadUrl, expirationDateTime } = await drive.json({
      method: 'POST',
      path: drive.itemPath(names, 'createUploadSession'),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ item: { [BEHAVIOR]: 'replace', name: names.at(-1), ...native } }),
      signal,
    });
    const expiresAt = Date.parse(String(expirationDateTime));
    if (typeof uploadUrl !== 'string' || Number.isNaN(expiresAt)) throw unreadable();
    return { url: uploadUrl, expiresAt, totalBytes: totalBytes ?? null, native: native ?? null };
  });
}

/** `held`: what the service holds. Units: bytes. */
function session(drive: OneDrive, key: string, state: UploadState, held: number): UploadSession {
  const { totalBytes, native } = state;
  const token = encodeToken(key, { ...state, native: jsonOf(native) });
  /** The last part, which makes the object. */
  let last: { readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;
  /** What the service holds; `undefined` when it has to be asked. Units: bytes. */
  let reached: number | undefined = held;
  /** Hash of all that was written here, as long as every part was. */
  const hasher = held === 0 ? quickXorHasher() : undefined;
  let hashed = 0;
  /** Whether the last part went out, which makes the object, and nobody knows what became of it. */
  let isUnsure = false;
  let isEnded = false;

  const ask = async (signal: AbortSignal | undefined): Promise<number> => {
    if (isEnded) throw lostUpload();
    reached = await heldBytes(drive, state, signal);
    return reached;
  };

  async function sendPart(
    offset: number,
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    // Whatever happens to the request, the service has to be asked again.
    reached = undefined;
    return askUpload(drive, {
      method: 'PUT',
      url: state.url,
      headers: {
        'content-range': `bytes ${offset}-${offset + bytes.byteLength - 1}/${totalBytes}`,
      },
      body: bytes,
      signal,
    });
  }

  async function write(offset: number, part: Uint8Array, signal?: AbortSignal): Promise<void> {
    const bytes = new Uint8Array(part);
    if (isEnded) throw lostUpload();
    if (totalBytes === null) throw unsized();
    const end = offset + bytes.byteLength;
    if (offset === hashed && end !== totalBytes) {
      hasher?.update(bytes);
      hashed = end;
    }
    const at = reached ?? (await ask(signal));
    if (offset > at) {
      throw refused(`the part comes too early, the service holds ${at} bytes.`);
    }
    if (end === totalBytes) {
      last = { offset, bytes };
      return;
    }
    // It went through before, though its answer may have been lost.
    if (end <= at) return;
    if (offset < at) throw refused(`the part begins before ${at}, where the next one begins.`);
    await sendPart(offset, bytes, signal);
    reached = end;
  }

  async function complete(signal?: AbortSignal): Promise<ObjectInfo> {
    if (isEnded) throw lostUpload();
    if (totalBytes === null) throw unsized();
    if (totalBytes === 0) return completeEmpty(signal);
    try {
      return await sendLast(signal);
    } catch (error) {
      const item = await madeBefore(error, signal);
      if (item === undefined) throw error;
      return ended(item, signal);
    }
  }

  /** A session that is gone may have become the object, when the answer to its last part was lost. */
  async function madeBefore(
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<DriveItem | undefined> {
    const isGone = isStorageError(error) && error.restart === true;
    if (!isGone || !isUnsure || hasher === undefined) return undefined;
    if (last === undefined || hashed !== last.offset) return undefined;
    const names = drive.names.pathOf(key);
    const item = await fileAt(drive, names, signal).catch(() => undefined);
    if (item === undefined || item.size !== totalBytes) return undefined;
    hasher.update(last.bytes);
    hashed = totalBytes;
    return item.file?.hashes?.quickXorHash === hasher.digest() ? item : undefined;
  }

  async function sendLast(signal: AbortSignal | undefined): Promise<ObjectInfo> {
    let at = reached ?? (await ask(signal));
    // Another process may have gone on, or come to the end.
    if (last === undefined || last.offset > at) at = await ask(signal);
    if (last === undefined || last.offset > at) {
      throw refused(`the service holds ${at} of ${totalBytes} bytes.`);
    }
    const from = at;
    const rest = last.bytes.subarray(from - last.offset);
    const place = { names: drive.names.pathOf(key), isNew: false, signal };
    const response = await withRoom(drive, place, () => sendPart(from, rest, signal)).catch(
      (error: unknown) => {
        // What the service refused, it did not do.
        const { status = 500 } = isStorageError(error) ? error : {};
        isUnsure ||= status >= 500;
        throw error;
      },
    );
    return ended(toDriveItem(await objectOf(response)), signal);
  }

  /** A part has a byte at least, so the object is made without the session. */
  async function completeEmpty(signal: AbortSignal | undefined): Promise<ObjectInfo> {
    const path = drive.itemPath(drive.names.pathOf(key), 'content');
    const headers = { 'content-type': 'application/octet-stream' };
    const request = { method: 'PUT', path, headers, body: new Uint8Array(0), signal };
    const item = toDriveItem(await drive.json(request));
    await cancel(drive, state, signal).catch(() => {});
    if (native === null) return ended(item, signal);
    return ended(await describe(drive, item, native, signal), signal);
  }

  async function ended(item: DriveItem, signal: AbortSignal | undefined): Promise<ObjectInfo> {
    isEnded = true;
    if (item.size === totalBytes) {
      return toInfo(key, item, await versionMade(drive, key, item, signal));
    }
    throw new StorageError('corrupted', 'the object is not as long as the upload.', {
      outcome: 'unknown',
    });
  }

  return hidden(token, {
    key,
    part: {
      minBytes: MIN_PART_BYTES,
      maxBytes: MAX_PART_BYTES,
      multipleOf: MULTIPLE_BYTES,
      maxParts: MAX_PARTS,
      order: 'sequential',
      needsTotal: true,
    } satisfies PartRules,
    expiresAt: new Date(state.expiresAt),
    async status({ signal } = {}) {
      const at = await ask(signal);
      const length = last !== undefined && last.offset <= at ? (totalBytes ?? 0) : at;
      return { held: length === 0 ? [] : [{ offset: 0, length }] };
    },
    write: (offset, bytes, { signal } = {}) => write(offset, bytes, signal),
    complete: ({ signal } = {}) => complete(signal),
    async abort({ signal } = {}) {
      if (!isEnded) await cancel(drive, state, signal);
      isEnded = true;
      last = undefined;
    },
  });
}

/** A session that does not show its token when it is printed. */
function hidden(token: string, parts: Omit<UploadSession, 'token'>): UploadSession {
  const session = { ...parts } as UploadSession;
  return Object.defineProperty(session, 'token', { value: token, enumerable: false });
}

/** How much the service holds from the start. */
async function heldBytes(
  drive: OneDrive,
  { url, totalBytes }: UploadState,
  signal: AbortSignal | undefined,
): Promise<number> {
  const response = await askUpload(drive, { method: 'GET', url, signal });
  const { nextExpectedRanges } = await objectOf(response);
  if (!Array.isArray(nextExpectedRanges)) throw unreadable();
  const starts = nextExpectedRanges.map((range) => Number.parseInt(String(range), 10));
  const held = Math.min(...starts, totalBytes ?? Number.POSITIVE_INFINITY);
  if (!Number.isFinite(held)) throw unreadable();
  return held;
}

async function cancel(
  drive: OneDrive,
  { url }: UploadState,
  signal: AbortSignal | undefined,
): Promise<void> {
  await askUpload(drive, { method: 'DELETE', url, signal }).catch((error: unknown) => {
    if (!isStorageError(error) || !error.restart) throw error;
  });
}

/** One request to a session. Errors: `conflict` with `restart` for one that the service has no more. */
async function askUpload(
  drive: OneDrive,
  request: Parameters<OneDrive['sendTo']>[0],
): Promise<Response> {
  try {
    return await drive.sendTo(request);
  } catch (error) {
    if (!isStorageError(error)) throw error;
    // "Handle 404 Not Found errors by starting the entire upload over": the same page.
    if (error.status === 404 || error.status === 410)
      throw lostUpload({ cause: error, status: error.status });
    // It holds these bytes already, or not yet those before: what it holds is asked for again.
    if (error.status === 416) throw outOfStep(error);
    throw error;
  }
}

function outOfStep(cause: StorageError): StorageError {
  return new StorageError('conflict', 'the service expects another part.', {
    cause,
    status: cause.status,
    retryable: true,
    outcome: 'not-applied',
  });
}

function refused(reason: string): StorageError {
  return new StorageError('invalid-argument', reason, {
    outcome: 'not-applied',
    hint: 'Parts of this service come one after the other: write those that status() does not tell.',
  });
}

function unsized(): StorageError {
  return new StorageError('invalid-argument', 'the upload was begun without its length.', {
    outcome: 'not-applied',
    hint: 'Say it when the upload is begun: { totalBytes }.',
  });
}

function jsonOf(native: NativeFields | null): JsonValue {
  return native === null ? null : { ...native };
}

function readState(fields: unknown): UploadState {
  const { url, expiresAt, totalBytes, native } = (fields ?? {}) as Partial<UploadState>;
  const fits =
    typeof url === 'string' &&
    URL.canParse(url) &&
    typeof expiresAt === 'number' &&
    (totalBytes === null || typeof totalBytes === 'number');
  if (fits) return { url, expiresAt, totalBytes, native: native ?? null };
  throw new StorageError('invalid-argument', 'the token is not one of an upload to this key.');
}
