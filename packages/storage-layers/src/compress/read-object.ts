import {
  type ChunkSource,
  isStorageError,
  type ObjectInfo,
  type OperationOptions,
  StorageError,
  type StorageProvider,
  type StoredObject,
  signalOf,
  storedObject,
} from '@granary/storage-core/provider';
import { chunksOf, firstOf, joinChunks, takeChunks, wrapped } from './chunks.ts';
import { gunzipBytes, gunzipped } from './gzip.ts';
import { HEADER_BYTES, type Header, parseHeader, parseTrailer, TRAILER_BYTES } from './header.ts';

/** Longest stored object that is read whole to open it. Units: bytes. */
const HELD_BYTES = 64 * 1024;
/** Most writes whose sizes are remembered, so that telling about them again needs no look at them. */
const MOST_KNOWN = 4096;
/** How often looking at both ends of an object begins again because it changed between. */
const MOST_RACES = 8;

/** Which write of an object is looked at. */
export interface ReadPlace extends OperationOptions {
  readonly version?: string;
}

/** Reads what was stored. */
export interface StoredReader {
  /** The object with its own content. It takes the body. */
  open(object: StoredObject, place: ReadPlace): Promise<StoredObject>;
  /** What `stat` tells, with the size of the content, for which the first bytes are read. */
  stat(key: string, place: ReadPlace): Promise<ObjectInfo>;
  /** A write with its size, as it was read or written. */
  remember(info: ObjectInfo, isWrapped: boolean): ObjectInfo;
}

export function storedReader(below: StorageProvider, refusesForeign: boolean): StoredReader {
  /** Sizes by write; `undefined` for what is stored as it is. */
  const sizes = new Map<string, number | undefined>();

  function remember(info: ObjectInfo, isWrapped: boolean): ObjectInfo {
    sizes.set(placeOf(info), isWrapped ? info.size : undefined);
    const [oldest] = sizes.size > MOST_KNOWN ? sizes.keys() : [];
    if (oldest !== undefined) sizes.delete(oldest);
    return info;
  }

  /** What a first look says; `undefined` for what this layer did not write. */
  function headerOf(bytes: Uint8Array, { size }: ObjectInfo): Header | undefined {
    const header = parseHeader(bytes, size);
    if (header !== undefined || !refusesForeign) return header;
    throw new StorageError('invalid-data', 'the object was not written through this storage.', {
      hint: 'Read it from the storage below, or with foreign: "read".',
    });
  }

  /** The size at the end of the write that `info` is about; `undefined` when that is gone. */
  async function sizeAtEnd(
    { key, etag }: ObjectInfo,
    { payloadBytes }: Header,
    place: ReadPlace,
  ): Promise<number | undefined> {
    const { rangeReads, readConditions } = below.capabilities;
    try {
      const object = await below.get(key, {
        ...place,
        ...(rangeReads && { range: { suffix: TRAILER_BYTES } }),
        ...(readConditions && { ifMatch: etag }),
      });
      if (object.info.etag !== etag) {
        await object.cancel();
        return undefined;
      }
      return parseTrailer(await lastOf(object), payloadBytes);
    } catch (error) {
      if (isStorageError(error, 'precondition-failed')) return undefined;
      throw error;
    }
  }

  /** What the beginning of the write says that `info` is about; `undefined` when that is gone. */
  async function look(info: ObjectInfo, place: ReadPlace): Promise<ObjectInfo | undefined> {
    const bytes = info.size === 0 ? new Uint8Array(0) : await headOf(below, info, place);
    if (bytes === undefined) return undefined;
    const header = headerOf(bytes, info);
    if (header === undefined) return remember(info, false);
    const size = header.plainSize ?? (await sizeAtEnd(info, header, place));
    return size === undefined ? undefined : remember(plainInfo(info, size), true);
  }

  /** Whether this write was stored as it is, or else how large its content is, as it is remembered. */
  function recall(info: ObjectInfo): ObjectInfo | undefined {
    const place = placeOf(info);
    if (!sizes.has(place)) return undefined;
    const size = sizes.get(place);
    return size === undefined ? info : plainInfo(info, size);
  }

  async function inMemory(object: StoredObject, place: ReadPlace): Promise<StoredObject> {
    const { info } = object;
    const stored = await object.bytes();
    const header = headerOf(stored, info);
    if (header === undefined) return inMemoryObject(remember(info, false), stored);
    const end = HEADER_BYTES + header.payloadBytes;
    const payload = stored.subarray(HEADER_BYTES, end);
    const size = header.plainSize ?? parseTrailer(stored.subarray(end), header.payloadBytes);
    const known = remember(plainInfo(info, size), true);
    if (header.method === 'stored') return inMemoryObject(known, payload.slice());
    return storedObject(known, { bytes: () => gunzipBytes(payload, size) }, signalOf(place));
  }

  return {
    async open(object, place) {
      const { info } = object;
      if (info.size <= HELD_BYTES) return inMemory(object, place);
      const source = chunksOf(() => object.stream());
      const cancel = async (reason: unknown) => {
        await Promise.allSettled([source.cancel(reason), object.cancel(reason)]);
      };
      const passOn = (known: ObjectInfo, chunks: () => ChunkSource) =>
        storedObject(known, { chunks, cancel }, { below: object });
      try {
        const { chunks } = await takeChunks(source, HEADER_BYTES);
        const head = joinChunks(chunks);
        const header = headerOf(head, info);
        if (header === undefined) {
          return passOn(remember(info, false), () => wrapped([head], source));
        }
        const size = header.plainSize ?? (await sizeAtEnd(info, header, place));
        if (size === undefined) throw changed();
        const rest = wrapped([head.subarray(HEADER_BYTES)], source);
        const payload = firstOf(rest, header.payloadBytes);
        const isGzip = header.method === 'gzip';
        const known = remember(plainInfo(info, size), true);
        return passOn(known, () => (isGzip ? gunzipped(payload, size) : payload));
      } catch (error) {
        await cancel(error);
        throw error;
      }
    },

    async stat(key, place) {
      for (let race = 1; race <= MOST_RACES; race += 1) {
        const info = await below.stat(key, place);
        const known = recall(info);
        if (known !== undefined) return known;
        const found = await look(info, place);
        if (found !== undefined) return found;
      }
      throw changed();
    },

    remember,
  };
}

