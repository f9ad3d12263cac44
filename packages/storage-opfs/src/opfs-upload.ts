import {
  type CompanionSide,
  type CompleteOptions,
  type ContentRange,
  checkSha256,
  decodeToken,
  encodeToken,
  isStorageError,
  type ObjectInfo,
  type PartRules,
  type PendingUpload,
  StorageError,
  sha256Hasher,
  type UploadOptions,
  type UploadSession,
  wholeBytes,
} from '@granary/storage-core/provider';
import { isMissing, toOpfsError, withOutcome } from './opfs-errors.ts';
import { attributesFor } from './opfs-info.ts';
import type { Locks } from './opfs-locks.ts';
import { patiently, quietly } from './opfs-patience.ts';
import type { Store } from './opfs-store.ts';
import type { TempFile, Temps } from './opfs-temp.ts';
import {
  newSessionId,
  readSession,
  SESSION_FILE,
  type Session,
  sessionText,
} from './opfs-upload-session.ts';
import { createTemp, type Writer, writeConditionsOf } from './opfs-write.ts';

const RULES: PartRules = {
  minBytes: 1,
  maxBytes: 64 * 1024 * 1024,
  multipleOf: 1,
  maxParts: 10_000,
  order: 'any',
  needsTotal: false,
};
const FOLDER = 'uploads';
/** A part is a file of its own, named after its offset. */
const PART_NAME = /^\d+$/;
/** What is read at a time when parts are put together. Units: bytes. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** A session that nobody has gone on with for so long is swept. Units: ms. */
const FORGOTTEN_AFTER_MS = 7 * 24 * 3_600_000;

/** Uploads in parts, which other tabs can go on with. */
export interface Uploads {
  open(key: string, options: UploadOptions): Promise<UploadSession>;
  pending(prefix: string): AsyncIterable<PendingUpload>;
  /** Removes sessions that nobody goes on with. Returns how many. */
  sweep(): Promise<number>;
}

export interface UploadParts {
  readonly store: Store;
  readonly temps: Temps;
  readonly locks: Locks;
  readonly writer: Writer;
  readonly now: () => number;
}

interface Part extends ContentRange {
  readonly file: File;
}

