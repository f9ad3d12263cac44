const WIDTH = 160n;
const SHIFT = 11n;
const MASK = (1n << WIDTH) - 1n;

/**
 * QuickXorHash by its definition, in one number of 160 bits: byte i is XORed in, rotated left by
 * 11 i bits; then the length into the last 64 bits. Base64 of the little-endian bytes.
 * https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash, read 2026-11-21
 */
export function quickXorHash(content: Uint8Array): string {
  // After 160 bytes the rotation is where it was, so bytes that far apart come together.
  const columns = new Uint8Array(Number(WIDTH));
  for (let index = 0; index < content.length; index += 1) {
    const column = index % columns.length;
    columns[column] = (columns[column] ?? 0) ^ (content[index] ?? 0);
  }
  let bits = 0n;
  columns.forEach((byte, index) => {
    const turn = (SHIFT * BigInt(index)) % WIDTH;
    const wide = BigInt(byte) << turn;
    bits ^= (wide & MASK) | (wide >> WIDTH);
  });
  bits ^= BigInt(content.length) << (WIDTH - 64n);
  const bytes = Buffer.alloc(20);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number((bits >> BigInt(index * 8)) & 0xffn);
  }
  return bytes.toString('base64');
}
