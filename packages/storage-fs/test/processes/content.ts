/**
 * Content that tells which write it is of: every word of it depends on the key, on the version and
 * on its place, so that a mixture of two writes shows, and so does one that is cut off.
 */
export function contentOf(key: string, version: number, bytes: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.max(1, Math.floor(bytes / 4)));
  const base = baseOf(key, version);
  for (let at = 0; at < words.length; at += 1) words[at] = base + at;
  return new Uint8Array(words.buffer);
}

/** The version that all bytes are of. Fails when they are of several, or of another key. */
export function versionOf(key: string, bytes: Uint8Array, offset = 0): number {
  const words = new Uint32Array(bytes.slice().buffer);
  const first = ((words[0] ?? 0) - offset / 4) >>> 0;
  for (let at = 0; at < words.length; at += 1) {
    if (words[at] !== (first + offset / 4 + at) >>> 0) {
      throw new Error(`${key}: torn after ${at * 4} of ${bytes.byteLength} bytes`);
    }
  }
  const version = Math.imul(first - keyHash(key), INVERSE) >>> 0;
  if (words.length === 0 || version > MAX_VERSION) throw new Error(`${key}: not its content`);
  return version;
}

/** A length that belongs to the version. Units: bytes. */
export function sizeOf(version: number): number {
  return 4 * (1 + ((version * 7919) % 5000));
}

const MAX_VERSION = 1_000_000;
/** Spreads versions over all words; the other number undoes it, modulo 2 ** 32. */
const FACTOR = 0x9e3779b1;
const INVERSE = 0x0e8b2f51;

function baseOf(key: string, version: number): number {
  return (keyHash(key) + Math.imul(version, FACTOR)) >>> 0;
}

function keyHash(key: string): number {
  let hash = 0;
  for (const character of key) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash;
}
