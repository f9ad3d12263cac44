import { createStorage } from '@granary/storage-core';
import {
  isStorageError,
  type ObjectInfo,
  type OperationOptions,
  pickAttributes,
  StorageError,
  type StorageProvider,
  type StoredObject,
  sha256,
  sourceStream,
  storedObject,
  toStorageError,
} from '@granary/storage-core/provider';
import { chunksOf } from '../compress/chunks.ts';
import { checkedSource, damaged, expectedOf, HELD_BYTES } from './checksum.ts';
import { upInfo } from './kept-checksums.ts';

/** An object that was found damaged and was replaced, or could not be. */
export interface RepairEvent {
  readonly key: string;
  /** The checksum that its content had, and has again. */
  readonly expected: string;
  /** Whether it was written back. Readers got the right content either way. */
  readonly written: boolean;
  /** What is stored now. */
  readonly info?: ObjectInfo;
  /** Why it was not written back: `precondition-failed` when somebody wrote meanwhile. */
  readonly error?: Error;
}

/** Settings of {@link repairer}. */
export interface RepairerSettings {
  readonly below: StorageProvider;
  /** The second copy. */
  readonly from: StorageProvider;
  readonly onRepair?: ((event: RepairEvent) => void) | undefined;
}

/** Brings right content back from a second copy. */
export interface Repairer {
  /**
   * Reads the second copy, checks it, and writes it over the damaged write alone.
   * Errors: `corrupted` when the second copy has other content or none.
   */
  repair(info: ObjectInfo, expected: string, options: OperationOptions): Promise<RepairEvent>;
  /** The right content, from the store when it was written back, else from the second copy. */
  read(event: RepairEvent, info: ObjectInfo, options: OperationOptions): Promise<StoredObject>;
}

export function repairer({ below, from, onRepair }: RepairerSettings): Repairer {
  /** Repairs on their way, so that many readers of one damaged object make one. */
  const running = new Map<string, Promise<RepairEvent>>();

  async function copyOf(
    key: string,
    expected: string,
    options: OperationOptions,
  ): Promise<StoredObject> {
    let object: StoredObject;
    try {
      object = await from.get(key, options);
    } catch (error) {
      throw isStorageError(error, 'not-found')
        ? hopeless(expected, 'The second copy does not have it.', error)
        : hopeless(expected, 'The second copy cannot be read.', error);
    }
    const known = expectedOf(upInfo(object.info));
    if (known === undefined || known === expected) return object;
    await object.cancel();
    throw hopeless(expected, 'The second copy holds another write.', undefined);
  }

  async function run(info: ObjectInfo, expected: string): Promise<RepairEvent> {
    const { key } = info;
    const object = await copyOf(key, expected, {});
    const { size } = object.info;
    let content: Uint8Array | ReadableStream<Uint8Array>;
    if (size <= HELD_BYTES) {
      content = await object.bytes();
      if ((await sha256(content)) !== expected) {
        throw hopeless(expected, 'The second copy holds other content.', undefined);
      }
    } else {
      // Other content breaks off the write before its end, so nothing of it is stored.
      const wrong = hopeless(expected, 'The second copy holds other content.', undefined);
      const source = chunksOf(() => object.stream());
      content = sourceStream(checkedSource(source, expected, async () => wrong));
    }
    try {
      const written = await writeBack(info, content, size);
      return tell({ key, expected, written: true, info: written });
    } catch (error) {
      if (isStorageError(error, 'corrupted')) throw error;
      return tell({ key, expected, written: false, error: toStorageError(error) });
    }
  }

  async function writeBack(
    info: ObjectInfo,
    content: Uint8Array | ReadableStream<Uint8Array>,
    size: number,
  ): Promise<ObjectInfo> {
    const { key, etag } = info;
    const { replaceIfMatch, checksum, encrypt } = below.capabilities;
    const objectTags = await below.objectTags?.get(key, {});
    if (!replaceIfMatch && (await below.stat(key, {})).etag !== etag) {
      throw new StorageError('precondition-failed', 'the object was written meanwhile.');
    }
    return createStorage(below).put(key, content, {
      ...pickAttributes(info),
      size,
      ...(checksum && { checksum: true }),
      // Under a condition, encryption finds out whether what it replaces is encrypted.
      ...(replaceIfMatch ? { ifMatch: etag } : encrypt && { encrypt }),
      ...(objectTags && Object.keys(objectTags).length > 0 && { objectTags }),
    });
  }

  function tell(event: RepairEvent): RepairEvent {
    // What the listener throws is its own trouble, and not that of the reader.
    if (onRepair !== undefined) queueMicrotask(() => onRepair(event));
    return event;
  }

  return {
    repair(info, expected) {
      const place = `${info.etag} ${info.key}`;
      const known = running.get(place);
      if (known !== undefined) return known;
      const repairing = run(info, expected).finally(() => running.delete(place));
      running.set(place, repairing);
      return repairing;
    },

    async read({ key, expected, info: repaired }, info, options) {
      const again = repaired === undefined ? undefined : await below.get(key, options);
      const object = again ?? (await copyOf(key, expected, options));
      const known = upInfo(again === undefined ? { ...info, size: object.info.size } : object.info);
      // Somebody may have written since, so only that this is right is checked, not that it is the same.
      const sum = again === undefined ? expected : (expectedOf(known) ?? expected);
      const source = chunksOf(() => object.stream());
      return storedObject(
        known,
        {
          chunks: () => checkedSource(source, sum, async (actual) => damaged(sum, actual)),
          cancel: (reason) => object.cancel(reason),
        },
        { below: object },
      );
    },
  };
}

function hopeless(expected: string, why: string, cause: unknown): StorageError {
  return new StorageError(
    'corrupted',
    `the content is not what was written: its checksum is ${expected}, and it could not be repaired.`,
    { hint: `${why} Restore it from a backup.`, cause },
  );
}
