import {
  abortedError,
  type ChunkSource,
  type ContentRange,
  isStorageError,
  type Sha256Hasher,
  StorageError,
  sha256Hasher,
} from '@granary/storage-core/provider';
import type { BodyStore, WriteBodyOptions, WrittenBody } from './idb-body.ts';
import { sweptError } from './idb-chunks.ts';
import { type FileSink, openFileSink } from './idb-file-sink.ts';
import type { Presence } from './idb-presence.ts';
import { estimateUsage, isQuotaExceeded, noRoom } from './idb-quota.ts';
import type { BodyRef } from './idb-schema.ts';
import type { IdbStore } from './idb-store.ts';

const FROM_BYTES = 8 * 1024 * 1024;
/** How often a slow writer says that it is alive, for others that have no Web Locks. */
const TOUCH_MS = 10_000;

/** Why large objects go to IndexedDB after all. */
export interface LargeObjectNotice {
  /**
   * `directory-unavailable`: the option's function failed, or the folder is gone. `permission-needed`:
   * the person has to allow it again. `no-file-access`: this browser can't write files here.
   */
  readonly code: 'directory-unavailable' | 'permission-needed' | 'no-file-access';
  /** What happened and what the application can do. */
  readonly message: string;
  readonly cause?: unknown;
}

/** The option `largeObjects`. */
export interface LargeObjectOptions {
  /**
   * The directory for their content: `() => navigator.storage.getDirectory()`, or one that the person
   * chose and whose handle the application keeps. Asked for with each use. A folder of the store's own
   * is made in it.
   */
  readonly directory: () => Promise<FileSystemDirectoryHandle>;
  /** Content from this size on goes there; so much is held in memory to tell. Units: bytes. Default: 8 MiB. */
  readonly fromBytes?: number;
  /** Told once when content can't go there and goes to IndexedDB, and again after it could meanwhile. */
  readonly onNotice?: (notice: LargeObjectNotice) => void;
}

