import {
  type Checksums,
  type ContentRange,
  checkSha256,
  type ObjectAttributes,
  type ObjectTags,
  type PartRules,
  type PendingUpload,
  StorageError,
  sha256,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { copyAttributes, copyInfo } from './memory-info.ts';
import type { MemoryStore } from './memory-store.ts';

const MAX_PARTS = 10_000;
/** Sessions that have ended and are still told apart from those that never were. */
const MAX_ENDED_SESSIONS = 1000;

export interface MemoryUploads {
  /** Begins a session, or opens the one of the token. */
  open(key: string, options: UploadOptions): UploadSession;
  pending(prefix: string): Iterable<PendingUpload>;
}

interface Session {
  readonly key: string;
  readonly token: string;
  readonly startedAt: Date;
  readonly totalBytes: number | undefined;
  readonly attributes: ObjectAttributes;
  readonly keepsChecksum: boolean;
  readonly writeId: string | undefined;
  readonly objectTags: ObjectTags | undefined;
  /** By offset, in the order of their coming. */
  readonly parts: Map<number, Uint8Array<ArrayBuffer>>;
  isOpen: boolean;
}

export function memoryUploads(
  store: MemoryStore,
  { partBytes, now }: { readonly partBytes: number; readonly now: () => number },
): MemoryUploads {
  const sessions = new Map<string, Session>();
  const endedTokens: string[] = [];
  const part: PartRules = {
    minBytes: 1,
    maxBytes: partBytes,
    multipleOf: 1,
    maxParts: MAX_PARTS,
    order: 'any',
    needsTotal: false,
  };

  function begin(key: string, options: UploadOptions): Session {
    const { totalBytes, attributes = {}, checksum, writeId, objectTags } = options;
    const session: Session = {
      key,
      token: crypto.randomUUID(),
      startedAt: new Date(now()),
      totalBytes,
      attributes: copyAttributes(attributes),
      keepsChecksum: checksum !== undefined,
      writeId,
      objectTags: objectTags && { ...objectTags },
      parts: new Map(),
      isOpen: true,
    };
    sessions.set(session.token, session);
    return session;
  }

  function find(key: string, token: string): Session {
    const session = sessions.get(token);
    if (session === undefined || session.key !== key) {
      throw new StorageError('invalid-argument', 'the token is not one of an upload to this key.', {
        key,
        hint: 'Begin a new upload.',
      });
    }
    return opened(session);
  }

  /** Gives back what the session holds, and remembers for a while that it was there. */
  function end(session: Session): void {
    store.reserve(session.key, -sizeOf(session));
    session.parts.clear();
    session.isOpen = false;
    endedTokens.push(session.token);
    if (endedTokens.length > MAX_ENDED_SESSIONS) sessions.delete(endedTokens.shift() ?? '');
  }

  function keepPart(session: Session, offset: number, bytes: Uint8Array): void {
    const { key, parts } = opened(session);
    checkPart(session, part, offset, bytes.byteLength);
    store.reserve(key, bytes.byteLength - (parts.get(offset)?.byteLength ?? 0));
    parts.delete(offset);
    parts.set(offset, new Uint8Array(bytes));
  }

  function handle(session: Session): UploadSession {
    const { key, token } = session;
    return {
      key,
      token,
      part,
      status: async () => ({ held: heldRanges(opened(session)) }),
      write: async (offset, bytes) => keepPart(session, offset, bytes),
      async complete(conditions = {}) {
        const { attributes, writeId, objectTags } = opened(session);
        const bytes = joined(session);
        const checksums = await checksumsOf(session, bytes, conditions.checksum);
        opened(session);
        store.check(key, bytes.byteLength - sizeOf(session), conditions);
        end(session);
        const write = { bytes, attributes, checksums, writeId, objectTags };
        return copyInfo(store.write(key, write, conditions).info);
      },
      async abort() {
        if (session.isOpen) end(session);
      },
    };
  }

  return {
    open(key, options) {
      const { token } = options;
      return handle(token === undefined ? begin(key, options) : find(key, token));
    },
    *pending(prefix) {
      for (const { key, token, startedAt, isOpen } of sessions.values()) {
        if (isOpen && key.startsWith(prefix)) yield { key, token, startedAt: new Date(startedAt) };
      }
    },
  };
}

/** Errors: `conflict` when the session has ended. */
function opened(session: Session): Session {
  if (session.isOpen) return session;
  throw new StorageError('conflict', 'the upload was completed or aborted.', {
    key: session.key,
    retryable: false,
    restart: true,
    outcome: 'not-applied',
    hint: 'Begin a new upload.',
  });
}

/** Errors: `corrupted` when the content is not what its sender says. */
async function checksumsOf(
  { keepsChecksum }: Session,
  bytes: Uint8Array,
  expected: string | undefined,
): Promise<Checksums | undefined> {
  if (!keepsChecksum && expected === undefined) return undefined;
  const found = await sha256(bytes);
  checkSha256(found, expected);
  return { sha256: found };
}

/** Core has checked the part by itself; here it is seen with the others. */
function checkPart(session: Session, rules: PartRules, offset: number, sizeBytes: number): void {
  const { key, parts, totalBytes = Number.POSITIVE_INFINITY } = session;
  if (offset + sizeBytes > totalBytes) {
    throw invalidPart(key, `the part ends after the ${totalBytes} bytes of the upload.`);
  }
  if (parts.size >= rules.maxParts && !parts.has(offset)) {
    throw invalidPart(key, `the upload has ${rules.maxParts} parts already.`);
  }
}

function invalidPart(key: string, reason: string): StorageError {
  return new StorageError('invalid-argument', reason, {
    key,
    hint: "See the session's `part` rules.",
  });
}

function sizeOf({ parts }: Session): number {
  let sizeBytes = 0;
  for (const part of parts.values()) sizeBytes += part.byteLength;
  return sizeBytes;
}

function heldRanges({ parts }: Session): readonly ContentRange[] {
  const held: ContentRange[] = [];
  for (const [offset, { byteLength }] of [...parts].sort(([a], [b]) => a - b)) {
    const last = held.at(-1);
    if (last === undefined || last.offset + last.length < offset) {
      if (byteLength > 0) held.push({ offset, length: byteLength });
    } else {
      const end = Math.max(last.offset + last.length, offset + byteLength);
      held[held.length - 1] = { offset: last.offset, length: end - last.offset };
    }
  }
  return held;
}

/** The parts as one; where they overlap, the later one counts. */
function joined(session: Session): Uint8Array<ArrayBuffer> {
  const held = heldRanges(session);
  const [first = { offset: 0, length: 0 }] = held;
  const sizeBytes = session.totalBytes ?? first.length;
  if (held.length > 1 || first.offset > 0 || first.length !== sizeBytes) {
    const ranges = held.map(({ offset, length }) => `${offset}–${offset + length}`).join(', ');
    throw new StorageError(
      'invalid-argument',
      `bytes are missing; held are: ${ranges || 'none'}.`,
      {
        key: session.key,
        hint: 'Write the missing parts and complete again.',
      },
    );
  }
  const bytes = new Uint8Array(sizeBytes);
  for (const [offset, part] of session.parts) bytes.set(part, offset);
  return bytes;
}
