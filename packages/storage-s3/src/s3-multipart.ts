import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { isStorageError, StorageError } from '@granary/storage-core/provider';
import { answerHeaders, checkAnswer } from './s3-answer.ts';
import type { Request, S3Store } from './s3-client.ts';
import { conditionFields, toEtag } from './s3-conditions.ts';
import { notS3 } from './s3-errors.ts';

/** Parts of one answer. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html, read 2026-11-21 */
const MAX_PAGE = 1_000;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, read 2026-11-21 */
export const MAX_PARTS = 10_000;

/** A part as `CompleteMultipartUpload` wants it, with the etag as the service gave it. */
export interface CompletedPart {
  readonly PartNumber: number;
  readonly ETag: string;
}

/** A part that the service holds. */
export interface HeldPart extends CompletedPart {
  /** Units: bytes. */
  readonly size: number;
}

/** What is said to an upload that is lost. Some services call its key missing. */
function lost(error: unknown): unknown {
  if (!isStorageError(error, 'not-found')) return error;
  return new StorageError('conflict', 'the upload has ended or was aborted.', {
    status: error.status,
    requestId: error.requestId,
    retryable: false,
    restart: true,
    outcome: 'not-applied',
    hint: 'Begin it again.',
  });
}

/** Sends a request about an upload. Errors: `conflict` with `restart` where it is lost. */
export async function sendPart<Output>(
  store: S3Store,
  signal: AbortSignal | undefined,
  request: Request<Output>,
): Promise<Output> {
  try {
    return await store.send(signal, request);
  } catch (error) {
    throw lost(error);
  }
}

/** Begins an upload in parts and returns its id. */
export async function beginParts(
  store: S3Store,
  key: string,
  fields: Partial<CreateMultipartUploadCommandInput>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const command = new CreateMultipartUploadCommand({ ...fields, ...store.target, Key: key });
  const { UploadId } = await store.send(signal, (client, terms) => client.send(command, terms));
  if (UploadId === undefined) throw notS3('it tells of no upload');
  return UploadId;
}

/** The parts that the service holds, in the order of their numbers; the first ones where few are wanted. */
export async function heldParts(
  store: S3Store,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
  most: number = Number.POSITIVE_INFINITY,
): Promise<readonly HeldPart[]> {
  const held: HeldPart[] = [];
  let marker: string | undefined;
  do {
    const command: ListPartsCommand = new ListPartsCommand({
      ...store.target,
      Key: key,
      UploadId: uploadId,
      ...(most < MAX_PAGE && { MaxParts: most }),
      ...(marker !== undefined && { PartNumberMarker: marker }),
    });
    const output = await sendPart(store, signal, (client, terms) => client.send(command, terms));
    if (output.IsTruncated === undefined) throw notS3('it is no list of parts');
    for (const { PartNumber, ETag, Size } of output.Parts ?? []) {
      if (PartNumber === undefined || ETag === undefined || Size === undefined) {
        throw notS3('a part lacks its number, etag or size');
      }
      held.push({ PartNumber, ETag, size: Size });
    }
    marker = output.IsTruncated ? output.NextPartNumberMarker : undefined;
    if (output.IsTruncated && marker === undefined) throw notS3('a list of parts breaks off');
  } while (marker !== undefined && held.length < most);
  return held;
}

/** Makes the object of these parts. Errors: `conflict` with `restart` where the upload is lost. */
export async function completeParts(
  store: S3Store,
  key: string,
  { uploadId, parts, ifMatch, ifNoneMatch, signal }: CompletingParts,
): Promise<{ readonly etag: string | undefined; readonly version: string | undefined }> {
  const command = new CompleteMultipartUploadCommand({
    ...store.target,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: { Parts: parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) },
    ...conditionFields({ ifMatch, ifNoneMatch }),
  });
  const { ETag, VersionId } = await sendPart(store, signal, (client, terms) =>
    client.send(command, terms),
  );
  if (ETag === undefined) throw notS3('it tells of no object');
  // Some services leave it empty here.
  return { etag: toEtag(ETag) || undefined, version: VersionId };
}

interface CompletingParts {
  readonly uploadId: string;
  readonly parts: readonly CompletedPart[];
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: '*' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Forgets an upload and its parts. One that has ended is none to forget. */
export async function abortParts(
  store: S3Store,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const command = new AbortMultipartUploadCommand({
    ...store.target,
    Key: key,
    UploadId: uploadId,
  });
  const headers = answerHeaders(command);
  try {
    await sendPart(store, signal, (client, terms) => client.send(command, terms));
    checkAnswer(headers);
  } catch (error) {
    if (isStorageError(error) && error.restart) return;
    throw error;
  }
}
