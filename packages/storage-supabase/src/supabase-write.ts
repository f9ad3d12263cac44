import {
  type Body,
  isBrowser,
  isStorageError,
  type ObjectInfo,
  type PutOptions,
  pickAttributes,
  toStorageError,
} from '@granary/storage-core/provider';
import { markOf, toInfo, toNative } from './supabase-attributes.ts';
import type { SupabaseBucket } from './supabase-client.ts';
import { afterWrite } from './supabase-errors.ts';
import { toName, toPath } from './supabase-keys.ts';
import { nativeInfo } from './supabase-read.ts';

/**
 * Writes an object in one request and asks for its info, which the service does not answer with.
 * Every write carries a random mark, by which that info is known to be of this write. What
 * the source of the content fails with comes first.
 */
export async function writeObject(
  store: SupabaseBucket,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal, writeId } = options;
  const mark = crypto.randomUUID();
  const name = toName(key, store.bucket);
  const { contentType, cacheControl, metadata } = toNative(options, { mark, writeId });
  const source = { error: undefined as unknown, bytes: 0 };
  try {
    const content = await contentOf(body, source);
    await store.call(
      (files) =>
        files.upload(toPath(name), content, {
          upsert: true,
          contentType,
          metadata,
          // storage-js can say seconds alone; the service keeps the header as it is.
          headers: { 'cache-control': cacheControl },
        }),
      { signal },
    );
  } catch (error) {
    await body.cancel(error);
    if (source.error === undefined) throw error;
    throw toStorageError(source.error, { outcome: 'not-applied' }, signal);
  }
  return writtenInfo(store, { key, name, mark, size: source.bytes, options });
}

/** A write that was made. */
export interface Written {
  readonly key: string;
  readonly name: string;
  readonly mark: string;
  /** Units: bytes. */
  readonly size: number;
  readonly options: PutOptions;
}

/**
 * The info of a write. When another one has replaced it by now, the service knows it no more; its
 * etag is then one that no object has.
 */
export async function writtenInfo(store: SupabaseBucket, written: Written): Promise<ObjectInfo> {
  const { key, name, mark, size, options } = written;
  const native = await nativeInfo(store, name, options.signal).catch((error: unknown) => {
    if (isStorageError(error, 'not-found')) return undefined;
    throw afterWrite(error, options.signal);
  });
  if (native && markOf(native) === mark) return toInfo(key, native);
  return {
    key,
    size,
    etag: `replaced-${mark}`,
    modifiedAt: native ? toInfo(key, native).modifiedAt : new Date(),
    ...pickAttributes(options),
    ...(options.writeId !== undefined && { writeId: options.writeId }),
  };
}

/** Browsers send no stream of a request over every connection, so there it is read whole: `maxPutBytes` is small. */
async function contentOf(
  body: Body,
  source: { error: unknown; bytes: number },
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  if (body.buffered || isBrowser()) {
    const bytes =
      body.buffered ??
      (await body.bytes().catch((error: unknown) => {
        source.error = error;
        throw error;
      }));
    source.bytes = bytes.byteLength;
    return bytes as Uint8Array<ArrayBuffer>;
  }
  return watched(body.stream(), source);
}

/** Passes a stream on, counts it, and tells of its error, which `fetch` hides behind one of its own. */
function watched(
  stream: ReadableStream<Uint8Array>,
  source: { error: unknown; bytes: number },
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else {
            source.bytes += value.byteLength;
            controller.enqueue(value);
          }
        } catch (error) {
          source.error = error;
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
