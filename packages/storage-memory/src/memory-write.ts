import {
  type AttributesPatch,
  abortedError,
  type BatchOptions,
  type BatchResult,
  type Body,
  type CopyOptions,
  meetWriteConditions,
  type ObjectInfo,
  type PutEntry,
  type PutOptions,
  patchAttributes,
  type SetMetadataOptions,
  sha256,
  toStorageError,
} from '@granary/storage-core/provider';
import { copyAttributes, copyInfo } from './memory-info.ts';
import type { MemoryStore, MemoryWrite } from './memory-store.ts';

const FIRST_BUFFER_BYTES = 64 * 1024;
/** A declared size is believed so far before the bytes have come. Units: bytes. */
const BELIEVED_BYTES = 64 * 1024 * 1024;

export async function putObject(
  store: MemoryStore,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  store.check(key, body.size ?? 0, options);
  const taken = takeOver(store, key, body, options);
  const write = taken instanceof Promise ? await taken : taken;
  return copyInfo(store.write(key, write, options).info);
}

/** Reads all bodies first; then writes the objects in order, and nothing comes between. */
export async function putObjects(
  store: MemoryStore,
  entries: readonly PutEntry[],
  { atomic, signal }: BatchOptions,
): Promise<readonly BatchResult<ObjectInfo>[]> {
  const taken = await Promise.allSettled(
    entries.map(async ({ key, body, options }) =>
      takeOver(store, key, body, { ...options, ...(signal && { signal }) }),
    ),
  );
  if (signal?.aborted) throw abortedError(signal, { outcome: 'not-applied' });

  const writeAll = () =>
    entries.map(({ key, options = {} }, index) =>
      attempt(key, () => {
        const write = taken[index];
        if (write?.status !== 'fulfilled') throw write?.reason;
        return copyInfo(store.write(key, write.value, options).info);
      }),
    );
  return atomic ? store.together(() => writeAll().map(orThrow)) : writeAll();
}

export function copyObject(
  store: MemoryStore,
  from: string,
  to: string,
  options: CopyOptions,
  movedFrom?: string,
): ObjectInfo {
  const { sourceIfMatch, ifNoneMatch, attributes } = options;
  const { bytes, info, objectTags } = store.find(from);
  meetWriteConditions(info.etag, { ifMatch: sourceIfMatch }, from);
  // The bytes of a write never change, so two objects can have the same ones.
  const write: MemoryWrite = {
    bytes,
    attributes: copyAttributes(patchAttributes(info, attributes)),
    checksums: info.checksums,
    objectTags,
    movedFrom,
  };
  return copyInfo(store.write(to, write, { ...(ifNoneMatch && { ifNoneMatch }) }).info);
}

export function moveObject(
  store: MemoryStore,
  from: string,
  to: string,
  options: CopyOptions,
): ObjectInfo {
  if (from !== to) return copyObject(store, from, to, options, from);
  const { sourceIfMatch, ifNoneMatch, attributes } = options;
  const { info } = store.find(from);
  meetWriteConditions(info.etag, { ifMatch: sourceIfMatch }, from);
  meetWriteConditions(info.etag, { ifNoneMatch }, to);
  return attributes === undefined ? copyInfo(info) : setAttributes(store, from, attributes, {});
}

export function setAttributes(
  store: MemoryStore,
  key: string,
  patch: AttributesPatch,
  { ifMatch }: SetMetadataOptions,
): ObjectInfo {
  const { bytes, info, objectTags } = store.find(key);
  const write: MemoryWrite = {
    bytes,
    attributes: copyAttributes(patchAttributes(info, patch)),
    checksums: info.checksums,
    writeId: info.writeId,
    objectTags,
  };
  return copyInfo(store.write(key, write, { ...(ifMatch !== undefined && { ifMatch }) }).info);
}

/** The result of one item of a batch: its failure is its own. */
export function attempt<Value>(key: string, run: () => Value): BatchResult<Value> {
  try {
    return { key, ok: true, value: run() };
  } catch (error) {
    return { key, ok: false, error: toStorageError(error, { key }) };
  }
}

function orThrow<Value>(result: BatchResult<Value>): BatchResult<Value> {
  if (result.ok) return result;
  throw result.error;
}

/** Makes content the store's own. What is in memory already is copied at once. */
function takeOver(
  store: MemoryStore,
  key: string,
  body: Body,
  options: PutOptions,
): MemoryWrite | Promise<MemoryWrite> {
  const { checksum, writeId, signal, objectTags } = options;
  const attributes = copyAttributes(options);
  if (body.buffered !== undefined && checksum === undefined) {
    return { bytes: new Uint8Array(body.buffered), attributes, writeId, objectTags };
  }
  const collected = body.buffered
    ? Promise.resolve(new Uint8Array(body.buffered))
    : collect(body, signal, (sizeBytes) => store.check(key, sizeBytes, options));
  return collected.then(async (bytes) => {
    const checksums = checksum && { sha256: await sha256(bytes) };
    return { bytes, attributes, checksums, writeId, objectTags };
  });
}

/**
 * Reads a stream into a buffer that grows. `check` may refuse a size before more is read. Whatever
 * ends the reading early ends the source, and nobody waits for a source that hangs.
 */
async function collect(
  body: Body,
  signal: AbortSignal | undefined,
  check: (sizeBytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.stream().getReader();
  const stop = (reason: unknown) => void reader.cancel(reason).catch(() => {});
  const stopOnAbort = () => stop(signal?.reason);
  signal?.addEventListener('abort', stopOnAbort);
  let bytes = new Uint8Array(Math.min(body.size ?? FIRST_BUFFER_BYTES, BELIEVED_BYTES));
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal?.aborted) throw abortedError(signal, { outcome: 'not-applied' });
      if (done) break;
      check(length + value.byteLength);
      if (length + value.byteLength > bytes.byteLength) {
        const capacity = Math.max(2 * bytes.byteLength, length + value.byteLength);
        bytes = new Uint8Array(bytes.buffer.transfer(capacity));
      }
      bytes.set(value, length);
      length += value.byteLength;
    }
  } catch (error) {
    stop(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stopOnAbort);
  }
  return length === bytes.byteLength ? bytes : new Uint8Array(bytes.buffer.transfer(length));
}
