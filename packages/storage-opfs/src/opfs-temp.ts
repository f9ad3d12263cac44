import { StorageError } from '@granary/storage-core/provider';
import { nameOf } from './opfs-errors.ts';
import type { FileWriter } from './opfs-file-writer.ts';
import type { FileStamp } from './opfs-info.ts';
import type { Locks } from './opfs-locks.ts';
import { patiently, quietly } from './opfs-patience.ts';
import type { MovableFileHandle } from './opfs-platform.ts';
import type { Place } from './opfs-store.ts';
import type { Writers } from './opfs-writers.ts';

const OWNER = 'granary-opfs:owner:';
const TEMP_NAME = /^([0-9a-f-]{36})\.\d+$/;
/** Where nobody can tell whether a writer lives, its files are left alone for so long. Units: ms. */
const SURELY_LEFT_AFTER_MS = 24 * 3_600_000;
/** A time so far ahead comes from another clock. It is not waited for. Units: ms. */
const MAX_AHEAD_MS = 1000;

/** A file without a name of a key yet. */
export interface TempFile {
  /** Adds bytes at its end. */
  append(bytes: Uint8Array): Promise<void>;
  /**
   * Ends the writing. The file's time is later than the one given: it is written again until the
   * clock has moved on. `late`: it gets a time of now, however long ago its content was written.
   */
  finish(after: number | undefined, late: boolean): Promise<File>;
  /** Gives it the name of an object, in the place of what had it. */
  moveTo(place: Place): Promise<void>;
  /** Removes it, unless it was moved. Does not fail. */
  discard(): Promise<void>;
}

/** Makes files in the bookkeeping, each named after its living writer. */
export interface Temps {
  create(expectedBytes: number | undefined): Promise<TempFile>;
  /** Removes what writers left that are gone. Returns how many files. */
  sweep(): Promise<number>;
  close(): void;
}

export interface TempsSettings {
  readonly locks: Locks;
  readonly writers: Writers;
  readonly isUserFolder: boolean;
  readonly now: () => number;
  /** The folder they are in. Fails with `NotFoundError` when the storage was cleared away. */
  folder(): Promise<FileSystemDirectoryHandle>;
  folderIfThere(): Promise<FileSystemDirectoryHandle | undefined>;
}

export function openTemps(settings: TempsSettings): Temps {
  const { locks, writers, isUserFolder, now, folder, folderIfThere } = settings;
  const owner = crypto.randomUUID();
  let holding: Promise<() => void> | undefined;
  let count = 0;

  return {
    async create(expectedBytes) {
      holding ??= locks.hold(OWNER + owner);
      const [open, parent] = await Promise.all([writers.choose(expectedBytes), folder(), holding]);
      count += 1;
      const name = `${owner}.${count}`;
      const handle = await parent.getFileHandle(name, { create: true });
      const remove = () => quietly(patiently(() => parent.removeEntry(name)));
      try {
        return tempFile({ handle, writer: await open(handle, false), now, remove, open });
      } catch (error) {
        await remove();
        throw error;
      }
    },

    async sweep() {
      const parent = await folderIfThere();
      if (parent === undefined) return 0;
      const living = await locks.held();
      let removed = 0;
      for await (const [name, handle] of parent.entries()) {
        const [, writer = ''] = TEMP_NAME.exec(name) ?? [];
        if (writer === owner || living?.has(OWNER + writer)) continue;
        // Other browsers may use a person's folder too, and their locks are not seen here.
        if (living === undefined || isUserFolder) {
          const file = await (handle as FileSystemFileHandle).getFile().catch(() => undefined);
          if (file === undefined || now() - file.lastModified < SURELY_LEFT_AFTER_MS) continue;
        }
        try {
          await parent.removeEntry(name);
          removed += 1;
        } catch {
          // Somebody has it open, or was quicker.
        }
      }
      return removed;
    },

    close() {
      if (holding !== undefined) void quietly(holding.then((release) => release()));
      holding = undefined;
    },
  };
}

