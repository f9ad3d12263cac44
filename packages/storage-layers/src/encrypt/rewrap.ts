import { createStorage } from '@granary/storage-core';
import {
  type AnyEngine,
  guardProvider,
  isStorageError,
  type ObjectAttributes,
  type ObjectInfo,
  type OperationOptions,
  pickAttributes,
  providerOf,
  type StorageError,
  type StorageProvider,
  toStorageError,
  unsupported,
} from '@granary/storage-core/provider';
import { askProvider } from './ask-provider.ts';
import { openRecord, RECORD_NAME, sealRecord } from './attributes-record.ts';
import { type ByteReader, streamReader } from './byte-reader.ts';
import {
  bindingDigest,
  type FileCipher,
  fileCipher,
  fileKeyring,
  openFile,
} from './file-cipher.ts';
import { decodeHeader, hasMagic } from './header.ts';
import { CHUNK_BYTES, HEAD_BYTES, HEADER_BYTES } from './layout.ts';
import { checkKeySource, type KeySource } from './options.ts';
import { sampleKey } from './sample-key.ts';
import { hasRecord } from './stored-info.ts';

/** Options of {@link rewrap}: the keys and the binding of the encrypted storage over the same store. */
export interface RewrapOptions extends KeySource, OperationOptions {
  /** A plain string prefix. Default: everything. */
  readonly prefix?: string;
  /** Goes on after the page that carried it. What is under the current key already is passed by. */
  readonly cursor?: string;
  /** Objects at once. Default: 4. */
  readonly concurrency?: number;
  /** Nobody else writes meanwhile. Needed where the store cannot replace under a condition. Default: `false`. */
  readonly isExclusive?: boolean;
}

/** What was done to one object. */
export type RewrapResult =
  /** `plain`: it is not encrypted, and stays as it is. */
  | { readonly key: string; readonly outcome: 'rewrapped' | 'current' | 'plain' }
  | { readonly key: string; readonly outcome: 'failed'; readonly error: StorageError };

/** What was done to some objects. */
export interface RewrapPage {
  readonly results: readonly RewrapResult[];
  /** Goes on after this page. Absent on the last one. */
  readonly cursor?: string;
}

const CONCURRENCY = 4;
/** How often an object is looked at again that was written meanwhile. */
const MAX_RACES = 4;
/** Units: bytes. */
const PIECE_BYTES = 256 * 1024;

/**
 * Wraps the keys of stored objects under the key that is current, page by page. `store` is the store
 * below the encryption. Content is not decrypted, but since stores replace objects whole, each one that
 * is not under the current key is read and written once, under a condition, so that a write meanwhile
 * wins. Old versions and backups keep their old key. A failure of one object leaves the others alone.
 * Errors: `invalid-config`; `unsupported` where nothing can be replaced under a condition.
 */
