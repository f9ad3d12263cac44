import type { Sha256Hasher } from '../attributes/sha256.ts';
import type { Body } from '../contract/body.ts';

/** The content of a body in pieces of the sizes asked for. */
export interface PartReader {
  /**
   * The next bytes: so many, fewer at the end, none after it. They are nobody else's, or part of
   * the caller's own buffer. Units: bytes.
   */
  take(length: number): Promise<Uint8Array>;
  /** Gives bytes back, to be taken again. */
  putBack(bytes: Uint8Array): void;
  /** Lets go of the source, also while a `take` waits for it. */
  cancel(reason: unknown): Promise<void>;
}

const FIRST_CAPACITY = 64 * 1024;
/** From here on a buffer that grows takes all that was asked for. Units: bytes. */
const LARGE_CAPACITY = 1024 * 1024;

/** Reads a body piece by piece; one in memory already is cut without copying. */
export function partReader(body: Body): PartReader {
  return body.buffered === undefined ? streamReader(body) : memoryReader(body.buffered);
}

/** A reader that has all it gives go through a hasher. Nothing is put back. */
export function hashedReader(reader: PartReader, hasher: Sha256Hasher): PartReader {
  return {
    ...reader,
    async take(length) {
      const bytes = await reader.take(length);
      hasher.update(bytes);
      return bytes;
    },
  };
}

function memoryReader(bytes: Uint8Array): PartReader {
  let offset = 0;
  return {
    async take(length) {
      const part = bytes.subarray(offset, offset + length);
      offset += part.byteLength;
      return part;
    },
    putBack(part) {
      offset -= part.byteLength;
    },
    async cancel() {
      offset = bytes.byteLength;
    },
  };
}

function streamReader(body: Body): PartReader {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let rest: Uint8Array = new Uint8Array();

  async function next(): Promise<Uint8Array | undefined> {
    if (rest.byteLength > 0) {
      const chunk = rest;
      rest = new Uint8Array();
      return chunk;
    }
    reader ??= body.stream().getReader();
    return (await reader.read()).value;
  }

  return {
    async take(length) {
      // Of known size, a part is filled in place; else its buffer grows with what comes.
      let bytes = new Uint8Array(
        body.size === undefined ? Math.min(length, FIRST_CAPACITY) : Math.min(length, body.size),
      );
      let count = 0;
      while (count < length) {
        const chunk = await next();
        if (chunk === undefined) break;
        // Copied at once: a source may use its buffer again for the next chunk.
        const wanted = Math.min(chunk.byteLength, length - count);
        if (count + wanted > bytes.byteLength) {
          const least = Math.max(bytes.byteLength * 2, count + wanted);
          const grown = new Uint8Array(least > LARGE_CAPACITY ? length : Math.min(length, least));
          grown.set(bytes.subarray(0, count));
          bytes = grown;
        }
        bytes.set(chunk.subarray(0, wanted), count);
        count += wanted;
        if (wanted < chunk.byteLength) rest = chunk.subarray(wanted);
      }
      return count === bytes.byteLength ? bytes : bytes.slice(0, count);
    },
    putBack(bytes) {
      if (rest.byteLength === 0) rest = bytes;
      else {
        const joined = new Uint8Array(bytes.byteLength + rest.byteLength);
        joined.set(bytes);
        joined.set(rest, bytes.byteLength);
        rest = joined;
      }
    },
    async cancel(reason) {
      if (reader === undefined) await body.cancel(reason);
      else await reader.cancel(reason).catch(() => {});
    },
  };
}
