import { gunzipSync } from 'node:zlib';
import type { Generation } from './gcs-state.ts';
import { etagOf } from './object-resource.ts';
import { Refusal } from './refusal.ts';
import type { FakeAnswer } from './request.ts';

/** What the answer's headers may be replaced with. */
export interface MediaOverrides {
  readonly contentType?: string | undefined;
  readonly contentDisposition?: string | undefined;
}

/**
 * Serves content: ranges, and decompressive transcoding of what is stored as gzip unless the
 * caller accepts gzip. https://cloud.google.com/storage/docs/transcoding
 */
export function serveMedia(
  object: Generation,
  headers: Readonly<Record<string, string>>,
  overrides: MediaOverrides = {},
): FakeAnswer {
  const { contentEncoding, cacheControl } = object.settable;
  const keepsGzip =
    /\bgzip\b/.test(headers['accept-encoding'] ?? '') ||
    /\bno-transform\b/.test(cacheControl ?? '');
  const isDecoded = contentEncoding === 'gzip' && !keepsGzip;
  const info = mediaHeaders(object, overrides);
  if (isDecoded) {
    const { 'content-encoding': _encoding, ...decoded } = info;
    return { status: 200, headers: decoded, body: gunzip(object.bytes) };
  }
  const range = parseRange(headers['range'], object.bytes.byteLength);
  if (range === undefined) return { status: 200, headers: info, body: object.bytes };
  const [start, end] = range;
  return {
    status: 206,
    headers: {
      ...info,
      'content-range': `bytes ${start}-${end - 1}/${object.bytes.byteLength}`,
    },
    body: object.bytes.subarray(start, end),
  };
}

/** The headers that an object is served with in both APIs, user metadata left out. */
export function mediaHeaders(
  object: Generation,
  { contentType, contentDisposition }: MediaOverrides = {},
): Record<string, string> {
  const { settable } = object;
  const hashes = [
    `crc32c=${object.crc32c}`,
    ...(object.md5 === undefined ? [] : [`md5=${object.md5}`]),
  ];
  const disposition = contentDisposition ?? settable.contentDisposition;
  return {
    'content-type': contentType ?? settable.contentType ?? 'application/octet-stream',
    ...(settable.contentEncoding && { 'content-encoding': settable.contentEncoding }),
    ...(settable.contentLanguage && { 'content-language': settable.contentLanguage }),
    ...(disposition && { 'content-disposition': disposition }),
    ...(settable.cacheControl && { 'cache-control': settable.cacheControl }),
    etag: `"${etagOf(object)}"`,
    'last-modified': new Date(object.updated).toUTCString(),
    'accept-ranges': 'bytes',
    'x-goog-generation': String(object.generation),
    'x-goog-metageneration': String(object.metageneration),
    'x-goog-stored-content-encoding': settable.contentEncoding || 'identity',
    'x-goog-stored-content-length': String(object.bytes.byteLength),
    'x-goog-storage-class': settable.storageClass ?? 'STANDARD',
    'x-goog-hash': hashes.join(','),
  };
}

/** The first and the one-behind-last byte; `undefined` for everything. */
function parseRange(
  header: string | undefined,
  size: number,
): readonly [number, number] | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (header === undefined || first === undefined || last === undefined || first + last === '') {
    return undefined;
  }
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (start >= size || start >= end) {
    throw new Refusal(
      416,
      'requestedRangeNotSatisfiable',
      'The requested range cannot be satisfied.',
      { 'content-range': `bytes */${size}` },
    );
  }
  return [start, end];
}

function gunzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    throw new Refusal(503, 'backendError', 'The stored content is not gzip.');
  }
}
