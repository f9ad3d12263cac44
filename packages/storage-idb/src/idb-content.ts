import {
  abortedError,
  type Body,
  type Checksums,
  sha256,
  sha256Hasher,
} from '@granary/storage-core/provider';
import { afterHead, type ContentSource, type WrittenBody } from './idb-body.ts';
import type { IdbContext } from './idb-commit.ts';

/** Content up to this size is one row, which a transaction writes with the object. Units: bytes. */
const ROW_BYTES: number = 1024 * 1024;

/** Content that is ready for the transaction: bytes of their own, or what lies in the store already. */
export type Content = {
  /** Units: bytes. */
  readonly size: number;
  readonly checksums?: Checksums | undefined;
} & ({ readonly bytes: Uint8Array<ArrayBuffer> } | { readonly written: WrittenBody });

export interface TakeOptions {
  /** The object that it is for. */
  readonly key: string;
  readonly checksum?: 'sha256' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads content to its end, before any transaction: one would end while it waits. What is in memory
 * is copied at once; what is large goes to the store piece by piece.
 */
export function takeContent(
  context: IdbContext,
  body: Body,
  options: TakeOptions,
): Content | Promise<Content> {
  const { buffered } = body;
  if (buffered === undefined) return readContent(context, body, options);
  if (buffered.byteLength > ROW_BYTES) {
    const copy = buffered.slice();
    const content = { isReplayable: true, open: () => onceOf(copy) };
    return storeLarge(context, content, copy.byteLength, options);
  }
  // A buffer of exactly its size: IndexedDB stores the whole buffer of a view.
  const bytes = new Uint8Array(buffered);
  const size = bytes.byteLength;
  if (options.checksum === undefined) return { bytes, size };
  return sha256Of(bytes).then((hash) => ({ bytes, size, checksums: { sha256: hash } }));
}

/** What the transaction adds; content that lies in the store already takes no more room. Units: bytes. */
export function bytesToAdd(content: Content): number {
  return 'bytes' in content ? content.size : 0;
}

/** Removes content that no object will have. */
export async function dropContent(context: IdbContext, content: Content): Promise<void> {
  if (!('written' in content)) return;
  const { ref } = content.written;
  await (ref.in === 'file' ? context.files : context.chunks)?.remove(ref);
}

/** A SHA-256; also where the page is no secure context, so that Web Crypto lacks it. */
async function sha256Of(bytes: Uint8Array): Promise<string> {
  if (globalThis.crypto.subtle !== undefined) return await sha256(bytes);
  const hasher = await sha256Hasher();
  hasher.update(bytes);
  return hasher.digest();
}

async function readContent(
  context: IdbContext,
  body: Body,
  options: TakeOptions,
): Promise<Content> {
  const opened: AsyncGenerator<Uint8Array, void, undefined>[] = [];
  const open = () => {
    const chunks = bodyChunks(body, options.signal);
    opened.push(chunks);
    return chunks;
  };
  const content: ContentSource = { isReplayable: body.replayable, open };
  const head: Uint8Array[] = [];
  let size = 0;
  try {
    if ((body.size ?? 0) > ROW_BYTES) return await storeLarge(context, content, body.size, options);
    const chunks = open();
    for (;;) {
      const { done, value } = await chunks.next();
      if (done) break;
      // A source may use its buffer again.
      head.push(value.slice());
      size += value.byteLength;
      if (size > ROW_BYTES) {
        return await storeLarge(context, afterHead(head, chunks, content), undefined, options);
      }
    }
  } finally {
    for (const chunks of opened) await chunks.return(undefined);
  }
  const bytes = joined(head, size);
  const checksums = options.checksum && { sha256: await sha256Of(bytes) };
  return { bytes, size, checksums };
}

async function storeLarge(
  context: IdbContext,
  content: ContentSource,
  expectedSize: number | undefined,
  options: TakeOptions,
): Promise<Content> {
  const bodies = context.files ?? context.chunks;
  const written = await bodies.write(content, { ...options, size: expectedSize });
  const { size, sha256: hash } = written;
  return { written, size, ...(hash !== undefined && { checksums: { sha256: hash } }) };
}

/** Whatever ends the reading early ends the source, and nobody waits for a source that hangs. */
async function* bodyChunks(
  body: Body,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.stream().getReader();
  const stop = (reason: unknown) => void reader.cancel(reason).catch(() => {});
  const stopOnAbort = () => stop(signal?.reason);
  signal?.addEventListener('abort', stopOnAbort);
  let isDone = false;
  try {
    for (;;) {
      // It may have been aborted before this listened, and a source may never give anything.
      if (signal?.aborted) stop(signal.reason);
      const { done, value } = await reader.read();
      if (signal?.aborted) throw abortedError(signal, { outcome: 'not-applied' });
      isDone = done;
      if (done) return;
      if (value.byteLength > 0) yield value;
    }
  } finally {
    signal?.removeEventListener('abort', stopOnAbort);
    if (!isDone) stop(undefined);
  }
}

async function* onceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
