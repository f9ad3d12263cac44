import { createHash } from 'node:crypto';
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
  type PendingUpload,
  partGrid,
  StorageError,
  type UploadOptions,
  type UploadSession,
  wholeBytes,
} from '@granary/storage-core/provider';
import { attributeFields, attributeHeaders, toInfo } from './gcs-attributes.ts';
import type { GcsStore } from './gcs-client.ts';
import { notGcs } from './gcs-errors.ts';
import { toKey, toName, toPath } from './gcs-keys.ts';
import { nativeHeaders } from './gcs-native.ts';
import { readResource } from './gcs-read.ts';
import { expiryFields } from './gcs-write.ts';
import { elements, elementText, escapeXml } from './gcs-xml.ts';

/** https://cloud.google.com/storage/quotas#requests, read 2026-11-21 */
const MAX_PARTS = 10_000;

/** https://cloud.google.com/storage/quotas#requests, read 2026-11-21. Units: bytes. */
const MAX_PART_BYTES = 5 * 1024 ** 3;

/** What a token tells. Without `totalBytes`, whoever lists uploads does not know it. */
interface Begun {
  readonly id: string;
  /** `null`: it was not known at the start either. */
  readonly totalBytes?: number | null | undefined;
}

interface Part {
  readonly number: number;
  readonly etag: string;
  readonly size: number;
}

/**
 * Begins an upload, or goes on with one. It is a multipart upload of the XML API: its parts go up in any
 * order and at once, the service lists what was not ended, and nothing shows before the end. It takes no
 * conditions ("Preconditions are not supported in the requests").
 * https://cloud.google.com/storage/docs/multipart-uploads, read 2026-11-21
 */
export async function uploadSession(
  store: GcsStore,
  key: string,
  options: UploadOptions,
): Promise<UploadSession> {
  const { token, totalBytes, signal } = options;
  if (token !== undefined) {
    const begun = readToken(key, token);
    const known = begun.totalBytes === undefined ? totalBytes : (begun.totalBytes ?? undefined);
    await listParts(store, key, begun.id, signal);
    return session(store, key, token, begun.id, known);
  }
  const { attributes = {}, writeId } = options;
  const { customTime } = expiryFields(store, attributes.expiresAt);
  const { text } = await store.send({
    method: 'POST',
    path: `/${store.bucket}/${toPath(key)}`,
    query: { uploads: '' },
    headers: {
      ...nativeHeaders(store.native, options),
      ...(customTime !== undefined && { 'x-goog-custom-time': customTime }),
      ...attributeHeaders(attributeFields(attributes, { writeId })),
    },
    signal,
  });
  const uploadId = elementText(text, 'UploadId');
  if (uploadId === undefined) throw notGcs('it lacks the id of the upload');
  const own = encodeToken(key, { id: uploadId, totalBytes: totalBytes ?? null });
  return session(store, key, own, uploadId, totalBytes);
}

/** Sessions that were begun and not ended. */
export async function* listUploads(
  store: GcsStore,
  { prefix = '', signal }: OperationOptions & { readonly prefix?: string },
): AsyncGenerator<PendingUpload, void, undefined> {
  let marker: { readonly key: string; readonly uploadId: string } | undefined;
  do {
    const { text } = await store.send({
      method: 'GET',
      path: `/${store.bucket}`,
      query: {
        uploads: '',
        // XML cannot hold every key as it is.
        'encoding-type': 'url',
        prefix: prefix === '' ? undefined : toName(prefix),
        'key-marker': marker?.key,
        'upload-id-marker': marker?.uploadId,
      },
      signal,
    });
    const decoded = (name = '') =>
      elementText(text, 'EncodingType') === 'url'
        ? decodeURIComponent(name.replaceAll('+', ' '))
        : name;
    if (elementText(text, 'IsTruncated') === undefined) throw notGcs('it is no list of uploads');
    for (const upload of elements(text, 'Upload')) {
      const key = toKey(decoded(elementText(upload, 'Key')));
      const id = elementText(upload, 'UploadId') ?? '';
      const startedAt = new Date(elementText(upload, 'Initiated') ?? '');
      yield { key, token: encodeToken(key, { id }), startedAt };
    }
    marker =
      elementText(text, 'IsTruncated') === 'true'
        ? {
            key: decoded(elementText(text, 'NextKeyMarker')),
            uploadId: elementText(text, 'NextUploadIdMarker') ?? '',
          }
        : undefined;
  } while (marker !== undefined);
}

