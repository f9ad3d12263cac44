import {
  type AttributesPatch,
  type CopyOptions,
  type ObjectInfo,
  patchAttributes,
  StorageError,
} from '@granary/storage-core/provider';
import { metadataHeader, toInfo, toNative } from './supabase-attributes.ts';
import type { SupabaseBucket } from './supabase-client.ts';
import { afterWrite } from './supabase-errors.ts';
import { toName } from './supabase-keys.ts';
import { nativeInfo } from './supabase-read.ts';

/** How often a source may change while a copy with other attributes is made of it. */
const MAX_TRIES = 3;

/** Copies an object in the service, over an existing target too. */
export async function copyObject(
  store: SupabaseBucket,
  from: string,
  to: string,
  { attributes, signal }: CopyOptions,
): Promise<ObjectInfo> {
  const source = toName(from, store.bucket);
  const target = toName(to, store.bucket);
  if (attributes !== undefined)
    return copyChanged(store, { from, to, source, target }, attributes, signal);
  if (source === target) return infoOf(store, to, target, signal);
  await store.call((files) => files.copy(source, target), {
    headers: { 'x-upsert': 'true' },
    signal,
  });
  return infoOf(store, to, target, signal).catch((error: unknown) => {
    throw afterWrite(error, signal);
  });
}

interface Copy {
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly target: string;
}

/** The attributes that stay are read first; when the source changes meanwhile, it is all done again. */
async function copyChanged(
  store: SupabaseBucket,
  { from, to, source, target }: Copy,
  attributes: AttributesPatch,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const before = await nativeInfo(store, source, signal);
    const wanted = patchAttributes(toInfo(from, before), attributes);
    const { contentType, cacheControl, metadata } = toNative(wanted, { mark: crypto.randomUUID() });
    await store.call(
      (files) =>
        files.copy(source, target, {
          copyMetadata: false,
          metadata: { mimetype: contentType, cacheControl },
        }),
      { headers: { 'x-upsert': 'true', 'x-metadata': metadataHeader(metadata) }, signal },
    );
    try {
      const after = source === target ? before : await nativeInfo(store, source, signal);
      if (after.version === before.version) return await infoOf(store, to, target, signal);
    } catch (error) {
      throw afterWrite(error, signal);
    }
  }
  throw new StorageError('conflict', 'the source changed while it was copied.', {
    outcome: 'unknown',
    hint: 'Try again.',
  });
}

async function infoOf(
  store: SupabaseBucket,
  key: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  return toInfo(key, await nativeInfo(store, name, signal));
}
