import {
  isStorageError,
  mapBody,
  type OperationOptions,
  StorageError,
  type StoredObject,
  sha256,
  sourceStream,
  storedObject,
  toBody,
} from '@granary/storage-core/provider';
import { chunksOf } from '../compress/chunks.ts';
import { checkedSource, damaged, expectedOf, HELD_BYTES } from './checksum.ts';
import { upInfo } from './kept-checksums.ts';
import type { Repairer } from './repair.ts';

/** Longest content that a stream gives in one piece, checked before any of it. Units: bytes. */
const PIECE_BYTES = 64 * 1024;

/** How what is read is checked. */
export interface VerifyTerms {
  readonly repairer: Repairer | undefined;
  /** Objects without a checksum are refused. */
  readonly refusesUnchecked: boolean;
}

/** The object with its content checked on its way up. A part of it cannot be. It takes the body. */
export async function verifiedObject(
  object: StoredObject,
  options: OperationOptions & { readonly version?: string },
  { repairer, refusesUnchecked }: VerifyTerms,
): Promise<StoredObject> {
  const info = upInfo(object.info);
  const expected = expectedOf(info);
  if (expected === undefined && refusesUnchecked) {
    await object.cancel();
    throw unchecked();
  }
  if (expected === undefined || object.range !== undefined) return mapBody(object, { info });
  const { signal, version } = options;
  const again = signal === undefined ? {} : { signal };
  const mends = version === undefined ? repairer : undefined;
  // An old version is not the object that a second copy has.
  if (mends !== undefined && info.size <= HELD_BYTES) {
    const bytes = await readable(object);
    const actual = bytes === undefined ? undefined : await sha256(bytes);
    if (bytes !== undefined && actual === expected)
      return storedObject(info, { bytes: () => bytes });
    return mends.read(await mends.repair(object.info, expected, again), info, again);
  }

  /** What a mismatch ends with, or the right content where that can still be given. */
  async function mend(actual: string): Promise<StoredObject> {
    if (mends === undefined) throw damaged(expected ?? '', actual);
    const event = await mends.repair(object.info, expected ?? '', again);
    return mends.read(event, info, again);
  }

  async function checkedBytes(bytes: Uint8Array): Promise<Uint8Array> {
    const actual = await sha256(bytes);
    if (actual === expected) return bytes;
    const right = await (await mend(actual)).bytes();
    if (right.byteLength === bytes.byteLength) return right;
    throw readAgain();
  }

  async function tooLate(actual: string): Promise<StorageError> {
    try {
      await (await mend(actual)).cancel();
      return readAgain();
    } catch (error) {
      if (isStorageError(error)) return error;
      throw error;
    }
  }

  return mapBody(object, {
    info,
    bytes: checkedBytes,
    stream: (stream) => {
      if (info.size > PIECE_BYTES) {
        return sourceStream(
          checkedSource(
            chunksOf(() => stream),
            expected,
            tooLate,
          ),
        );
      }
      let isOver = false;
      return sourceStream({
        async next() {
          if (isOver) return undefined;
          isOver = true;
          const bytes = await checkedBytes(await toBody(stream, { size: info.size }).bytes());
          return bytes.byteLength === 0 ? undefined : bytes;
        },
        cancel: (reason) => stream.cancel(reason),
      });
    },
  });
}

/** The bytes, or `undefined` where what is below finds them damaged itself. */
async function readable(object: StoredObject): Promise<Uint8Array | undefined> {
  try {
    return await object.bytes();
  } catch (error) {
    if (isStorageError(error, 'corrupted')) return undefined;
    throw error;
  }
}

function unchecked(): StorageError {
  return new StorageError('invalid-data', 'the object has no checksum to compare it with.', {
    hint: 'Write it again through this storage, or read it with unchecked: "read".',
  });
}

/** Part of the wrong content was handed out, or it has another size than was told. */
function readAgain(): StorageError {
  return new StorageError('corrupted', 'the content was damaged while it was stored.', {
    retryable: true,
    hint: 'A second copy of it is right: read it again.',
  });
}
