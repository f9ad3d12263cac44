import { patchAttributes } from '../attributes/check-attributes.ts';
import { contentTypeOf } from '../attributes/content-type.ts';
import { toBody } from '../bodies/to-body.ts';
import type { Body, StoredObject } from '../contract/body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { ObjectAttributes, ObjectInfo } from '../contract/object-info.ts';
import type { CopyOptions, OperationOptions, WriteConditions } from '../contract/operations.ts';
import type { ProgressOptions } from '../contract/values.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { unsupported } from '../errors/to-storage-error.ts';
import { checkKey } from '../keys/check-key.ts';
import { type EngineContext, engineError, NO_OPTIONS, opened, signalOf } from './engine-context.ts';
import { conditionsOver } from './over-expired.ts';

/** Longest object that is copied through memory, so that its write can be tried again. Units: bytes. */
const HELD_BYTES = 1024 * 1024;

/** Options of the engine's copy and move. */
export interface EngineCopyOptions extends CopyOptions, ProgressOptions {}

/** Copies on the server where the provider can do all that is asked for, else through this process. */
export async function copyItem(
  context: EngineContext,
  from: string,
  to: string,
  options: EngineCopyOptions = NO_OPTIONS,
): Promise<ObjectInfo> {
  const { provider } = context;
  const { capabilities } = await opened(provider, options);
  checkKey(from, capabilities.maxKeyBytes);
  checkKey(to, capabilities.maxKeyBytes);
  if (from === to) return copyOntoItself(context, from, options);
  // A copy with another expiry must not bring back what has expired.
  if (options.attributes?.expiresAt !== undefined) await context.stat(from, signalOf(options));
  if (provider.copy === undefined || !canCondition(capabilities, options)) {
    return copyThrough(context, from, to, options, {});
  }
  const { onProgress, ...native } = options;
  let info: ObjectInfo;
  try {
    info = await provider.copy(from, to, native);
  } catch (error) {
    if (options.ifNoneMatch === undefined || !isStorageError(error, 'precondition-failed')) {
      throw error;
    }
    await clearExpiredTarget(context, to, options, error);
    info = await provider.copy(from, to, native);
  }
  onProgress?.({ transferredBytes: info.size, totalBytes: info.size });
  return info;
}

/** Whether the provider's own copy and move take the conditions that are asked for. */
export function canCondition(
  { copyIfMatch, copyIfAbsent }: Capabilities,
  { sourceIfMatch, ifNoneMatch }: CopyOptions,
): boolean {
  return (
    (sourceIfMatch === undefined || copyIfMatch === true) &&
    (ifNoneMatch === undefined || copyIfAbsent === true)
  );
}

/** Takes an expired target out of the way of a native copy or move; else the failure stays. */
export async function clearExpiredTarget(
  context: EngineContext,
  to: string,
  options: CopyOptions,
  failure: unknown,
): Promise<void> {
  const conditions: OperationOptions & WriteConditions = { ...signalOf(options), ifNoneMatch: '*' };
  if ((await conditionsOver(context, to, conditions, 'delete')) === conditions) throw failure;
}

/** Reads one write of the source and puts it with all its attributes. */
async function copyThrough(
  context: EngineContext,
  from: string,
  to: string,
  options: EngineCopyOptions,
  conditions: WriteConditions,
): Promise<ObjectInfo> {
  const { provider } = context;
  const { sourceIfMatch, ifNoneMatch, onProgress } = options;
  const { capabilities } = provider;
  if (ifNoneMatch !== undefined && !capabilities.createIfAbsent) {
    throw unsupported(provider.name, "ifNoneMatch: '*'").with({ operation: 'copy', key: to });
  }
  const object = await context.get(from, {
    ...signalOf(options),
    ...(capabilities.readConditions && sourceIfMatch !== undefined && { ifMatch: sourceIfMatch }),
  });
  if (sourceIfMatch !== undefined && object.info.etag !== sourceIfMatch) {
    await object.cancel();
    throw changedSource(context, from);
  }
  return context.put(to, await bodyOf(object), {
    ...attributesFor(to, object.info, options, capabilities),
    ...signalOf(options),
    // Nobody here knows whether the source is encrypted; what it replaces under a condition tells it.
    ...(capabilities.encrypt && conditions.ifMatch === undefined && { encrypt: true }),
    ...conditions,
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
    ...(onProgress !== undefined && { onProgress }),
  });
}

async function bodyOf(object: StoredObject): Promise<Body> {
  const { size } = object.info;
  return size <= HELD_BYTES ? toBody(await object.bytes()) : toBody(object.stream(), { size });
}

/** Attributes of the copy. A type that the source's name told is told to a target whose name tells another. */
function attributesFor(
  to: string,
  info: ObjectInfo,
  options: CopyOptions,
  { attributes }: Capabilities,
): ObjectAttributes {
  const told = info.contentType ?? contentTypeOf(info.key);
  const { contentType, ...rest } = patchAttributes(
    { ...info, ...(told !== undefined && { contentType: told }) },
    options.attributes,
  );
  const given = options.attributes?.contentType != null;
  const has = attributes === 'native' || attributes === 'companion';
  if (contentType === undefined || contentType === contentTypeOf(to)) return rest;
  return given || has ? { ...rest, contentType } : rest;
}

async function copyOntoItself(
  context: EngineContext,
  key: string,
  options: EngineCopyOptions,
): Promise<ObjectInfo> {
  const { provider } = context;
  const { attributes = {}, sourceIfMatch, ifNoneMatch } = options;
  const info = await context.stat(key, signalOf(options));
  if (sourceIfMatch !== undefined && info.etag !== sourceIfMatch) {
    throw changedSource(context, key);
  }
  if (ifNoneMatch !== undefined) {
    throw engineError(provider, 'precondition-failed', 'the target exists: it is the source.', {
      operation: 'copy',
      key,
      outcome: 'not-applied',
    });
  }
  if (Object.values(attributes).every((value) => value === undefined)) return info;
  const { setMetadataIfMatch, replaceIfMatch, copyIfMatch, encrypt } = provider.capabilities;
  // Where some objects are encrypted and others not, the layer alone knows which this one is.
  if (provider.setMetadata === undefined && !replaceIfMatch && encrypt && provider.copy) {
    return provider.copy(key, key, {
      ...signalOf(options),
      attributes,
      ...(copyIfMatch && { sourceIfMatch: info.etag }),
    });
  }
  if (provider.setMetadata !== undefined) {
    return provider.setMetadata(key, attributes, {
      ...signalOf(options),
      ...(setMetadataIfMatch && { ifMatch: info.etag }),
    });
  }
  const pinned = { ...options, sourceIfMatch: info.etag };
  return copyThrough(context, key, key, pinned, replaceIfMatch ? { ifMatch: info.etag } : {});
}

function changedSource({ provider }: EngineContext, key: string) {
  return engineError(provider, 'precondition-failed', 'the source is another write by now.', {
    operation: 'copy',
    key,
    outcome: 'not-applied',
  });
}