/** What {@link fileBodies} works with. */
export interface FileBodiesSettings extends LargeObjectOptions {
  readonly store: IdbStore;
  readonly presence: Presence;
  /** Takes what is smaller, and what can't go to the directory. */
  readonly chunks: BodyStore;
  /** Units: ms since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** A {@link BodyStore} of files. */
export interface FileBodies extends BodyStore {
  /** Removes files that no object has and nobody writes, such as those of a tab that was killed. Returns how many. */
  sweep(): Promise<number>;
}

/**
 * Large content as files in a directory, each under a fresh random name: an object's row alone says
 * which file is its content. A file that is being written has a row in `writes`, so whoever finds
 * neither knows that nobody needs it.
 * Errors: `permission-denied` and `unavailable` when the directory can't be reached; `corrupted` when
 * the file of an object is gone.
 */
export function fileBodies(settings: FileBodiesSettings): FileBodies {
  const { store, presence, chunks, now, newId, directory, onNotice } = settings;
  const { fromBytes = FROM_BYTES } = settings;
  if (!(Number.isSafeInteger(fromBytes) && fromBytes >= 0)) {
    throw new StorageError('invalid-config', 'largeObjects.fromBytes is a whole number of bytes.');
  }
  const told = new Set<string>();

  /** Errors: `permission-denied`; `unavailable`. `undefined`: there is no file yet. */
  async function openFolder(mode: 'read' | 'readwrite'): Promise<FileSystemDirectoryHandle> {
    let root: FileSystemDirectoryHandle & PermissionQuery;
    try {
      root = await directory();
      await store.open();
      const state = await root.queryPermission?.({ mode });
      if (state !== undefined && state !== 'granted') throw permissionDenied(undefined);
      return await root.getDirectoryHandle(`granary-idb-${store.storeId}`, {
        create: mode === 'readwrite',
      });
    } catch (cause) {
      throw toDirectoryError(cause);
    }
  }

  function notice(error: StorageError): void {
    const code = NOTICES[error.code] ?? 'directory-unavailable';
    if (told.has(code)) return;
    told.add(code);
    const message = `${error.message} Until then large objects are kept in IndexedDB.`;
    onNotice?.({ code, message, cause: error });
  }

  async function touch(id: string, isFirst: boolean): Promise<void> {
    await store.write(['writes'], async (tx) => {
      const writes = tx.table('writes');
      if (!isFirst && (await writes.get(id)) === undefined) throw sweptError();
      await writes.put({ id, in: 'file', writer: store.writer, touchedAt: now() });
    });
  }

  async function removeFile(folder: FileSystemDirectoryHandle, id: string): Promise<void> {
    try {
      await folder.removeEntry(id);
    } catch (error) {
      if (nameOf(error) !== 'NotFoundError') throw error;
    }
  }

  async function remove({ id }: BodyRef): Promise<void> {
    presence.leave(id);
    try {
      await removeFile(await openFolder('readwrite'), id);
    } catch (error) {
      throw toDirectoryError(error);
    }
    await store.write(['writes'], (tx) => tx.table('writes').delete(id));
  }

  /** `undefined`: this browser can't write files here. What fails here has read nothing of the source. */
  async function openTarget(): Promise<Target | undefined> {
    const folder = await openFolder('readwrite');
    const id = newId();
    await presence.enter(id);
    try {
      await touch(id, true);
      const handle = await folder.getFileHandle(id, { create: true });
      const sink = await openFileSink(handle);
      if (sink !== undefined) return { id, sink };
      await remove({ in: 'file', id });
      return undefined;
    } catch (error) {
      await remove({ in: 'file', id }).catch(() => {});
      throw error;
    }
  }

  async function writeFile(
    { id, sink }: Target,
    source: AsyncIterable<Uint8Array>,
    { signal, checksum }: WriteBodyOptions,
  ): Promise<WrittenBody> {
    const ref: BodyRef = { in: 'file', id };
    let size = 0;
    let touchedAt = now();
    try {
      const hasher: Sha256Hasher | undefined = checksum && (await sha256Hasher());
      for await (const chunk of source) {
        if (signal?.aborted) throw abortedError(signal, { outcome: 'not-applied' });
        hasher?.update(chunk);
        await sink.write(chunk).catch(failWriting);
        size += chunk.byteLength;
        if (now() - touchedAt < TOUCH_MS) continue;
        touchedAt = now();
        await touch(id, false);
      }
      await sink.close().catch(failWriting);
      const hash = hasher?.digest();
      return { ref, size, ...(hash !== undefined && { sha256: hash }) };
    } catch (error) {
      await sink.abort().catch(() => {});
      await remove(ref).catch(() => {});
      throw error;
    }
  }

  async function openFile({ id }: BodyRef): Promise<File> {
    const folder = await openFolder('read');
    return await (await folder.getFileHandle(id)).getFile();
  }

  /**
   * What a failed read means. The error itself does not tell: the stream of a file that was removed
   * meanwhile ends in Chromium with a `TypeError`.
   */
  async function readError(ref: BodyRef, error: unknown): Promise<StorageError> {
    const asDirectory = toDirectoryError(error);
    if (asDirectory.code === 'permission-denied') return asDirectory;
    const users = await store.read(['infos'], (tx) =>
      tx
        .table('infos')
        .filter(({ body }) => body?.id === ref.id)
        .count(),
    );
    if (users === 0) return replaced(error);
    const again = await openFile(ref).catch((found: unknown) => found);
    return nameOf(again) === 'NotFoundError' ? fileGone(error) : asDirectory;
  }

  function chunkWalk(ref: BodyRef, { offset, length }: ContentRange): ChunkSource {
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    let isCanceled = false;
    return {
      async next() {
        if (isCanceled) return undefined;
        try {
          reader ??= (await openFile(ref))
            .slice(offset, offset + length)
            .stream()
            .getReader();
          const { value } = await reader.read();
          return value;
        } catch (error) {
          throw await readError(ref, error);
        }
      },
      async cancel(reason) {
        isCanceled = true;
        await reader?.cancel(reason);
      },
    };
  }

  return {
    async write(source, options) {
      const head: Uint8Array[] = [];
      let held = 0;
      const rest = source[Symbol.asyncIterator]();
      const all = headAndRest(head, rest);
      while (held < fromBytes) {
        const { done, value } = await rest.next();
        if (done) return chunks.write(all, options);
        head.push(value.slice());
        held += value.byteLength;
      }
      let target: Target | undefined;
      try {
        target = await openTarget();
        if (target === undefined) notice(noFileAccess());
      } catch (error) {
        // A full database makes room when it takes the content itself.
        if (!isQuotaExceeded(error)) notice(toDirectoryError(error));
      }
      if (target === undefined) return chunks.write(all, options);
      told.clear();
      return writeFile(target, all, options);
    },

    read: (ref, part) => ({
      chunks: () => chunkWalk(ref, part),
      async bytes() {
        try {
          const { offset, length } = part;
          const file = await openFile(ref);
          return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
        } catch (error) {
          throw await readError(ref, error);
        }
      },
    }),

    remove,

    async sweep() {
      // Files first: each of them had a row before, and still has one unless nobody needs it.
      const folder = await openFolder('readwrite');
      const ids = new Set<string>();
      for await (const name of folder.keys()) ids.add(name);
      if (ids.size === 0) return 0;
      // One transaction, since a file goes from one table to the other, and from one row to another.
      await store.read(['infos', 'writes'], async (tx) => {
        await tx.table('writes').each(({ id }) => void ids.delete(id));
        await tx.table('infos').each(({ body }) => void ids.delete(body?.id ?? ''));
      });
      for (const id of ids) await removeFile(folder, id);
      return ids.size;
    },
  };
}

/** A file that is open to be written. */
interface Target {
  readonly id: string;
  readonly sink: FileSink;
}

const NOTICES: Readonly<Record<string, LargeObjectNotice['code']>> = {
  'permission-denied': 'permission-needed',
  unsupported: 'no-file-access',
};

/** Chromium's part of the File System Access API, which TypeScript does not have. */
interface PermissionQuery {
  queryPermission?(descriptor: { readonly mode: 'read' | 'readwrite' }): Promise<PermissionState>;
}

/** What was read ahead, then the rest. Its end ends the rest, however it comes. */
async function* headAndRest(
  head: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let chunk = head.shift(); chunk !== undefined; chunk = head.shift()) yield chunk;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** What the File System API throws: https://fs.spec.whatwg.org/ (read 2026-11-21). */
function toDirectoryError(error: unknown): StorageError {
  if (isStorageError(error)) return error;
  const name = nameOf(error);
  if (name === 'NotAllowedError' || name === 'SecurityError') return permissionDenied(error);
  return new StorageError('unavailable', 'the directory for large objects cannot be reached.', {
    hint: 'Have the person choose the folder again, or look at what largeObjects.directory() does.',
    cause: error,
  });
}

/** The source's own errors pass as they are. */
async function failWriting(error: unknown): Promise<never> {
  throw isQuotaExceeded(error) ? noRoom(error, await estimateUsage()) : toDirectoryError(error);
}

function permissionDenied(cause: unknown): StorageError {
  return new StorageError(
    'permission-denied',
    'the folder for large objects may not be used now.',
    {
      hint: "Call requestPermission({ mode: 'readwrite' }) of its handle when the person clicks, and try again.",
      cause,
    },
  );
}

function noFileAccess(): StorageError {
  return new StorageError('unsupported', 'this browser cannot write files here.', {
    hint: 'Safari before 26 can in a worker.',
  });
}

function fileGone(cause: unknown): StorageError {
  return new StorageError('corrupted', 'the file with the content is gone.', {
    hint: 'Somebody has removed it from the folder: bring it back, or delete the object.',
    cause,
  });
}

function replaced(cause: unknown): StorageError {
  return new StorageError('conflict', 'the object was replaced or deleted while it was read.', {
    retryable: true,
    hint: 'Get it again.',
    cause,
  });
}

function nameOf(error: unknown): string {
  const { name } = (error ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : '';
}
