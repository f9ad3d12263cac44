import {
  type CopyOptions,
  isStorageError,
  type ObjectInfo,
  StorageError,
  unsupported,
} from '@granary/storage-core/provider';
import { type NativeFile, toInfo } from './dropbox-attributes.ts';
import type { CallOptions, DropboxStore } from './dropbox-client.ts';
import { deleteRev } from './dropbox-delete.ts';
import { failureOf, isConflict, unreadable } from './dropbox-errors.ts';
import { overEmptyFolder } from './dropbox-folders.ts';
import { lowerOf, toPath } from './dropbox-keys.ts';
import { fileAt } from './dropbox-read.ts';
import { appendPart, beginSession, finishSession } from './dropbox-upload.ts';
import { MAX_PUT_BYTES, sendContent } from './dropbox-write.ts';

/**
 * Copies an object in the service. It copies over nothing, so over an existing object the content is
 * read and sent up again, in parts: the old object stays until the new one is whole.
 */
export async function copyObject(
  store: DropboxStore,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<ObjectInfo> {
  return toInfo(to, await relocate(store, 'copy', from, to, options));
}

/** Moves an object. Over an existing one it is copied as above, and the source deleted when that is done. */
export async function moveObject(
  store: DropboxStore,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<ObjectInfo> {
  return toInfo(to, await relocate(store, 'move', from, to, options));
}

async function relocate(
  store: DropboxStore,
  how: 'copy' | 'move',
  from: string,
  to: string,
  { attributes = {}, ifNoneMatch, signal }: CopyOptions,
): Promise<NativeFile> {
  if (Object.values(attributes).some((value) => value !== null && value !== undefined)) {
    throw unsupported('dropbox', `${how} with other attributes`);
  }
  const source = toPath(from, store.root);
  const target = toPath(to, store.root);
  // "We do not currently support case-only renaming": the two are one object.
  const isSame = lowerOf(source) === lowerOf(target);
  const file = await fileAt(store, source, { signal });
  if (isSame && ifNoneMatch === undefined) return file;
  if (isSame) throw targetExists();
  const arg = { from_path: source, to_path: target, autorename: false };
  try {
    const { metadata } = await store.writing(signal, () =>
      overEmptyFolder(store, target, { signal }, () =>
        store.call<{ readonly metadata?: NativeFile }>(`files/${how}_v2`, arg, { signal }),
      ),
    );
    if (metadata === undefined) throw unreadable();
    return metadata;
  } catch (error) {
    if (failureOf(error)?.tags[0] === 'from_lookup') throw notSeenYet(error);
    if (!isConflict(error, 'file') || ifNoneMatch !== undefined) throw error;
  }
  const made = await copyContent(store, file, target, { signal });
  if (how === 'move') await deleteSource(store, source, file, signal);
  return made;
}

/** Reads one revision and sends it up, in the memory of one part. */
async function copyContent(
  store: DropboxStore,
  file: NativeFile,
  target: string,
  options: CallOptions,
): Promise<NativeFile> {
  const made = await sendCopy(store, file, target, options);
  if (made.content_hash === file.content_hash) return made;
  throw new StorageError('corrupted', 'the copy has other content than its source.', {
    outcome: 'unknown',
  });
}

async function sendCopy(
  store: DropboxStore,
  file: NativeFile,
  target: string,
  options: CallOptions,
): Promise<NativeFile> {
  const { size, rev } = file;
  const partAt = async (offset: number): Promise<Uint8Array<ArrayBuffer>> => {
    const length = Math.min(MAX_PUT_BYTES, size - offset);
    if (length === 0) return new Uint8Array(0);
    const range = `bytes=${offset}-${offset + length - 1}`;
    const response = await store.download({ path: `rev:${rev}` }, { ...options, range });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.byteLength === length) return bytes;
    throw unreadable();
  };
  const first = await partAt(0);
  if (size <= MAX_PUT_BYTES) return sendContent(store, target, first, options);
  const id = await beginSession(store, options, first);
  for (let offset = first.byteLength; ; ) {
    const bytes = await partAt(offset);
    const end = offset + bytes.byteLength;
    if (end === size) return finishSession(store, target, id, { offset, bytes }, options);
    await appendPart(store, id, offset, bytes, options);
    offset = end;
  }
}

/** Deletes what was copied, and nothing that was written since. */
async function deleteSource(
  store: DropboxStore,
  path: string,
  { rev }: NativeFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await store.writing(signal, () => deleteRev(store, path, rev, true, { signal }));
  } catch (error) {
    if (isStorageError(error, 'not-found')) return;
    if (!isStorageError(error, 'precondition-failed')) throw error;
    throw new StorageError('conflict', 'the source was written while it was moved, and stays.', {
      cause: error,
      outcome: 'unknown',
      hint: 'The target has what the source was before.',
    });
  }
}

/**
 * The source was there a moment ago: it went meanwhile, or is so new that the service does not find it yet.
 * https://github.com/rclone/rclone/issues/8881, read 2026-11-21
 */
function notSeenYet(cause: unknown): StorageError {
  return new StorageError('conflict', 'the service did not find the source that it told of.', {
    cause,
    outcome: 'not-applied',
    hint: 'Try again.',
  });
}

function targetExists(): StorageError {
  return new StorageError('precondition-failed', 'there is an object at the target already.', {
    outcome: 'not-applied',
  });
}
