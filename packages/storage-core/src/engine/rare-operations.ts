import { toBody } from '../bodies/to-body.ts';
import type { BodyInput } from '../contract/body.ts';
import type { ClearOptions, ClearResult, EnginePutOptions } from '../contract/engine.ts';
import type { ChangesOptions, ChangesPage, Watcher, WatchOptions } from '../contract/events.ts';
import type { AttributesPatch, ObjectInfo } from '../contract/object-info.ts';
import type {
  ObjectTags,
  OperationOptions,
  PresignedRequest,
  PresignOptions,
  SetMetadataOptions,
} from '../contract/operations.ts';
import type { PendingUpload, UploadOptions, UploadSession } from '../contract/upload.ts';
import { toStorageError } from '../errors/to-storage-error.ts';
import { clearItems } from './clear-items.ts';
import {
  type EngineContext,
  expiredError,
  isExpired,
  NO_OPTIONS,
  signalOf,
} from './engine-context.ts';
import { operationOf } from './operation-of.ts';
import { putBody } from './put-body.ts';

export { sweepItems as sweep } from './clear-items.ts';
export { copyItem as copy } from './copy-item.ts';
export { getParallel } from './get-parallel.ts';
export { getRanges } from './get-ranges.ts';
export { deleteMany, loadMany, saveMany } from './many-items.ts';
export { moveItem as move } from './move-item.ts';
export { rethrow } from './operation-of.ts';
export { putOverExpired } from './over-expired.ts';
export { watchedObject } from './report-progress.ts';
export { updateItem as update } from './update-item.ts';
export { healthOf as health, usageOf as usage } from './usage-health.ts';
export { putBody };

/** Puts what is no string and no plain buffer, or with a promised size. */
export async function putInput(
  context: EngineContext,
  key: string,
  input: BodyInput,
  options: EnginePutOptions,
): Promise<ObjectInfo> {
  try {
    return await putBody(context, key, toBody(input, options), options);
  } catch (error) {
    const place = { provider: context.provider.name, operation: 'put', key };
    throw toStorageError(error, place);
  }
}

export async function clear(
  context: EngineContext,
  what: string | ClearOptions = '',
  options: ClearOptions = NO_OPTIONS,
): Promise<ClearResult> {
  return typeof what === 'string'
    ? clearItems(context, what, options)
    : clearItems(context, '', what);
}

export async function setMetadata(
  { provider, stat, now }: EngineContext,
  key: string,
  patch: AttributesPatch,
  options: SetMetadataOptions = NO_OPTIONS,
): Promise<ObjectInfo> {
  const set = await operationOf(provider, 'setMetadata', options, key);
  // What has expired is not brought back by moving its expiry.
  const revives = patch.expiresAt !== undefined;
  if (revives) await stat(key, signalOf(options));
  const info = await set(key, patch, options);
  if (!revives && isExpired(info, now)) throw expiredError(provider, 'setMetadata', key);
  return info;
}

export async function upload(
  { provider }: EngineContext,
  key: string,
  options: UploadOptions = NO_OPTIONS,
): Promise<UploadSession> {
  return (await operationOf(provider, 'upload', options, key))(key, options);
}

export async function presign(
  { provider }: EngineContext,
  key: string,
  options: PresignOptions = NO_OPTIONS,
): Promise<PresignedRequest> {
  return (await operationOf(provider, 'presign', options, key))(key, options);
}

export async function watch(
  { provider }: EngineContext,
  what: string | WatchOptions = NO_OPTIONS,
): Promise<Watcher> {
  const options = typeof what === 'string' ? { prefix: what } : what;
  return (await operationOf(provider, 'watch', options))(options);
}

export async function restore(
  { provider }: EngineContext,
  key: string,
  version: string,
  options: OperationOptions = NO_OPTIONS,
): Promise<ObjectInfo> {
  const versions = await operationOf(provider, 'versions', options, key);
  return versions.restore(key, version, options);
}

export async function* versionPages(
  { provider }: EngineContext,
  key: string,
  options: OperationOptions = NO_OPTIONS,
): AsyncGenerator<{ readonly entries: readonly ObjectInfo[] }, void, undefined> {
  const versions = await operationOf(provider, 'versions', options, key);
  for await (const entries of versions.list(key, options)) yield { entries };
}

export async function getTags(
  { provider }: EngineContext,
  key: string,
  options: OperationOptions = NO_OPTIONS,
): Promise<ObjectTags> {
  return (await operationOf(provider, 'objectTags', options, key)).get(key, options);
}

export async function setTags(
  { provider }: EngineContext,
  key: string,
  tags: ObjectTags,
  options: OperationOptions = NO_OPTIONS,
): Promise<void> {
  await (await operationOf(provider, 'objectTags', options, key)).set(key, tags, options);
}

export async function* uploadPages(
  { provider }: EngineContext,
  options: OperationOptions & { readonly prefix?: string } = NO_OPTIONS,
): AsyncGenerator<{ readonly entries: readonly PendingUpload[] }, void, undefined> {
  const uploads = await operationOf(provider, 'uploads', options);
  for await (const upload of uploads(options)) yield { entries: [upload] };
}

export async function* changePages(
  { provider }: EngineContext,
  options: ChangesOptions = NO_OPTIONS,
): AsyncGenerator<ChangesPage, void, undefined> {
  yield* (await operationOf(provider, 'changes', options))(options);
}
