import { createHash } from 'node:crypto';

/** Eight tables, one behind another, so that eight bytes go in one step. */
const TABLES = new Uint32Array(8 * 256);
for (let byte = 0; byte < 256; byte += 1) {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  TABLES[byte] = value;
}
for (let index = 256; index < TABLES.length; index += 1) {
  const before = entry(index - 256);
  TABLES[index] = entry(before & 255) ^ (before >>> 8);
}

function entry(index: number): number {
  return TABLES[index] as number;
}

/** CRC-32C (Castagnoli) as the service writes it: four bytes, big-endian, in base64. */
export function crc32c(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let value = 0xffffffff;
  let at = 0;
  for (; at + 8 <= bytes.byteLength; at += 8) {
    const low = value ^ view.getUint32(at, true);
    const high = view.getUint32(at + 4, true);
    value =
      entry(1792 + (low & 255)) ^
      entry(1536 + ((low >>> 8) & 255)) ^
      entry(1280 + ((low >>> 16) & 255)) ^
      entry(1024 + (low >>> 24)) ^
      entry(768 + (high & 255)) ^
      entry(512 + ((high >>> 8) & 255)) ^
      entry(256 + ((high >>> 16) & 255)) ^
      entry(high >>> 24);
  }
  for (; at < bytes.byteLength; at += 1) {
    value = entry((value ^ view.getUint8(at)) & 255) ^ (value >>> 8);
  }
  const out = Buffer.alloc(4);
  out.writeUInt32BE((value ^ 0xffffffff) >>> 0);
  return out.toString('base64');
}

/** MD5 in base64. */
export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** SHA-256 in hexadecimal. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
