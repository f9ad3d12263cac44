/** A check that content is pushed through. */
export interface ContentCheck {
  /** Takes the next bytes and keeps none of them. Rejects as soon as it is known that they are refused. */
  push(chunk: Uint8Array): Promise<void>;
  /** After the last bytes: resolves when they are let in. */
  finish(): Promise<void>;
  /** Lets go of what it holds, when nobody waits for it. Safe to call at any time, and again. */
  stop(reason: unknown): void;
}

/** Sends all of a stream through a check; lets go of it when it is refused. */
export async function checkStream(
  stream: ReadableStream<Uint8Array>,
  check: ContentCheck,
): Promise<void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      await check.push(value);
    }
    await check.finish();
  } catch (error) {
    check.stop(error);
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** Bytes in memory go through a check in pieces, since a scanner gets copies. Units: bytes. */
const PIECE_BYTES = 256 * 1024;

/** Pushes bytes in memory. */
export async function pushBytes(bytes: Uint8Array, check: ContentCheck): Promise<void> {
  for (let from = 0; from < bytes.byteLength; from += PIECE_BYTES) {
    await check.push(bytes.subarray(from, from + PIECE_BYTES));
  }
}

/** Sends bytes in memory through a check. */
export async function checkBytes(bytes: Uint8Array, check: ContentCheck): Promise<void> {
  try {
    await pushBytes(bytes, check);
    await check.finish();
  } catch (error) {
    check.stop(error);
    throw error;
  }
}
