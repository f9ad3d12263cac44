import type { ChunkSource } from './chunk-source.ts';

/** The part of Node's `Readable` that is used, so that no Node is needed to name it. */
export interface NodeReadable {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
}

/** What may lie ready before it is asked for. Units: bytes. */
const HELD_BYTES = 256 * 1024;

/**
 * The chunks of a Node stream as they come: nothing before the first is asked for, and a little ahead
 * afterwards. They are windows into buffers that hold more. Letting go of it destroys the stream.
 * Errors: what `toError` makes of those of the stream, and of one that is closed before its end.
 */
export function readableChunks(
  readable: NodeReadable,
  toError: (error: unknown) => unknown,
): ChunkSource {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let begun = false;
  let isPaused = true;
  let end: { readonly error?: unknown } | undefined;
  let wake: (() => void) | undefined;

  function finish(how: { readonly error?: unknown }): void {
    end ??= how;
    wake?.();
  }

  readable.on('error', (error) => finish({ error: toError(error) }));
  readable.on('close', () => finish({ error: toError(new Error('the connection was closed.')) }));

  function begin(): void {
    begun = true;
    readable.pause();
    readable.on('end', () => finish({}));
    readable.on('data', (chunk) => {
      held.push(chunk);
      heldBytes += chunk.byteLength;
      if (heldBytes >= HELD_BYTES && !isPaused) {
        isPaused = true;
        readable.pause();
      }
      wake?.();
    });
  }

  return {
    async next() {
      if (!begun && end === undefined) begin();
      for (;;) {
        const chunk = held.shift();
        if (chunk !== undefined) {
          heldBytes -= chunk.byteLength;
          return chunk;
        }
        if (end !== undefined) {
          if ('error' in end) throw end.error;
          return undefined;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (isPaused) {
            isPaused = false;
            readable.resume();
          }
        });
      }
    },
    async cancel() {
      held.length = 0;
      readable.destroy();
    },
  };
}
