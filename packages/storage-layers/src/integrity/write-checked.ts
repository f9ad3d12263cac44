import {
  type Body,
  type BodyInput,
  isStorageError,
  type Metadata,
  type ObjectInfo,
  type OperationOptions,
  type PutOptions,
  StorageError,
  type StorageProvider,
  sha256,
  sourceStream,
  toBody,
  toStorageError,
  unsupported,
} from '@granary/storage-core/provider';
import { chunksOf, joinChunks, takeChunks, wrapped } from '../compress/chunks.ts';
import { putInParts, takesInParts } from '../compress/put-parts.ts';
import { waitFor } from '../quota/wait-for.ts';
import { checkedSource, HELD_BYTES, summedSource, sumOf, sumOfObject } from './checksum.ts';
import { keepsRecords, keptIn, upInfo, withRecord } from './kept-checksums.ts';

/** A body whose checksum is known before it is written, or will be when it has passed. */
export interface SummedBody {
  readonly body: Body;
  /** Absent: not before the body has been read. */
  readonly sum?: string;
  readonly sumAfter?: () => Promise<string>;
}

/** Finds the checksum of content, before it is written where that is possible. */
export async function summedBody(body: Body, { signal }: OperationOptions): Promise<SummedBody> {
  const { replayable, varies } = body;
  const held = await heldBytes(body, signal);
  if (held !== undefined) return { body: toBody(held), sum: await sha256(held) };
  if (replayable && varies) {
    let latest = summedSource(chunksOf(() => body.stream()));
    const open = () => {
      latest = summedSource(chunksOf(() => body.stream()));
      return sourceStream(latest);
    };
    return { body: bodyOf(body, open), sumAfter: () => latest.sum() };
  }
  if (replayable) {
    const sum = await waitFor(sumOf(chunksOf(() => body.stream())), signal);
    const changed = new StorageError('invalid-argument', 'the content changed while it was read.');
    const open = () =>
      sourceStream(
        checkedSource(
          chunksOf(() => body.stream()),
          sum,
          async () => changed,
        ),
      );
    return { body: bodyOf(body, open), sum };
  }
  const source = chunksOf(() => body.stream());
  const head = await waitFor(takeChunks(source, HELD_BYTES + 1), signal);
  if (head.ended) {
    const bytes = joinChunks(head.chunks);
    return { body: toBody(bytes), sum: await sha256(bytes) };
  }
  const summed = summedSource(wrapped(head.chunks, source));
  return { body: bodyOf(body, () => sourceStream(summed)), sumAfter: () => summed.sum() };
}

/** Content that is in memory, or small enough for that. */
async function heldBytes(
  body: Body,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const { buffered, size } = body;
  if (buffered !== undefined || size === undefined || size > HELD_BYTES) return buffered;
  return waitFor(body.bytes(), signal);
}

function bodyOf(body: Body, stream: () => ReadableStream<Uint8Array>): Body {
  return {
    size: body.size,
    replayable: body.replayable,
    ...(body.varies && { varies: true }),
    bytes: () => toBody(stream() as BodyInput).bytes(),
    stream,
    cancel: (reason) => body.cancel(reason),
  };
}

/** Keeps checksums in the metadata of a store that has no place of its own for them. */
export interface RecordKeeper {
  put(key: string, body: Body, options: PutOptions): Promise<ObjectInfo>;
  /** Sets the checksum of a write that is stored already. */
  recordLater(info: ObjectInfo, sum: string, options: OperationOptions): Promise<ObjectInfo>;
  /** Reads a write that is stored already, and sets its checksum. */
  recordStored(info: ObjectInfo, options: OperationOptions): Promise<ObjectInfo>;
}

