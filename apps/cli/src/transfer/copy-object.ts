import type { ObjectAttributes, ObjectInfo, StorageEngine } from '@granary/storage-core';
import { attributesOf } from './attributes.ts';
import type { Journal } from './journal.ts';
import { uploadInParts } from './upload-in-parts.ts';

/** One object to copy. */
export interface CopyTask {
  readonly from: { readonly store: StorageEngine; readonly key: string };
  readonly to: { readonly store: StorageEngine; readonly key: string };
  /** What is known of the source before it is read. */
  readonly size: number | undefined;
}

export interface CopySettings {
  /** Leaves everything behind but the content. */
  readonly contentOnly: boolean;
  /** Copies only where there is nothing yet. */
  readonly ifAbsent: boolean;
  /** Keeps a SHA-256 with the copy. */
  readonly keepChecksum: boolean;
  /** Asks the target to encrypt it. */
  readonly encrypt: boolean;
  readonly signal: AbortSignal;
  readonly journal: Journal | undefined;
  /** Units: bytes of the object so far. */
  readonly onBytes: (bytes: number) => void;
}

/** From here on an object is worth a session that outlives an interruption. Units: bytes. */
export const SESSION_MIN_BYTES: number = 32 * 2 ** 20;
/** Up to here an object is read in one piece. Units: bytes. */
const SMALL_BYTES = 2 ** 20;

/** Copies one object with its attributes, by the shortest way that there is. */
export async function copyObject(task: CopyTask, settings: CopySettings): Promise<ObjectInfo> {
  const { from, to } = task;
  const isWithin = from.store === to.store;
  const isWhole = !settings.contentOnly && !settings.keepChecksum && !settings.encrypt;
  if (isWithin && isWhole) return copyWithin(task, settings);
  const canUpload = to.store.getCapabilities().upload === true;
  const canRead = from.store.getCapabilities().rangeReads === true;
  if ((task.size ?? 0) >= SESSION_MIN_BYTES && canUpload && canRead && !settings.keepChecksum) {
    return uploadInParts(task, settings);
  }
  return copyThrough(task, settings);
}

async function copyWithin({ from, to }: CopyTask, settings: CopySettings): Promise<ObjectInfo> {
  const { signal, onBytes, ifAbsent } = settings;
  return from.store.copy(from.key, to.key, {
    signal,
    ...(ifAbsent ? { ifNoneMatch: '*' } : {}),
    onProgress: ({ transferredBytes }) => onBytes(transferredBytes),
  });
}

async function copyThrough({ from, to }: CopyTask, settings: CopySettings): Promise<ObjectInfo> {
  const { signal, onBytes, ifAbsent, keepChecksum, contentOnly, encrypt } = settings;
  await using object = await from.store.get(from.key, { signal });
  const { size } = object.info;
  const body = size <= SMALL_BYTES ? await object.bytes() : object.stream();
  const attributes: ObjectAttributes = contentOnly ? {} : attributesOf(object.info);
  // Awaited here: the source is let go of when this function is left.
  return await to.store.put(to.key, body, {
    ...attributes,
    signal,
    size,
    ...(ifAbsent ? { ifNoneMatch: '*' } : {}),
    ...(keepChecksum ? { checksum: true } : {}),
    ...(encrypt ? { encrypt } : {}),
    onProgress: ({ transferredBytes }) => onBytes(transferredBytes),
  });
}