function placeOf({ key, etag }: ObjectInfo): string {
  return `${etag} ${key}`;
}

/** The info of content that is stored otherwise: with its own size, without checksums of the other. */
export function plainInfo(info: ObjectInfo, size: number): ObjectInfo {
  const { checksums: _stored, ...rest } = info;
  return { ...rest, size };
}

/** The first bytes of the write that `info` is about; `undefined` when that is gone. */
async function headOf(
  below: StorageProvider,
  { key, etag }: ObjectInfo,
  place: ReadPlace,
): Promise<Uint8Array | undefined> {
  const { rangeReads, readConditions } = below.capabilities;
  try {
    const object = await below.get(key, {
      ...place,
      ...(rangeReads && { range: { offset: 0, length: HEADER_BYTES } }),
      ...(readConditions && { ifMatch: etag }),
    });
    const source = chunksOf(() => object.stream());
    const { chunks } = await takeChunks(source, object.info.etag === etag ? HEADER_BYTES : 0);
    await source.cancel('only the beginning was looked at');
    return object.info.etag === etag ? joinChunks(chunks) : undefined;
  } catch (error) {
    const isGone = ['precondition-failed', 'range-not-satisfiable', 'not-found'] as const;
    if (isGone.some((code) => isStorageError(error, code))) return undefined;
    throw error;
  }
}

/** The last bytes of what was read: all of it where only the end was asked for. */
async function lastOf(object: StoredObject): Promise<Uint8Array> {
  if (object.range !== undefined) return object.bytes();
  const source = chunksOf(() => object.stream());
  let last: Uint8Array = new Uint8Array(0);
  for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
    last = joinChunks([last, chunk.subarray(-TRAILER_BYTES)]).subarray(-TRAILER_BYTES);
  }
  return last;
}

function inMemoryObject(info: ObjectInfo, bytes: Uint8Array): StoredObject {
  return storedObject(info, { bytes: () => bytes });
}

function changed(): StorageError {
  return new StorageError('conflict', 'the object changed while it was read.', { retryable: true });
}
