import type { BodyInput, ByteRange, StoredObject } from './body.ts';
import type { Capabilities } from './capabilities.ts';
import type { ChangesOptions, ChangesPage, Watcher, WatchOptions } from './events.ts';
import type { JsonValue } from './json.ts';
import type { AttributesPatch, Metadata, ObjectAttributes, ObjectInfo } from './object-info.ts';
import type {
  BatchResult,
  CopyOptions,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  Health,
  ListEntry,
  ListItem,
  ListOptions,
  OperationOptions,
  PresignedRequest,
  PresignOptions,
  SetMetadataOptions,
  StatOptions,
  Usage,
  WriteConditions,
} from './operations.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';
import type { PendingUpload, UploadOptions, UploadSession } from './upload.ts';

/** How far a transfer is. Counts never go back, and none comes after the operation has ended. Units: bytes. */
export interface Progress {
  readonly transferredBytes: number;
  /** Absent while the size is not known. */
  readonly totalBytes?: number;
}

/** Taken by everything that moves content. */
export interface ProgressOptions {
  readonly onProgress?: (progress: Progress) => void;
}

/** Names the types of items by key or key pattern: `{ 'settings/ui': Ui; 'users/*': User }`. `*` stands for anything. */
export type ItemTypes = Readonly<Record<string, unknown>>;

/** Without item types, the caller knows what a value is, as the seeds have it. */
// biome-ignore lint/suspicious/noExplicitAny: the type of a value that nobody declared
export type AnyItems = Readonly<Record<string, any>>;

/** How a value becomes bytes and back. `json`, `yaml`, `text` and `binary` are always there. */
export interface Codec {
  /** The `format` that asks for it. */
  readonly name: string;
  /** Recorded with the object, and what `load` finds the codec by. */
  readonly contentType: string;
  /** May give a promise, so that a codec can load its code on first use. */
  encode(value: unknown): Uint8Array | string | Promise<Uint8Array | string>;
  /** May give a promise of the value. */
  decode(bytes: Uint8Array): unknown;
}

/** How an item is stored. A codec's own name works too. */
export type Format = 'json' | 'yaml' | 'text' | 'binary' | (string & Record<never, never>);

/** The seeds' `StorageOptions`: everything a save can be told. */
export interface SaveOptions extends OperationOptions, WriteConditions, ProgressOptions {
  /** Default: bytes are `binary`; else what the key's extension says; else `json`. */
  readonly format?: Format;
  /** `unsupported` unless an encryption layer is there; never plaintext in silence. */
  readonly encrypt?: boolean;
  /** `unsupported` unless a compression layer is there. */
  readonly compress?: boolean;
  readonly metadata?: Metadata;
  /** The moment from which the item counts as absent. Default: never. */
  readonly expiration?: Date;
  readonly tags?: readonly string[];
  /** Keeps a SHA-256 of the content in `info.checksums`. */
  readonly checksum?: boolean;
  /** Checks the value before it is saved. The value itself is stored, not what the schema makes of it. */
  readonly schema?: StandardSchemaV1;
}

/** Options of `load`. */
export interface LoadOptions<Value = unknown> extends Omit<GetOptions, 'range'>, ProgressOptions {
  /** Checks the value and gives it its type. */
  readonly schema?: StandardSchemaV1<unknown, Value>;
  /** Reads the content as this, whatever its recorded type. `bytes`, `stream` and `blob` decode nothing. */
  readonly as?: Format | 'bytes' | 'stream' | 'blob';
  /** Given back where there is no item. Default: `not-found` is thrown. */
  readonly default?: Value;
}

/** An item with its info. */
export interface LoadedItem<Value = unknown> {
  readonly value: Value;
  readonly info: ObjectInfo;
}

/** An item in a list or a search. */
export type StorageItem = ListItem;

/** Options of `list` of a storage. */
export interface EngineListOptions extends ListOptions {}

/** One page of a {@link Listing}. */
export interface ListingPage<Entry> {
  readonly entries: readonly Entry[];
  readonly cursor?: string;
}

/**
 * What `list` and `search` return. `await` it for an array, `for await` it to stream, or walk its
 * `pages()`. It holds no results: each use is a new walk.
 */
export interface Listing<Entry> extends PromiseLike<Entry[]>, AsyncIterable<Entry> {
  pages(): AsyncIterable<ListingPage<Entry>>;
  catch<Result>(
    onRejected: (reason: unknown) => Result | PromiseLike<Result>,
  ): Promise<Entry[] | Result>;
  finally(onFinally: () => void): Promise<Entry[]>;
}

