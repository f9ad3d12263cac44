import type { ContentRange } from '@granary/storage-core/provider';
import { CHUNK_BYTES } from './idb-chunks.ts';
import type { ChunkRow } from './idb-schema.ts';
import type { IdbTransaction } from './idb-store.ts';

/** Where a piece of content lies: its key in `chunks` tells it, so that its bytes need not be read. */
export interface Piece {
  /** Units: bytes. */
  readonly offset: number;
  /** Units: bytes. */
  readonly length: number;
}

/** The pieces of content, in order. */
export async function piecesOf(tx: IdbTransaction, id: string): Promise<readonly Piece[]> {
  const keys = await tx.table('chunks').where('id').equals(id).primaryKeys();
  return keys.flatMap(pieceIn);
}

/** Stores a part over what is there: pieces never overlap, and what came last counts. */
export async function putPart(
  tx: IdbTransaction,
  id: string,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const chunks = tx.table('chunks');
  const end = offset + bytes.byteLength;
  const range = chunks.where('[id+offset+length]').between([id, 0], [id, end]);
  const pieces = (await range.primaryKeys()).flatMap(pieceIn);
  for (const piece of pieces) {
    const pieceEnd = piece.offset + piece.length;
    if (pieceEnd <= offset) continue;
    const place = [id, piece.offset, piece.length];
    if (piece.offset < offset || pieceEnd > end) {
      const row = await chunks.get(place);
      if (row !== undefined) {
        const around = [cut(row, piece.offset, offset), cut(row, end, pieceEnd)];
        await chunks.bulkPut(around.filter(({ length }) => length > 0));
      }
    }
    await chunks.delete(place);
  }
  const rows: ChunkRow[] = [];
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
    const piece = bytes.slice(at, at + CHUNK_BYTES);
    rows.push({ id, offset: offset + at, length: piece.byteLength, bytes: piece.buffer });
  }
  await chunks.bulkPut(rows);
}

/** Pieces joined where they touch. */
export function heldRanges(pieces: readonly Piece[]): readonly ContentRange[] {
  const held: ContentRange[] = [];
  for (const { offset, length } of pieces) {
    const last = held.at(-1);
    if (last !== undefined && last.offset + last.length === offset) {
      held[held.length - 1] = { offset: last.offset, length: last.length + length };
    } else {
      held.push({ offset, length });
    }
  }
  return held;
}

/** The part of a piece between two places of the content. */
function cut({ id, offset, bytes }: ChunkRow, from: number, to: number): ChunkRow {
  const length = Math.max(0, to - from);
  const part = length === 0 ? new ArrayBuffer() : bytes.slice(from - offset, to - offset);
  return { id, offset: from, length, bytes: part };
}

function pieceIn(key: unknown): Piece[] {
  const [, offset, length] = Array.isArray(key) ? key : [];
  return typeof offset === 'number' && typeof length === 'number' ? [{ offset, length }] : [];
}
