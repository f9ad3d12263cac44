import type { ObjectInfo } from '../contract/object-info.ts';
import { isStorageError, type StorageError } from '../errors/storage-error.ts';
import { checkKey } from '../keys/check-key.ts';
import { canCondition, clearExpiredTarget, copyItem, type EngineCopyOptions } from './copy-item.ts';
import { type EngineContext, engineError, NO_OPTIONS, opened, signalOf } from './engine-context.ts';

/**
 * Moves on the server where the provider can do all that is asked for. Else the target is copied,
 * found stored, and only then the source deleted, when it is still the write that was copied.
 */
export async function moveItem(
  context: EngineContext,
  from: string,
  to: string,
  options: EngineCopyOptions = NO_OPTIONS,
): Promise<ObjectInfo> {
  const { provider } = context;
  const { capabilities } = await opened(provider, options);
  checkKey(to, capabilities.maxKeyBytes);
  if (from === to) return copyItem(context, from, to, options);
  if (provider.move === undefined || !canCondition(capabilities, options)) {
    return copyThenDelete(context, from, to, options);
  }
  if (options.attributes?.expiresAt !== undefined) await context.stat(from, signalOf(options));
  const { onProgress, ...native } = options;
  let info: ObjectInfo;
  try {
    info = await provider.move(from, to, native);
  } catch (error) {
    if (options.ifNoneMatch === undefined || !isStorageError(error, 'precondition-failed')) {
      throw error;
    }
    await clearExpiredTarget(context, to, options, error);
    info = await provider.move(from, to, native);
  }
  onProgress?.({ transferredBytes: info.size, totalBytes: info.size });
  return info;
}

async function copyThenDelete(
  context: EngineContext,
  from: string,
  to: string,
  options: EngineCopyOptions,
): Promise<ObjectInfo> {
  const { provider } = context;
  const signal = signalOf(options);
  const source = await context.stat(from, signal);
  if (options.sourceIfMatch !== undefined && options.sourceIfMatch !== source.etag) {
    throw engineError(provider, 'precondition-failed', 'the source is another write by now.', {
      operation: 'move',
      key: from,
      outcome: 'not-applied',
    });
  }
  const pins = provider.copy === undefined || provider.capabilities.copyIfMatch === true;
  const copied = await copyItem(context, from, to, {
    ...options,
    ...(pins && { sourceIfMatch: source.etag }),
  }).catch(async (error: unknown) => {
    const raced =
      isStorageError(error, 'precondition-failed') && (await isChanged(context, source));
    throw raced ? changed(context, from, 'the source changed while it was copied', error) : error;
  });
  const stored = await provider.stat(to, signal);
  if (stored.size !== source.size || stored.etag !== copied.etag) {
    throw changed(context, from, `${JSON.stringify(to)} is not the copy that was written`);
  }
  await deleteSource(context, source, options);
  return stored;
}

async function deleteSource(
  context: EngineContext,
  source: ObjectInfo,
  options: EngineCopyOptions,
): Promise<void> {
  const { provider } = context;
  const { key } = source;
  const signal = signalOf(options);
  if (!provider.capabilities.deleteIfMatch) {
    if (await isChanged(context, source)) throw changed(context, key, 'the source changed');
    await provider.delete(key, signal);
    return;
  }
  try {
    await provider.delete(key, { ...signal, ifMatch: source.etag });
  } catch (error) {
    if (!isStorageError(error, 'precondition-failed')) throw error;
    // Somebody else's delete of the same write is what was wanted.
    if (await isGone(context, key)) return;
    throw changed(context, key, 'the source changed', error);
  }
}

async function isChanged({ provider }: EngineContext, source: ObjectInfo): Promise<boolean> {
  try {
    return (await provider.stat(source.key, {})).etag !== source.etag;
  } catch (error) {
    if (isStorageError(error, 'not-found')) return true;
    throw error;
  }
}

async function isGone({ provider }: EngineContext, key: string): Promise<boolean> {
  try {
    await provider.stat(key, {});
    return false;
  } catch (error) {
    return isStorageError(error, 'not-found');
  }
}

function changed(
  { provider }: EngineContext,
  key: string,
  reason: string,
  cause?: unknown,
): StorageError {
  return engineError(provider, 'conflict', `${reason}; nothing was deleted.`, {
    operation: 'move',
    key,
    outcome: 'not-applied',
    hint: 'Look at both objects and move again.',
    cause,
  });
}
