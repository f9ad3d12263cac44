import type { BlobHTTPHeaders } from '@azure/storage-blob';
import {
  type Checksums,
  type Metadata,
  type ObjectAttributes,
  type ObjectInfo,
  PACKED_NAME,
  packMetadata,
  pickAttributes,
  StorageError,
  unpackMetadata,
} from '@granary/storage-core/provider';
import { badAnswer } from './azure-errors.ts';

/** https://learn.microsoft.com/rest/api/storageservices/setting-and-retrieving-properties-and-metadata-for-blob-resources (read 2026-11-21) */
export const MAX_METADATA_BYTES: number = 8 * 1024;

/** What the service says of a blob that was written without a type. */
const NO_TYPE = 'application/octet-stream';
/** What a header carries as it is. */
const SAFE_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;
/** The text of an etag between its quotes. */
const ETAG = /^[!#-~]+$/;

const HEADERS = {
  contentType: 'blobContentType',
  contentEncoding: 'blobContentEncoding',
  contentLanguage: 'blobContentLanguage',
  contentDisposition: 'blobContentDisposition',
  cacheControl: 'blobCacheControl',
} as const satisfies Partial<Record<keyof ObjectAttributes, keyof BlobHTTPHeaders>>;

const HEADER_NAMES = Object.keys(HEADERS) as readonly (keyof typeof HEADERS)[];

/** Facts of a write that are kept with it besides its attributes. */
export interface WriteFacts {
  readonly writeId?: string | undefined;
  readonly sha256?: string | undefined;
}

/** Attributes as the service takes them. */
export interface NativeAttributes {
  readonly blobHTTPHeaders: BlobHTTPHeaders;
  readonly metadata: Record<string, string>;
}

/** What the service tells of a blob, in answers and in listings. */
export interface BlobFacts {
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentMD5?: Uint8Array | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly versionId?: string | undefined;
}

/**
 * Attributes as headers and metadata. A header that HTTP would bend, and the type that the service
 * says of everything without one, go into the metadata. Errors: `too-large`.
 */
export function toNative(attributes: ObjectAttributes, facts: WriteFacts = {}): NativeAttributes {
  const picked = pickAttributes(attributes);
  const { metadata, tags, expiresAt } = picked;
  const blobHTTPHeaders: BlobHTTPHeaders = {};
  const extra: Record<string, string> = {};
  for (const name of HEADER_NAMES) {
    const value = picked[name];
    if (value === undefined) continue;
    if (SAFE_VALUE.test(value)) blobHTTPHeaders[HEADERS[name]] = value;
    if (!SAFE_VALUE.test(value) || value === NO_TYPE) extra[name] = value;
  }
  if (facts.writeId !== undefined) extra['writeId'] = facts.writeId;
  if (facts.sha256 !== undefined) extra['sha256'] = facts.sha256;
  const packed = packMetadata(
    {
      ...(metadata && { metadata }),
      ...(tags && { tags }),
      ...(expiresAt && { expiresAt }),
      extra,
    },
    { maxBytes: MAX_METADATA_BYTES },
  );
  return { blobHTTPHeaders, metadata: packed };
}

/**
 * Metadata for a copy: without any, the service would take over the source's. An entry that says
 * nothing stands for none then.
 */
export function metadataOfCopy(
  metadata: Record<string, string>,
  source: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const isTakenOver = Object.keys(metadata).length === 0 && Object.keys(source ?? {}).length > 0;
  return isTakenOver ? { [PACKED_NAME]: '{"v":1}' } : metadata;
}

/** What an answer tells about an object. Errors: `unavailable` when it tells too little. */
export function toInfo(key: string, size: number | undefined, facts: BlobFacts): ObjectInfo {
  const { etag, lastModified, versionId } = facts;
  if (size === undefined || !etag || lastModified === undefined) {
    throw badAnswer('lacks size, etag or date');
  }
  const { extra = {}, ...attributes } = unpackMetadata(lowerNames(facts.metadata ?? {}));
  return {
    key,
    size,
    etag: toEtag(etag),
    modifiedAt: lastModified,
    ...headersOf(facts, extra),
    ...attributes,
    ...checksumsOf(facts.contentMD5, extra),
    ...(versionId !== undefined && { version: versionId }),
    ...(typeof extra['writeId'] === 'string' && { writeId: extra['writeId'] }),
  };
}

/** What a write that was answered has made, as `stat` tells it next. */
export function writtenInfo(
  key: string,
  size: number,
  { blobHTTPHeaders, metadata }: NativeAttributes,
  answer: BlobFacts,
): ObjectInfo {
  const headers = Object.fromEntries(
    HEADER_NAMES.map((name) => [name, blobHTTPHeaders[HEADERS[name]]]),
  );
  const { etag, lastModified, versionId, contentMD5 } = answer;
  return toInfo(key, size, { ...headers, metadata, etag, lastModified, versionId, contentMD5 });
}

/** The facts that stay with content that is copied, and with a write that is changed. */
export function factsOf({ checksums, writeId }: ObjectInfo, isSameWrite: boolean): WriteFacts {
  return { sha256: checksums?.['sha256'], writeId: isSameWrite ? writeId : undefined };
}

/** Takes the quotes away, which belong to the header; listings have none. */
export function toEtag(header: string): string {
  return header.replace(/^"(.*)"$/, '$1');
}

/**
 * The conditions of a write. An etag that the service cannot have given is refused here.
 * Errors: `precondition-failed`.
 */
export function writeConditions({
  ifMatch,
  ifNoneMatch,
}: {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}): { ifMatch?: string; ifNoneMatch?: string } {
  return {
    ...(ifMatch !== undefined && { ifMatch: quoted(ifMatch) }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
  };
}

/** The conditions of a read. What is no etag matches nothing. Errors: `precondition-failed`. */
export function readConditions({
  ifMatch,
  ifNoneMatch,
}: {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}): { ifMatch?: string; ifNoneMatch?: string } {
  return {
    ...(ifMatch !== undefined && { ifMatch: quoted(ifMatch) }),
    ...(isEtag(ifNoneMatch) && { ifNoneMatch: `"${ifNoneMatch}"` }),
  };
}

function quoted(etag: string): string {
  if (isEtag(etag)) return `"${etag}"`;
  throw new StorageError('precondition-failed', 'the service never gave this etag.', {
    outcome: 'not-applied',
  });
}

function isEtag(text: string | undefined): text is string {
  return text !== undefined && text !== '*' && ETAG.test(text);
}

function headersOf(facts: BlobFacts, extra: Metadata): ObjectAttributes {
  const headers = new Map<string, string>();
  for (const name of HEADER_NAMES) {
    const kept = extra[name];
    const value = facts[name];
    const isTold = value && !(name === 'contentType' && value === NO_TYPE);
    if (isTold) headers.set(name, value);
    else if (typeof kept === 'string') headers.set(name, kept);
  }
  return Object.fromEntries(headers);
}

function checksumsOf(
  md5: Uint8Array | undefined,
  { sha256 }: Metadata,
): { readonly checksums?: Checksums } {
  const checksums: Checksums = {
    ...(md5 && md5.byteLength > 0 && { md5: `md5-${btoa(String.fromCharCode(...md5))}` }),
    ...(typeof sha256 === 'string' && { sha256 }),
  };
  return Object.keys(checksums).length === 0 ? {} : { checksums };
}

/** HTTP headers have no letter case; listings keep the one that a name was written with. */
function lowerNames(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
