import type { NoteItem } from '../note.ts';

/** What is known of an object without its content, as Granary's IndexedDB backend keeps it of a note. */
export interface InfoRow {
  readonly place: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedAt: number;
  readonly metadata: NoteItem['metadata'];
  readonly tags: readonly string[];
  readonly body: { readonly in: 'row'; readonly id: string };
}

/** Content, under the key of its object. */
export interface BodyRow {
  readonly id: string;
  readonly bytes: ArrayBuffer;
}

/** The indexes that Granary has, as Dexie writes them; four of them have nothing of a note. */
export const INFO_INDEXES =
  'place, *tags, mediaType, modifiedAt, createdAt, expiresAt, sharedBody, metadata.author';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The two rows of a note. */
export function rowsOf({ key, value, tags, metadata }: NoteItem, etag: string): [InfoRow, BodyRow] {
  const { buffer } = encoder.encode(JSON.stringify(value));
  const info: InfoRow = {
    place: key,
    size: buffer.byteLength,
    etag,
    modifiedAt: Date.now(),
    metadata,
    tags,
    body: { in: 'row', id: key },
  };
  return [info, { id: key, bytes: buffer as ArrayBuffer }];
}

/** The value in a row's content. */
export function valueIn(row: BodyRow | undefined): unknown {
  if (row === undefined) throw new Error('There is no such note.');
  return JSON.parse(decoder.decode(row.bytes));
}