export function openUploads({ store, temps, locks, writer, now }: UploadParts): Uploads {
  async function begin(key: string, options: UploadOptions): Promise<Session> {
    const session: Session = {
      id: newSessionId(),
      key,
      totalBytes: options.totalBytes,
      attributes: options.attributes ?? {},
      keepsChecksum: options.checksum !== undefined,
      startedAt: new Date(now()),
    };
    await putFile(session.id, SESSION_FILE, new TextEncoder().encode(sessionText(session)), true);
    return session;
  }

  /** Writes a file of a session, all at once. */
  async function putFile(
    id: string,
    name: string,
    bytes: Uint8Array,
    create: boolean,
  ): Promise<void> {
    const temp = await createTemp(temps, bytes.byteLength);
    try {
      await temp.append(bytes);
      await temp.finish(undefined, false);
      const folder = create ? await store.hidden(FOLDER, id) : await folderOf(id);
      await temp.moveTo({ folder, name });
    } finally {
      await temp.discard();
    }
  }

  /** Errors: `conflict` when the session has ended. */
  async function folderOf(id: string): Promise<FileSystemDirectoryHandle> {
    const folder = await store.hiddenIfThere(FOLDER, id);
    if (folder === undefined) throw ended();
    return folder;
  }

  async function find(key: string, { token = '', totalBytes }: UploadOptions): Promise<Session> {
    const id = decodeToken(key, token);
    const folder = typeof id === 'string' ? await folderOf(id) : undefined;
    const session = folder && (await readSession(folder));
    if (session === undefined || session.key !== key) throw ended();
    if (totalBytes !== undefined && session.totalBytes !== undefined) {
      if (totalBytes !== session.totalBytes) throw otherSize(session.totalBytes);
    }
    return session;
  }

  /** One step of a session at a time, also between tabs: no part may come into a finished object. */
  async function step<Result>(
    id: string,
    signal: AbortSignal | undefined,
    work: (folder: FileSystemDirectoryHandle) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await locks.exclusively([`${store.space}:upload:${id}`], signal, async () =>
        work(await folderOf(id)),
      );
    } catch (error) {
      throw toOpfsError(error);
    }
  }

  async function partsOf(folder: FileSystemDirectoryHandle): Promise<readonly Part[]> {
    const parts: Part[] = [];
    for await (const [name, handle] of folder.entries()) {
      if (!PART_NAME.test(name)) continue;
      const file = await (handle as FileSystemFileHandle).getFile();
      parts.push({ offset: Number(name), length: file.size, file });
    }
    return parts.sort((one, other) => one.offset - other.offset);
  }

  async function complete(
    folder: FileSystemDirectoryHandle,
    session: Session,
    options: CompleteOptions,
  ): Promise<ObjectInfo> {
    const { id, key, totalBytes, attributes, keepsChecksum } = session;
    const { checksum, signal } = options;
    const parts = await partsOf(folder);
    const size = wholeBytes(parts, totalBytes);
    const hasher = keepsChecksum || checksum !== undefined ? await sha256Hasher() : undefined;
    const temp = await createTemp(temps, size);
    let info: ObjectInfo;
    try {
      for (const { file } of parts) await addPart(temp, file, (bytes) => hasher?.update(bytes));
      const sha256 = hasher?.digest();
      if (sha256 !== undefined) checkSha256(sha256, checksum);
      const side: CompanionSide = {
        attributes: attributesFor(key, attributes),
        ...(sha256 !== undefined && { size, checksums: { sha256 } }),
      };
      const conditions = writeConditionsOf(options);
      info = await writer.locked([key], signal, () =>
        writer.commit({ key, temp, side, conditions, signal, isLate: true }),
      );
    } catch (error) {
      throw withOutcome(error, 'not-applied');
    } finally {
      await temp.discard();
    }
    await quietly(removeSession(id));
    return info;
  }

  async function removeSession(id: string): Promise<void> {
    const all = await store.hiddenIfThere(FOLDER);
    try {
      // Without it the session has ended, whatever else is left.
      await (await all?.getDirectoryHandle(id))?.removeEntry(SESSION_FILE);
      await patiently(async () => all?.removeEntry(id, { recursive: true }));
    } catch (error) {
      if (!isMissing(error)) throw error;
      await all?.removeEntry(id, { recursive: true }).catch(() => {});
    }
  }

  function handle(session: Session): UploadSession {
    const { id, key, totalBytes } = session;
    const most = totalBytes ?? Number.POSITIVE_INFINITY;
    return {
      key,
      token: encodeToken(key, id),
      part: RULES,
      status: ({ signal } = {}) =>
        step(id, signal, async (folder) => ({ held: joined(await partsOf(folder)) })),
      async write(offset, bytes, { signal } = {}) {
        if (offset + bytes.byteLength > most) throw otherSize(most);
        const copy = bytes.slice();
        await step(id, signal, async (folder) => {
          const parts = await partsOf(folder);
          const isNew = parts.every((part) => part.offset !== offset);
          if (isNew && parts.length >= RULES.maxParts) throw tooManyParts();
          await putFile(id, String(offset), copy, false);
        });
      },
      complete: (options = {}) =>
        step(id, options.signal, (folder) => complete(folder, session, options)),
      async abort({ signal } = {}) {
        await step(id, signal, () => removeSession(id)).catch((error: unknown) => {
          if (!isStorageError(error, 'conflict') || !error.restart) throw error;
        });
      },
    };
  }

  async function* folders(): AsyncGenerator<[string, FileSystemDirectoryHandle], void, undefined> {
    const all = await store.hiddenIfThere(FOLDER);
    if (all === undefined) return;
    for await (const [name, folder] of all.entries()) {
      if (folder.kind === 'directory') yield [name, folder as FileSystemDirectoryHandle];
    }
  }

  return {
    open: async (key, options) =>
      handle(await (options.token === undefined ? begin(key, options) : find(key, options))),

    async *pending(prefix) {
      for await (const [, folder] of folders()) {
        const session = await readSession(folder);
        if (session === undefined || !session.key.startsWith(prefix)) continue;
        const { id, key, startedAt } = session;
        yield { key, token: encodeToken(key, id), startedAt };
      }
    },

    async sweep() {
      let removed = 0;
      for await (const [id, folder] of folders()) {
        if (now() - (await lastUse(folder)) < FORGOTTEN_AFTER_MS) continue;
        await locks.exclusively([`${store.space}:upload:${id}`], undefined, () =>
          removeSession(id),
        );
        removed += 1;
      }
      return removed;
    },
  };

  /** A session that is only being made has no file yet. */
  async function lastUse(folder: FileSystemDirectoryHandle): Promise<number> {
    let last = Number.NaN;
    for await (const inner of folder.values()) {
      if (inner.kind !== 'file') continue;
      const file = await (inner as FileSystemFileHandle).getFile().catch(() => undefined);
      last = Math.max(Number.isNaN(last) ? 0 : last, file?.lastModified ?? now());
    }
    return Number.isNaN(last) ? now() : last;
  }
}

async function addPart(
  temp: TempFile,
  file: File,
  taste: (bytes: Uint8Array) => void,
): Promise<void> {
  for (let offset = 0; offset < file.size; offset += PIECE_BYTES) {
    const bytes = new Uint8Array(await file.slice(offset, offset + PIECE_BYTES).arrayBuffer());
    taste(bytes);
    await temp.append(bytes);
  }
}

/** In order, joined where they touch. */
function joined(parts: readonly ContentRange[]): readonly ContentRange[] {
  const held: { offset: number; length: number }[] = [];
  for (const { offset, length } of parts) {
    const last = held.at(-1);
    if (last === undefined || offset > last.offset + last.length) held.push({ offset, length });
    else last.length = Math.max(last.length, offset + length - last.offset);
  }
  return held;
}

function ended(): StorageError {
  return new StorageError('conflict', 'the upload was completed or aborted.', {
    retryable: false,
    restart: true,
    outcome: 'not-applied',
    hint: 'Begin a new upload.',
  });
}

function otherSize(totalBytes: number): StorageError {
  return new StorageError('invalid-argument', `the upload was begun for ${totalBytes} bytes.`, {
    hint: 'Begin a new upload for other content.',
  });
}

function tooManyParts(): StorageError {
  return new StorageError('invalid-argument', `an upload has at most ${RULES.maxParts} parts.`, {
    hint: 'Use larger parts.',
  });
}
