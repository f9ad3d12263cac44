import {
  abortedError,
  type BodySource,
  type ChunkSource,
  type ContentRange,
  StorageError,
  sha256Hasher,
} from '@granary/storage-core/provider';
import type { BodyStore, WriteBodyOptions } from './idb-body.ts';
import type { Presence } from './idb-presence.ts';
import type { IdbQuota } from './idb-quota.ts';
import type { BodyRef, ChunkRow } from './idb-schema.ts';
import type { IdbStore } from './idb-store.ts';

/** Pieces of large content. Units: bytes. */
export const CHUNK_BYTES: number = 1024 * 1024;
/** Pieces that one transaction writes; as many more come in meanwhile. */
const CHUNKS_PER_WRITE = 2;
/** Pieces that one transaction reads. */
const CHUNKS_PER_READ = 4;

export interface ChunkSettings {
  readonly store: IdbStore;
  readonly quota: IdbQuota;
  readonly presence: Presence;
  readonly now: () => number;
  readonly newId: () => string;
}

/** Large content in rows of `chunks`. Memory holds a few pieces at a time. */
export function chunkStore(settings: ChunkSettings): BodyStore {
  const { store, quota, presence, now, newId } = settings;

  function flush(
    id: string,
    rows: readonly ChunkRow[],
    offset: number,
    { key, size }: WriteBodyOptions,
  ): Promise<void> {
    const neededBytes = size === undefined ? undefined : Math.max(0, size - offset);
    return quota.guard(
      () =>
        store.write(['chunks', 'writes'], async (tx) => {
          const writes = tx.table('writes');
          if (offset > 0 && (await writes.get(id)) === undefined) throw sweptError();
          await Promise.all([
            writes.put({ id, in: 'chunks', writer: store.writer, touchedAt: now() }),
            tx.table('chunks').bulkPut([...rows]),
          ]);
        }),
      { key, neededBytes },
    );
  }

  async function remove({ id }: BodyRef): Promise<void> {
    await store.write(['chunks', 'writes'], async (tx) => {
      await Promise.all([
        tx.table('chunks').where('id').equals(id).delete(),
        tx.table('writes').delete(id),
      ]);
    });
    presence.leave(id);
  }

  return {
    async write(content, options) {
      const { signal, checksum } = options;
      const id = newId();
      const hasher = checksum && (await sha256Hasher());
      const spare: ArrayBuffer[] = [];
      let size = 0;
      let flushing: Promise<void> | undefined;
      await presence.enter(id);
      try {
        for await (const rows of inSteps(id, content.open(), spare)) {
          if (signal?.aborted) throw abortedError(signal, { outcome: 'not-applied' });
          for (const { bytes } of rows) hasher?.update(new Uint8Array(bytes));
          // The step before is stored while this one comes in.
          await flushing;
          flushing = flush(id, rows, size, options).then(() => {
            // The database has copied them.
            for (const { bytes } of rows) if (bytes.byteLength === CHUNK_BYTES) spare.push(bytes);
          });
          flushing.catch(() => {});
          for (const { length } of rows) size += length;
        }
        await flushing;
      } catch (error) {
        await flushing?.catch(() => {});
        await remove({ in: 'chunks', id }).catch(() => {});
        presence.leave(id);
        throw error;
      }
      const hash = hasher?.digest();
      return { ref: { in: 'chunks', id }, size, ...(hash !== undefined && { sha256: hash }) };
    },

    read: (ref, part) => chunkBody(store, ref, part),
    remove,
  };
}

/** The content of the pieces within a range, in order. */
function chunkBody(store: IdbStore, { id }: BodyRef, part: ContentRange): BodySource {
  return {
    chunks: () => chunkWalk(store, id, part),
    async bytes() {
      const bytes = new Uint8Array(part.length);
      const walk = chunkWalk(store, id, part);
      let at = 0;
      for (let chunk = await walk.next(); chunk !== undefined; chunk = await walk.next()) {
        bytes.set(chunk, at);
        at += chunk.byteLength;
      }
      return bytes;
    },
  };
}

/** Reads a few pieces ahead, each step in a transaction of its own. */
function chunkWalk(store: IdbStore, id: string, { offset, length }: ContentRange): ChunkSource {
  const end = offset + length;
  let at = offset;
  let ready: readonly ChunkRow[] = [];
  let used = 0;
  let ahead: Promise<readonly ChunkRow[]> | undefined;
  let isCanceled = false;

  function load(from: number): Promise<readonly ChunkRow[]> {
    return store.read(['chunks'], async (tx) => {
      const chunks = tx.table('chunks');
      if (from === offset) {
        const first = await chunks
          .where('[id+offset+length]')
          .between([id, 0], [id, from, []])
          .last();
        return first === undefined ? [] : [first];
      }
      return await chunks
        .where('[id+offset+length]')
        .between([id, from], [id, end])
        .limit(CHUNKS_PER_READ)
        .toArray();
    });
  }

  return {
    async next() {
      if (at >= end || isCanceled) return undefined;
      if (used === ready.length) {
        ready = await (ahead ?? load(at));
        used = 0;
        ahead = undefined;
        const last = ready.at(-1);
        const next = last === undefined ? end : last.offset + last.length;
        if (next < end && !isCanceled) {
          ahead = load(next);
          ahead.catch(() => {});
        }
      }
      const row = ready[used];
      used += 1;
      if (row === undefined || row.offset > at || row.offset + row.length <= at) throw goneError();
      const window = new Uint8Array(
        row.bytes,
        at - row.offset,
        Math.min(row.offset + row.length, end) - at,
      );
      at += window.byteLength;
      return window;
    },
    async cancel() {
      isCanceled = true;
      ready = [];
      ahead = undefined;
    },
  };
}

/** Cuts what comes into pieces, in memory that is to spare, and hands out as many as one transaction writes. */
async function* inSteps(
  id: string,
  source: AsyncIterable<Uint8Array>,
  spare: ArrayBuffer[],
): AsyncGenerator<readonly ChunkRow[], void, undefined> {
  let rows: ChunkRow[] = [];
  let piece = newPiece();
  let filled = 0;
  let offset = 0;

  function newPiece(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(spare.pop() ?? new ArrayBuffer(CHUNK_BYTES));
  }

  function finish(): void {
    const bytes = filled === CHUNK_BYTES ? piece.buffer : piece.slice(0, filled).buffer;
    rows.push({ id, offset, length: filled, bytes });
    offset += filled;
    filled = 0;
    piece = newPiece();
  }

  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength; ) {
      const taken = chunk.subarray(at, at + CHUNK_BYTES - filled);
      piece.set(taken, filled);
      filled += taken.byteLength;
      at += taken.byteLength;
      if (filled < CHUNK_BYTES) continue;
      finish();
      if (rows.length === CHUNKS_PER_WRITE) {
        yield rows;
        rows = [];
      }
    }
  }
  if (filled > 0) finish();
  if (rows.length > 0) yield rows;
}

function goneError(): StorageError {
  return new StorageError('conflict', 'the object was replaced or deleted while it was read.', {
    retryable: true,
    hint: 'Get it again.',
  });
}

/** What a writer fails with that was taken for dead. */
export function sweptError(): StorageError {
  return new StorageError('conflict', 'the content was swept away before it was complete.', {
    retryable: true,
    outcome: 'not-applied',
    hint: 'It was written too slowly for another tab to see that it still was. Write it again.',
  });
}