export function recordKeeper(below: StorageProvider, allowsUnchecked: boolean): RecordKeeper {
  function recorded(options: PutOptions, sum: string | undefined): PutOptions {
    const { checksum: _here, ...rest } = options;
    return sum === undefined ? rest : { ...rest, metadata: withRecord(rest.metadata, sum) };
  }

  async function recordLater(
    info: ObjectInfo,
    sum: string,
    { signal }: OperationOptions,
  ): Promise<ObjectInfo> {
    const { setMetadata, capabilities } = below;
    if (setMetadata === undefined) return info;
    const asked = signal === undefined ? {} : { signal };
    const { key, etag } = info;
    const { setMetadataIfMatch, etagCovers } = capabilities;
    try {
      const now = await setMetadata(
        key,
        { metadata: withRecord(info.metadata, sum) },
        { ...asked, ...(setMetadataIfMatch && { ifMatch: etag }) },
      );
      if (setMetadataIfMatch || etagCovers === 'attributes' || now.etag === etag) return now;
      // Somebody else wrote before it was set, so it is not the checksum of that.
      return await setMetadata(key, { metadata: upInfo(info).metadata ?? null }, asked);
    } catch (error) {
      // The write was replaced or deleted, with all there was to say of it.
      const isGone = ['precondition-failed', 'not-found'] as const;
      if (isGone.some((code) => isStorageError(error, code))) return info;
      throw toStorageError(error).with({
        outcome: 'unknown',
        hint: 'The content is stored, and its checksum is not. Write it again.',
      });
    }
  }

  return {
    async put(key, given, options) {
      const isNative = keptIn(below.capabilities) === 'info';
      const records = keepsRecords(below.capabilities);
      if (isNative && !(records && takesInParts(below, given.size))) {
        const native: PutOptions = { ...options, checksum: 'sha256' };
        if (!given.varies || !records || below.setMetadata === undefined) {
          return below.put(key, given, native);
        }
        const held = await heldBytes(given, options.signal);
        if (held !== undefined) return below.put(key, toBody(held), native);
        try {
          return await below.put(key, given, native);
        } catch (error) {
          // The store wants the checksum first. It is set afterwards then.
          if (!isStorageError(error, 'unsupported')) throw error;
        }
      }
      const { body, sum, sumAfter } = await summedBody(given, options);
      const inParts = takesInParts(below, body.size);
      if (isNative && !inParts && sum !== undefined) {
        return below.put(key, body, { ...options, checksum: 'sha256' });
      }
      if (sumAfter !== undefined && below.setMetadata === undefined && !allowsUnchecked) {
        throw unsupported(below.name, 'a stream whose checksum is not known before').with({
          outcome: 'not-applied',
          hint: given.varies
            ? 'Put createVerified over createEncrypted: what is encrypted is never the same twice.'
            : 'Give a Blob or bytes, which can be read twice.',
        });
      }
      const write = recorded(options, sum);
      const info = await (inParts
        ? putInParts(below, key, body, write)
        : below.put(key, body, write));
      if (sumAfter === undefined) return info;
      return recordLater(info, await sumAfter(), options);
    },

    recordLater,

    async recordStored(info, { signal }) {
      const { readConditions } = below.capabilities;
      const asked = signal === undefined ? {} : { signal };
      try {
        const object = await below.get(info.key, {
          ...asked,
          ...(readConditions && { ifMatch: info.etag }),
        });
        if (object.info.etag !== info.etag) {
          await object.cancel();
          return info;
        }
        const sum = await sumOfObject(
          info.size,
          () => object.bytes(),
          () => chunksOf(() => object.stream()),
        );
        return await recordLater(info, sum, asked);
      } catch (error) {
        const isGone = ['precondition-failed', 'not-found'] as const;
        if (isGone.some((code) => isStorageError(error, code))) return info;
        throw toStorageError(error).with({ outcome: 'unknown' });
      }
    },
  };
}

/** Metadata of a copy or a change that replaces it, with what was recorded of the content. */
export function keepRecord(metadata: Metadata | null, sum: string | undefined): Metadata | null {
  return sum === undefined ? metadata : withRecord(metadata ?? {}, sum);
}
