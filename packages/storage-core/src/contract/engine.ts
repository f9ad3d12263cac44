import type { BodyInput, ByteRange, StoredObject } from './body.ts';
import type { Capabilities } from './capabilities.ts';
import type { ChangesOptions, ChangesPage, Watcher, WatchOptions } from './events.ts';
import type { Listing, SearchIndex, StorageItem, StorageQuery } from './listing.ts';
import type { AttributesPatch, ObjectAttributes, ObjectInfo } from './object-info.ts';
import type {
  BatchResult,
  CopyOptions,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  Health,
  ListEntry,
  ListOptions,
  ObjectTags,
  OperationOptions,
  PresignedRequest,
  PresignOptions,
  ServiceOptions,
  SetMetadataOptions,
  StatOptions,
  Usage,
  WriteConditions,
} from './operations.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';
import type { PendingUpload, UploadOptions, UploadSession } from './upload.ts';
import type {
  Codec,
  ItemTypes,
  LoadedItem,
  LoadOptions,
  ProgressOptions,
  SaveOptions,
  ValueOf,
} from './values.ts';

/** Static facts and the last known state. Makes no request. */
export interface StorageInfo {
  readonly provider: string;
  readonly layers: readonly string[];
  readonly prefix: string;
  readonly state: 'new' | 'open' | 'closed';
  readonly durable: boolean;
  /** Why this provider was chosen, where something chose. */
  readonly reason?: string;
  readonly storeId?: string;
}

/** Another name for what a provider can do. */
export type StorageCapabilities = Capabilities;

/** One item of `saveMany`. */
export interface SaveEntry extends Omit<SaveOptions, 'signal' | 'onProgress'> {
  readonly key: string;
  readonly value: unknown;
}

/** Options of the methods on many items. */
export interface ManyOptions extends OperationOptions {
  /** Operations in flight. Default: 16. */
  readonly concurrency?: number;
  /** All or nothing. Needs `atomicBatch`. */
  readonly atomic?: boolean;
  /** Told after each item. */
  readonly onProgress?: (progress: ManyProgress) => void;
}

/** How far a batch is. */
export interface ManyProgress {
  readonly doneItems: number;
  /** Absent while the number is not known. */
  readonly totalItems?: number;
}

/** Options of `put` of a storage. */
export interface EnginePutOptions
  extends OperationOptions,
    ObjectAttributes,
    WriteConditions,
    ServiceOptions,
    ProgressOptions {
  readonly checksum?: boolean;
  readonly encrypt?: boolean;
  readonly compress?: boolean;
  /** Size of a stream, when the caller knows it. More or fewer bytes fail the put. Units: bytes. */
  readonly size?: number;
  /** Parts in flight when the body goes up in parts. Default: 4. */
  readonly concurrency?: number;
  /**
   * Told the session when the body goes up in parts; its token lets another process go on. With it, the
   * session outlives a failure or an abort; without it, a failed put leaves nothing behind. Told
   * again when the service has lost the session and another one is begun, which happens where the
   * body can be read again.
   */
  readonly onSession?: (session: UploadSession) => void;
  /**
   * Goes on with the session of this token: the same content is given again from its start, and only
   * what the service lacks is sent. The attributes are those the session was begun with.
   */
  readonly resume?: string;
}

/** What is not given stays as it is: format, metadata, tags, expiry and content headers of the item. */
export interface UpdateOptions extends Omit<SaveOptions, keyof WriteConditions> {
  /** How often a lost race is tried again. Default: 16 tries in all. */
  readonly maxAttempts?: number;
}

/** Options of `clear`. */
export interface ClearOptions extends ManyOptions {
  /** Clears the whole store when no prefix is given. */
  readonly all?: boolean;
}

/** Options of `sweep`. */
export interface SweepOptions extends ManyOptions {
  /** Allows a request per key where a listing does not tell when items expire. */
  readonly scan?: boolean;
}

/** Options of `usage` of a storage. */
export interface UsageOptions extends OperationOptions {
  /** Adds up a listing where the provider does not tell, with a request per key where it lists no sizes. */
  readonly scan?: boolean;
}

/** What `clear` and `sweep` did. */
export interface ClearResult {
  readonly deleted: number;
  readonly failed: readonly { readonly key: string; readonly error: Error }[];
}