function session(
  store: GcsStore,
  key: string,
  token: string,
  uploadId: string,
  totalBytes: number | undefined,
): UploadSession {
  const path = `/${store.bucket}/${toPath(key)}`;
  const grid = partGrid(totalBytes, MAX_PARTS);
  const rangeOf = ({ number, size }: Part): ContentRange => ({
    offset: grid.offsetOf(number),
    length: size,
  });

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
      return { held: joined((await listParts(store, key, uploadId, signal)).map(rangeOf)) };
    },

    // https://cloud.google.com/storage/docs/xml-api/put-object-multipart
    async write(offset, bytes, { signal } = {}) {
      const number = gridPartNumber(grid, totalBytes, offset, bytes.byteLength);
      await store.send({
        method: 'PUT',
        path,
        query: { partNumber: String(number), uploadId },
        headers: { 'content-md5': createHash('md5').update(bytes).digest('base64') },
        content: bytes,
        signal,
      });
    },

    // https://cloud.google.com/storage/docs/xml-api/post-object-complete
    async complete({ signal }: CompleteOptions = {}) {
      const held = await listParts(store, key, uploadId, signal);
      wholeBytes(held.map(rangeOf), totalBytes);
      const parts = held.length > 0 ? held : [await emptyPart(store, path, uploadId, signal)];
      return complete(store, { key, path, uploadId, parts, signal });
    },

    // https://cloud.google.com/storage/docs/xml-api/delete-multipart
    async abort({ signal } = {}) {
      try {
        await store.send({ method: 'DELETE', path, query: { uploadId }, signal });
      } catch (error) {
        if (!isStorageError(error, 'conflict') || !error.restart) throw error;
      }
    },
  };
}

interface Completion {
  readonly key: string;
  readonly path: string;
  readonly uploadId: string;
  readonly parts: readonly Part[];
  readonly signal: AbortSignal | undefined;
}

async function complete(
  store: GcsStore,
  { key, path, uploadId, parts, signal }: Completion,
): Promise<ObjectInfo> {
  const named = parts.map(
    ({ number, etag }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  );
  const answering = store.send({
    method: 'POST',
    path,
    query: { uploadId },
    headers: { 'content-type': 'application/xml' },
    content: new TextEncoder().encode(
      `<CompleteMultipartUpload>${named.join('')}</CompleteMultipartUpload>`,
    ),
    signal,
  });
  const { headers, text } = await answering.catch((error: unknown) => {
    // The answer of an earlier try may have been lost after the object was made.
    const isLost = isStorageError(error, 'conflict') && error.restart;
    throw isLost ? error.with({ outcome: 'unknown' }) : error;
  });
  if (elements(text, 'CompleteMultipartUploadResult').length === 0) {
    throw notGcs('it does not say that the upload is complete');
  }
  const generation = headers['x-goog-generation'];
  const made = typeof generation === 'string' ? { generation, signal } : { signal };
  return toInfo(key, await readResource(store, key, made), store.keepsVersions());
}

/** A part without content, of which an empty object is made. */
async function emptyPart(
  store: GcsStore,
  path: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const query = { partNumber: '1', uploadId };
  const content = new Uint8Array();
  const { headers } = await store.send({ method: 'PUT', path, query, content, signal });
  if (headers.etag === undefined) throw notGcs('it lacks the etag of a part');
  return { number: 1, etag: headers.etag, size: 0 };
}

/** https://cloud.google.com/storage/docs/xml-api/get-object-multipart */
async function listParts(
  store: GcsStore,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<Part[]> {
  const parts: Part[] = [];
  let marker: string | undefined;
  do {
    const { text } = await store.send({
      method: 'GET',
      path: `/${store.bucket}/${toPath(key)}`,
      query: { uploadId, 'part-number-marker': marker },
      signal,
    });
    if (elementText(text, 'IsTruncated') === undefined) throw notGcs('it is no list of parts');
    for (const part of elements(text, 'Part')) {
      parts.push({
        number: Number(elementText(part, 'PartNumber')),
        etag: elementText(part, 'ETag') ?? '',
        size: Number(elementText(part, 'Size')),
      });
    }
    marker =
      elementText(text, 'IsTruncated') === 'true'
        ? elementText(text, 'NextPartNumberMarker')
        : undefined;
  } while (marker !== undefined);
  return parts.toSorted((one, other) => one.number - other.number);
}

function readToken(key: string, token: string): Begun {
  const fields = decodeToken(key, token) as JsonValue & Partial<Begun>;
  if (typeof fields === 'object' && typeof fields?.id === 'string') {
    return { ...fields, id: fields.id };
  }
  throw refusal('the token is not one of an upload to this key.');
}

function joined(ranges: readonly ContentRange[]): ContentRange[] {
  const held: ContentRange[] = [];
  for (const { offset, length } of ranges) {
    const last = held.at(-1);
    if (last !== undefined && last.offset + last.length === offset) {
      held[held.length - 1] = { offset: last.offset, length: last.length + length };
    } else {
      held.push({ offset, length });
    }
  }
  return held;
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', reason, { outcome: 'not-applied' });
}
