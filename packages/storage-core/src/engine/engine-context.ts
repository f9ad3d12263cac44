import type { Body, StoredObject } from '../contract/body.ts';
import type { EngineGetOptions, EngineOptions, EnginePutOptions } from '../contract/engine.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { OperationOptions, PutOptions, StatOptions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { LoadOptions, SaveOptions } from '../contract/values.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import { StorageError, type StorageErrorFields } from '../errors/storage-error.ts';
import { NO_OPTIONS, signalOf } from '../provider/signal-of.ts';

export { NO_OPTIONS, signalOf };

/** A value on its way into the store. */
export interface EncodedValue {
  readonly body: Body;
  /** Absent where the key alone tells how to read it. */
  readonly contentType?: string | undefined;
}

/** What reading a value needs to know of the options of a load. */
export type DecodeOptions = Pick<LoadOptions, 'as' | 'schema'>;

/** What the parts of one engine work with. Its reads leave expired items out. */
export interface EngineContext {
  /** Guarded. */
  readonly provider: StorageProvider;
  readonly options: EngineOptions;
  /** Where this engine's keys start in the storage that schemas and the index were made for. */
  readonly prefix: string;
  readonly now: () => number;
  get(key: string, options: EngineGetOptions): Promise<StoredObject>;
  stat(key: string, options: StatOptions): Promise<ObjectInfo>;
  /** Picks the way a body goes up: one put, several parts, over an expired item. */
  put(key: string, body: Body, options: EnginePutOptions): Promise<ObjectInfo>;
  encode(key: string, value: unknown, options: SaveOptions): EncodedValue | Promise<EncodedValue>;
  /** The value of an object, checked by the schemas that hold for it. */
  decode(object: StoredObject, options: DecodeOptions): Promise<unknown>;
}

/** Whether an item's time is up. */
export function isExpired(
  { expiresAt }: { readonly expiresAt?: Date | undefined },
  now: () => number,
): boolean {
  return expiresAt !== undefined && expiresAt.getTime() <= now();
}

/** An error of the engine's own, with the provider's name. */
export function engineError(
  { name }: StorageProvider,
  code: ErrorCode,
  reason: string,
  fields: StorageErrorFields,
): StorageError {
  return new StorageError(code, reason, { ...fields, provider: name });
}

/** What an operation on an expired item fails with. */
export function expiredError(
  provider: StorageProvider,
  operation: string,
  key: string,
): StorageError {
  return engineError(provider, 'not-found', 'there is no such item; it expired.', {
    operation,
    key,
  });
}

/** Opens the provider, so that its capabilities are the final ones. */
export async function opened(
  provider: StorageProvider,
  options: OperationOptions,
): Promise<StorageProvider> {
  await provider.open?.(signalOf(options));
  return provider;
}

/** The options of a put that stores what a save made of its value. */
export function saveToPut(options: SaveOptions, contentType: string | undefined): EnginePutOptions {
  if (options === NO_OPTIONS) return contentType === undefined ? NO_OPTIONS : { contentType };
  const { format, schema, expiration, ...rest } = options;
  return {
    ...rest,
    ...(expiration !== undefined && { expiresAt: expiration }),
    ...(contentType !== undefined && { contentType }),
  };
}

/** What the provider is told of the options of an engine's put. */
export function putOptionsOf(options: EnginePutOptions): PutOptions {
  if (options === NO_OPTIONS) return NO_OPTIONS;
  const { size, concurrency, onSession, resume, onProgress, checksum, ...rest } = options;
  return checksum ? { ...rest, checksum: 'sha256' } : rest;
}
