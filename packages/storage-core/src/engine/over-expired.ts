import type { Body } from '../contract/body.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { OperationOptions, PutOptions, WriteConditions } from '../contract/operations.ts';
import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { type EngineContext, isExpired, signalOf } from './engine-context.ts';

/**
 * What stands in the way of a create: the info of an item that expired, or nothing that the engine
 * may replace.
 */
async function expiredAt(
  { provider, now }: EngineContext,
  key: string,
  options: OperationOptions,
): Promise<ObjectInfo | undefined> {
  try {
    const info = await provider.stat(key, signalOf(options));
    return isExpired(info, now) ? info : undefined;
  } catch (error) {
    if (isStorageError(error, 'not-found')) return undefined;
    throw error;
  }
}

/**
 * The conditions under which a create may happen now: over an expired item, exactly that write is
 * replaced (or deleted first), so that of two racing creators still one wins. The options
 * themselves come back when no expired item is there.
 */
export async function conditionsOver<Options extends OperationOptions & WriteConditions>(
  context: EngineContext,
  key: string,
  options: Options,
  way: 'replace' | 'delete' = 'replace',
): Promise<Options> {
  const expired = await expiredAt(context, key, options);
  return expired === undefined ? options : replacing(context, key, options, expired, way);
}

/** A create that failed because something is there, tried again when that expired. */
export async function putOverExpired(
  context: EngineContext,
  key: string,
  body: Body,
  options: PutOptions,
  failure: unknown,
): Promise<ObjectInfo> {
  const expired = await expiredAt(context, key, options);
  if (expired === undefined) throw failure;
  return context.provider.put(
    key,
    body,
    await replacing(context, key, options, expired, 'replace'),
  );
}

/** Takes an expired item away, unless it was written again meanwhile; then the create fails. */
async function replacing<Options extends OperationOptions & WriteConditions>(
  { provider }: EngineContext,
  key: string,
  options: Options,
  { etag }: ObjectInfo,
  way: 'replace' | 'delete',
): Promise<Options> {
  const { replaceIfMatch, deleteIfMatch } = provider.capabilities;
  if (replaceIfMatch && way === 'replace') {
    const { ifNoneMatch: _replaced, ...rest } = options;
    return { ...rest, ifMatch: etag } as Options;
  }
  if (deleteIfMatch) {
    await provider.delete(key, { ...signalOf(options), ifMatch: etag });
    return { ...options };
  }
  throw new StorageError('precondition-failed', 'an expired item is in the way.', {
    provider: provider.name,
    operation: 'put',
    key,
    outcome: 'not-applied',
    hint: 'Delete it first, or call sweep(): this storage cannot replace exactly that item.',
  });
}