/**
 * Compares a metadata value. Several comparisons must all hold. Numbers compare with numbers and
 * strings with strings, by UTF-16; a value that is not there holds for `ne` and `exists: false` alone.
 */
export interface Comparison {
  readonly eq?: JsonValue;
  readonly ne?: JsonValue;
  readonly gt?: number | string;
  readonly gte?: number | string;
  readonly lt?: number | string;
  readonly lte?: number | string;
  readonly in?: readonly JsonValue[];
  /** A string that contains this one, or an array that has this element. */
  readonly contains?: JsonValue;
  readonly exists?: boolean;
}

/** From a moment on, up to but without another. */
export interface DateRange {
  readonly after?: Date;
  readonly before?: Date;
}

/** What search results can be sorted by. */
export type SortField = 'key' | 'size' | 'modifiedAt' | 'createdAt' | `metadata.${string}`;

/** What a search asks for. All that is given must hold. */
export interface StorageQuery {
  readonly prefix?: string;
  /** Has all of these tags. */
  readonly tags?: readonly string[];
  /** Has at least one of these tags. */
  readonly anyTags?: readonly string[];
  /** Metadata by name; a dot goes into a nested value: `'camera.iso': { gte: 400 }`. A plain value means `eq`. */
  readonly metadata?: Readonly<Record<string, Comparison | string | number | boolean | null>>;
  /** A media type such as `image/png`, or `image/*`. */
  readonly contentType?: string;
  /** Units: bytes, both included. */
  readonly size?: { readonly min?: number; readonly max?: number };
  readonly modifiedAt?: DateRange;
  readonly createdAt?: DateRange;
  /** Words that must all occur, in any letter case. */
  readonly text?: string;
  /** Where `text` is looked for. Default: key, tags and metadata. `value` reads every candidate, so it needs `scan: true`. */
  readonly textIn?: readonly ('key' | 'tags' | 'metadata' | 'value')[];
  /** Default: by key, ascending. Items without the field come last; equal ones are in the order of their keys. */
  readonly sort?: { readonly by: SortField; readonly order?: 'asc' | 'desc' };
  /** Most items over all pages. */
  readonly limit?: number;
  /** Goes on after the page that carried it. The query must be the same. */
  readonly cursor?: string;
  /** Allows a request per key where the provider cannot list attributes. */
  readonly scan?: boolean;
}

/** Part of the results of a search. */
export interface SearchPage {
  readonly items: readonly StorageItem[];
  readonly cursor?: string;
}

/** Answers searches in the place of a scan. */
export interface SearchIndex {
  search(query: StorageQuery, options: OperationOptions): AsyncIterable<SearchPage>;
}

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

/** The seeds' name for what a provider can do. */
export type StorageCapabilities = Capabilities;

/** The seeds' name for what a save can be told. */
export type StorageOptions = SaveOptions;

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
   * session outlives a failure or an abort; without it, a failed put leaves nothing behind.
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
export interface EngineGetOptions extends GetOptions, ProgressOptions {}

/** Old versions of objects, by capability. */
export interface Versions {
  list(key: string, options?: OperationOptions): Listing<ObjectInfo>;
  get(key: string, version: string, options?: OperationOptions): Promise<StoredObject>;
  restore(key: string, version: string, options?: OperationOptions): Promise<ObjectInfo>;
  delete(key: string, version: string, options?: OperationOptions): Promise<DeleteResult>;
}

/** Keys and value types of {@link ItemTypes}, resolved: an exact name wins over a pattern. */
export type ValueOf<Items extends ItemTypes, Key extends string> = Key extends keyof Items
  ? Items[Key]
  : MatchingPatterns<Items, Key> extends never
    ? unknown
    : Items[MatchingPatterns<Items, Key>];

type MatchingPatterns<Items extends ItemTypes, Key extends string> = {
  [Pattern in keyof Items & string]: Key extends PatternText<Pattern> ? Pattern : never;
}[keyof Items & string];

type PatternText<Pattern extends string> = Pattern extends `${infer Start}*${infer Rest}`
  ? `${Start}${string}${PatternText<Rest>}`
  : Pattern;

/** What an application holds: values, bytes, search and streams over one provider. */
// biome-ignore lint/suspicious/noExplicitAny: without item types, values are the caller's to know, as the seeds have it
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

/** The eight methods that the seeds name; any object with them can stand in for an engine. */
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
  /** Why this provider was chosen; shown by `getInfo`. */
  readonly reason?: string;
}
