import type { Body, StoredObject } from './body.ts';
import type { Capabilities } from './capabilities.ts';
import type { ChangesOptions, ChangesPage, Watcher, WatchOptions } from './events.ts';
import type { CandidateQuery } from './listing.ts';
import type { AttributesPatch, ObjectInfo } from './object-info.ts';
import type {
  BatchOptions,
  BatchResult,
  CopyOptions,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  Health,
  ListOptions,
  ListPage,
  ObjectTags,
  OperationOptions,
  PresignedRequest,
  PresignOptions,
  PutEntry,
  PutOptions,
  SetMetadataOptions,
  StatOptions,
  Usage,
} from './operations.ts';
import type { PendingUpload, UploadOptions, UploadSession } from './upload.ts';

/** Old versions of objects. `get` and `stat` take `version` besides; `delete` does by `deleteVersion`. */
export interface VersionOperations {
  /** Versions of exactly this key, newest first, the current one included. */
  list(key: string, options: OperationOptions): AsyncIterable<readonly ObjectInfo[]>;
  /** Makes an old version the current one, as a new version. */
  restore(key: string, version: string, options: OperationOptions): Promise<ObjectInfo>;
}

/** The service's own tags of objects. */
export interface TagOperations {
  /** Errors: `not-found`. */
  get(key: string, options: OperationOptions): Promise<ObjectTags>;
  /** Replaces all of them; an empty map removes them. Errors: `not-found`. */
  set(key: string, tags: ObjectTags, options: OperationOptions): Promise<void>;
}

/**
 * What the author of a backend implements: bytes in, bytes out. Rules are numbered in SPEC.md.
 *
 * Five operations are required; an optional one is present exactly when its capability is
 * declared. `options` is always an object. Core has checked keys, limits, conditions and the
 * signal's state before it calls; everything it throws at is labelled with provider, operation
 * and key, so a provider throws `StorageError` with a code and a message, or lets anything else
 * through as `unknown`.
 */
export interface StorageProvider {
  readonly specVersion: 1;
  /** Id of the backend, such as `s3`. */
  readonly name: string;
  /** The guaranteed minimum until `open` has run. */
  readonly capabilities: Capabilities;
  /** All I/O before the first operation. What it returns may only widen the capabilities. */
  open?(options: OperationOptions): Promise<Partial<Capabilities> | undefined>;

  get(key: string, options: GetOptions): Promise<StoredObject>;
  put(key: string, body: Body, options: PutOptions): Promise<ObjectInfo>;
  stat(key: string, options: StatOptions): Promise<ObjectInfo>;
  delete(key: string, options: DeleteOptions): Promise<DeleteResult>;
  list(options: ListOptions): AsyncIterable<ListPage>;

  /**
   * Every object that the query matches is in one of the pages, with all that `stat` tells, in the
   * order of listings; others may be there too. Core matches, sorts and limits.
   */
  candidates?(query: CandidateQuery, options: OperationOptions): AsyncIterable<ListPage>;

  putMany?(
    entries: readonly PutEntry[],
    options: BatchOptions,
  ): Promise<readonly BatchResult<ObjectInfo>[]>;
  getMany?(
    keys: readonly string[],
    options: OperationOptions,
  ): Promise<readonly BatchResult<StoredObject>[]>;
  statMany?(
    keys: readonly string[],
    options: OperationOptions,
  ): Promise<readonly BatchResult<ObjectInfo>[]>;
  deleteMany?(
    keys: readonly string[],
    options: BatchOptions,
  ): Promise<readonly BatchResult<DeleteResult>[]>;

  copy?(from: string, to: string, options: CopyOptions): Promise<ObjectInfo>;
  move?(from: string, to: string, options: CopyOptions): Promise<ObjectInfo>;
  setMetadata?(
    key: string,
    patch: AttributesPatch,
    options: SetMetadataOptions,
  ): Promise<ObjectInfo>;

  upload?(key: string, options: UploadOptions): Promise<UploadSession>;
  /** Sessions that were begun and not ended. */
  uploads?(options: OperationOptions & { readonly prefix?: string }): AsyncIterable<PendingUpload>;

  presign?(key: string, options: PresignOptions): Promise<PresignedRequest>;
  /** The lasting URL of an object that anyone may read. Makes no request. */
  publicUrl?(key: string): string;

  readonly versions?: VersionOperations;
  readonly objectTags?: TagOperations;

  /** Resolves when events are being caught. */
  watch?(options: WatchOptions): Promise<Watcher>;
  changes?(options: ChangesOptions): AsyncIterable<ChangesPage>;

  usage?(options: OperationOptions): Promise<Usage>;
  health?(options: OperationOptions): Promise<Health>;
  close?(): Promise<void>;

  /** Changes when the store is recreated. */
  readonly storeId?: string;
  /** The SDK's client, for what Granary does not model. */
  readonly native?: unknown;
}
