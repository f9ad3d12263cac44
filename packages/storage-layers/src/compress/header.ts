import { StorageError } from '@granary/storage-core/provider';

/**
 * How content is marked in the bytes that are stored, all numbers with the high byte first:
 *
 * | bytes | what                                                                            |
 * | ----- | ------------------------------------------------------------------------------- |
 * | 0–7   | magic, as in PNG: not text, and changed by whatever changes line ends           |
 * | 8     | version, 1                                                                      |
 * | 9     | method: 0 as it is, 1 gzip (RFC 1952)                                           |
 * | 10–15 | size of the content; all ones: not known when writing began                     |
 * | 16–19 | CRC-32 of bytes 0–15                                                            |
 *
 * Then the content. After gzip of unknown size come ten bytes: its size (6) and their CRC-32 (4).
 * https://www.rfc-editor.org/rfc/rfc1952 (read 2026-11-21).
 */
export const MAGIC: Uint8Array = new Uint8Array([0x89, 0x47, 0x52, 0x4e, 0x5a, 0x0d, 0x0a, 0x1a]);
export const HEADER_BYTES = 20;
export const TRAILER_BYTES = 10;

const VERSION = 1;
const SIZE_BYTES = 6;
const UNKNOWN_SIZE = 2 ** 48 - 1;
/** What deflate can make of a byte at most. https://zlib.net/zlib_tech.html (read 2026-11-21). */
const MOST_RATIO = 1032;
/** Least bytes of gzip around deflate: ten before, eight after. */
const GZIP_BYTES = 18;

export type Method = 'stored' | 'gzip';

/** What the first bytes say of the rest. */
export interface Header {
  readonly method: Method;
  /** Size of the content; `undefined`: it stands at the end. Units: bytes. */
  readonly plainSize: number | undefined;
  /** Bytes between header and trailer. */
  readonly payloadBytes: number;
}

/** Whether content starts as what this layer writes does, so that it has to be wrapped. */
export function startsWithMagic(bytes: Uint8Array): boolean {
  return bytes.byteLength >= MAGIC.byteLength && isMagicSoFar(bytes);
}

/** Whether content starts as the magic does, as far as both go. */
export function isMagicSoFar(bytes: Uint8Array): boolean {
  return MAGIC.subarray(0, bytes.byteLength).every((byte, index) => bytes[index] === byte);
}

export function encodeHeader(method: Method, plainSize: number | undefined): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(MAGIC);
  bytes[8] = VERSION;
  bytes[9] = method === 'gzip' ? 1 : 0;
  bytes.set(encodeSize(plainSize ?? UNKNOWN_SIZE), 10);
  new DataView(bytes.buffer).setUint32(16, crc32(bytes.subarray(0, 16)));
  return bytes;
}

export function encodeTrailer(plainSize: number): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES);
  bytes.set(encodeSize(plainSize));
  new DataView(bytes.buffer).setUint32(SIZE_BYTES, crc32(bytes.subarray(0, SIZE_BYTES)));
  return bytes;
}

/**
 * What the first bytes of an object of this stored size say; `undefined` for one that this layer
 * did not write. Errors: `corrupted`; `invalid-data` for a version that this package does not know.
 */
export function parseHeader(bytes: Uint8Array, storedSize: number): Header | undefined {
  if (!startsWithMagic(bytes)) return undefined;
  if (bytes.byteLength < HEADER_BYTES) throw corrupted('it ends within its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(16) !== crc32(bytes.subarray(0, 16))) throw corrupted('its header is damaged');
  if (bytes[8] !== VERSION) throw unknown(`version ${bytes[8]}`);
  if (bytes[9] !== 0 && bytes[9] !== 1) throw unknown(`method ${bytes[9]}`);
  const said = decodeSize(view, 10);
  const plainSize = said === UNKNOWN_SIZE ? undefined : said;
  const behind = storedSize - HEADER_BYTES;
  if (bytes[9] === 0) {
    if (plainSize !== undefined && plainSize !== behind) throw corrupted('bytes are missing');
    return { method: 'stored', plainSize: behind, payloadBytes: behind };
  }
  const payloadBytes = plainSize === undefined ? behind - TRAILER_BYTES : behind;
  if (payloadBytes < GZIP_BYTES) throw corrupted('bytes are missing');
  if (plainSize !== undefined) checkRatio(plainSize, payloadBytes);
  return { method: 'gzip', plainSize, payloadBytes };
}

/** The size at the end of an object. Errors: `corrupted`. */
export function parseTrailer(bytes: Uint8Array, payloadBytes: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWhole =
    bytes.byteLength === TRAILER_BYTES &&
    view.getUint32(SIZE_BYTES) === crc32(bytes.subarray(0, SIZE_BYTES));
  if (!isWhole) throw corrupted('the size at its end is damaged');
  const plainSize = decodeSize(view, 0);
  checkRatio(plainSize, payloadBytes);
  return plainSize;
}

/** The error of stored bytes that cannot be what was written. */
export function corrupted(why: string, cause?: unknown): StorageError {
  return new StorageError('corrupted', `the compressed content cannot be read: ${why}.`, {
    hint: 'Restore the object from a copy.',
    cause,
  });
}

function unknown(what: string): StorageError {
  return new StorageError(
    'invalid-data',
    `the object was compressed in a format that this package does not know: ${what}.`,
    { hint: 'Update @granary/storage-layers.' },
  );
}

function checkRatio(plainSize: number, payloadBytes: number): void {
  if (plainSize <= payloadBytes * MOST_RATIO) return;
  throw corrupted(`${payloadBytes} bytes of gzip cannot hold the ${plainSize} that it says`);
}

function encodeSize(size: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(size));
  return new Uint8Array(view.buffer, 2, SIZE_BYTES);
}

function decodeSize(view: DataView, offset: number): number {
  return view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2);
}

/** CRC-32 as in RFC 1952, section 8, bit by bit: it is only ever about a few bytes. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
