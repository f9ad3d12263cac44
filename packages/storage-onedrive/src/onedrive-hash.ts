/** Units: bits. https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash, read 2026-11-21 */
const WIDTH_BITS = 160;
const SHIFT_BITS = 11;
const BYTES = WIDTH_BITS / 8;
const LENGTH_BYTES = 8;
/** Pieces that are copied where they do not lie on the bounds of words. Units: bytes. */
const WINDOW_BYTES = 400 * WIDTH_BITS;

/** A QuickXorHash on its way. */
export interface QuickXorHasher {
  update(chunk: Uint8Array): void;
  /** The hash of all that came so far, as base64. */
  digest(): string;
}

/**
 * Hashes content piece by piece as OneDrive does: byte `i` is XORed into 160 bits, turned left by
 * `11 i` bits, and the length into the last eight bytes.
 */
export function quickXorHasher(): QuickXorHasher {
  // After 160 bytes the turn begins anew, so bytes that far apart meet before they are turned.
  const columns = new Uint8Array(WIDTH_BITS);
  const words = new Uint32Array(columns.buffer);
  let length = 0;
  let column = 0;

  function addBytes(bytes: Uint8Array): void {
    for (const byte of bytes) {
      columns[column] = (columns[column] ?? 0) ^ byte;
      column = column === WIDTH_BITS - 1 ? 0 : column + 1;
    }
  }

  /** Whole turns, from the first column on: four bytes at once. */
  function addTurns(turns: Uint8Array): void {
    const isAligned = turns.byteOffset % words.BYTES_PER_ELEMENT === 0;
    const { buffer, byteOffset, byteLength } = isAligned ? turns : turns.slice();
    const added = new Uint32Array(buffer, byteOffset, byteLength / words.BYTES_PER_ELEMENT);
    for (let at = 0; at < added.length; ) {
      for (let word = 0; word < words.length; word += 1, at += 1) {
        words[word] = (words[word] ?? 0) ^ (added[at] ?? 0);
      }
    }
  }

  return {
    update(chunk) {
      length += chunk.byteLength;
      let at = Math.min((WIDTH_BITS - column) % WIDTH_BITS, chunk.byteLength);
      addBytes(chunk.subarray(0, at));
      while (chunk.byteLength - at >= WIDTH_BITS) {
        const turns = Math.floor(Math.min(chunk.byteLength - at, WINDOW_BYTES) / WIDTH_BITS);
        addTurns(chunk.subarray(at, at + turns * WIDTH_BITS));
        at += turns * WIDTH_BITS;
      }
      addBytes(chunk.subarray(at));
    },
    digest() {
      const hash = new Uint8Array(BYTES);
      for (const [index, byte] of columns.entries()) {
        const bit = (index * SHIFT_BITS) % WIDTH_BITS;
        const place = bit >> 3;
        const turned = byte << (bit & 7);
        xorInto(hash, place, turned & 0xff);
        xorInto(hash, (place + 1) % BYTES, turned >> 8);
      }
      const last = new DataView(new ArrayBuffer(LENGTH_BYTES));
      last.setBigUint64(0, BigInt(length), true);
      for (let index = 0; index < LENGTH_BYTES; index += 1) {
        xorInto(hash, BYTES - LENGTH_BYTES + index, last.getUint8(index));
      }
      return btoa(String.fromCharCode(...hash));
    },
  };
}

function xorInto(hash: Uint8Array, place: number, byte: number): void {
  hash[place] = (hash[place] ?? 0) ^ byte;
}

/** The QuickXorHash of content, as base64: what OneDrive tells of every file. */
export function quickXorHash(content: Uint8Array): string {
  const hasher = quickXorHasher();
  hasher.update(content);
  return hasher.digest();
}
