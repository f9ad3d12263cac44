import type { Body } from '../contract/body.ts';

/** A body of bytes in memory. They are not copied. */
export function bufferedBody(bytes: Uint8Array): Body {
  return {
    size: bytes.byteLength,
    replayable: true,
    buffered: bytes,
    bytes: async () => bytes,
    stream: () => singleChunkStream(() => bytes),
    cancel: async () => {},
  };
}

/** A stream of one piece, asked for when it is read. The piece is not copied. */
export function singleChunkStream(
  read: () => Uint8Array | Promise<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await read();
        if (bytes.byteLength > 0) controller.enqueue(bytes);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * The same memory as a plain `Uint8Array`. A subclass may not do what it seems to: `slice` of a
 * Node `Buffer` does not copy.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  if (Object.getPrototypeOf(bytes) === Uint8Array.prototype) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
