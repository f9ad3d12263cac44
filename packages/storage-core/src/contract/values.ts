import type { Metadata, ObjectInfo } from './object-info.ts';
import type {
  GetOptions,
  OperationOptions,
  ServiceOptions,
  WriteConditions,
} from './operations.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';

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

/**
 * Names the types of items by key or key pattern: `{ 'settings/ui': Ui; 'users/*': User }`, as an
 * interface or a type. `*` stands for anything.
 */
export type ItemTypes = object;

/** Without item types, the caller knows what a value is. */
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

/** Everything a save can be told. */
export interface SaveOptions
  extends OperationOptions,
    WriteConditions,
    ServiceOptions,
    ProgressOptions {
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

/** Another name for what a save can be told. */
export type StorageOptions = SaveOptions;

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
