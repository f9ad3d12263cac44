import {
  abortedError,
  type BodySource,
  type Checksums,
  isStorageError,
  StorageError,
  sha256Hasher,
  toStorageError,
} from '@granary/storage-core/provider';
import type { BodyStore, ContentSource, WrittenBody } from './idb-body.ts';
import { sweptError } from './idb-chunks.ts';
import type { IdbContext } from './idb-commit.ts';
import {
  type DirectorySource,
  isMissing,
  openFolder,
  sweepFolder,
  toDirectoryError,
} from './idb-folder.ts';
import { toKey } from './idb-keys.ts';
import { elsewhere, type FileBodies } from './idb-large.ts';
import type { BodyRef, InfoRow } from './idb-schema.ts';

/** How far a move of large objects is. Content that several objects have counts once. */
export interface MoveLargeProgress {
  /** The object whose content was moved last. */
  readonly key: string;
  readonly movedObjects: number;
  /** Units: bytes. */
  readonly movedBytes: number;
  /** What this move found to do. */
  readonly totalObjects: number;
  /** Units: bytes. */
  readonly totalBytes: number;
}

/** How large objects are moved. */
export interface MoveLargeObjectsOptions {
  /** The directory in which their files lie until now. Default: none; what lies in the database is moved alone. */
  readonly from?: DirectorySource;
  readonly onProgress?: (progress: MoveLargeProgress) => void;
  /** Stops before the next object. What was moved stays moved. */
  readonly signal?: AbortSignal;
}

/** What was moved, and what stays where it was. */
export interface MovedLargeObjects {
  /** Content that several objects have counts once. */
  readonly movedObjects: number;
  /** Units: bytes. */
  readonly movedBytes: number;
  /** Objects whose content could not be read whole, each with why. Nothing of them was changed. */
  readonly left: readonly { readonly key: string; readonly error: StorageError }[];
}

/** Content that lies in another place than a write of today would give it. */
interface Misplaced {
  readonly body: BodyRef;
  /** One of the objects that have it. */
  readonly place: string;
  /** Units: bytes. */
  readonly size: number;
  readonly checksums: Checksums | undefined;
}

/**
 * Brings the content of large objects to where `largeObjects` puts new content: out of another
 * directory and out of the database into the directory; without `largeObjects`, out of a directory
 * into the database. One object after another: its content is copied, read again and compared; one
 * transaction then says where it lies, and only after that the old copy is removed. A move that was
 * killed leaves every object whole, and another one goes on with it. Objects keep their etags.
 * Others may read and write meanwhile.
 * Errors: `permission-denied`, `unavailable` and `unsupported` when files can't be written or removed;
 * `quota-exceeded`; `aborted`. What was moved before stays moved.
 */
export async function moveLargeObjects(
  context: IdbContext,
  { from, onProgress, signal }: MoveLargeObjectsOptions,
): Promise<MovedLargeObjects> {
  const left = new Map<string, { readonly key: string; readonly error: StorageError }>();
  let movedObjects = 0;
  let movedBytes = 0;
  // An object that was renamed while its content was copied is found by the next look.
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    const found = await findMisplaced(context);
    const todo = found.filter(({ body }) => !left.has(body.id));
    const bytesLeft = todo.reduce((sum, { size }) => sum + size, 0);
    const [totalObjects, totalBytes] = [movedObjects + todo.length, movedBytes + bytesLeft];
    for (const content of todo) {
      if (signal?.aborted) throw abortedError(signal);
      const key = toKey(content.place);
      const outcome = await moveOne(context, content, from);
      isChanged = true;
      if (outcome === 'gone') continue;
      if (outcome !== 'moved') {
        left.set(content.body.id, { key, error: outcome.with({ key }) });
        continue;
      }
      movedObjects += 1;
      movedBytes += content.size;
      onProgress?.({ key, movedObjects, movedBytes, totalObjects, totalBytes });
    }
  }
  if (from !== undefined) await sweepOld(context, from);
  return { movedObjects, movedBytes, left: [...left.values()] };
}

async function findMisplaced({ store, files }: IdbContext): Promise<readonly Misplaced[]> {
  const found = new Map<string, Misplaced>();
  await store.read(['infos'], (tx) =>
    tx.table('infos').each(({ body, place, size, checksums }) => {
      if (body === undefined || body.in === 'row') return;
      const mayStay = files === undefined ? body.in === 'chunks' : isSmall(body, size, files);
      if (!mayStay) found.set(body.id, { body, place, size, checksums });
    }),
  );
  const misplaced: Misplaced[] = [];
  for (const content of found.values()) {
    const isThere = content.body.in === 'file' && (await files?.has(content.body)) === true;
    if (!isThere) misplaced.push(content);
  }
  return misplaced;
}

function isSmall(body: BodyRef, size: number, { fromBytes }: FileBodies): boolean {
  return body.in === 'chunks' && size < fromBytes;
}

/** What became of content: `gone` when nobody has it any more, an error when it cannot be read. */
type Outcome = 'moved' | 'gone' | StorageError;

