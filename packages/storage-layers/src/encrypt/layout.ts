import { TAG_BYTES } from './ciphers.ts';
import { type TinkParameters, tinkHeaderBytes } from './tink-stream.ts';

/** The parameters of version 1: one set, so that sizes follow from sizes. */
export const TINK: TinkParameters = {
  hash: 'SHA-256',
  derivedKeyBytes: 32,
  segmentBytes: 128 * 1024,
};

/** Units: bytes. */
export const HEADER_BYTES = 512;
const STREAM_HEADER_BYTES: number = tinkHeaderBytes(TINK);
/** What a chunk begins with: its header, and that of its stream. Units: bytes. */
export const HEAD_BYTES: number = HEADER_BYTES + STREAM_HEADER_BYTES;

/** A chunk as it is stored. Units: bytes. */
export const CHUNK_BYTES: number = 1024 * 1024;
const SEGMENTS = (CHUNK_BYTES - HEADER_BYTES + TINK.segmentBytes - 1) / TINK.segmentBytes;
/** Segments of a full chunk. */
export const CHUNK_SEGMENTS: number = Math.floor(SEGMENTS);
/** Content of a full chunk. Units: bytes. */
export const CHUNK_PLAIN_BYTES: number = CHUNK_BYTES - HEAD_BYTES - CHUNK_SEGMENTS * TAG_BYTES;

const FIRST_PLAIN_BYTES = TINK.segmentBytes - STREAM_HEADER_BYTES - TAG_BYTES;
const SEGMENT_PLAIN_BYTES = TINK.segmentBytes - TAG_BYTES;

/** The least that an encrypted object has: that of an empty one. Units: bytes. */
export const LEAST_BYTES: number = HEAD_BYTES + TAG_BYTES;

/** How much a segment of a full chunk holds. Units: bytes. */
export function segmentRoom(segment: number): number {
  if (segment === 0) return FIRST_PLAIN_BYTES;
  return Math.min(SEGMENT_PLAIN_BYTES, CHUNK_PLAIN_BYTES - segmentStart(segment));
}

/** Where the content of a segment starts in that of its chunk. Units: bytes. */
export function segmentStart(segment: number): number {
  return segment === 0 ? 0 : FIRST_PLAIN_BYTES + (segment - 1) * SEGMENT_PLAIN_BYTES;
}

/** The segment that holds a byte of its chunk's content. */
export function segmentAt(offset: number): number {
  if (offset < FIRST_PLAIN_BYTES) return 0;
  return 1 + Math.floor((offset - FIRST_PLAIN_BYTES) / SEGMENT_PLAIN_BYTES);
}

/** Where a segment starts in its stored chunk. Units: bytes. */
export function storedSegmentStart(segment: number): number {
  return segment === 0 ? HEAD_BYTES : HEADER_BYTES + segment * TINK.segmentBytes;
}

/** How large content is when it is stored. Units: bytes. */
export function storedSize(plainBytes: number): number {
  const chunks = Math.floor(plainBytes / CHUNK_PLAIN_BYTES);
  const rest = plainBytes - chunks * CHUNK_PLAIN_BYTES;
  return chunks * CHUNK_BYTES + storedChunkSize(rest);
}

/** How large the content of a stored object is; `undefined` where no object is so large. Units: bytes. */
export function plainSize(storedBytes: number): number | undefined {
  const chunks = Math.floor(storedBytes / CHUNK_BYTES);
  const rest = plainChunkSize(storedBytes - chunks * CHUNK_BYTES);
  return rest === undefined ? undefined : chunks * CHUNK_PLAIN_BYTES + rest;
}

/** The most content that is stored in so many bytes. Units: bytes. */
export function plainLimit(storedBytes: number): number {
  const chunks = Math.floor(storedBytes / CHUNK_BYTES);
  const rest = storedBytes - chunks * CHUNK_BYTES;
  // The last chunk is never full, so a few bytes fewer than a full one always fit.
  const whole = chunks * CHUNK_PLAIN_BYTES;
  if (rest < LEAST_BYTES) return Math.max(0, whole - 1);
  return whole + (plainChunkSize(rest) ?? segmentStart(lastSegment(rest)));
}

function storedChunkSize(plainBytes: number): number {
  const segments = plainBytes === 0 ? 1 : segmentAt(plainBytes - 1) + 1;
  return HEAD_BYTES + plainBytes + segments * TAG_BYTES;
}

function plainChunkSize(storedBytes: number): number | undefined {
  if (storedBytes < LEAST_BYTES) return undefined;
  const last = lastSegment(storedBytes);
  const lastBytes = storedBytes - storedSegmentStart(last);
  // A segment besides the first holds at least a byte.
  if (lastBytes < TAG_BYTES + (last === 0 ? 0 : 1)) return undefined;
  return segmentStart(last) + lastBytes - TAG_BYTES;
}

function lastSegment(storedBytes: number): number {
  return Math.floor((storedBytes - HEADER_BYTES - 1) / TINK.segmentBytes);
}
