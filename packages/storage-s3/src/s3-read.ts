import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import {
  type GetOptions,
  isStorageError,
  mapStreamError,
  type NodeReadable,
  type ObjectInfo,
  parseContentRange,
  rangeHeader,
  readableChunks,
  type StatOptions,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { toInfo } from './s3-attributes.ts';
import type { S3Store } from './s3-client.ts';
import { conditionFields } from './s3-conditions.ts';
import { fromFailure } from './s3-errors.ts';

/** The body of an answer, as the SDK has it in Node and in browsers. */
type AnswerBody = NonNullable<GetObjectCommandOutput['Body']>;

/** Reads an object or a part of it; the answer's body is handed on as it comes. */
export async function readObject(
  store: S3Store,
  key: string,
  { range, ifMatch, ifNoneMatch, version, signal }: GetOptions,
): Promise<StoredObject> {
  const command = new GetObjectCommand({
    ...store.target,
    Key: key,
    ...(range !== undefined && { Range: rangeHeader(range) }),
    ...conditionFields({ ifMatch, ifNoneMatch }),
    ...(version !== undefined && { VersionId: version }),
    ...(store.checksums && { ChecksumMode: 'ENABLED' }),
  });
  const { output, release } = await store
    .open(signal, (client, terms) => client.send(command, terms))
    .catch((error: unknown) => {
      throw versionError(error, version);
    });
  const source = bodySource(output.Body, signal, release);
  try {
    if (range === undefined) return storedObject(toInfo(key, output, output.ContentLength), source);
    const part = parseContentRange(output.ContentRange ?? '');
    if (part === undefined) {
      throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
    }
    return storedObject(toInfo(key, output, part.totalBytes), source, { range: part.range });
  } catch (error) {
    source.cancel();
    throw error;
  }
}

/** Tells about an object without reading it. */
export async function statObject(
  store: S3Store,
  key: string,
  options: StatOptions,
): Promise<ObjectInfo> {
  const output = await headObject(store, key, options);
  return toInfo(key, output, output.ContentLength);
}

/** What a `HEAD` answers, or why it is refused. */
export async function headObject(
  store: S3Store,
  key: string,
  { version, signal }: StatOptions,
): Promise<HeadObjectCommandOutput> {
  const input = {
    ...store.target,
    Key: key,
    ...(version !== undefined && { VersionId: version }),
  };
  const command = new HeadObjectCommand({
    ...input,
    ...(store.checksums && { ChecksumMode: 'ENABLED' }),
  });
  try {
    return await store.send(signal, (client, terms) => client.send(command, terms));
  } catch (error) {
    if (!isStorageError(error) || error.status === undefined || error.status >= 500) throw error;
    throw versionError(await explained(store, input, signal, error), version);
  }
}

/**
 * The answer to a `HEAD` has no body, so it does not say whether the key or the bucket is missing, nor
 * why something is refused. The same question as a `GET` of one byte does.
 */
async function explained(
  store: S3Store,
  input: { readonly Bucket: string; readonly Key: string },
  signal: AbortSignal | undefined,
  error: StorageError,
): Promise<unknown> {
  const command = new GetObjectCommand({ ...input, Range: 'bytes=0-0' });
  try {
    const { output, release } = await store.open(signal, (client, terms) =>
      client.send(command, terms),
    );
    bodySource(output.Body, signal, release).cancel();
    // It came into being between the two.
    return error;
  } catch (closer) {
    return isStorageError(closer, 'range-not-satisfiable') ? error : closer;
  }
}

/** An id that the service never gave is one of no version, and a delete marker is none to read. */
function versionError(error: unknown, version: string | undefined): unknown {
  if (version === undefined || !isStorageError(error)) return error;
  if (error.code !== 'invalid-argument' && error.code !== 'unsupported') return error;
  return new StorageError('not-found', 'there is no such version.', {
    status: error.status,
    requestId: error.requestId,
    cause: error,
  });
}

function isNodeReadable(body: unknown): body is NodeReadable {
  return typeof body === 'object' && body !== null && 'on' in body;
}

function webStream(body: AnswerBody | undefined): ReadableStream<Uint8Array> {
  return body === undefined ? new Blob([]).stream() : body.transformToWebStream();
}

function bodySource(
  body: AnswerBody | undefined,
  signal: AbortSignal | undefined,
  release: () => void,
) {
  const toError = (error: unknown) => (signal?.aborted ? error : fromFailure(error));
  // A connection that is cut while nobody reads would end the process: whoever reads hears of it then.
  if (isNodeReadable(body)) body.on('error', () => {});
  return {
    bytes: () =>
      body === undefined
        ? new Uint8Array()
        : body.transformToByteArray().catch((error: unknown) => {
            throw toError(error);
          }),
    ...(isNodeReadable(body)
      ? { chunks: () => readableChunks(body, toError) }
      : { stream: () => mapStreamError(webStream(body), toError) }),
    cancel: () => release(),
  };
}