async function moveOne(
  context: IdbContext,
  content: Misplaced,
  from: DirectorySource | undefined,
): Promise<Outcome> {
  const { store, files, chunks, presence } = context;
  const { body, place, size, checksums } = content;
  const target: BodyStore = files ?? chunks;
  const options = { key: toKey(place), size, checksum: 'sha256' } as const;
  let unreadable: StorageError | undefined;
  const source = sourceOf(context, content, from, (error) => {
    unreadable = error;
  });
  let written: WrittenBody;
  try {
    written = await (files ? files.writeFile(source, options) : chunks.write(source, options));
  } catch (error) {
    if (unreadable === undefined) throw error;
    return (await isUsed(context, body)) ? unreadable : 'gone';
  }
  const { ref, sha256 } = written;
  let outcome: Outcome;
  try {
    const expected = checksums?.['sha256'];
    if (expected !== undefined && expected !== sha256) outcome = changedOutside();
    else {
      await checkCopy(target, written);
      outcome = (await hangOver(context, content, ref)) ? 'moved' : 'gone';
    }
  } catch (error) {
    // Where nobody knows whether it was committed, the sweep of the next opening tells.
    const isUnsure = isStorageError(error) && error.outcome === 'unknown';
    if (!isUnsure) await target.remove(ref).catch(() => {});
    throw error;
  } finally {
    presence.leave(ref.id);
  }
  if (outcome !== 'moved') await target.remove(ref).catch(() => {});
  else if (body.in === 'file' && from !== undefined) {
    // What is in the way of that is told by the sweep at the end.
    await openFolder(store, from, 'read')
      .then((folder) => folder.removeEntry(body.id))
      .catch(() => {});
  }
  return outcome;
}

/** The old copy. Whatever keeps it from being read is told before it is thrown. */
function sourceOf(
  { store, chunks }: IdbContext,
  { body, size }: Misplaced,
  from: DirectorySource | undefined,
  onUnreadable: (error: StorageError) => void,
): ContentSource {
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    if (body.in === 'chunks') {
      yield* walked(chunks.read(body, { offset: 0, length: size }));
      return;
    }
    if (from === undefined) throw elsewhere(undefined);
    const folder = await openFolder(store, from, 'read');
    const file = await (await folder.getFileHandle(body.id)).getFile();
    if (file.size !== size) throw changedOutside();
    const reader = file.stream().getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  }

  return {
    isReplayable: true,
    async *open() {
      const walk = pieces();
      for (;;) {
        let next: IteratorResult<Uint8Array, void>;
        try {
          next = await walk.next();
        } catch (error) {
          if (isStorageError(error, 'permission-denied')) throw error;
          const known = isMissing(error) ? elsewhere(error) : toStorageError(error);
          onUnreadable(known);
          throw known;
        }
        if (next.done) return;
        yield next.value;
      }
    },
  };
}

async function* walked(source: BodySource): AsyncGenerator<Uint8Array, void, undefined> {
  const walk = source.chunks?.();
  for (let piece = await walk?.next(); piece !== undefined; piece = await walk?.next()) yield piece;
}

async function isUsed({ store }: IdbContext, { id }: BodyRef): Promise<boolean> {
  const infos = await store.read(['infos'], (tx) =>
    tx
      .table('infos')
      .filter(({ body }) => body?.id === id)
      .count(),
  );
  return infos > 0;
}

/** Reads the copy again. Errors: `unavailable` when it is not what was copied. */
async function checkCopy(target: BodyStore, { ref, size, sha256 }: WrittenBody): Promise<void> {
  const hasher = await sha256Hasher();
  try {
    for await (const piece of walked(target.read(ref, { offset: 0, length: size }))) {
      hasher.update(piece);
    }
  } catch (error) {
    // No object has it yet, so what reads it would say that the object was replaced.
    throw notCopied(error);
  }
  if (hasher.digest() !== sha256) throw notCopied(undefined);
}

/** Gives the content's objects the new copy, in one transaction. `false`: none has it any more. */
async function hangOver(
  { store, quota }: IdbContext,
  { body, place }: Misplaced,
  ref: BodyRef,
): Promise<boolean> {
  const operation = () =>
    store.write(['infos', 'writes', 'chunks'], async (tx, isReplay) => {
      const infos = tx.table('infos');
      const [own, copies, write] = await Promise.all([
        infos.get(place),
        infos.where('sharedBody').equals(body.id).toArray(),
        tx.table('writes').get(ref.id),
      ]);
      if (write === undefined) {
        if (isReplay && (await infos.filter((row) => row.body?.id === ref.id).count()) > 0) {
          return true;
        }
        throw sweptError();
      }
      const rows = [own, ...copies].filter((row) => row?.body?.id === body.id);
      if (rows.length === 0) return false;
      await infos.bulkPut(rows.flatMap((row) => (row === undefined ? [] : [withBody(row, ref)])));
      await tx.table('writes').delete(ref.id);
      if (body.in === 'chunks') await tx.table('chunks').where('id').equals(body.id).delete();
      return true;
    });
  return await quota.guard(operation, { key: toKey(place), neededBytes: 0 });
}

function withBody(row: InfoRow, body: BodyRef): InfoRow {
  return { ...row, body, ...(row.sharedBody !== undefined && { sharedBody: body.id }) };
}

/** Removes what killed moves have left in the old folder. */
async function sweepOld({ store }: IdbContext, from: DirectorySource): Promise<void> {
  try {
    await sweepFolder(store, await openFolder(store, from, 'read'));
  } catch (error) {
    if (!isMissing(error)) throw toDirectoryError(error);
  }
}

function changedOutside(): StorageError {
  return new StorageError(
    'corrupted',
    'the file is not what was stored: somebody has changed it.',
    { hint: 'Bring the right file back, or store the object again.' },
  );
}

function notCopied(cause: unknown): StorageError {
  return new StorageError('unavailable', 'the copy is not what was copied; the old one is kept.', {
    outcome: 'not-applied',
    hint: 'Look after the disk that the folder is on, and try again.',
    cause,
  });
}
