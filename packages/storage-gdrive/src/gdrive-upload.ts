import {
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
import { toInfo, toNative } from './gdrive-attributes.ts';
import { notDrive } from './gdrive-errors.ts';
import { nativeBody, nativeQuery } from './gdrive-native.ts';
import {
  beginUpload,
  cancelUpload,
  type Progress,
  progressOf,
  sendChunk,
  type UploadState,
  wholeFile,
} from './gdrive-session.ts';
import type { GdriveStore } from './gdrive-store.ts';
import { describe, toTarget } from './gdrive-target.ts';

/** "Create chunks in multiples of 256 KB". Units: bytes. https://developers.google.com/workspace/drive/api/guides/manage-uploads, read 2026-11-21 */
const STEP_BYTES = 256 * 1024;
/** A part is one request, held in memory. Units: bytes. */
const MAX_PART_BYTES = 256 * 1024 * 1024;
/** The service counts none; 5 TB in parts of 8 MiB are fewer. */
const MAX_PARTS = 1_000_000;
/** How often in a row the service may take nothing of what it is sent. */
const MAX_STALLS = 3;

/** Begins a resumable upload, or goes on with one. */
export async function uploadSession(
  store: GdriveStore,
  key: string,
  options: UploadOptions,
): Promise<UploadSession> {
  const { token, totalBytes, attributes = {}, writeId, native, signal } = options;
  if (token !== undefined) {
    const state = readState(decodeToken(key, token));
    return session(store, key, state, await progressOf(store, state, signal));
  }
  const state = await toTarget(store, key, signal, (target) => {
    const described = toNative(attributes, { key, writeId, over: target.over });
    return beginUpload(store, target, {
      json: { ...nativeBody(native), ...describe(store, key, target, described) },
      query: nativeQuery(native),
      mimeType: described.mimeType,
      totalBytes,
      signal,
    });
  });
  return session(store, key, state, { held: 0 });
}

function session(
  store: GdriveStore,
  key: string,
  state: UploadState,
  start: Progress,
): UploadSession {
  const { totalBytes } = state;
  const token = encodeToken(key, { ...state });
  /** How far the service is, as far as that is known. */
  let progress: Progress | undefined = start;
  /** Bytes behind those, which wait: a request takes multiples of a step, and the last part ends the upload. */
  let waiting: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Where those begin. */
  let from = 'held' in start ? start.held : 0;
  const sent = new Map<number, string>();
  let isEnded = false;

  /** How far the service is; where that is not known, it is asked, and what it has waits no more. */
  async function settled(signal: AbortSignal | undefined): Promise<Progress> {
    if (isEnded) throw lostUpload();
    if (progress !== undefined) return progress;
    const next = await progressOf(store, state, signal);
    if ('held' in next) {
      waiting = next.held < from ? new Uint8Array(0) : waiting.slice(next.held - from);
      from = next.held;
    }
    progress = next;
    return next;
  }

  async function heldBytes(signal: AbortSignal | undefined): Promise<number> {
    const reached = await settled(signal);
    if ('file' in reached) throw lostUpload();
    return reached.held;
  }

  /** Sends what waits, up to a length. Whatever happens to the request, the service has to be asked then. */
  async function flush(length: number, signal: AbortSignal | undefined): Promise<void> {
    let rest = length;
    let stalls = 0;
    while (rest > 0) {
      const body = waiting.slice(0, rest);
      progress = undefined;
      const range = `bytes ${from}-${from + rest - 1}/${totalBytes ?? '*'}`;
      const next = await sendChunk(store, state, { range, body, signal });
      if ('file' in next) throw notDrive('it ended the upload before its end');
      const taken = next.held - from;
      if (taken < 0 || taken > rest) throw notDrive('it holds other bytes than were sent');
      stalls = taken === 0 ? stalls + 1 : 0;
      if (stalls === MAX_STALLS) throw notDrive('it takes nothing of what it is sent');
      progress = next;
      waiting = waiting.slice(taken);
      from = next.held;
      rest -= taken;
    }
  }

  async function write(offset: number, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const mine = bytes.slice();
    checkPart(offset, mine.byteLength, totalBytes);
    const digest = await digestOf(mine);
    const sure = await heldBytes(signal);
    const held = sure + waiting.byteLength;
    const before = sent.get(offset);
    if (before !== undefined && before !== digest && offset < sure) throw partSentBefore();
    if (offset > held) {
      throw refusal(`the part comes too early, ${held} bytes are there.`, {
        hint: 'Parts of this service come one after the other.',
      });
    }
    sent.set(offset, digest);
    const fresh = mine.subarray(Math.min(Math.max(sure - offset, 0), mine.byteLength));
    waiting = laidOver(waiting, Math.max(offset - sure, 0), fresh);
    // The last part goes with `complete`, which makes the file.
    if (sure + waiting.byteLength === totalBytes) return;
    await flush(toSteps(waiting.byteLength), signal);
  }

  async function complete(signal?: AbortSignal): Promise<ObjectInfo> {
    let reached = await settled(signal);
    while ('held' in reached) {
      const { held } = reached;
      const end = held + waiting.byteLength;
      if (totalBytes !== null && end !== totalBytes) throw incomplete(end, totalBytes);
      const body = waiting;
      progress = undefined;
      const range = endRange(held, end);
      const next = await sendChunk(store, state, { range, body, signal });
      // It may take a part of what it is sent.
      if ('held' in next && (next.held <= held || next.held > end)) {
        throw notDrive('it does not end the upload', { outcome: 'not-applied' });
      }
      if ('held' in next) {
        waiting = waiting.slice(next.held - held);
        from = next.held;
      }
      progress = next;
      reached = next;
    }
    isEnded = true;
    return toInfo(key, await wholeFile(store, reached.file, signal), store.keepsVersions);
  }

  return hidden(token, {
    key,
    part: PART_RULES,
    expiresAt: new Date(state.expiresAt),
    async status({ signal } = {}) {
      const length = (await heldBytes(signal)) + waiting.byteLength;
      return { held: length === 0 ? [] : [{ offset: 0, length }] };
    },
    write: (offset, bytes, { signal } = {}) => write(offset, bytes, signal),
    complete: ({ signal } = {}) => complete(signal),
    async abort({ signal } = {}) {
      if (!isEnded) await cancelUpload(store, state, signal);
      isEnded = true;
    },
  });
}

const PART_RULES: PartRules = {
  minBytes: STEP_BYTES,
  maxBytes: MAX_PART_BYTES,
  multipleOf: STEP_BYTES,
  maxParts: MAX_PARTS,
  order: 'sequential',
  needsTotal: false,
};

/** A session that does not show its token when it is printed. */
function hidden(token: string, parts: Omit<UploadSession, 'token'>): UploadSession {
  const shown = { ...parts } as UploadSession;
  return Object.defineProperty(shown, 'token', { value: token, enumerable: false });
}

/** What the last request says: the last bytes, that there are no more, or that there are none at all. */
function endRange(held: number, end: number): string | undefined {
  if (end === 0) return undefined;
  return end > held ? `bytes ${held}-${end - 1}/${end}` : `bytes */${end}`;
}

function checkPart(offset: number, length: number, totalBytes: number | null): void {
  if (offset % STEP_BYTES !== 0) {
    throw refusal(`a part cannot start at ${offset}; a multiple of ${STEP_BYTES} can.`);
  }
  if (totalBytes === null) return;
  const end = offset + length;
  if (end > totalBytes) {
    throw refusal(`a part ends at ${end}, behind the ${totalBytes} bytes of the upload.`);
  }
  if (end < totalBytes && length % STEP_BYTES !== 0) {
    throw refusal(`a part has ${length} bytes; all but the last have a multiple of ${STEP_BYTES}.`);
  }
}

function toSteps(bytes: number): number {
  return Math.max(0, Math.floor(bytes / STEP_BYTES) * STEP_BYTES);
}

/** Bytes with others laid over them from a place on. */
function laidOver(bytes: Uint8Array, at: number, over: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(Math.max(bytes.byteLength, at + over.byteLength));
  whole.set(bytes);
  whole.set(over, at);
  return whole;
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...hash));
}

function readState(fields: unknown): UploadState {
  const { url, expiresAt, totalBytes } = (fields ?? {}) as Partial<UploadState>;
  const fits =
    typeof url === 'string' &&
    typeof expiresAt === 'number' &&
    (totalBytes === null || typeof totalBytes === 'number');
  if (fits) return { url, expiresAt, totalBytes };
  throw refusal('the token is not one of an upload to this key.');
}

function incomplete(held: number, totalBytes: number): StorageError {
  return refusal(`${held} of ${totalBytes} bytes are there, so the upload is not complete.`, {
    hint: 'Write the parts that status() does not tell.',
  });
}

function refusal(reason: string, fields: { readonly hint?: string } = {}): StorageError {
  return new StorageError('invalid-argument', reason, { outcome: 'not-applied', ...fields });
}
