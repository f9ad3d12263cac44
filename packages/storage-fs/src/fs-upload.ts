import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type CompleteOptions,
  checkSha256,
  isStorageError,
  type ObjectInfo,
  type PartRules,
  type PendingUpload,
  StorageError,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { attributesFor } from './fs-attributes.ts';
import { isMissing } from './fs-calls.ts';
import { type Committer, writeConditionsOf } from './fs-commit.ts';
import { checkAborted, toFsError } from './fs-errors.ts';
import type { Folder } from './fs-folder.ts';
import { sha256Hasher } from './fs-hash.ts';
import { HIDDEN_FOLDER, lockNameOf } from './fs-keys.ts';
import type { Store } from './fs-store.ts';
import { unlinkIfThere } from './fs-temp.ts';
import { readAll, writeAll } from './fs-transfer.ts';
import {
  append,
  CONTENT_FILE,
  heldRanges,
  PARTS_FILE,
  partsOf,
  readSession,
  SESSION_FILE,
  type Session,
  tokenOf,
  uploadIdOf,
  writeSession,
} from './fs-upload-files.ts';

const RULES: PartRules = {
  minBytes: 1,
  maxBytes: 64 * 1024 * 1024,
  multipleOf: 1,
  maxParts: 100_000,
  order: 'any',
  needsTotal: false,
};
/** How much is read at a time to hash it. */
const HASHED_BYTES = 512 * 1024;
/** A session that nobody has gone on with for so long is swept. Units: ms. */
const FORGOTTEN_AFTER_MS = 7 * 24 * 3_600_000;

/** Uploads in parts, which other processes can go on with. */
export interface Uploads {
  open(key: string, options: UploadOptions): Promise<UploadSession>;
  pending(prefix: string): AsyncIterable<PendingUpload>;
  /** Removes sessions that nobody goes on with. Returns how many. */
  sweep(): Promise<number>;
}

