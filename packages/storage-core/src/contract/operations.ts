import type { Body, ByteRange } from './body.ts';
import type { AttributesPatch, ObjectAttributes, ObjectInfo } from './object-info.ts';

/** Taken by every operation. */
export interface OperationOptions {
  /** Ends the operation with `aborted`. */
  readonly signal?: AbortSignal;
}

/** Options of `get`. */
export interface GetOptions extends OperationOptions {
  /** Reads a part. Needs `rangeReads`. */
  readonly range?: ByteRange;
  /** Reads only this write, else `precondition-failed`. Needs `readConditions`. */
  readonly ifMatch?: string;
  /** Reads only another write than this one, else `not-modified`. Needs `readConditions`. */
  readonly ifNoneMatch?: string;
  /** Reads an old version. Needs `versions`. */
  readonly version?: string;
}

/** Options of `stat`. */
export interface StatOptions extends OperationOptions {
  /** Tells about an old version. Needs `versions`. */
  readonly version?: string;
}

/** Conditions of a write. */
export interface WriteConditions {
  /** Writes only over the object with this etag, else `precondition-failed`. */
  readonly ifMatch?: string;
  /** Writes only where there is no object, else `precondition-failed`. */
  readonly ifNoneMatch?: '*';
}

/**
 * The service's own tags of an object, which its billing, rules and lifecycles look at: names with
 * values. They are not the tags of an item.
 */
export type ObjectTags = Readonly<Record<string, string>>;

/** What a write can be told in the service's own words. */
export interface ServiceOptions {
  /** Fields of the service's own request, such as `{ StorageClass: 'GLACIER' }`: those named in `nativeOptions`. */
  readonly native?: Readonly<Record<string, unknown>>;
  /** The object's tags. Default: none. Needs the capability of the same name. */
  readonly objectTags?: ObjectTags;
}

/** A put replaces the object whole: attributes that are not given are gone. */
export interface PutOptions
  extends OperationOptions,
    ObjectAttributes,
    WriteConditions,
    ServiceOptions {
  /** Has the provider keep a SHA-256 of the content in `info.checksums`. Needs `checksum`. */
  readonly checksum?: 'sha256';
  /** Random id of this write, kept with the object. Set by the retry loop. Needs `writeIds`. */
  readonly writeId?: string;
  /** Needs the capability of the same name. */
  readonly encrypt?: boolean;
  /** Needs the capability of the same name. */
  readonly compress?: boolean;
}

/** Options of `delete`. */
export interface DeleteOptions extends OperationOptions {
  /** Deletes only this write, else `precondition-failed`. Needs `deleteIfMatch`. */
  readonly ifMatch?: string;
  /** Deletes an old version for good. Needs `deleteVersion`. */
  readonly version?: string;
}

/** What `delete` did. */
export interface DeleteResult {
  /** Whether there was something to delete. Absent where the service does not say. */
  readonly existed?: boolean;
}

/** Options of `copy` and `move`. */
export interface CopyOptions extends OperationOptions {
  /** Copies only this write of the source, else `precondition-failed`. Needs `copyIfMatch`. */
  readonly sourceIfMatch?: string;
  /** Copies only where the target does not exist, else `precondition-failed`. Needs `copyIfAbsent`. */
  readonly ifNoneMatch?: '*';
  /** Attributes of the target that differ from the source's. Default: all are kept. */
  readonly attributes?: AttributesPatch;
}

/** Options of `setMetadata`. */
export interface SetMetadataOptions extends OperationOptions {
  /** Changes only this write, else `precondition-failed`. Needs `setMetadataIfMatch`. */
  readonly ifMatch?: string;
}

/** Options of `list`. */
export interface ListOptions extends OperationOptions {
  /** A plain string prefix, not a folder: `log` finds `log-1` and `logs/a`. Default: everything. */
  readonly prefix?: string;
  /** Groups what comes after the prefix up to and with the next delimiter. */
  readonly delimiter?: string;
  /** Goes on after the page that carried it. The query must be the same. */
  readonly cursor?: string;
  /** Leaves out this key and all that sort before it. Needs `listOrder: 'utf8'`. */
  readonly startAfter?: string;
  /** Most entries the walk yields over all its pages, at least 1. Its last page carries a cursor when there are more. */
  readonly limit?: number;
  /** Adds content headers, metadata, tags and expiry to each entry. Needs `listAttributes`. */
  readonly include?: readonly 'attributes'[];
}

/** An object in a listing: `key` is sure, every other field is right or absent. */
export interface ListItem extends Partial<ObjectInfo> {
  readonly kind: 'item';
  readonly key: string;
}

/** A group of keys in a listing with a delimiter. */
export interface ListPrefix {
  readonly kind: 'prefix';
  /** The common start of the keys, with the delimiter at its end. */
  readonly key: string;
}

/** What a listing yields: an object, or a group of keys where a delimiter is given. */
export type ListEntry = ListItem | ListPrefix;

/** Part of a listing. */
export interface ListPage {
  readonly entries: readonly ListEntry[];
  /** Goes on after this page, also in another process. Absent on the last page. */
  readonly cursor?: string;
}

/** The outcome of one item of a batch. */
export type BatchResult<Value> =
  | { readonly key: string; readonly ok: true; readonly value: Value }
  | { readonly key: string; readonly ok: false; readonly error: Error };

/** One object of `putMany`. */
export interface PutEntry {
  readonly key: string;
  readonly body: Body;
  readonly options?: Omit<PutOptions, 'signal'>;
}

/** Options of the operations on many objects. */
export interface BatchOptions extends OperationOptions {
  /** All or nothing: any failure fails the batch and leaves the store as it was. Needs `atomicBatch`. */
  readonly atomic?: boolean;
}

/** Options of `presign`. Those named in the capability `presignOptions` are taken. */
export interface PresignOptions extends OperationOptions {
  /** Default: `GET`. */
  readonly method?: 'GET' | 'PUT';
  /** Units: ms. Default: one hour. */
  readonly expiresInMs?: number;
  /** Bound into the signature of a `PUT`: another type is refused. */
  readonly contentType?: string;
  /** Bound into the signature of a `PUT`. Units: bytes. */
  readonly contentLength?: number;
  /** Bound into the signature of a `PUT`, as `sha256-<base64>`. */
  readonly checksum?: string;
  /** Signs a `PUT` that only creates. */
  readonly ifNoneMatch?: '*';
  /** The `Content-Disposition` a `GET` is answered with. */
  readonly responseDisposition?: string;
  /** The `Content-Type` a `GET` is answered with. */
  readonly responseContentType?: string;
}

/** A request that anyone may send until it expires. */
export interface PresignedRequest {
  /** Holds a signature: whoever has it can use it until it expires. */
  readonly url: string;
  readonly method: 'GET' | 'PUT';
  /** Headers that must be sent as they are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
}

/** How full the store is. */
export interface Usage {
  /** Units: bytes in use. */
  readonly usedBytes?: number;
  /** Units: bytes that may be used in all. */
  readonly totalBytes?: number;
  readonly objects?: number;
}

/** What a check of the store found. */
export interface Health {
  readonly ok: boolean;
  /** Round trip of the check. Units: ms. */
  readonly latencyMs: number;
  /** Why it is not ok. */
  readonly error?: Error;
}
