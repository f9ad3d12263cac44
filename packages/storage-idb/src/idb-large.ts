import {
  abortedError,
  type ChunkSource,
  type ContentRange,
  type Sha256Hasher,
  StorageError,
  sha256Hasher,
} from '@granary/storage-core/provider';
import {
  afterHead,
  type BodyStore,
  type ContentSource,
  type WriteBodyOptions,
  type WrittenBody,
} from './idb-body.ts';
import { sweptError } from './idb-chunks.ts';
import { type FileSink, openFileSink } from './idb-file-sink.ts';
import {
  type DirectorySource,
  hasFile,
  hasMark,
  isMissing,
  markFolder,
  openFolder,
  removeFile,
  sweepFolder,
  toDirectoryError,
} from './idb-folder.ts';
import type { Presence } from './idb-presence.ts';
import { estimateUsage, type IdbQuota, isQuotaExceeded, noRoom } from './idb-quota.ts';
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
   * is made in it. What was written to another one is not found in it: `native.moveLargeObjects`
   * brings it along.
   */
  readonly directory: DirectorySource;
  /** Content from this size on goes there; of a stream, so much is held in memory to tell. Units: bytes. Default: 8 MiB. */
  readonly fromBytes?: number;
  /** Told once when content can't go there and goes to IndexedDB, and again after it could meanwhile. */
  readonly onNotice?: (notice: LargeObjectNotice) => void;
}