interface NewFile {
  readonly handle: MovableFileHandle;
  readonly writer: FileWriter;
  readonly now: () => number;
  readonly open: Awaited<ReturnType<Writers['choose']>>;
  remove(): Promise<void>;
}

function tempFile({ handle, writer: first, now, open, remove }: NewFile): TempFile {
  let writer: FileWriter | undefined = first;
  let isMoved = false;
  let size = 0;
  let lastByte: Uint8Array = new Uint8Array(1);

  /** Writes what is there again, so that the file's time is now. */
  async function touch(open: FileWriter): Promise<void> {
    if (size > 0) return open.write(lastByte, size - 1);
    await open.write(lastByte, 0);
    await open.truncate(0);
  }

  async function close(): Promise<void> {
    const closing = writer;
    writer = undefined;
    await closing?.close();
  }

  return {
    async append(bytes) {
      if (writer === undefined) throw new StorageError('unknown', 'the file was closed.');
      await writer.write(bytes, size);
      size += bytes.byteLength;
      if (bytes.byteLength > 0) lastByte = bytes.slice(-1);
    },

    async finish(after, late) {
      if (late && writer !== undefined) await touch(writer);
      await close();
      for (;;) {
        const file = await handle.getFile();
        if (file.size !== size) throw lostBytes();
        if (!isTooOld(file, after)) return file;
        await clockPast(after ?? 0, now);
        writer = await patiently(() => open(handle, true));
        await touch(writer);
        await close();
      }
    },

    async moveTo(place) {
      await patiently(() => moveFile(handle, place));
      isMoved = true;
    },

    async discard() {
      await writer?.abort();
      writer = undefined;
      if (!isMoved) await remove();
    },
  };
}

function isTooOld({ lastModified }: FileStamp, after: number | undefined): boolean {
  return after !== undefined && lastModified <= after && after - lastModified < MAX_AHEAD_MS;
}

/** Waits until the clock shows a later time. */
export async function clockPast(time: number, now: () => number): Promise<void> {
  while (now() <= time && time - now() < MAX_AHEAD_MS) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/**
 * A rename, which replaces what has the name: atomic by the proposal
 * (https://github.com/whatwg/fs/pull/10, read 2026-11-21), and the file keeps its time. Where there
 * is none, the content is written again, which the browser brings in all at once when it is closed.
 */
async function moveFile(handle: MovableFileHandle, { folder, name }: Place): Promise<void> {
  if (handle.move !== undefined) {
    try {
      await handle.move(folder, name);
      return;
    } catch (error) {
      const reason = nameOf(error);
      const isRefused = reason === CANNOT_REPLACE && (await isFile(folder, name));
      if (!isRefused && !CANNOT_MOVE.has(reason)) throw error;
    }
  }
  const isNew = !(await isFile(folder, name));
  const target = await folder.getFileHandle(name, { create: true });
  try {
    const stream = await target.createWritable();
    await stream.write(await handle.getFile());
    await stream.close();
  } catch (error) {
    // Else an empty object would be there.
    if (isNew) await quietly(folder.removeEntry(name));
    throw error;
  }
}

/**
 * Chromium before it renamed files of the computer said the latter of them: `DoMove` in
 * content/browser/file_system_access/file_system_access_handle_base.cc (read 2026-11-21).
 */
const CANNOT_MOVE: ReadonlySet<string> = new Set(['NotSupportedError', 'AbortError']);
/** Where a rename does not replace, and where a folder has the name. */
const CANNOT_REPLACE = 'InvalidModificationError';

async function isFile(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  return folder.getFileHandle(name).then(
    () => true,
    () => false,
  );
}

function lostBytes(): StorageError {
  return new StorageError('conflict', 'the temporary file of this write was changed by others.', {
    outcome: 'not-applied',
    hint: 'Try again. Nothing but Granary should change files in the folder .granary.',
  });
}
