import type { ContentRange, StoredObject } from '../contract/body.ts';
import type { JsonValue } from '../contract/json.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import { StorageError, type StorageErrorFields } from '../errors/storage-error.ts';
import { abortedError, toStorageError } from '../errors/to-storage-error.ts';
import { asyncDispose } from './async-dispose.ts';
import { plainBytes, singleChunkStream } from './buffered-body.ts';
import { type ChunkSource, collect, streamSource } from './chunk-source.ts';
import { type Watch, watchUnread } from './watch-unread.ts';

/** Where the content of a {@link StoredObject} comes from. Give `bytes`, and `chunks` or `stream`. */
export interface BodySource {
  /** The whole content. It belongs to the caller from then on. */
  bytes?(): Uint8Array | Promise<Uint8Array>;
  /** The content piece by piece. Its end, its error and its cancellation let go of what it holds. */
  stream?(): ReadableStream<Uint8Array>;
  /**
   * The same without a stream around it, which is quicker. A chunk may be a window into a buffer that
   * holds more; callers get copies.
   */
  chunks?(): ChunkSource;
  /** Lets go of what the body holds. Present when it holds something. */
  cancel?(reason?: unknown): void | Promise<void>;
}

/** Options of {@link storedObject}. */
export interface StoredObjectOptions {
  /** What the body holds, when a range was asked for. */
  readonly range?: ContentRange;
  /** Ends the reading of the body, also after `get` has resolved. */
  readonly signal?: AbortSignal;
  /** Lets a body go that holds something and that nothing reads. Units: ms. Default: 60,000; 0 means never. */
  readonly idleBodyMs?: number;
  /** The object whose body this one passes on. It keeps the time, so this one does not. */
  readonly below?: StoredObject;
}

/** What the guard and the engine add to a body that passes through them. */
export interface BodyTerms {
  /** Name of the provider in errors. */
  readonly provider?: string;
  readonly signal?: AbortSignal | undefined;
  readonly idleBodyMs?: number;
  /** Told of every read of the whole content that takes time. */
  readonly onRead?: (reading: Promise<unknown>) => void;
}

const CHUNKS: unique symbol = Symbol.for('@granary/storage-core/body-chunks');
const TERMS: unique symbol = Symbol.for('@granary/storage-core/body-terms');
const IDLE_BODY_MS = 60_000;

/** Adds terms to an object that {@link storedObject} made; `false` for one that it did not make. */
export function addBodyTerms(object: StoredObject, terms: BodyTerms): boolean {
  if (!(TERMS in object)) return false;
  (object as SourceObject)[TERMS](terms);
  return true;
}

/**
 * The content of an object chunk by chunk, for a body around it: one that {@link storedObject} made
 * hands its own on. A chunk may be a window into a buffer that holds more. It takes the body.
 */
export function objectChunks(object: StoredObject): ChunkSource {
  return CHUNKS in object ? (object as SourceObject)[CHUNKS]() : streamSource(object.stream());
}

/** Whether the content comes piece by piece, so that progress can be seen. */
export function givesStream(object: StoredObject): boolean {
  return (object as Partial<SourceObject>).givesStream?.() ?? true;
}

/**
 * Makes the {@link StoredObject} that a provider's `get` returns. The body is read once, in any
 * form, each derived from what the source offers; it is checked to have as many bytes as
 * `info.size` or the range says. Reading to the end, an error, `cancel`, disposal, the signal and
 * `idleBodyMs` without a read all let go of what the source holds.
 */
export function storedObject(
  info: ObjectInfo,
  source: BodySource,
  options: StoredObjectOptions = {},
): StoredObject {
  return new SourceObject(info, source, options);
}

/** A class, not a closure: a small read costs one object. */
class SourceObject implements StoredObject {
  readonly info: ObjectInfo;
  declare readonly range?: ContentRange;
  readonly #source: BodySource;
  readonly #below: StoredObject | undefined;
  #state: 'unread' | 'reading' | 'read' | StorageError = 'unread';
  #provider: string | undefined;
  #signal: AbortSignal | undefined;
  #idleBodyMs: number;
  #onRead: BodyTerms['onRead'];
  /** Ends the read that is running, from outside. */
  #interrupt: ((error: StorageError) => void) | undefined;
  #chunks: ChunkSource | undefined;
  #watch: Watch | undefined;

