import { joined } from './tink-stream.ts';

/** Content in pieces of the sizes asked for. */
export interface ByteReader {
  /**
   * So many bytes, fewer at the end. Their buffer is used again, so they are good until more is asked
   * for. Units: bytes.
   */
  take(length: number): Promise<Uint8Array>;
  /** The next bytes, which stay to be taken. */
  peek(length: number): Promise<Uint8Array>;
  /** Whether nothing is left. Looks one piece ahead. */
  isDone(): Promise<boolean>;
  /** Lets go of the source. */
  cancel(reason: unknown): Promise<void>;
}

export function bufferReader(bytes: Uint8Array): ByteReader {
  let at = 0;
  return {
    async take(length) {
      const piece = bytes.subarray(at, at + length);
      at += piece.byteLength;
      return piece;
    },
    peek: async (length) => bytes.subarray(at, at + length),
    isDone: async () => at >= bytes.byteLength,
    async cancel() {
      at = bytes.byteLength;
    },
  };
}

/** Reads a stream from the first `take` on. */
export function streamReader(open: () => ReadableStream<Uint8Array>): ByteReader {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;
  /** Where pieces are gathered, again and again, so that long streams leave no garbage. */
  let room = new Uint8Array(0);

  /** Makes sure that something is at hand, unless nothing is left. */
  async function fill(): Promise<void> {
    while (rest.byteLength === 0 && !ended) {
      reader ??= open().getReader();
      const { done, value } = await reader.read();
      if (done) ended = true;
      else rest = value;
    }
  }

  async function take(length: number): Promise<Uint8Array> {
    await fill();
    if (rest.byteLength >= length || ended) {
      const piece = rest.subarray(0, length);
      rest = rest.subarray(piece.byteLength);
      return piece;
    }
    if (room.byteLength < length) room = new Uint8Array(length);
    let count = 0;
    while (count < length && rest.byteLength > 0) {
      const piece = rest.subarray(0, length - count);
      room.set(piece, count);
      count += piece.byteLength;
      rest = rest.subarray(piece.byteLength);
      if (count < length) await fill();
    }
    return room.subarray(0, count);
  }

  return {
    take,
    async peek(length) {
      const bytes = await take(length);
      rest = rest.byteLength === 0 ? bytes : joined(bytes, rest);
      return bytes;
    },
    async isDone() {
      await fill();
      return rest.byteLength === 0;
    },
    async cancel(reason) {
      ended = true;
      rest = new Uint8Array(0);
      if (reader === undefined) await open().cancel(reason);
      else await reader.cancel(reason);
    },
  };
}
