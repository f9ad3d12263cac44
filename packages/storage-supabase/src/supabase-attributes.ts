import {
  type ListItem,
  type Metadata,
  type ObjectAttributes,
  type ObjectInfo,
  packMetadata,
  pickAttributes,
  unpackMetadata,
} from '@granary/storage-core/provider';
import { unreadable } from './supabase-errors.ts';
import { toKey } from './supabase-keys.ts';

/**
 * Most bytes of metadata. They go in one header as base64 of JSON, beside a session's token, and
 * Node's limit of all headers, which the service keeps, is 16 KiB. Units: bytes.
 * https://nodejs.org/api/cli.html#--max-http-header-sizesize, read 2026-11-21
 */
export const MAX_METADATA_BYTES = 4096;

/** What the service says where nobody said anything. https://github.com/supabase/storage/blob/master/src/storage/uploader.ts */
const DEFAULT_TYPE = 'application/octet-stream';
const DEFAULT_CACHE_CONTROL = 'no-cache';
/** Read as the form that a browser sends, not as content. */
const FORM_TYPE = /^multipart\/form-data/i;
/** The one form of `Cache-Control` that a resumable upload can say. */
const MAX_AGE = /^max-age=(-?\d+)$/;

/** What a write is known by afterwards. */
export interface WriteMarks {
  /** Random, of every write: the service does not say which write an object is of. */
  readonly mark: string;
  /** What the caller gave. */
  readonly writeId?: string | undefined;
}

/** What a write tells the service. */
export interface NativeAttributes {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What `GET /object/info` answers. https://github.com/supabase/storage/blob/master/src/storage/renderer/info.ts */
export interface NativeInfo {
  readonly id?: string | null;
  readonly version?: string | null;
  readonly size?: number | null;
  readonly content_type?: string | null;
  readonly cache_control?: string | null;
  readonly etag?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly last_modified?: string | null;
  readonly created_at?: string | null;
}

/** What a listing tells of an object. */
export interface NativeEntry {
  readonly name: string;
  readonly id?: string | null;
  readonly updated_at?: string | null;
  readonly created_at?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
}

/**
 * What a write sends: content type and cache control where the service keeps them as they are,
 * everything else as user metadata. `viaUpload`: as a resumable upload can say it.
 * Errors: `too-large` for more metadata than fits.
 */
export function toNative(
  attributes: ObjectAttributes,
  { mark, writeId }: WriteMarks,
  viaUpload = false,
): NativeAttributes {
  const { contentType, cacheControl, metadata, tags, expiresAt, ...headers } =
    pickAttributes(attributes);
  const ownType = contentType === DEFAULT_TYPE || FORM_TYPE.test(contentType ?? '');
  const ownCache =
    cacheControl === DEFAULT_CACHE_CONTROL || (viaUpload && !MAX_AGE.test(cacheControl ?? ''));
  const extra: Metadata = {
    ...headers,
    ...(ownType && contentType !== undefined && { contentType }),
    ...(ownCache && cacheControl !== undefined && { cacheControl }),
    ...(writeId !== undefined && { writeId }),
    mark,
  };
  return {
    contentType: ownType ? DEFAULT_TYPE : (contentType ?? DEFAULT_TYPE),
    cacheControl: ownCache ? DEFAULT_CACHE_CONTROL : (cacheControl ?? DEFAULT_CACHE_CONTROL),
    metadata: packMetadata(
      {
        ...(metadata && { metadata }),
        ...(tags && { tags }),
        ...(expiresAt && { expiresAt }),
        extra,
      },
      { maxBytes: MAX_METADATA_BYTES },
    ),
  };
}

/** User metadata as a header has it. It is ASCII. */
export function metadataHeader(metadata: Readonly<Record<string, string>>): string {
  return btoa(JSON.stringify(metadata));
}

/** Seconds of a `max-age`, which is what a resumable upload is told. */
export function maxAgeOf(cacheControl: string): string | undefined {
  return MAX_AGE.exec(cacheControl)?.[1];
}

/** Returns what the service tells about an object. */
export function toInfo(key: string, native: NativeInfo): ObjectInfo {
  const { id, size, last_modified: modified, created_at: created } = native;
  if (typeof modified !== 'string') throw unreadable();
  const { extra = {}, metadata, ...packed } = unpack(native.metadata ?? {});
  const { mark: _mark, ...known } = extra;
  const cacheControl = native.cache_control ?? DEFAULT_CACHE_CONTROL;
  const contentType = native.content_type ?? DEFAULT_TYPE;
  return {
    key,
    size: size ?? 0,
    etag: toEtag(native.etag),
    modifiedAt: new Date(modified),
    ...(created && { createdAt: new Date(created) }),
    ...(id && { id }),
    ...(contentType !== DEFAULT_TYPE && { contentType }),
    ...(cacheControl !== DEFAULT_CACHE_CONTROL && { cacheControl }),
    ...packed,
    ...(metadata && { metadata }),
    ...strings(known),
  };
}

/** The mark of the write that an object is of. */
export function markOf({ metadata }: NativeInfo): unknown {
  return unpack(metadata ?? {}).extra?.['mark'];
}

/** Returns an entry of a listing. It does not tell user metadata. */
export function toItem({ name, id, updated_at, created_at, metadata }: NativeEntry): ListItem {
  if (!updated_at) throw unreadable();
  const { size, eTag, mimetype } = metadata ?? {};
  return {
    kind: 'item',
    key: toKey(name),
    size: Number(size ?? 0),
    etag: toEtag(eTag),
    modifiedAt: new Date(updated_at),
    ...(created_at && { createdAt: new Date(created_at) }),
    ...(id && { id }),
    ...(typeof mimetype === 'string' && mimetype !== DEFAULT_TYPE && { contentType: mimetype }),
  };
}

/** Takes quotes and the mark of a weak one away: a gateway that compresses makes etags weak. */
export function toEtag(header: unknown): string {
  const etag = typeof header === 'string' ? header.replace(/^W\//, '').replaceAll('"', '') : '';
  return etag === '' ? 'none' : etag;
}

/** What other programs wrote may be any JSON, not only strings. */
function unpack(native: Readonly<Record<string, unknown>>): ReturnType<typeof unpackMetadata> {
  const entries = Object.entries(native);
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const unpacked = unpackMetadata(Object.fromEntries(texts));
  const others = entries.filter(([, value]) => typeof value !== 'string' && value !== null);
  if (others.length === 0) return unpacked;
  return {
    ...unpacked,
    metadata: { ...Object.fromEntries(others), ...unpacked.metadata } as Metadata,
  };
}

/** Content headers and the caller's write id, as `toNative` put them there. */
function strings(extra: Metadata): Record<string, string> {
  const entries = Object.entries(extra);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