/** One object by name, for code that works on a single file. */
export interface FileHandle<Value = unknown> {
  readonly key: string;
  /** The last segment of the key. */
  readonly name: string;
  exists(options?: OperationOptions): Promise<boolean>;
  stat(options?: StatOptions): Promise<ObjectInfo>;
  load(options?: LoadOptions<Value>): Promise<Value>;
  save(value: Value, options?: SaveOptions): Promise<ObjectInfo>;
  get(options?: EngineGetOptions): Promise<StoredObject>;
  put(body: BodyInput, options?: EnginePutOptions): Promise<ObjectInfo>;
  bytes(options?: EngineGetOptions): Promise<Uint8Array>;
  text(options?: EngineGetOptions): Promise<string>;
  stream(options?: EngineGetOptions): Promise<ReadableStream<Uint8Array>>;
  update(
    change: (value: Value | undefined) => Value | Promise<Value>,
    options?: UpdateOptions,
  ): Promise<ObjectInfo>;
  setMetadata(patch: AttributesPatch, options?: SetMetadataOptions): Promise<ObjectInfo>;
  copyTo(target: string, options?: CopyOptions): Promise<FileHandle<Value>>;
  moveTo(target: string, options?: CopyOptions): Promise<FileHandle<Value>>;
  delete(options?: DeleteOptions): Promise<DeleteResult>;
  presign(options?: PresignOptions): Promise<PresignedRequest>;
  publicUrl(): string;
}

/** Options of `get` of a storage. */
export interface EngineGetOptions extends GetOptions, ProgressOptions {
  /**
   * Parts of a large object that are read at once, where the provider reads ranges under conditions;
   * elsewhere, and for a small object, it is one read. Default: 1.
   */
  readonly concurrency?: number;
}

/** The service's own tags of objects, by capability. */
export interface TagsOfObjects {
  get(key: string, options?: OperationOptions): Promise<ObjectTags>;
  /** Replaces all of them; an empty map removes them. */
  set(key: string, tags: ObjectTags, options?: OperationOptions): Promise<void>;
}

/** Old versions of objects, by capability. */
export interface Versions {
  list(key: string, options?: OperationOptions): Listing<ObjectInfo>;
  get(key: string, version: string, options?: OperationOptions): Promise<StoredObject>;
  restore(key: string, version: string, options?: OperationOptions): Promise<ObjectInfo>;
  delete(key: string, version: string, options?: OperationOptions): Promise<DeleteResult>;
}

