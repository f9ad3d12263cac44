import type {
  ChangeEvent,
  Checksums,
  JsonValue,
  Metadata,
  ObjectAttributes,
} from '@granary/storage-core/provider';

/** The format of what is stored here. A database of a later one is refused, and left as it is. */
export const FORMAT_VERSION = 1;

/** Where the content of a write lies. Content is never changed: each write has a new `id`. */
export interface BodyRef {
  /** `row`: one row of `bodies`. `chunks`: rows of `chunks`. `file`: a file beside the database. */
  readonly in: 'row' | 'chunks' | 'file';
  readonly id: string;
  /** Where it begins in a row that holds the content of several objects. Units: bytes. Absent: it has the row alone. */
  readonly offset?: number;
  /** Of a file: the id of the folder that it was written to. Absent: nobody noted it. */
  readonly folder?: string;
}

/** An object without its content: a row of `infos`. A field that is absent has no value. */
export interface InfoRow {
  /** The key in the form that `toPlace` makes: IndexedDB then sorts as UTF-8 does. */
  readonly place: string;
  /** Units: bytes. */
  readonly size: number;
  readonly etag: string;
  /** Units: ms since 1970. */
  readonly modifiedAt: number;
  /** Units: ms since 1970. Absent: the same as `modifiedAt`. */
  readonly createdAt?: number;
  /** Units: ms since 1970. */
  readonly expiresAt?: number;
  readonly contentType?: string;
  /** The media type in `contentType`, in lower case and without parameters, for searching. */
  readonly mediaType?: string;
  /** `contentEncoding`, `contentLanguage`, `contentDisposition` and `cacheControl`. */
  readonly headers?: Omit<ObjectAttributes, 'contentType' | 'metadata' | 'tags' | 'expiresAt'>;
  readonly metadata?: Metadata;
  readonly tags?: readonly string[];
  readonly checksums?: Checksums;
  readonly writeId?: string;
  /** Absent: the object is empty. */
  readonly body?: BodyRef;
  /** The id of the content, when other objects may have the same. */
  readonly sharedBody?: string;
}

/** Content that is stored in one piece: a row of `bodies`. */
export interface BodyRow {
  readonly id: string;
  readonly bytes: ArrayBuffer;
  /** The objects whose content it held at first, when they are several. It goes with the last of them. */
  readonly places?: readonly string[];
}

/** A piece of large content: a row of `chunks`, whose key is `[id, offset, length]`. Pieces of one content never overlap. */
export interface ChunkRow {
  readonly id: string;
  /** Where the piece begins. Units: bytes. */
  readonly offset: number;
  /** Units: bytes. */
  readonly length: number;
  readonly bytes: ArrayBuffer;
}

/** Content that is being written and that no object has yet: a row of `writes`, gone with the commit. */
export interface WriteRow {
  /** The content's id. */
  readonly id: string;
  readonly in: 'chunks' | 'file';
  /** The provider that writes it: its Web Lock is {@link writerLock}. */
  readonly writer: string;
  /** When a piece was written last. Units: ms since 1970. */
  readonly touchedAt: number;
}

/** An upload session: a row of `uploads`. Its parts are rows of `chunks`. */
export interface UploadRow {
  /** The content's id, which is also in the session's token. */
  readonly id: string;
  readonly key: string;
  /** Units: ms since 1970. */
  readonly startedAt: number;
  /** Units: ms since 1970. */
  readonly expiresAt: number;
  /** Goes up with each part. */
  readonly revision: number;
  readonly totalBytes?: number;
  readonly attributes: ObjectAttributes;
  readonly hasChecksum: boolean;
  readonly writeId?: string;
}

/** What one transaction changed: a row of `changes`. Rows are numbered in the order of their commits. */
export interface ChangeRow {
  /** Given by the database. */
  readonly sequence?: number;
  /** Units: ms since 1970. */
  readonly at: number;
  /** The provider that wrote. */
  readonly writer: string;
  readonly events: readonly ChangeEvent[];
}

/** A fact about the store: a row of `meta`. Names: {@link META}. */
export interface MetaRow {
  readonly name: string;
  readonly value: JsonValue;
}

/** Names of the rows of `meta`. Parts of the backend add their own below their own prefix. */
export const META = {
  /** A number: {@link FORMAT_VERSION} of the code that made the store or converted it last. */
  format: 'format',
  /** A random text, another one when the store is made anew. */
  storeId: 'storeId',
  /** A number: the app's own `version`. */
  appVersion: 'appVersion',
} as const;

/** Names of the tables. */
export type TableName = 'infos' | 'bodies' | 'chunks' | 'writes' | 'uploads' | 'changes' | 'meta';

/** The rows of each table. */
export interface Tables {
  readonly infos: InfoRow;
  readonly bodies: BodyRow;
  readonly chunks: ChunkRow;
  readonly writes: WriteRow;
  readonly uploads: UploadRow;
  readonly changes: ChangeRow;
  readonly meta: MetaRow;
}

/**
 * Dexie's description of the tables, with an index for each of the metadata fields. Each entry of an
 * index makes a write slower, so a plain object has one: the time. What the key implies has none.
 */
export function dexieSchema(metadataFields: Iterable<string>): Record<TableName, string> {
  const fields = Array.from(metadataFields, (field) => `, metadata.${field}`).join('');
  return {
    infos: `place, *tags, mediaType, modifiedAt, createdAt, expiresAt, sharedBody${fields}`,
    bodies: 'id',
    chunks: '[id+offset+length]',
    writes: 'id',
    uploads: 'id',
    changes: '++sequence',
    meta: 'name',
  };
}

/** The name of the Web Lock that a provider holds while it has rows in `writes`. */
export function writerLock(dbName: string, writer: string): string {
  return `@granary/storage-idb/${dbName}/writer/${writer}`;
}
