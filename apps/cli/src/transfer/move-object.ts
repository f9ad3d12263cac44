import { isStorageError, type ObjectInfo, StorageError } from '@granary/storage-core';
import { type CopySettings, type CopyTask, copyObject } from './copy-object.ts';

/** Moves one object. The source is deleted when the copy is stored, and only if it is what was copied. */
export async function moveObject(task: CopyTask, settings: CopySettings): Promise<ObjectInfo> {
  const { from, to } = task;
  const { signal, ifAbsent, encrypt } = settings;
  const isWithin = from.store === to.store && !encrypt;
  if (isWithin && (!ifAbsent || from.store.getCapabilities().copyIfAbsent === true)) {
    return from.store.move(from.key, to.key, {
      signal,
      ...(ifAbsent ? { ifNoneMatch: '*' } : {}),
    });
  }
  const before = await from.store.stat(from.key, { signal });
  const copied = await copyObject(task, settings);
  await deleteSource(task, before, signal);
  return copied;
}

async function deleteSource(
  { from, to }: CopyTask,
  copied: ObjectInfo,
  signal: AbortSignal,
): Promise<void> {
  const { store, key } = from;
  const stored = await to.store.stat(to.key, { signal });
  if (stored.size !== copied.size) throw sourceChanged(key);
  if (store.getCapabilities().deleteIfMatch === true) {
    try {
      await store.delete(key, { ifMatch: copied.etag, signal });
    } catch (error) {
      throw isStorageError(error, 'precondition-failed') ? sourceChanged(key) : error;
    }
    return;
  }
  const now = await store.stat(key, { signal });
  if (now.etag !== copied.etag) throw sourceChanged(key);
  await store.delete(key, { signal });
}

function sourceChanged(key: string): StorageError {
  return new StorageError('conflict', 'the source changed while it was moved; it was kept.', {
    operation: 'move',
    key,
    hint: 'Move it again.',
  });
}