/** What an application holds: values, bytes, search and streams over one provider. */
// biome-ignore lint/suspicious/noExplicitAny: without item types, values are the caller's to know
export interface StorageEngine<Items extends ItemTypes = Readonly<Record<string, any>>>
  extends AsyncDisposable {
  /** Opens the store now instead of with the first operation. */
  ready(options?: OperationOptions): Promise<void>;
  getInfo(): StorageInfo;
  getCapabilities(): StorageCapabilities;

  save<Key extends string>(
    key: Key,
    value: ValueOf<Items, Key>,
    options?: SaveOptions,
  ): Promise<ObjectInfo>;
  load<Key extends string, Value = ValueOf<Items, Key>>(
    key: Key,
    options?: LoadOptions<Value>,
  ): Promise<Value>;
  loadItem<Key extends string, Value = ValueOf<Items, Key>>(
    key: Key,
    options?: Omit<LoadOptions<Value>, 'default'>,
  ): Promise<LoadedItem<Value>>;
  exists(key: string, options?: OperationOptions): Promise<boolean>;
  delete(key: string, options?: DeleteOptions): Promise<DeleteResult>;
  /**
   * Changes an item by what it is now, as a compare-and-swap: `change` runs again when somebody else
   * wrote meanwhile, so it only computes. It gets `undefined` where there is no item.
   * Errors: `unsupported` where `replaceIfMatch` and `createIfAbsent` are not declared; `conflict` after
   * `maxAttempts` lost races; `invalid-data` when `change` returns `undefined`.
   */
  update<Key extends string, Value = ValueOf<Items, Key>>(
    key: Key,
    change: (value: Value | undefined, info: ObjectInfo | undefined) => Value | Promise<Value>,
    options?: UpdateOptions,
  ): Promise<ObjectInfo>;

  list(prefix?: string): Listing<StorageItem>;
  list(options: ListOptions & { readonly delimiter?: undefined }): Listing<StorageItem>;
  list(options: ListOptions): Listing<ListEntry>;
  search(query: StorageQuery, options?: OperationOptions): Listing<StorageItem>;

  get(key: string, options?: EngineGetOptions): Promise<StoredObject>;
  /** Several parts of one write in as few requests as `mergeGapBytes` allows, in the order asked for. */
  getRanges(
    key: string,
    ranges: readonly ByteRange[],
    options?: OperationOptions & { readonly ifMatch?: string; readonly mergeGapBytes?: number },
  ): Promise<Uint8Array[]>;
  put(key: string, body: BodyInput, options?: EnginePutOptions): Promise<ObjectInfo>;
  stat(key: string, options?: StatOptions): Promise<ObjectInfo>;
  setMetadata(
    key: string,
    patch: AttributesPatch,
    options?: SetMetadataOptions,
  ): Promise<ObjectInfo>;
  copy(from: string, to: string, options?: CopyOptions & ProgressOptions): Promise<ObjectInfo>;
  move(from: string, to: string, options?: CopyOptions & ProgressOptions): Promise<ObjectInfo>;
  file<Key extends string>(key: Key): FileHandle<ValueOf<Items, Key>>;

  saveMany(
    entries: readonly SaveEntry[],
    options?: ManyOptions,
  ): Promise<BatchResult<ObjectInfo>[]>;
  loadMany(keys: readonly string[], options?: ManyOptions): Promise<BatchResult<unknown>[]>;
  deleteMany(keys: readonly string[], options?: ManyOptions): Promise<BatchResult<DeleteResult>[]>;
  /**
   * Deletes every object whose key starts with the prefix: a plain string, so `foo` takes `foobar`
   * along and `foo/` does not. Without a prefix, `all: true` says that everything is meant.
   * Errors: `invalid-argument` for everything without `all`.
   */
  clear(prefix: string, options?: ClearOptions): Promise<ClearResult>;
  clear(options: ClearOptions & { readonly all: true }): Promise<ClearResult>;
  /**
   * Deletes the items whose time is up, and no item that was renewed meanwhile; where `deleteIfMatch`
   * is not declared, one renewed in the instant of its deletion may go too.
   * Errors: `unsupported` where only a request per key could tell, unless `scan` allows it.
   */
  sweep(prefix?: string, options?: SweepOptions): Promise<ClearResult>;

  upload(key: string, options?: UploadOptions): Promise<UploadSession>;
  uploads(options?: OperationOptions & { readonly prefix?: string }): Listing<PendingUpload>;
  presign(key: string, options?: PresignOptions): Promise<PresignedRequest>;
  publicUrl(key: string): string;
  readonly versions: Versions;
  readonly objectTags: TagsOfObjects;
  watch(options?: string | WatchOptions): Promise<Watcher>;
  changes(options?: ChangesOptions): AsyncIterable<ChangesPage>;

  /** Errors: `unsupported` where the provider does not tell, unless `scan` allows to add it up. */
  usage(options?: UsageOptions): Promise<Usage>;
  /** Whether the store answers. Never throws. */
  health(options?: OperationOptions): Promise<Health>;

  /** This storage below a prefix. Closing the view does nothing. */
  at(prefix: string): StorageEngine;
  /** This storage without the right to change anything. Closing the view does nothing. */
  readOnly(): StorageEngine<Items>;

  /** The SDK's client, for what Granary does not model. */
  readonly native: unknown;
  /** Waits for what is in flight, then lets go of everything. Safe to call again. */
  close(): Promise<void>;
}

/** A storage of items of any types, where only its objects matter. */
// biome-ignore lint/suspicious/noExplicitAny: every other type would leave some storages out
export type AnyEngine = StorageEngine<any>;

/** The eight methods at the heart of an engine; any object with them can stand in for an engine. */
export type IStorageEngine = Pick<
  StorageEngine,
  'save' | 'load' | 'delete' | 'exists' | 'list' | 'search' | 'getInfo' | 'getCapabilities'
>;

/** Options of a storage, whatever its provider. */
export interface EngineOptions {
  /** Further codecs, by `format` name and content type. */
  readonly codecs?: readonly Codec[];
  /**
   * Schemas by key pattern, checked on every save and load of a matching key. An exact key wins over
   * patterns, and the pattern with the most characters over others.
   */
  readonly schemas?: Readonly<Record<string, StandardSchemaV1>>;
  /** Answers `search` in the place of a scan. */
  readonly index?: SearchIndex;
  /** The clock. Units: ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /** Lets an unread body go after this long. Units: ms. Default: 60,000. */
  readonly idleBodyMs?: number;
  /** Asked by `getInfo`, where something chose the provider: which one it is by now, and why. */
  readonly choice?: () => Partial<Pick<StorageInfo, 'provider' | 'reason'>>;
}
