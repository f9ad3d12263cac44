/** Size of the pieces that an application's own stream has. Units: bytes. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Returns a stream of so many bytes, each piece of them fresh and with its number in front, so that one
 * that is missing, torn or in another place shows.
 */
export function sourceOf(sizeBytes: number): ReadableStream<Uint8Array> {
  const block = blockOf();
  let sent = 0;
  return new ReadableStream(
    {
      pull(controller) {
        const piece = block.slice(0, Math.min(PIECE_BYTES, sizeBytes - sent));
        if (piece.length === 0) {
          controller.close();
          return;
        }
        stamp(piece, sent / PIECE_BYTES);
        sent += piece.length;
        controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Reads a stream to its end and returns how many bytes it had. */
export async function drain(stream: ReadableStream<Uint8Array>): Promise<number> {
  let count = 0;
  for await (const piece of stream) count += piece.length;
  return count;
}

/** Fails unless a stream, whatever its pieces, has exactly the bytes of {@link sourceOf}. */
export async function checkPieces(
  stream: ReadableStream<Uint8Array>,
  sizeBytes: number,
): Promise<void> {
  const expected = blockOf();
  let offset = 0;
  for await (const piece of stream) {
    for (const byte of piece) {
      const within = offset % PIECE_BYTES;
      if (within === 0) stamp(expected, offset / PIECE_BYTES);
      if (byte !== expected[within]) throw new Error(`Byte ${offset} came back as another one.`);
      offset += 1;
    }
  }
  if (offset !== sizeBytes) throw new Error(`${offset} bytes came back instead of ${sizeBytes}.`);
}

function blockOf(): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(PIECE_BYTES);
  let state = 31;
  for (let index = 0; index < block.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    block[index] = state >>> 24;
  }
  return block;
}

function stamp(piece: Uint8Array, number: number): void {
  for (let at = 0; at < Math.min(4, piece.length); at++) piece[at] = number >>> (24 - 8 * at);
}
