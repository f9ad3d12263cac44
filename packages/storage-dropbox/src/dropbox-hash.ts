import { StorageError } from '@granary/storage-core/provider';

/** Size of the blocks that are hashed one by one. Units: bytes. https://www.dropbox.com/developers/reference/content-hash, read 2026-11-21 */
export const BLOCK_BYTES: number = 4 * 1024 * 1024;
const DIGEST_BYTES = 32;

/** Hashes content piece by piece, in the memory of one block. */
export interface ContentHasher {
  /** The piece is read before the promise resolves, and not kept. */
  update(piece: Uint8Array): Promise<void>;
  /** The hash of all pieces so far, as lower-case hex. */
  digest(): Promise<string>;
}

/**
 * Makes a hasher as the service defines it: SHA-256 of the SHA-256 of each 4 MiB, one after the other.
 * Web Crypto hashes nothing piece by piece, so a block is gathered first.
 */
export function contentHasher(): ContentHasher {
  const digests: Uint8Array[] = [];
  let block = new Uint8Array(0);
  let held = 0;

  async function endBlock(): Promise<void> {
    digests.push(await sha256(block.subarray(0, held)));
    held = 0;
  }

  return {
    async update(piece) {
      for (let at = 0; at < piece.byteLength; ) {
        const room = Math.min(BLOCK_BYTES - held, piece.byteLength - at);
        if (held === 0 && room === BLOCK_BYTES) {
          digests.push(await sha256(piece.subarray(at, at + room)));
        } else {
          block = grown(block, held, held + room);
          block.set(piece.subarray(at, at + room), held);
          held += room;
          if (held === BLOCK_BYTES) await endBlock();
        }
        at += room;
      }
    },
    async digest() {
      const last = held > 0 ? [await sha256(block.subarray(0, held))] : [];
      const all = [...digests, ...last];
      const joined = new Uint8Array(all.length * DIGEST_BYTES);
      for (const [place, digest] of all.entries()) joined.set(digest, place * DIGEST_BYTES);
      return toHex(await sha256(joined));
    },
  };
}

/** The hash of content that is in memory, as lower-case hex. */
export async function contentHash(content: Uint8Array): Promise<string> {
  const hasher = contentHasher();
  await hasher.update(content);
  return hasher.digest();
}

/** Hex as base64, which is how checksums are told. */
export function hexToBase64(hex: string): string {
  const pairs = hex.match(/../g) ?? [];
  return btoa(String.fromCharCode(...pairs.map((pair) => Number.parseInt(pair, 16))));
}

/**
 * Content that fails at its end when it is not what the service says it is. Of what is cut short the hash
 * tells nothing. Units: `size` in bytes. Errors: `corrupted`.
 */
export function hashedStream(
  content: ReadableStream<Uint8Array>,
  expected: string,
  size: number,
): ReadableStream<Uint8Array> {
  const hasher = contentHasher();
  const reader = content.getReader();
  let count = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (!done) {
          await hasher.update(value);
          count += value.byteLength;
          controller.enqueue(value);
          return;
        }
        if (count >= size && (await hasher.digest()) !== expected) {
          throw new StorageError(
            'corrupted',
            'the content that came is not the one that is stored.',
            {
              hint: 'Read it again; a proxy in between may have changed it.',
            },
          );
        }
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A buffer with room for so many bytes; what it held stays. */
function grown(
  block: Uint8Array<ArrayBuffer>,
  held: number,
  needed: number,
): Uint8Array<ArrayBuffer> {
  if (needed <= block.byteLength) return block;
  const larger = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(needed, 2 * block.byteLength)));
  larger.set(block.subarray(0, held));
  return larger;
}
