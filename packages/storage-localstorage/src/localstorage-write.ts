import {
  abortedError,
  type Body,
  type Checksums,
  type CopyOptions,
  meetWriteConditions,
  type ObjectInfo,
  type PutOptions,
  patchAttributes,
  pickAttributes,
  StorageError,
  sha256,
  sha256Hasher,
} from '@granary/storage-core/provider';
import { toContent } from './localstorage-item.ts';
import type { LocalStore, LocalWrite } from './localstorage-store.ts';

/** Content on its way into an item, and its attributes. Buffers of the caller are read at once. */
export async function takeOver(
  body: Body,
  options: PutOptions,
  maxObjectBytes: number,
): Promise<LocalWrite> {
  const { checksum, writeId, signal } = options;
  const attributes = pickAttributes(options);
  if (body.buffered !== undefined) {
    const content = toContent(body.buffered);
    const checksums = checksum && (await checksumsOf(body.buffered.slice()));
    return { content, attributes, checksums, writeId };
  }
  const bytes = await collect(body, maxObjectBytes, signal);
  const checksums = checksum && (await checksumsOf(bytes));
  return { content: toContent(bytes), attributes, checksums, writeId };
}

/** In a turn. The content goes over as it is kept. */
export function copyItem(
  store: LocalStore,
  from: string,
  to: string,
  options: CopyOptions,
  movedFrom?: string,
): ObjectInfo {
  const { sourceIfMatch, ifNoneMatch, attributes } = options;
  const item = store.find(from);
  meetWriteConditions(item.info.etag, { ifMatch: sourceIfMatch }, from);
  return store.write(
    to,
    {
      content: item.content,
      attributes: patchAttributes(item.info, attributes),
      checksums: item.info.checksums,
      movedFrom,
    },
    ifNoneMatch === undefined ? {} : { ifNoneMatch },
  );
}

/** In a turn: the target is stored before the source goes. */
export function moveItem(
  store: LocalStore,
  from: string,
  to: string,
  options: CopyOptions,
): ObjectInfo {
  if (from !== to) return copyItem(store, from, to, options, from);
  const { sourceIfMatch, ifNoneMatch, attributes } = options;
  const item = store.find(from);
  meetWriteConditions(item.info.etag, { ifMatch: sourceIfMatch }, from);
  meetWriteConditions(item.info.etag, { ifNoneMatch }, to);
  return attributes === undefined ? item.info : setAttributes(store, from, attributes, undefined);
}

/** In a turn. */
export function setAttributes(
  store: LocalStore,
  key: string,
  patch: NonNullable<CopyOptions['attributes']>,
  ifMatch: string | undefined,
): ObjectInfo {
  const { info, content } = store.find(key);
  const { checksums, writeId } = info;
  const write = { content, attributes: patchAttributes(info, patch), checksums, writeId };
  return store.write(key, write, matching(ifMatch));
}

function matching(ifMatch: string | undefined) {
  return ifMatch === undefined ? {} : { ifMatch };
}

/** Where the page is not secure there is no Web Crypto, and core hashes by itself. */
async function checksumsOf(bytes: Uint8Array): Promise<Checksums> {
  const { subtle } = crypto as { readonly subtle?: unknown };
  if (subtle !== undefined) return { sha256: await sha256(bytes) };
  const hasher = await sha256Hasher();
  hasher.update(bytes);
  return { sha256: hasher.digest() };
}

/**
 * Reads a stream as far as an object may be large. Whatever ends the reading early ends the
 * source, and nobody waits for a source that hangs. Errors: `too-large`; `aborted`.
 */
async function collect(
  body: Body,
  maxObjectBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.stream().getReader();
  const stop = (reason: unknown) => void reader.cancel(reason).catch(() => {});
  const stopOnAbort = () => stop(signal?.reason);
  signal?.addEventListener('abort', stopOnAbort);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal?.aborted) throw abortedError(signal, { outcome: 'not-applied' });
      if (done) break;
      length += value.byteLength;
      if (length > maxObjectBytes) throw tooLarge(maxObjectBytes);
      chunks.push(value.slice());
    }
  } catch (error) {
    stop(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stopOnAbort);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function tooLarge(maxObjectBytes: number): StorageError {
  return new StorageError(
    'too-large',
    `the content is larger than the ${maxObjectBytes} bytes that an object in localStorage may have.`,
    { outcome: 'not-applied', hint: 'Keep it in IndexedDB (createIndexedDB).' },
  );
}
