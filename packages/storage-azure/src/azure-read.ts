import type { BlobDownloadResponseParsed, BlockBlobClient } from '@azure/storage-blob';
import {
  type BodySource,
  type ContentRange,
  type GetOptions,
  isStorageError,
  type NodeReadable,
  type ObjectInfo,
  parseContentRange,
  readableChunks,
  resolveRange,
  type StatOptions,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { readConditions, toInfo } from './azure-attributes.ts';
import { type AzureStore, blobOf, send } from './azure-client.ts';
import { fromFailure } from './azure-errors.ts';
import { toName } from './azure-keys.ts';
import { checkVersion } from './azure-versions.ts';

/** How often the end of an object is looked for that is written over meanwhile. */
const MAX_TRIES = 3;

/** The part of a Node stream that is used. */
type NodeBody = AsyncIterable<Uint8Array> & NodeReadable;

/** Reads an object or a part of it; the answer's body is handed on as it comes. */
export async function readObject(
  store: AzureStore,
  key: string,
  options: GetOptions,
): Promise<StoredObject> {
  const { range, version, signal } = options;
  const blob = blobOf(store, toName(key), checkVersion(version));
  const conditions = readConditions(options);
  if (range === undefined) return download(blob, key, undefined, conditions, signal);
  if ('offset' in range) return download(blob, key, range, conditions, signal);
  // The service has no way to ask for the last bytes.
  // https://learn.microsoft.com/rest/api/storageservices/specifying-the-range-header-for-blob-service-operations (read 2026-11-21)
  for (let attempt = 1; ; attempt += 1) {
    const { size, etag } = await describe(blob, key, conditions, signal);
    const part = resolveRange(range, size);
    try {
      return await download(blob, key, part, { ifMatch: `"${etag}"` }, signal);
    } catch (error) {
      const isChanged = isStorageError(error, 'precondition-failed');
      if (!isChanged || conditions.ifMatch !== undefined) throw error;
      if (attempt < MAX_TRIES) continue;
      throw new StorageError('conflict', 'the object changed while its end was looked for.');
    }
  }
}

/** Tells what is known of an object, without its content. */
export function statObject(
  store: AzureStore,
  key: string,
  { version, signal }: StatOptions,
): Promise<ObjectInfo> {
  return describe(blobOf(store, toName(key), checkVersion(version)), key, {}, signal);
}

async function describe(
  blob: BlockBlobClient,
  key: string,
  conditions: { readonly ifMatch?: string; readonly ifNoneMatch?: string },
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  const facts = await send(signal, (abortSignal) =>
    blob.getProperties({ conditions, abortSignal }),
  );
  return toInfo(key, facts.contentLength, facts);
}

async function download(
  blob: BlockBlobClient,
  key: string,
  range: { readonly offset: number; readonly length?: number } | undefined,
  conditions: { readonly ifMatch?: string; readonly ifNoneMatch?: string },
  signal: AbortSignal | undefined,
): Promise<StoredObject> {
  const answer = await send(signal, (abortSignal) =>
    blob.download(range?.offset, range?.length, { conditions, maxRetryRequests: 0, abortSignal }),
  );
  const content = contentOf(answer);
  try {
    const returned = parseContentRange(answer.contentRange ?? '');
    const info = toInfo(key, returned?.totalBytes ?? answer.contentLength, {
      ...factsOf(answer),
      contentMD5: answer.blobContentMD5 ?? answer.contentMD5,
    });
    if (range === undefined) return storedObject(info, content);
    return storedObject(info, content, { range: returned?.range ?? wholeRange(range, info.size) });
  } catch (error) {
    await content.cancel?.(error);
    throw error;
  }
}

/** The answer is an object with getters, which spreading would lose. */
function factsOf(answer: BlobDownloadResponseParsed) {
  const { etag, lastModified, contentType, contentEncoding, contentLanguage } = answer;
  const { contentDisposition, cacheControl, metadata, versionId } = answer;
  return {
    ...{ etag, lastModified, contentType, contentEncoding, contentLanguage },
    ...{ contentDisposition, cacheControl, metadata, versionId },
  };
}

/** From the start to the end is no range to the SDK. Errors: `unavailable` for one that was ignored. */
function wholeRange(
  range: { readonly offset: number; readonly length?: number },
  size: number,
): ContentRange {
  const part = resolveRange(range, size);
  if (part.offset === 0 && part.length === size) return part;
  throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
}

/** In Node a stream; in a browser the SDK has the whole content as a Blob, which need not be in memory. */
function contentOf(answer: BlobDownloadResponseParsed): BodySource {
  const { readableStreamBody, blobBody, contentLength = 0 } = answer;
  if (readableStreamBody !== undefined) {
    const body = readableStreamBody as unknown as NodeBody;
    // What breaks before it is read is told to the reader, and to nobody else.
    body.on('error', () => {});
    return {
      bytes: () => allBytes(body, contentLength),
      chunks: () => readableChunks(body, fromFailure),
      cancel: () => {
        body.destroy();
      },
    };
  }
  // As above: a body that nobody reads breaks in silence.
  blobBody?.catch(() => undefined);
  const open = async () => {
    try {
      return (await blobBody) ?? new Blob([]);
    } catch (error) {
      throw fromFailure(error);
    }
  };
  return {
    bytes: async () => new Uint8Array(await (await open()).arrayBuffer()),
    stream: () => blobStream(open),
    cancel: () => {},
  };
}

function blobStream(open: () => Promise<Blob>): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        reader ??= (await open()).stream().getReader();
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Everything in one piece. The SDK fails a body that has another length than was announced. */
async function allBytes(body: NodeBody, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  try {
    for await (const chunk of body) {
      bytes.set(chunk, filled);
      filled += chunk.byteLength;
    }
  } catch (error) {
    throw fromFailure(error);
  }
  return bytes.subarray(0, filled);
}

/** The content of a blob of our own. */
export async function readObjectBody(
  blob: BlockBlobClient,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const object = await download(blob, key, undefined, {}, signal);
  return object.stream();
}
