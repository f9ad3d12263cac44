import { ListMultipartUploadsCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import {
  type CompleteOptions,
  type ContentRange,
  decodeToken,
  encodeToken,
  gridPartNumber,
  isStorageError,
  type JsonValue,
  type ObjectInfo,
  type OperationOptions,
  type PartGrid,
  type PendingUpload,
  partGrid,
  StorageError,
  type UploadOptions,
  type UploadSession,
  wholeBytes,
} from '@granary/storage-core/provider';
import { attributeFields, wholeSeconds } from './s3-attributes.ts';
import type { S3Store } from './s3-client.ts';
import { notS3 } from './s3-errors.ts';
import { decodeName } from './s3-keys.ts';
import {
  abortParts,
  beginParts,
  completeParts,
  type HeldPart,
  heldParts,
  MAX_PARTS,
  sendPart,
} from './s3-multipart.ts';
import { serviceFields } from './s3-native.ts';
import { statObject } from './s3-read.ts';

/** Units: bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, read 2026-11-21 */
const MAX_PART_BYTES = 5 * 1024 ** 3;

/** What a token tells. Without `totalBytes`, whoever lists uploads does not know it. */
interface Begun {
  readonly id: string;
  /** `null`: it was not known at the start either. */
  readonly totalBytes?: number | null | undefined;
}

/** Begins an upload in parts, or goes on with one. */
export async function uploadSession(
  store: S3Store,
  key: string,
  options: UploadOptions,
): Promise<UploadSession> {
  const { token, totalBytes, signal } = options;
  if (token !== undefined) {
    const begun = readToken(key, token);
    const known = begun.totalBytes === undefined ? totalBytes : (begun.totalBytes ?? undefined);
    // What was aborted or completed meanwhile says so here.
    await heldParts(store, key, begun.id, signal, 1);
    return session(store, key, token, begun.id, known);
  }
  const id = await beginParts(
    store,
    key,
    {
      ...serviceFields(store.native, options),
      ...attributeFields(options.attributes ?? {}, { writeId: options.writeId }),
      // A checksum of the whole, which the service puts together from those of the parts.
      ...(store.checksums && { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }),
    },
    signal,
  );
  const own = encodeToken(key, { id, totalBytes: totalBytes ?? null });
  return session(store, key, own, id, totalBytes);
}

/** Lists uploads that were begun and neither completed nor aborted. */
export async function* listUploads(
  store: S3Store,
  { prefix, signal }: OperationOptions & { readonly prefix?: string },
): AsyncGenerator<PendingUpload, void, undefined> {
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      ...store.target,
      EncodingType: 'url',
      ...(prefix !== undefined && prefix !== '' && { Prefix: prefix }),
      ...marker,
    });
    const output = await store.send(signal, (client, terms) => client.send(command, terms));
    const { Uploads = [], IsTruncated, NextKeyMarker, NextUploadIdMarker } = output;
    if (IsTruncated === undefined) throw notS3('it is no list of uploads');
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined) {
        throw notS3('an upload lacks its key, id or date');
      }
      const key = decodeName(Key);
      yield { key, token: encodeToken(key, { id: UploadId }), startedAt: Initiated };
    }
    marker =
      IsTruncated && NextKeyMarker !== undefined
        ? {
            KeyMarker: decodeName(NextKeyMarker),
            ...(NextUploadIdMarker !== undefined && { UploadIdMarker: NextUploadIdMarker }),
          }
        : undefined;
  }
}

