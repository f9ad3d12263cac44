import type { ObjectTags, OperationOptions } from '@granary/storage-core/provider';
import { type AzureStore, blobOf, send } from './azure-client.ts';
import { toName } from './azure-keys.ts';

/** The index tags of a blob. https://learn.microsoft.com/azure/storage/blobs/storage-manage-find-blobs (read 2026-11-21) */
export async function readTags(
  store: AzureStore,
  key: string,
  { signal }: OperationOptions,
): Promise<ObjectTags> {
  const blob = blobOf(store, toName(key));
  const { tags } = await send(signal, (abortSignal) => blob.getTags({ abortSignal }));
  return tags;
}

/** Replaces the index tags of a blob. */
export async function writeTags(
  store: AzureStore,
  key: string,
  tags: ObjectTags,
  { signal }: OperationOptions,
): Promise<void> {
  const blob = blobOf(store, toName(key));
  await send(signal, (abortSignal) => blob.setTags({ ...tags }, { abortSignal }));
}