export async function* rewrap(
  store: AnyEngine | StorageProvider,
  options: RewrapOptions,
): AsyncGenerator<RewrapPage, void, undefined> {
  const { prefix, cursor, signal, concurrency = CONCURRENCY, isExclusive = false } = options;
  const { provider, binding } = checkKeySource(options);
  const below = guardProvider(providerOf(store));
  const asked = signal === undefined ? {} : { signal };
  await below.open?.(asked);
  if (!below.capabilities.replaceIfMatch && !isExclusive) {
    throw unsupported(below.name, 'replacing under a condition').with({
      hint: 'Say isExclusive: true while nobody else writes.',
    });
  }
  const keyring = fileKeyring(provider, sampleKey(below));
  const engine = createStorage(below);

  /** Looks again when somebody else wrote meanwhile: it may be current by then. */
  async function rewrapOne(key: string): Promise<RewrapResult> {
    for (let race = 1; ; race += 1) {
      try {
        return await rewrapOnce(key);
      } catch (error) {
        const isRace =
          isStorageError(error, 'precondition-failed') ||
          (isStorageError(error, 'conflict') && error.retryable);
        if (!isRace || race === MAX_RACES) throw error;
      }
    }
  }

  async function rewrapOnce(key: string): Promise<RewrapResult> {
    const head = await headOf(key);
    if (head === undefined || !hasMagic(head)) return { key, outcome: 'plain' };
    const { wrapped } = decodeHeader(head);
    if (await askProvider(() => provider.isCurrent(wrapped), asked)) {
      return { key, outcome: 'current' };
    }
    const object = await below.get(key, asked);
    const source = streamReader(() => object.stream());
    try {
      const { info } = object;
      const first = await source.peek(HEAD_BYTES);
      const old = await openFile(keyring, first, key, binding, asked);
      const keys = await keyring.rewrap(old.header.wrapped, asked);
      const digest = await bindingDigest(binding, key);
      // What is written over has to be under the very key that is wrapped anew.
      await fileCipher(keys, old.header, digest).open(0, first);
      const file = fileCipher(keys, { ...old.header, wrapped: keys.wrapped }, digest);
      await engine.put(key, headersReplaced(source, old, file), {
        ...asked,
        ...(await attributesOver(key, info, file)),
        size: info.size,
        ...(!isExclusive && { ifMatch: info.etag }),
      });
      return { key, outcome: 'rewrapped' };
    } catch (error) {
      await source.cancel(error).catch(() => {});
      throw error;
    }
  }

  /** The first bytes; `undefined` where there are none. */
  async function headOf(key: string): Promise<Uint8Array | undefined> {
    const { size } = await below.stat(key, asked);
    if (size < HEAD_BYTES) return undefined;
    const range = { offset: 0, length: HEADER_BYTES };
    const object = await below.get(key, {
      ...asked,
      ...(below.capabilities.rangeReads && { range }),
    });
    const reader = streamReader(() => object.stream());
    const head = new Uint8Array(await reader.take(HEADER_BYTES));
    if (!(await reader.isDone())) await reader.cancel(undefined);
    return head;
  }

  async function attributesOver(
    key: string,
    info: ObjectInfo,
    file: FileCipher,
  ): Promise<ObjectAttributes & { readonly objectTags?: Readonly<Record<string, string>> }> {
    const tags = below.capabilities.objectTags && (await below.objectTags?.get(key, asked));
    const service = { ...pickAttributes(info), ...(tags && { objectTags: tags }) };
    if (!hasRecord(info)) return service;
    const record = info.metadata?.[RECORD_NAME] ?? null;
    const { attributes, fileId } = await openRecord(keyring, record, binding, key, asked);
    const again = await sealRecord(file.keys, fileId, attributes, binding, key);
    return { ...service, metadata: { ...info.metadata, [RECORD_NAME]: again } };
  }

  const listing = below.list({
    ...asked,
    ...(prefix !== undefined && { prefix }),
    ...(cursor !== undefined && { cursor }),
  });
  for await (const page of listing) {
    /** Without those that were deleted meanwhile. */
    const results: (RewrapResult | undefined)[] = [];
    const left = page.entries.entries();
    const work = async (): Promise<void> => {
      for (const [index, { key }] of left) {
        results[index] = await rewrapOne(key).catch((error: unknown) => {
          const known = toStorageError(error, { operation: 'rewrap', key }, signal);
          if (known.code === 'aborted') throw known;
          if (known.code === 'not-found') return undefined;
          return { key, outcome: 'failed' as const, error: known };
        });
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work));
    yield {
      results: results.filter((result) => result !== undefined),
      ...(page.cursor !== undefined && { cursor: page.cursor }),
    };
  }
}

/** Stored bytes with the header of each chunk verified and replaced. The content passes as it is. */
function headersReplaced(
  source: ByteReader,
  old: FileCipher,
  file: FileCipher,
): ReadableStream<Uint8Array> {
  let chunk = 0;
  let left = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (left === 0) {
          const head = await source.take(HEAD_BYTES);
          if (head.byteLength === 0) return controller.close();
          const streamHeader = new Uint8Array(head.subarray(HEADER_BYTES));
          await old.open(chunk, head);
          controller.enqueue(await file.seal(chunk));
          controller.enqueue(streamHeader);
          chunk += 1;
          left = CHUNK_BYTES - HEAD_BYTES;
          return;
        }
        const bytes = await source.take(Math.min(left, PIECE_BYTES));
        if (bytes.byteLength === 0) return controller.close();
        left -= bytes.byteLength;
        controller.enqueue(new Uint8Array(bytes));
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
