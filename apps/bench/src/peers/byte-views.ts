/** Sees bytes as a Buffer, for peers that take nothing else. Copies nothing. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Size of the pieces in which files are read and written for peers. Units: bytes. */
export const CHUNK_BYTES: number = 1024 * 1024;
