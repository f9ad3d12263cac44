import type { JsonValue } from './json.ts';
import type { ObjectInfo } from './object-info.ts';

/** What an application may hand over as the content of an object. */
export type BodyInput =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** Content on its way to a provider. Core makes one from any {@link BodyInput} with `toBody`. */
export interface Body {
  /** Units: bytes. Absent when it is not known before the content has been read. */
  readonly size: number | undefined;
  /** Whether `bytes()` and `stream()` may be called again. */
  readonly replayable: boolean;
  /**
   * Each reading gives other bytes, as encryption does with a nonce of its own: what was found out of
   * one, such as a checksum, is not true of the next. Default: every reading gives the same.
   */
  readonly varies?: boolean;
  /**
   * The content, when it is in memory already. It may be the caller's own buffer: a provider
   * that keeps it copies it before its first `await`.
   */
  readonly buffered?: Uint8Array;
  /** The whole content. Fails with `invalid-argument` when the declared size is not what came. */
  bytes(): Promise<Uint8Array>;
  /** The content as a stream; it errors when the source does or when the declared size is not met. */
  stream(): ReadableStream<Uint8Array>;
  /** Lets go of a source that will not be read. Safe to call at any time, and again. */
  cancel(reason?: unknown): Promise<void>;
}

/** Part of an object. `offset` counts from its start; `suffix` asks for its last bytes. Units: bytes. */
export type ByteRange =
  | { readonly offset: number; readonly length?: number }
  | { readonly suffix: number };

/** The part of an object that a ranged read returned. Units: bytes. */
export interface ContentRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * An object with its content, which is read once, in the form the caller wants.
 * A body that holds a resource lets it go when it has been read, cancelled or disposed, and by
 * itself when nothing has read it for `idleBodyMs`.
 */
export interface StoredObject extends AsyncDisposable {
  readonly info: ObjectInfo;
  /** What the body holds, when a range was asked for. `info.size` stays the size of the whole object. */
  readonly range?: ContentRange;
  bytes(): Promise<Uint8Array>;
  stream(): ReadableStream<Uint8Array>;
  text(): Promise<string>;
  json(): Promise<JsonValue>;
  blob(): Promise<Blob>;
  /** Lets go of the body without reading it. Safe to call at any time, and again. */
  cancel(reason?: unknown): Promise<void>;
}
