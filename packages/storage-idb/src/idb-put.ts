import type { PutOptions } from '@granary/storage-core/provider';
import { sweptError } from './idb-chunks.ts';
import type { Commit, IdbContext } from './idb-commit.ts';
import type { Content } from './idb-content.ts';
import { type NewInfo, toRow } from './idb-info.ts';
import { toPlace } from './idb-keys.ts';
import type { BodyRef, BodyRow, InfoRow } from './idb-schema.ts';

/**
 * Small content of a batch lies together in rows of up to this size: a request for each of them would
 * take twice the time. As much may lie idle until the last of them is deleted. Units: bytes.
 */
const PACK_BYTES = 8 * 1024;
/** Content above this size has a row of its own. Units: bytes. */
const MAX_PACKED_BYTES = 2 * 1024;

/** A write that is ready for the transaction. */
export interface NewWrite {
  readonly place: string;
  readonly content: Content;
  readonly info: NewInfo;
}

/** The etag is given before the transaction, so that one that runs again knows its own write. */
export function newWrite(
  { newId, now }: IdbContext,
  key: string,
  content: Content,
  options: Omit<PutOptions, 'signal'>,
): NewWrite {
  const { size, checksums } = content;
  const info: NewInfo = {
    key,
    size,
    etag: newId(),
    now: now(),
    attributes: options,
    checksums,
    writeId: options.writeId,
  };
  return { place: toPlace(key), content, info };
}

/**
 * Stores objects with their content within a transaction, and lets go of what they replace. The rows
 * are on their way when it returns.
 */
export async function storeWrites(
  { newId }: IdbContext,
  change: Commit,
  writes: readonly NewWrite[],
  before: ReadonlyMap<string, InfoRow>,
): Promise<readonly InfoRow[]> {
  const { tx } = change;
  const { refs, bodies, written } = layOut(writes, newId);
  if (written.length > 0) {
    const rows = await tx.table('writes').bulkGet(written);
    if (rows.includes(undefined)) throw sweptError();
    await tx.table('writes').bulkDelete(written);
  }
  const rows = writes.map(({ place, info }) =>
    toRow({ ...info, body: refs.get(info.etag) }, before.get(place)),
  );
  change.alongside(tx.table('infos').bulkPut(rows));
  if (bodies.length > 0) change.alongside(tx.table('bodies').bulkPut(bodies));
  for (const { place, info } of writes) {
    change.release(before.get(place));
    change.tell({ type: 'put', key: info.key, etag: info.etag });
  }
  return rows;
}

interface Layout {
  /** By etag of the write. None: the object is empty. */
  readonly refs: ReadonlyMap<string, BodyRef>;
  readonly bodies: BodyRow[];
  /** Ids of content that is in the store already. */
  readonly written: string[];
}

interface Packed {
  readonly etag: string;
  readonly place: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function layOut(writes: readonly NewWrite[], newId: () => string): Layout {
  const refs = new Map<string, BodyRef>();
  const bodies: BodyRow[] = [];
  const written: string[] = [];
  let pack: Packed[] = [];
  let packed = 0;

  function closePack(): void {
    const [first] = pack;
    if (first === undefined) return;
    if (pack.length === 1) {
      bodies.push({ id: first.etag, bytes: first.bytes.buffer });
      refs.set(first.etag, { in: 'row', id: first.etag });
    } else {
      const id = newId();
      const bytes = new Uint8Array(packed);
      let offset = 0;
      for (const each of pack) {
        bytes.set(each.bytes, offset);
        refs.set(each.etag, { in: 'row', id, offset });
        offset += each.bytes.byteLength;
      }
      bodies.push({ id, bytes: bytes.buffer, places: pack.map(({ place }) => place) });
    }
    pack = [];
    packed = 0;
  }

  for (const { place, content, info } of writes) {
    const { etag } = info;
    if ('written' in content) {
      refs.set(etag, content.written.ref);
      written.push(content.written.ref.id);
    } else if (content.size > MAX_PACKED_BYTES) {
      bodies.push({ id: etag, bytes: content.bytes.buffer });
      refs.set(etag, { in: 'row', id: etag });
    } else if (content.size > 0) {
      if (packed + content.size > PACK_BYTES) closePack();
      pack.push({ etag, place, bytes: content.bytes });
      packed += content.size;
    }
  }
  closePack();
  return { refs, bodies, written };
}
