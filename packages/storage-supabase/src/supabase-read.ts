import {
  type GetOptions,
  mapStreamError,
  type ObjectInfo,
  parseContentRange,
  rangeHeader,
  resolveRange,
  type StatOptions,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { type NativeInfo, toEtag, toInfo } from './supabase-attributes.ts';
import type { SupabaseBucket } from './supabase-client.ts';
import { fromFailure, unreadable } from './supabase-errors.ts';
import { toName, toPath } from './supabase-keys.ts';

/** How often content and info may turn out to be of two writes. */
const MAX_TRIES = 3;
/** What can stand in a header. */
const ETAG = /^[!#-~]+$/;

/** Tells about an object. storage-js would rename metadata on the way, so the request is our own. */
export async function statObject(
  store: SupabaseBucket,
  key: string,
  { signal }: StatOptions,
): Promise<ObjectInfo> {
  return toInfo(key, await nativeInfo(store, toName(key, store.bucket), signal));
}

/** What the service tells about a name. https://github.com/supabase/storage/blob/master/src/http/routes/object/getObjectInfo.ts */
export async function nativeInfo(
  { bucket, send }: SupabaseBucket,
  name: string,
  signal: AbortSignal | undefined,
): Promise<NativeInfo> {
  const path = `object/info/authenticated/${encodeURIComponent(bucket)}/${toPath(name)}`;
  const response = await send('GET', path, { signal });
  try {
    return (await response.json()) as NativeInfo;
  } catch (error) {
    throw unreadable(error);
  }
}

/**
 * Reads an object or a part of it. Content comes without user metadata, so its info is asked for at
 * the same time; both are of one write when their etags are equal. Where they are not, the object was
 * written in between or a cache answered, and both are asked for again.
 */
export async function readObject(
  store: SupabaseBucket,
  key: string,
  options: GetOptions,
): Promise<StoredObject> {
  const name = toName(key, store.bucket);
  let nonce: string | undefined;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const [native, response] = await bothHalves(store, name, options, nonce);
    const info = toInfo(key, native);
    const isSame = toEtag(response.headers.get('etag')) === info.etag;
    if (isSame && response.status !== 304) return await pinned(info, response, options);
    await response.body?.cancel();
    nonce = native.version ?? String(tries);
  }
  throw new StorageError('conflict', 'the object changed while it was read.', {
    hint: 'Try again.',
  });
}

/** Content and info, together; with a nonce one after the other, past every cache. */
async function bothHalves(
  store: SupabaseBucket,
  name: string,
  options: GetOptions,
  nonce: string | undefined,
): Promise<readonly [NativeInfo, Response]> {
  const { range, ifMatch, ifNoneMatch = '', signal } = options;
  const query = nonce === undefined ? '' : `?cacheNonce=${encodeURIComponent(nonce)}`;
  const path = `object/authenticated/${encodeURIComponent(store.bucket)}/${toPath(name)}${query}`;
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  signal?.addEventListener('abort', end);
  const answering = store.send('GET', path, {
    headers: {
      ...(range && { range: rangeHeader(range) }),
      ...(ETAG.test(ifNoneMatch) && { 'if-none-match': `"${ifNoneMatch}"` }),
    },
    accept: [304],
    streams: true,
    signal: ending.signal,
  });
  answering.catch(() => {});
  try {
    const native = await nativeInfo(store, name, signal);
    const etag = toEtag(native.etag);
    if (ifMatch !== undefined && ifMatch !== etag) throw notThisWrite();
    if (ifNoneMatch === etag) throw notModified();
    if (range) resolveRange(range, native.size ?? 0);
    return [native, await answering];
  } catch (error) {
    ending.abort(error);
    answering.then(({ body }) => body?.cancel()).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

async function pinned(
  info: ObjectInfo,
  response: Response,
  { range, signal }: GetOptions,
): Promise<StoredObject> {
  // Node ends a body that nobody has begun to read when its response is collected, so that is held:
  // https://github.com/nodejs/undici/blob/main/lib/web/fetch/response.js, read 2026-11-21
  const body = () => response.body ?? new Blob([]).stream();
  const source = {
    stream: () => mapStreamError(body(), (error) => (signal?.aborted ? error : fromFailure(error))),
    cancel: (reason?: unknown) => response.body?.cancel(reason),
  };
  if (!range) return storedObject(info, source);
  const part = parseContentRange(response.headers.get('content-range') ?? '')?.range;
  if (response.status === 206 && part) return storedObject(info, source, { range: part });
  await response.body?.cancel();
  throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
}

function notThisWrite(): StorageError {
  return new StorageError('precondition-failed', 'the object is of another write.');
}

function notModified(): StorageError {
  return new StorageError('not-modified', 'the object is still of this write.', { status: 304 });
}