function session(
  store: S3Store,
  key: string,
  token: string,
  uploadId: string,
  totalBytes: number | undefined,
): UploadSession {
  const grid = partGrid(totalBytes, MAX_PARTS);
  /** Lengths of the parts that were written here, by offset. */
  const written = new Map<number, number>();

  async function send(
    number: number,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const command = new UploadPartCommand({
      ...store.target,
      Key: key,
      UploadId: uploadId,
      PartNumber: number,
      Body: bytes,
      ContentLength: bytes.byteLength,
    });
    const { ETag } = await sendPart(store, signal, (client, terms) => client.send(command, terms));
    if (ETag === undefined) throw notS3('it tells of no part');
  }

  return {
    key,
    token,
    part: {
      minBytes: grid.stepBytes,
      maxBytes: Math.floor(MAX_PART_BYTES / grid.stepBytes) * grid.stepBytes,
      multipleOf: grid.stepBytes,
      maxParts: MAX_PARTS,
      order: 'any',
      needsTotal: false,
    },

    async status({ signal } = {}) {
      return { held: joined(rangesOf(grid, await heldParts(store, key, uploadId, signal))) };
    },

    async write(offset, bytes, { signal } = {}) {
      const number = gridPartNumber(grid, totalBytes, offset, bytes.byteLength);
      checkOverlap(written, offset, bytes.byteLength);
      await send(number, bytes, signal);
      written.set(offset, bytes.byteLength);
    },

    async complete({ ifMatch, ifNoneMatch, signal }: CompleteOptions = {}) {
      const list = () => heldParts(store, key, uploadId, signal);
      let parts = await list();
      if (parts.length === 0 && (totalBytes ?? 0) === 0) {
        // The service makes no object of no parts, but of one that is empty.
        await send(1, new Uint8Array(), signal);
        parts = await list();
      }
      const size = wholeBytes(rangesOf(grid, parts), totalBytes);
      if (parts.length === 0) throw refusal('there are no parts.');
      const done = await completeParts(store, key, {
        ...{ uploadId, parts, ifMatch, ifNoneMatch, signal },
      }).catch((error: unknown) => {
        throw lostByRace(error);
      });
      return infoOf(store, key, { ...done, size }, signal);
    },

    abort: ({ signal } = {}) => abortParts(store, key, uploadId, signal),
  };
}

function checkOverlap(written: ReadonlyMap<number, number>, offset: number, length: number): void {
  for (const [start, size] of written) {
    if (start === offset || start >= offset + length || offset >= start + size) continue;
    throw refusal(`a part at ${offset} overlaps the one at ${start}, which has ${size} bytes.`);
  }
}

function rangesOf(grid: PartGrid, parts: readonly HeldPart[]): readonly ContentRange[] {
  return parts.map(({ PartNumber, size }) => ({
    offset: grid.offsetOf(PartNumber),
    length: size,
  }));
}

function joined(ranges: readonly ContentRange[]): readonly ContentRange[] {
  const held: ContentRange[] = [];
  for (const { offset, length } of ranges) {
    const last = held.at(-1);
    if (length === 0) continue;
    if (last === undefined || last.offset + last.length < offset) held.push({ offset, length });
    else
      held.splice(-1, 1, {
        offset: last.offset,
        length: Math.max(last.offset + last.length, offset + length) - last.offset,
      });
  }
  return held;
}

interface Completed {
  readonly etag: string | undefined;
  readonly version: string | undefined;
  /** Units: bytes. */
  readonly size: number;
}

/** The info as the service keeps it; where it cannot be asked for, or another write came since, what is known. */
async function infoOf(
  store: S3Store,
  key: string,
  { etag, version, size }: Completed,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  const place = { ...(signal && { signal }), ...(version !== undefined && { version }) };
  if (etag === undefined) return statObject(store, key, place);
  const now = await statObject(store, key, place).catch(() => undefined);
  if (now?.etag === etag) return now;
  return {
    key,
    size,
    etag,
    modifiedAt: now?.modifiedAt ?? wholeSeconds(new Date()),
    ...(version !== undefined && { version }),
  };
}

/**
 * After a raced condition the service wants the upload begun again.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html, read 2026-11-21
 */
function lostByRace(error: unknown): unknown {
  if (!isStorageError(error, 'conflict') || error.restart) return error;
  return error.with({ retryable: false, restart: true });
}

function readToken(key: string, token: string): Begun {
  const fields = decodeToken(key, token) as JsonValue & Partial<Begun>;
  if (typeof fields === 'object' && typeof fields?.id === 'string')
    return { ...fields, id: fields.id };
  throw refusal('the token is not one of an upload to this key.');
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', reason, { outcome: 'not-applied' });
}
