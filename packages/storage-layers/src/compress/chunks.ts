import type { ChunkSource } from '@granary/storage-core/provider';

/** Reads a stream from the first `next` on. */
export function chunksOf(open: () => ReadableStream<Uint8Array>): ChunkSource {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return {
    async next() {
      reader ??= open().getReader();
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    async cancel(reason) {
      reader ??= open().getReader();
      await reader.cancel(reason);
    },
  };
}

/** Chunks before and after those of a source. What comes after is asked for at the end. */
export function wrapped(
  before: readonly Uint8Array[],
  source: ChunkSource,
  after?: () => Uint8Array,
): ChunkSource {
  const first = before.values();
  let isOver = false;
  return {
    async next() {
      for (const chunk of first) if (chunk.byteLength > 0) return chunk;
      const chunk = isOver ? undefined : await source.next();
      if (chunk !== undefined || isOver) return chunk;
      isOver = true;
      return after?.();
    },
    cancel: (reason) => source.cancel(reason),
  };
}

/** Counts what passes. */
export function counted(source: ChunkSource, add: (bytes: number) => void): ChunkSource {
  return {
    async next() {
      const chunk = await source.next();
      if (chunk !== undefined) add(chunk.byteLength);
      return chunk;
    },
    cancel: (reason) => source.cancel(reason),
  };
}

/** So many bytes of a source, or fewer where it ends before. */
export async function takeChunks(
  source: ChunkSource,
  bytes: number,
): Promise<{ readonly chunks: readonly Uint8Array[]; readonly length: number; ended: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < bytes) {
    const chunk = await source.next();
    if (chunk === undefined) return { chunks, length, ended: true };
    // A source may use its buffer again.
    chunks.push(new Uint8Array(chunk));
    length += chunk.byteLength;
  }
  return { chunks, length, ended: false };
}

/** One buffer of many. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** The first so many bytes of a source. The few that follow are read too, so that it ends. */
export function firstOf(source: ChunkSource, bytes: number): ChunkSource {
  let left = bytes;
  return {
    async next() {
      let chunk = await source.next();
      while (chunk !== undefined && left === 0) chunk = await source.next();
      if (chunk === undefined) return undefined;
      const part = chunk.byteLength > left ? chunk.subarray(0, left) : chunk;
      left -= part.byteLength;
      return part;
    },
    cancel: (reason) => source.cancel(reason),
  };
}
