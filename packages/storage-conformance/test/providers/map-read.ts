import {
  type GetOptions,
  resolveRange,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import type { Kept, MapStore } from './map-store.ts';
import { copyOfInfo } from './map-write.ts';

const CHUNK_BYTES = 16 * 1024;

/** A body over the stored bytes; counted as held until it is let go of. */
export function bodyOf(store: MapStore, { bytes, info }: Kept, options: GetOptions): StoredObject {
  const range = options.range === undefined ? undefined : resolveRange(options.range, info.size);
  const whole = range === undefined || store.fault === 'ignore-range';
  const part = whole ? bytes : bytes.subarray(range.offset, range.offset + range.length);
  const content = store.fault === 'cut-body' ? part.subarray(0, part.byteLength / 2) : part;
  let isHeld = true;
  store.held += 1;
  const release = () => {
    if (isHeld) store.held -= 1;
    isHeld = false;
  };
  let offset = 0;
  return storedObject(
    copyOfInfo(info),
    {
      bytes() {
        release();
        return content.slice();
      },
      stream: () =>
        new ReadableStream<Uint8Array>(
          {
            pull(controller) {
              const chunk = content.slice(offset, offset + CHUNK_BYTES);
              offset += chunk.byteLength;
              if (chunk.byteLength > 0) controller.enqueue(chunk);
              else {
                release();
                controller.close();
              }
            },
            cancel: release,
          },
          { highWaterMark: 0 },
        ),
      cancel: release,
    },
    range === undefined ? {} : { range },
  );
}

/** Everything that a body gives, unless the signal is aborted. */
export async function readAll(
  body: { stream(): ReadableStream<Uint8Array> },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const reader = body.stream().getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop);
  const chunks: Uint8Array[] = [];
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read())
      chunks.push(next.value.slice());
    signal?.throwIfAborted();
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