export function fileUploads(store: Store, committer: Committer): Uploads {
  const { calls, folders, locks, durability } = store;
  const isSynced = durability !== 'none';

  async function begin(key: string, options: UploadOptions): Promise<Session> {
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      key,
      totalBytes: options.totalBytes,
      attributes: options.attributes ?? {},
      keepsChecksum: options.checksum !== undefined,
      startedAt: new Date(),
    };
    (await store.hidden('uploads')).release();
    const folder = await folders.make(pathOf(session.id));
    try {
      const { O_WRONLY, O_CREAT, O_EXCL } = constants;
      const flags = O_WRONLY | O_CREAT | O_EXCL;
      calls.closeSync(await calls.open(folder.at(CONTENT_FILE), flags, 0o666));
      await writeSession(calls, folder, session);
      if (isSynced) await folder.sync();
    } finally {
      folder.release();
    }
    return session;
  }

  async function find(key: string, { token = '', totalBytes }: UploadOptions): Promise<Session> {
    const id = uploadIdOf(token, key);
    const session = await inFolder(id, (folder) => readSession(calls, folder));
    if (session === undefined) throw ended();
    if (totalBytes !== undefined && session.totalBytes !== undefined) {
      if (totalBytes !== session.totalBytes) throw otherSize(session.totalBytes);
    }
    return session;
  }

  /** Errors: `conflict` when the session has ended. */
  async function inFolder<Result>(
    id: string,
    work: (folder: Folder) => Promise<Result>,
  ): Promise<Result> {
    let folder: Folder;
    try {
      folder = await folders.open(pathOf(id));
    } catch (error) {
      throw isMissing(error) ? ended() : error;
    }
    try {
      return await work(folder);
    } finally {
      folder.release();
    }
  }

  /** One step of a session at a time, also between processes: no part may come into a finished object. */
  function step<Result>(
    id: string,
    signal: AbortSignal | undefined,
    work: (folder: Folder) => Promise<Result>,
  ): Promise<Result> {
    return locks
      .exclusively({ name: lockNameOf(`upload ${id}`), signal }, () => inFolder(id, work))
      .catch((error: unknown) => {
        throw toFsError(error);
      });
  }

  async function writePart(folder: Folder, offset: number, bytes: Uint8Array): Promise<void> {
    const parts = await partsOf(calls, folder);
    if (!parts.has(offset) && parts.size >= RULES.maxParts) throw tooManyParts();
    let fd: number;
    try {
      fd = await calls.open(folder.at(CONTENT_FILE), constants.O_WRONLY);
    } catch (error) {
      throw isMissing(error) ? ended() : error;
    }
    try {
      // What was there before does not count while it is written over.
      if (parts.has(offset)) {
        await append(calls, folder.at(PARTS_FILE), `${offset} -\n`, isSynced);
      }
      await writeAll(calls, fd, bytes, offset);
      if (isSynced) await calls.fsync(fd);
    } finally {
      calls.closeSync(fd);
    }
    await append(calls, folder.at(PARTS_FILE), `${offset} ${bytes.byteLength}\n`, isSynced);
  }

  async function complete(
    folder: Folder,
    session: Session,
    options: CompleteOptions,
  ): Promise<ObjectInfo> {
    const { id, key, totalBytes, attributes } = session;
    const held = heldRanges(await partsOf(calls, folder));
    const [first = { offset: 0, length: 0 }] = held;
    const size = totalBytes ?? first.length;
    if (held.length > 1 || first.offset > 0 || first.length !== size) {
      throw missingParts(first.offset > 0 ? 0 : first.length);
    }
    const path = folder.at(CONTENT_FILE);
    let fd: number;
    try {
      fd = await calls.open(path, constants.O_RDWR);
    } catch (error) {
      throw isMissing(error) ? ended() : error;
    }
    let info: ObjectInfo;
    try {
      // A part that was written again with fewer bytes leaves some behind.
      await calls.ftruncate(fd, size);
      if (isSynced) await calls.fsync(fd);
      const { mode } = calls.fstatSync(fd);
      const sha256 = await hashOf(fd, size, session, options);
      const said = sha256 !== undefined && { size, checksums: { sha256 } };
      const side = { attributes: attributesFor(key, attributes), ...said };
      const file = { fd, folder, path, mode };
      const conditions = writeConditionsOf(options);
      const { signal } = options;
      info = await committer.commit({ key, file, side, sha256, conditions, signal });
    } finally {
      calls.closeSync(fd);
    }
    await remove(id, folder);
    return info;
  }

  /** Errors: `corrupted` when the content is not what its sender says. */
  async function hashOf(
    fd: number,
    size: number,
    { keepsChecksum }: Session,
    { checksum, signal }: CompleteOptions,
  ): Promise<string | undefined> {
    if (!keepsChecksum && checksum === undefined) return undefined;
    const hasher = sha256Hasher();
    for (let offset = 0; offset < size; offset += HASHED_BYTES) {
      checkAborted(signal);
      hasher.update(await readAll(calls, fd, offset, Math.min(HASHED_BYTES, size - offset)));
    }
    const sha256 = hasher.digest();
    checkSha256(sha256, checksum);
    return sha256;
  }

  async function remove(id: string, folder: Folder): Promise<void> {
    // Without it the session has ended, whatever else is left.
    for (const file of [SESSION_FILE, PARTS_FILE, CONTENT_FILE]) {
      await unlinkIfThere(calls, folder.at(file));
    }
    const parent = await store.hidden('uploads');
    try {
      await calls.rmdir(parent.at(id));
    } catch (error) {
      if (!isMissing(error)) throw error;
    } finally {
      parent.release();
    }
  }

  function handle(session: Session): UploadSession {
    const { id, key, totalBytes = Number.POSITIVE_INFINITY } = session;
    return {
      key,
      token: tokenOf(id, key),
      part: RULES,
      status: ({ signal } = {}) =>
        step(id, signal, async (folder) => ({ held: heldRanges(await partsOf(calls, folder)) })),
      async write(offset, bytes, { signal } = {}) {
        if (offset + bytes.byteLength > totalBytes) throw otherSize(totalBytes);
        await step(id, signal, (folder) => writePart(folder, offset, bytes));
      },
      complete: (options = {}) =>
        step(id, options.signal, (folder) => complete(folder, session, options)),
      async abort({ signal } = {}) {
        const folder = await store.hiddenIfThere('uploads', id);
        if (folder === undefined) return;
        folder.release();
        await step(id, signal, (inner) => remove(id, inner)).catch((error: unknown) => {
          if (!isStorageError(error, 'conflict') || !error.restart) throw error;
        });
      },
    };
  }

  async function* sessions(): AsyncGenerator<
    [Session | undefined, Folder, string],
    void,
    undefined
  > {
    const all = await store.hiddenIfThere('uploads');
    if (all === undefined) return;
    try {
      for (const { name } of await calls.readdir(all.at(''))) {
        const folder = await store.hiddenIfThere('uploads', name);
        if (folder === undefined) continue;
        try {
          yield [await readSession(calls, folder), folder, name];
        } finally {
          folder.release();
        }
      }
    } finally {
      all.release();
    }
  }

  return {
    open: async (key, options) =>
      handle(await (options.token === undefined ? begin(key, options) : find(key, options))),

    async *pending(prefix) {
      for await (const [session] of sessions()) {
        if (session === undefined || !session.key.startsWith(prefix)) continue;
        const { id, key, startedAt } = session;
        yield { key, token: tokenOf(id, key), startedAt };
      }
    },

    async sweep() {
      let removed = 0;
      for await (const [, folder, id] of sessions()) {
        if (Date.now() - (await lastUse(folder)) < FORGOTTEN_AFTER_MS) continue;
        await step(id, undefined, (inner) => remove(id, inner));
        removed += 1;
      }
      return removed;
    },
  };

  async function lastUse(folder: Folder): Promise<number> {
    const files = [PARTS_FILE, SESSION_FILE, CONTENT_FILE].map((file) => folder.at(file));
    const found = await calls.lstatAll([...files, folder.at('')]);
    return Math.max(...found.map((stats) => stats?.mtimeMs ?? 0));
  }
}

function pathOf(id: string): string {
  return `${HIDDEN_FOLDER}/uploads/${id}`;
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

function missingParts(heldBytes: number): StorageError {
  return new StorageError('invalid-argument', `bytes are missing after the first ${heldBytes}.`, {
    outcome: 'not-applied',
    hint: 'status() tells what is held.',
  });
}

function tooManyParts(): StorageError {
  return new StorageError('invalid-argument', `an upload has at most ${RULES.maxParts} parts.`, {
    hint: 'Use larger parts.',
  });
}