  constructor(info: ObjectInfo, source: BodySource, options: StoredObjectOptions) {
    this.info = info;
    this.#source = source;
    if (options.range !== undefined) this.range = options.range;
    this.#signal = options.signal;
    this.#below = options.below;
    this.#idleBodyMs = options.below === undefined ? (options.idleBodyMs ?? IDLE_BODY_MS) : 0;
    if (source.cancel !== undefined) this.#startWatch();
  }

  [TERMS]({ provider, signal, idleBodyMs, onRead }: BodyTerms): void {
    this.#provider ??= provider;
    this.#onRead ??= onRead;
    this.#signal ??= signal;
    if (idleBodyMs !== undefined) {
      if (this.#below !== undefined) addBodyTerms(this.#below, { idleBodyMs });
      else if (this.#idleBodyMs !== 0) this.#idleBodyMs = idleBodyMs;
    }
    if (this.#source.cancel !== undefined && this.#state === 'unread') this.#startWatch();
  }

  givesStream(): boolean {
    if (this.#below !== undefined) return givesStream(this.#below);
    return this.#source.stream !== undefined || this.#source.chunks !== undefined;
  }

  async bytes(): Promise<Uint8Array> {
    this.#take();
    try {
      const result = this.#allBytes();
      const bytes = result instanceof Promise ? await this.#interruptible(result) : result;
      this.#checkEnd(bytes.byteLength);
      this.#finish();
      return plainBytes(bytes);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  stream(): ReadableStream<Uint8Array> {
    const chunks = this[CHUNKS]();
    const isWindow = this.#source.chunks !== undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#interrupt = (error) => controller.error(error);
        },
        pull: async (controller) => {
          try {
            const chunk = await chunks.next();
            if (chunk === undefined) controller.close();
            else controller.enqueue(isWindow ? ownBytes(chunk) : chunk);
          } catch {
            // The stream was errored when the body ended.
          }
        },
        cancel: (reason) => this.#end(this.#letGoError(reason), reason),
      },
      { highWaterMark: 0 },
    );
  }

  [CHUNKS](): ChunkSource {
    this.#take();
    if (this.#source.cancel !== undefined || this.#signal !== undefined) this.#startWatch();
    let count = 0;
    return {
      next: async () => {
        this.#watch?.pause();
        try {
          this.#chunks ??= this.#open();
          const chunk = await this.#chunks.next();
          if (typeof this.#state === 'object') throw this.#state;
          count += chunk?.byteLength ?? 0;
          if (chunk === undefined || count > this.#size()) this.#checkEnd(count);
          if (chunk === undefined) this.#finish();
          else this.#watch?.resume();
          return chunk;
        } catch (error) {
          // What comes too late, after another end, changes nothing.
          throw this.#fail(error);
        }
      },
      cancel: (reason) => this.#end(this.#letGoError(reason), reason),
    };
  }

  async text(): Promise<string> {
    return this.#decode(await this.bytes(), true);
  }

  async json(): Promise<JsonValue> {
    const text = this.#decode(await this.bytes(), false);
    try {
      return JSON.parse(text) as JsonValue;
    } catch (error) {
      // The parser's message quotes the content, so it does not become the cause.
      const [place = ''] = / at position \d+.*$/.exec(String(error)) ?? [];
      throw this.#invalidData(`the content is not JSON${place}.`);
    }
  }

  async blob(): Promise<Blob> {
    const bytes = (await this.bytes()) as Uint8Array<ArrayBuffer>;
    return new Blob([bytes], { type: this.info.contentType ?? '' });
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#end(this.#letGoError(reason), reason);
  }

  [asyncDispose](): Promise<void> {
    return this.cancel();
  }

  #take(): void {
    if (this.#state === 'unread' && this.#signal?.aborted) {
      this.#fail(abortedError(this.#signal, this.#place()));
    }
    if (this.#state === 'unread') {
      this.#state = 'reading';
      this.#watch?.pause();
    } else if (typeof this.#state === 'object') {
      throw this.#state;
    } else {
      throw new StorageError('invalid-argument', 'the body was read already.', {
        ...this.#place(),
        hint: 'Keep what the first read returned, or get the object again.',
      });
    }
  }

  #allBytes(): Uint8Array | Promise<Uint8Array> {
    if (this.#source.bytes !== undefined) return this.#source.bytes();
    this.#chunks = this.#open();
    return collect(this.#chunks, this.#size());
  }

  #open(): ChunkSource {
    const source = this.#source;
    if (source.chunks !== undefined) return source.chunks();
    if (source.stream !== undefined) return streamSource(source.stream());
    return streamSource(singleChunkStream(async () => source.bytes?.() ?? new Uint8Array()));
  }

  /** Waits for a read, unless the body is let go of first. */
  #interruptible(reading: Promise<Uint8Array>): Promise<Uint8Array> {
    this.#onRead?.(reading);
    if (this.#signal !== undefined && this.#watch === undefined) this.#startWatch();
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      reading.then(resolve, reject);
    });
  }

  #size(): number {
    return this.range?.length ?? this.info.size;
  }

  #checkEnd(count: number): void {
    const size = this.#size();
    if (count === size) return;
    throw count < size
      ? new StorageError('unavailable', `the body ended after ${count} of ${size} bytes.`)
      : new StorageError('corrupted', `the body has more than the ${size} bytes it should have.`);
  }

  #decode(bytes: Uint8Array, keepMark: boolean): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: keepMark }).decode(bytes);
    } catch {
      throw this.#invalidData('the content is not text in UTF-8.');
    }
  }

  #invalidData(reason: string): StorageError {
    return new StorageError('invalid-data', reason, {
      ...this.#place(),
      hint: 'Read it with bytes() or stream().',
    });
  }

  #letGoError(reason: unknown): StorageError {
    const fields = { ...this.#place(), cause: reason };
    return new StorageError('aborted', 'the body was let go of before it was read.', fields);
  }

  #place(): StorageErrorFields {
    return { provider: this.#provider, operation: 'get', key: this.info.key };
  }

  #startWatch(): void {
    this.#watch?.stop();
    this.#watch = undefined;
    const idleMs = this.#source.cancel === undefined ? 0 : this.#idleBodyMs;
    if (this.#signal === undefined && idleMs === 0) return;
    this.#watch = watchUnread({
      signal: this.#signal,
      idleMs,
      onAbort: (signal) => this.#fail(abortedError(signal, this.#place())),
      onIdle: (idleMs) =>
        this.#fail(new StorageError('timeout', `nothing read the body for ${idleMs} ms.`)),
    });
  }

  #fail(thrown: unknown): StorageError {
    const error = toStorageError(thrown, this.#place(), this.#signal);
    void this.#end(error, error);
    return error;
  }

  async #end(error: StorageError, reason: unknown): Promise<void> {
    if (this.#state !== 'unread' && this.#state !== 'reading') return;
    this.#state = error;
    this.#interrupt?.(error);
    this.#stopWatch();
    // An end in the middle is no failure of its own, whatever the source says to it.
    await Promise.allSettled([
      this.#chunks?.cancel(reason),
      (async () => this.#source.cancel?.(reason))(),
    ]);
  }

  /** The content was read to its end: nothing of ours stays on the signal or in a timer. */
  #finish(): void {
    this.#state = 'read';
    this.#stopWatch();
  }

  #stopWatch(): void {
    this.#interrupt = undefined;
    this.#watch?.stop();
    this.#watch = undefined;
  }
}

/** The bytes in memory of their own. */
function ownBytes(chunk: Uint8Array): Uint8Array {
  return chunk.byteLength === chunk.buffer.byteLength ? plainBytes(chunk) : new Uint8Array(chunk);
}