/** What {@link fileBodies} works with. */
export interface FileBodiesSettings extends LargeObjectOptions {
  readonly store: IdbStore;
  readonly quota: IdbQuota;
  readonly presence: Presence;
  /** Takes what is smaller, and what can't go to the directory. */
  readonly chunks: BodyStore;
  /** Units: ms since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** A {@link BodyStore} of files. */
export interface FileBodies extends BodyStore {
  /** Units: bytes. */
  readonly fromBytes: number;
  /** Whether a file lies in the directory. Errors: `permission-denied`; `unavailable`. */
  has(ref: BodyRef): Promise<boolean>;
  /** As `write`, for content of any size. Errors: `permission-denied`, `unavailable`, `unsupported` where it can't be a file. */
  writeFile(content: ContentSource, options: WriteBodyOptions): Promise<WrittenBody>;
  /** Removes files that no object has and nobody writes, such as those of a tab that was killed. Returns how many. */
  sweep(): Promise<number>;
}

/**
 * Large content as files in a directory, each under a fresh random name: an object's row alone says
 * which file is its content. A file that is being written has a row in `writes`, so whoever finds
 * neither knows that nobody needs it. The row also says which folder the file is in, so that another
 * folder is not taken for one that has lost it.
 * Errors: `permission-denied` and `unavailable` when the directory can't be reached; `unavailable`
 * when it is another one than that of the file; `corrupted` when the file of an object is gone.
 */
export function fileBodies(settings: FileBodiesSettings): FileBodies {
  const { store, quota, presence, chunks, now, newId, directory, onNotice } = settings;
  const { fromBytes = FROM_BYTES } = settings;
  const told = new Set<string>();
  let folderId: string | undefined;

  const open = (mode: 'read' | 'readwrite') => openFolder(store, directory, mode);

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

  async function remove({ id }: BodyRef): Promise<void> {
    presence.leave(id);
    try {
      await removeFile(await open('readwrite'), id);
    } catch (error) {
      throw toDirectoryError(error);
    }
    await store.write(['writes'], (tx) => tx.table('writes').delete(id));
  }

  /** What fails here has read nothing of the source. Errors: `unsupported` when this browser can't write files here. */
  async function openTarget(): Promise<Target> {
    const folder = await open('readwrite');
    const id = newId();
    await presence.enter(id);
    try {
      await touch(id, true);
      folderId = await markFolder(folder, folderId, newId);
      const handle = await folder.getFileHandle(id, { create: true });
      const sink = await openFileSink(handle);
      if (sink === undefined) throw noFileAccess();
      return { ref: { in: 'file', id, folder: folderId }, sink };
    } catch (error) {
      await remove({ in: 'file', id }).catch(() => {});
      throw isQuotaExceeded(error) ? error : toDirectoryError(error);
    }
  }

  async function fill(
    { ref, sink }: Target,
    source: AsyncIterable<Uint8Array>,
    { signal, checksum }: WriteBodyOptions,
    onTaken: (bytes: number) => void,
  ): Promise<WrittenBody> {
    let size = 0;
    let touchedAt = now();
    try {
      const hasher: Sha256Hasher | undefined = checksum && (await sha256Hasher());
      for await (const chunk of source) {
        onTaken(chunk.byteLength);
        if (signal?.aborted) throw abortedError(signal, { outcome: 'not-applied' });
        hasher?.update(chunk);
        await sink.write(chunk).catch(failWriting);
        size += chunk.byteLength;
        if (now() - touchedAt < TOUCH_MS) continue;
        touchedAt = now();
        await touch(ref.id, false);
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

  async function writeFile(
    content: ContentSource,
    options: WriteBodyOptions,
  ): Promise<WrittenBody | NoFile> {
    const { key, size } = options;
    let takenBytes = 0;
    return await quota.guard<WrittenBody | NoFile>(
      async () => {
        let target: Target;
        try {
          target = await openTarget();
        } catch (error) {
          if (isQuotaExceeded(error)) throw error;
          return { noFile: toDirectoryError(error) };
        }
        told.clear();
        return await fill(target, content.open(), options, (bytes) => {
          takenBytes += bytes;
        });
      },
      {
        key,
        neededBytes: size,
        ...(!content.isReplayable && { takenBytes: () => takenBytes }),
      },
    );
  }

  async function openFile({ id }: BodyRef): Promise<File> {
    const folder = await open('read');
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
    if (!isMissing(again)) return asDirectory;
    return (await isOwnFolder(ref)) ? fileGone(error) : elsewhere(error);
  }

  /** Whether the directory is the one that the file was written to. */
  async function isOwnFolder({ folder }: BodyRef): Promise<boolean> {
    if (folder === undefined) return false;
    return await open('read')
      .then((opened) => hasMark(opened, folder))
      .catch(() => false);
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
    fromBytes,

    async write(content, options) {
      const sized = await sizeUp(content, options.size, fromBytes);
      if (!sized.isLarge) return await chunks.write(sized.content, options);
      const written = await writeFile(sized.content, options);
      if (!('noFile' in written)) return written;
      notice(written.noFile);
      return await chunks.write(sized.content, options);
    },

    async writeFile(content, options) {
      const written = await writeFile(content, options);
      if ('noFile' in written) throw written.noFile;
      return written;
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

    async has({ id }) {
      try {
        return await hasFile(await open('readwrite'), id);
      } catch (error) {
        throw toDirectoryError(error);
      }
    },

    sweep: async () => sweepFolder(store, await open('readwrite')),
  };
}

/** Errors: `invalid-config`. */
export function checkLargeObjects(options: unknown): void {
  const { directory, fromBytes, onNotice } = (options ?? {}) as Partial<LargeObjectOptions>;
  if (typeof directory !== 'function') {
    throw invalid(
      'largeObjects is an object with `directory`, a function such as () => navigator.storage.getDirectory().',
    );
  }
  if (fromBytes !== undefined && !(Number.isSafeInteger(fromBytes) && fromBytes >= 0)) {
    throw invalid('largeObjects.fromBytes is a whole number of bytes, 0 or more.');
  }
  if (onNotice !== undefined && typeof onNotice !== 'function') {
    throw invalid('largeObjects.onNotice is a function.');
  }
}

function invalid(reason: string): StorageError {
  return new StorageError('invalid-config', reason);
}

/** Whether content is large. Where nobody knows its size, its head is read to tell, and held. */
async function sizeUp(
  content: ContentSource,
  size: number | undefined,
  fromBytes: number,
): Promise<{ readonly isLarge: boolean; readonly content: ContentSource }> {
  if (size !== undefined) return { isLarge: size >= fromBytes, content };
  const head: Uint8Array[] = [];
  const rest = content.open()[Symbol.asyncIterator]();
  for (let held = 0; held < fromBytes; ) {
    const { done, value } = await rest.next();
    if (done) return { isLarge: false, content: afterHead(head, rest, content) };
    // A source may use its buffer again.
    head.push(value.slice());
    held += value.byteLength;
  }
  return { isLarge: true, content: afterHead(head, rest, content) };
}

/** There can be no file, and nothing was read. */
interface NoFile {
  readonly noFile: StorageError;
}

/** A file that is open to be written. */
interface Target {
  readonly ref: BodyRef;
  readonly sink: FileSink;
}

const NOTICES: Readonly<Record<string, LargeObjectNotice['code']>> = {
  'permission-denied': 'permission-needed',
  unsupported: 'no-file-access',
};

/** The source's own errors pass as they are. */
async function failWriting(error: unknown): Promise<never> {
  throw isQuotaExceeded(error) ? noRoom(error, await estimateUsage()) : toDirectoryError(error);
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

export function elsewhere(cause: unknown): StorageError {
  return new StorageError(
    'unavailable',
    'the content lies in another folder than largeObjects.directory gives now.',
    {
      retryable: false,
      hint: 'Nothing is lost: give the directory that it was written to, or bring it along with native.moveLargeObjects({ from }).',
      cause,
    },
  );
}

function replaced(cause: unknown): StorageError {
  return new StorageError('conflict', 'the object was replaced or deleted while it was read.', {
    retryable: true,
    hint: 'Get it again.',
    cause,
  });
}
