import {
  type ByteRange,
  type ChunkSource,
  type ContentRange,
  type GetOptions,
  isStorageError,
  type ObjectInfo,
  type OperationOptions,
  resolveRange,
  StorageError,
  type StorageProvider,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { type ByteReader, bufferReader, streamReader } from './byte-reader.ts';
import { type Bytes, TAG_BYTES } from './ciphers.ts';
import { type Binding, type FileCipher, type FileKeyring, openFile } from './file-cipher.ts';
import { hasMagic, MAGIC } from './header.ts';
import { CHUNK_PLAIN_BYTES, HEAD_BYTES, TINK } from './layout.ts';
import { collectContent, openContent, placeOf, storedEndOf } from './open-content.ts';
import type { ReadAhead } from './read-ahead.ts';
import { hasRecord, type InfoOpener, isPlainSize, type OpenedInfo } from './stored-info.ts';
import { damaged, type TinkStream } from './tink-stream.ts';

/** Reads of encrypted objects, and of plain ones where there may be any. */
export interface ObjectReader {
  get(key: string, options: GetOptions): Promise<StoredObject>;
  /** An object that was got below as a whole. */
  open(key: string, object: StoredObject, options: OperationOptions): Promise<StoredObject>;
  /** Whether what an info tells of is encrypted. Reads its first bytes where nothing else tells. */
  isEncrypted(key: string, info: ObjectInfo, options: GetOptions): Promise<boolean>;
  /** An info as it is above, of a plain object too. */
  info(key: string, info: ObjectInfo, options: GetOptions): Promise<ObjectInfo>;
  /** The cipher of an object that was not read. Errors: `corrupted`; `permission-denied`; `conflict`. */
  file(key: string, info: ObjectInfo, options: OperationOptions): Promise<FileCipher>;
}

export interface ObjectReaderSettings {
  readonly below: StorageProvider;
  readonly keyring: FileKeyring;
  readonly binding: Binding;
  readonly isRequired: boolean;
  readonly infos: InfoOpener;
}

/** How often a read begins again when the object changed between its two requests. */
const MAX_RACES = 3;

/** Beyond this place no object has bytes. Units: bytes. */
const MAX_PLACE = 2 ** 52;

/** Which part of the stored bytes is at hand, and what is wanted of it. Units: bytes. */
interface Part {
  readonly opened: OpenedInfo;
  readonly range: ContentRange;
  /** Where the stored bytes start. */
  readonly from: number;
  readonly verifiesEnd: boolean;
  /** The head of the chunk, where it is not among the stored bytes. */
  readonly head?: Uint8Array;
}

export function objectReader(settings: ObjectReaderSettings): ObjectReader {
  const { below, keyring, binding, isRequired, infos } = settings;

  /** The cipher by a head. Errors: `corrupted` when the attributes are another write's, or were taken away. */
  async function fileOf(
    key: string,
    head: Uint8Array,
    { recordId }: Pick<OpenedInfo, 'recordId'>,
    options: OperationOptions,
  ): Promise<FileCipher> {
    const file = await openFile(keyring, head, key, binding, options);
    const { hasAttributes, fileId } = file.header;
    const isOwn = recordId === undefined ? !hasAttributes : String(recordId) === String(fileId);
    if (!isOwn) throw damaged('its attributes are not those that were written with it');
    return file;
  }

  /** The content of a part, when its stored bytes come out of a source. */
  async function pieces(
    key: string,
    part: Part,
    source: ByteReader,
    options: OperationOptions,
  ): Promise<ReadAhead<Bytes>> {
    const { opened, range, verifiesEnd, head } = part;
    const place = placeOf(range.offset);
    await skip(source, (head === undefined ? place.chunkStart : place.segmentStart) - part.from);
    const known = head ?? (await source.peek(HEAD_BYTES));
    const file = await fileOf(key, known, opened, options);
    const stream: TinkStream | undefined = head && (await file.open(place.chunk, head));
    return openContent(file, source, {
      plainBytes: opened.info.size,
      start: range.offset,
      end: range.offset + range.length,
      verifiesEnd,
      ...(stream !== undefined && { stream }),
    });
  }

  /** An object whose content is opened when it is read. */
  function openedObject(
    key: string,
    object: StoredObject,
    part: Part,
    options: OperationOptions,
    terms: { readonly range?: ContentRange } = {},
    begun?: ByteReader,
  ): StoredObject {
    const source = {
      chunks: () => {
        const reader = begun ?? streamReader(() => object.stream());
        return lazyChunks(reader, () => pieces(key, part, reader, options));
      },
      ...(begun === undefined && {
        bytes: async () => {
          const stored = bufferReader(await object.bytes());
          return collectContent(await pieces(key, part, stored, options), part.range.length);
        },
      }),
      cancel: (reason?: unknown) => object.cancel(reason),
    };
    return storedObject(part.opened.info, source, { ...terms, below: object });
  }

  async function open(
    key: string,
    object: StoredObject,
    options: OperationOptions,
  ): Promise<StoredObject> {
    return releasing(object, async () => {
      let begun: ByteReader | undefined;
      if (!isRequired && !hasRecord(object.info)) {
        if (isPlainSize(object.info.size)) return object;
        begun = streamReader(() => object.stream());
        if (!hasMagic(await begun.peek(MAGIC.byteLength))) return plainObject(object, begun);
      }
      const opened = await infos.open(key, object.info, options);
      const range = { offset: 0, length: opened.info.size };
      const part: Part = { opened, range, from: 0, verifiesEnd: true };
      return openedObject(key, object, part, options, {}, begun);
    });
  }

  async function getRange(
    key: string,
    range: ByteRange,
    options: GetOptions,
  ): Promise<StoredObject> {
    for (let race = 1; race <= MAX_RACES; race += 1) {
      const object = isRequired
        ? await encryptedPart(key, range, options)
        : await anyPart(key, range, options);
      if (object !== undefined) return object;
    }
    throw new StorageError('conflict', 'the object kept changing while a part of it was read.');
  }

  /** A part of what may be plain; `undefined` when the object changed meanwhile. */
  async function anyPart(
    key: string,
    range: ByteRange,
    options: GetOptions,
  ): Promise<StoredObject | undefined> {
    const start = await startOf(key, options);
    if (start !== undefined && hasMagic(start.bytes)) return encryptedPart(key, range, options);
    const object = await below.get(key, { ...options, range });
    if (start === undefined || object.info.etag === start.etag) return object;
    await object.cancel();
    return undefined;
  }

  /** The first bytes; `undefined` where there are none. */
  async function startOf(
    key: string,
    options: GetOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly etag: string } | undefined> {
    const canRange = below.capabilities.rangeReads;
    const range = { offset: 0, length: MAGIC.byteLength };
    try {
      const object = await below.get(key, { ...options, ...(canRange && { range }) });
      const reader = streamReader(() => object.stream());
      const bytes = await reader.take(MAGIC.byteLength);
      if (!canRange) await reader.cancel(undefined);
      else await reader.isDone();
      return { bytes, etag: object.info.etag };
    } catch (error) {
      if (isStorageError(error, 'range-not-satisfiable')) return undefined;
      throw error;
    }
  }

  /**
   * A part of an encrypted object; `undefined` when it changed between two requests. The head of the
   * chunk is asked for at the same time as the segments, unless it stands right before them.
   */
  async function encryptedPart(
    key: string,
    range: ByteRange,
    options: GetOptions,
  ): Promise<StoredObject | undefined> {
    const wanted = storedRange(range);
    const { headAt } = wanted;
    const heading = headAt === undefined ? undefined : headOf(key, headAt, options);
    heading?.catch(() => {});
    const object = await below.get(key, { ...options, range: wanted.range });
    return releasing(object, async () => {
      const opened = await infos.open(key, object.info, options);
      const part = resolveRange(range, opened.info.size);
      const from = object.range?.offset ?? 0;
      const place = placeOf(part.offset);
      const head =
        place.chunkStart >= from
          ? undefined
          : await (heading ?? headOf(key, place.chunkStart, options));
      if (head !== undefined && head.etag !== object.info.etag) {
        await object.cancel();
        return undefined;
      }
      const { verifiesEnd } = wanted;
      const stored: Part = {
        opened,
        range: part,
        from,
        verifiesEnd,
        ...(head && { head: head.bytes }),
      };
      return openedObject(key, object, stored, options, { range: part });
    });
  }

  async function headOf(
    key: string,
    offset: number,
    options: GetOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly etag: string }> {
    const range = { offset, length: HEAD_BYTES };
    const object = await below.get(key, { ...options, range });
    return { bytes: await object.bytes(), etag: object.info.etag };
  }

  async function isEncrypted(key: string, info: ObjectInfo, options: GetOptions): Promise<boolean> {
    if (isRequired || hasRecord(info)) return true;
    if (isPlainSize(info.size)) return false;
    const start = await startOf(key, options);
    return start !== undefined && hasMagic(start.bytes);
  }

  return {
    get(key, { range, ...options }) {
      if (range !== undefined) return getRange(key, range, options);
      return below.get(key, options).then((object) => open(key, object, options));
    },
    open,
    isEncrypted,
    async info(key, info, options) {
      if (!(await isEncrypted(key, info, options))) return info;
      return (await infos.open(key, info, options)).info;
    },
    async file(key, info, { signal }) {
      const asked = signal === undefined ? {} : { signal };
      const { rangeReads } = below.capabilities;
      const range = { offset: 0, length: HEAD_BYTES };
      const object = await below.get(key, { ...asked, ...(rangeReads && { range }) });
      const reader = streamReader(() => object.stream());
      const head = await reader.take(HEAD_BYTES);
      await reader.cancel(undefined);
      if (object.info.etag !== info.etag) {
        throw new StorageError('conflict', 'the object changed meanwhile.');
      }
      const opened = await infos.open(key, info, asked);
      const file = await fileOf(key, head, opened, asked);
      await file.open(0, head);
      return file;
    },
  };
}

/** The stored bytes that a range of content needs, whatever the size of the whole. Units: bytes. */
function storedRange(range: ByteRange): {
  readonly range: ByteRange;
  readonly headAt?: number;
  readonly verifiesEnd: boolean;
} {
  if ('suffix' in range) {
    // As many bytes as the largest overhead takes, from the start of the first segment on.
    const segments = Math.floor(range.suffix / (TINK.segmentBytes / 2)) + 2;
    const chunks = Math.floor(range.suffix / CHUNK_PLAIN_BYTES) + 2;
    const overhead = segments * TAG_BYTES + chunks * (HEAD_BYTES + TAG_BYTES) + TINK.segmentBytes;
    const suffix = Math.min(range.suffix + overhead, MAX_PLACE);
    return { range: { suffix }, verifiesEnd: true };
  }
  const { offset, length } = range;
  const place = placeOf(offset);
  // The head right before the first two segments is cheaper to read on the way than to ask for.
  const isNear = place.segment < 2;
  const from = isNear ? place.chunkStart : place.segmentStart;
  const isOpen = length === undefined || offset + length > MAX_PLACE;
  const start = Math.min(from, MAX_PLACE);
  return {
    range: { offset: start, ...(!isOpen && { length: storedEndOf(offset + length - 1) - from }) },
    ...(!isNear && start === from && { headAt: place.chunkStart }),
    verifiesEnd: isOpen,
  };
}

/** Lets go of a body when what is to be made of it fails. */
async function releasing<Result>(
  object: StoredObject,
  make: () => Promise<Result>,
): Promise<Result> {
  try {
    return await make();
  } catch (error) {
    await object.cancel(error);
    throw error;
  }
}

/** A plain object of which the start was looked at. */
function plainObject(object: StoredObject, reader: ByteReader): StoredObject {
  const chunks = (): ChunkSource => ({
    async next() {
      const bytes = await reader.take(TINK.segmentBytes);
      return bytes.byteLength === 0 ? undefined : new Uint8Array(bytes);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const cancel = (reason?: unknown) => reader.cancel(reason);
  return storedObject(object.info, { chunks, cancel }, { below: object });
}

/** Pieces that are begun with the first one asked for. Empty ones are left out. */
function lazyChunks(source: ByteReader, begin: () => Promise<ReadAhead<Bytes>>): ChunkSource {
  let pieces: Promise<ReadAhead<Bytes>> | undefined;
  return {
    async next() {
      pieces ??= begin();
      for (;;) {
        const piece = await (await pieces).next();
        if (piece !== undefined && piece.byteLength === 0) continue;
        // The source lets go of what it holds when its end is seen.
        if (piece === undefined && !(await source.isDone())) await source.cancel(undefined);
        return piece;
      }
    },
    async cancel(reason) {
      (await pieces?.catch(() => undefined))?.stop();
      await source.cancel(reason);
    },
  };
}

/** Reads past bytes that are not needed. */
async function skip(source: ByteReader, count: number): Promise<void> {
  if (count < 0) throw damaged('a part of it is not where it should be');
  for (let left = count; left > 0; ) {
    const bytes = await source.take(Math.min(left, TINK.segmentBytes));
    if (bytes.byteLength === 0) return;
    left -= bytes.byteLength;
  }
}
