import { StorageError } from '@granary/storage-core/provider';
import type { ByteReader } from './byte-reader.ts';
import { type Bytes, TAG_BYTES } from './ciphers.ts';
import type { FileCipher } from './file-cipher.ts';
import {
  CHUNK_BYTES,
  CHUNK_PLAIN_BYTES,
  CHUNK_SEGMENTS,
  HEAD_BYTES,
  segmentAt,
  segmentRoom,
  segmentStart,
  storedSegmentStart,
} from './layout.ts';
import { type ReadAhead, readAhead } from './read-ahead.ts';
import { ciphers } from './runtime-ciphers.ts';
import type { TinkStream } from './tink-stream.ts';

/** Where stored content is opened: between two places of the content. Units: bytes. */
export interface OpenSettings {
  /** Size of the whole content. */
  readonly plainBytes: number;
  readonly start: number;
  /** The place after the last byte. */
  readonly end: number;
  /** Looks at the end of the object too, which shows whether it was cut off. The source goes so far. */
  readonly verifiesEnd?: boolean;
  /** The verified stream of the chunk that is begun in its middle; then the source starts at a segment. */
  readonly stream?: TinkStream;
}

/** Where the source of some content has to start. Units: bytes. */
export interface Place {
  readonly chunk: number;
  readonly segment: number;
  /** Where the chunk is stored. */
  readonly chunkStart: number;
  /** Where the segment is stored. */
  readonly segmentStart: number;
}

export function placeOf(plainOffset: number): Place {
  const chunk = Math.floor(plainOffset / CHUNK_PLAIN_BYTES);
  const segment = segmentAt(plainOffset - chunk * CHUNK_PLAIN_BYTES);
  const chunkStart = chunk * CHUNK_BYTES;
  return { chunk, segment, chunkStart, segmentStart: chunkStart + storedSegmentStart(segment) };
}

/** Where the stored segment ends that holds a byte, when it is full. Units: bytes. */
export function storedEndOf(plainOffset: number): number {
  const { chunk, segment, segmentStart: at } = placeOf(plainOffset);
  const isLast = segment === CHUNK_SEGMENTS - 1;
  return isLast ? (chunk + 1) * CHUNK_BYTES : at + segmentRoom(segment) + TAG_BYTES;
}

/**
 * The content of stored bytes, piece by piece. A piece is handed out when the head of its chunk and
 * its segment are verified. Without `stream` the source starts at a chunk.
 * Errors: `corrupted`; `unavailable` for a source that ends too early.
 */
export function openContent(
  file: FileCipher,
  source: ByteReader,
  { plainBytes, start, end, verifiesEnd = false, stream: begun }: OpenSettings,
): ReadAhead<Bytes> {
  let { chunk, segment } = placeOf(start);
  let stream = begun;
  if (begun === undefined) segment = 0;
  const lastChunk = Math.floor(plainBytes / CHUNK_PLAIN_BYTES);
  let isOver = false;

  async function exactly(length: number): Promise<Uint8Array> {
    const bytes = await source.take(length);
    if (bytes.byteLength === length) return bytes;
    throw new StorageError('unavailable', 'the stored bytes ended too early.');
  }

  /** What a segment holds, from which place on. Units: bytes. */
  function extent() {
    const chunkPlain =
      chunk === lastChunk ? plainBytes - lastChunk * CHUNK_PLAIN_BYTES : CHUNK_PLAIN_BYTES;
    const from = segmentStart(segment);
    const length = Math.min(segmentRoom(segment), chunkPlain - from);
    return { at: chunk * CHUNK_PLAIN_BYTES + from, length, isLast: from + length === chunkPlain };
  }

  async function begin(): Promise<readonly Promise<Bytes>[] | undefined> {
    if (isOver) return undefined;
    stream ??= await file.open(chunk, await exactly(HEAD_BYTES));
    const { at, length, isLast } = extent();
    const sealed = await exactly(length + TAG_BYTES);
    const isWanted = at + length > start || length === 0;
    const opening = isWanted ? stream.open(segment, isLast, sealed) : undefined;
    const next = at + length;
    if (isLast) {
      isOver = chunk === lastChunk || (next >= end && !verifiesEnd);
      chunk += 1;
      segment = 0;
      stream = undefined;
    } else {
      segment += 1;
      isOver = next >= end;
    }
    return opening === undefined ? [] : [opening.then((plain) => cut(plain, at))];
  }

  function cut(plain: Bytes, at: number): Bytes {
    const from = Math.max(0, start - at);
    const to = Math.min(plain.byteLength, end - at);
    return from === 0 && to === plain.byteLength ? plain : plain.slice(from, Math.max(from, to));
  }

  return readAhead(begin, ciphers.inFlight);
}

/** Everything that is in the making, in one piece. Units: bytes. */
export async function collectContent(pieces: ReadAhead<Bytes>, length: number): Promise<Bytes> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (;;) {
    const piece = await pieces.next();
    if (piece === undefined) break;
    // What is whole in one piece is not copied; an empty chunk may come after it.
    if (at === 0 && piece.byteLength === length) return untilEnd(pieces, piece);
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

async function untilEnd(pieces: ReadAhead<Bytes>, whole: Bytes): Promise<Bytes> {
  while ((await pieces.next()) !== undefined);
  return whole;
}
