import {
  type Checksums,
  type JsonValue,
  type Metadata,
  type ObjectAttributes,
  type ObjectInfo,
  packMetadata,
  pickAttributes,
  unpackMetadata,
} from '@granary/storage-core/provider';
import { toEtag } from './s3-conditions.ts';
import { notS3 } from './s3-errors.ts';

/** Units: bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html, read 2026-11-21 */
export const MAX_METADATA_BYTES = 2_048;

/** What S3 itself says of an object whose type nobody told. */
const UNKNOWN_TYPE = 'binary/octet-stream';

/** What a header gives back as it was: printable ASCII without spaces at its ends. */
const SAFE_HEADER = /^[!-~](?:[ -~]*[!-~])?$/;

/** Our names of content headers and the SDK's. */
const HEADERS = [
  ['contentType', 'ContentType'],
  ['contentEncoding', 'ContentEncoding'],
  ['contentLanguage', 'ContentLanguage'],
  ['contentDisposition', 'ContentDisposition'],
  ['cacheControl', 'CacheControl'],
] as const;

/** The algorithms of S3 whose value may be of the whole object, by the SDK's name. */
const CHECKSUMS = [
  ['ChecksumCRC32', 'crc32'],
  ['ChecksumCRC32C', 'crc32c'],
  ['ChecksumCRC64NVME', 'crc64nvme'],
  ['ChecksumSHA1', 'sha1'],
  ['ChecksumSHA256', 'sha256'],
] as const;

type HeaderField = (typeof HEADERS)[number][1];
type HeaderFields = { ContentType: string } & { [Field in HeaderField]?: string };
type ChecksumFields = { readonly [Field in (typeof CHECKSUMS)[number][0]]?: string | undefined };

/** Fields of a request that keep attributes. */
export type AttributeFields = Readonly<HeaderFields> & {
  readonly Metadata?: Record<string, string>;
};

/** What travels beside the attributes: ours, not the application's. */
export interface OwnFacts {
  readonly writeId?: string | undefined;
  /** Where the store keeps no checksums. */
  readonly sha256?: string | undefined;
}

/** Fields of an answer about an object. */
export type AnswerFields = ChecksumFields & {
  readonly [Field in HeaderField]?: string | undefined;
} & {
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly Metadata?: Record<string, string> | undefined;
  readonly VersionId?: string | undefined;
  readonly ChecksumType?: string | undefined;
};

/**
 * Attributes as fields of a request. A header that cannot hold its value, and metadata whose name has
 * an underscore, which proxies drop, go into the packed metadata.
 */
export function attributeFields(source: ObjectAttributes, own: OwnFacts = {}): AttributeFields {
  const { metadata = {}, tags, expiresAt, ...headers } = pickAttributes(source);
  const fields: HeaderFields = { ContentType: UNKNOWN_TYPE };
  const extra: Record<string, JsonValue> = {};
  for (const [name, field] of HEADERS) {
    const value = headers[name];
    if (value === undefined) continue;
    if (SAFE_HEADER.test(value) && value !== UNKNOWN_TYPE) fields[field] = value;
    else extra[name] = value;
  }
  const entries = Object.entries(metadata);
  const underscored = entries.filter(([name]) => name.includes('_'));
  if (underscored.length > 0) extra['metadata'] = Object.fromEntries(underscored);
  for (const name of ['writeId', 'sha256'] as const) {
    const value = own[name];
    if (value !== undefined) extra[name] = value;
  }
  const native = packMetadata(
    {
      metadata: Object.fromEntries(entries.filter(([name]) => !name.includes('_'))),
      ...(tags !== undefined && { tags }),
      ...(expiresAt !== undefined && { expiresAt }),
      extra,
    },
    { maxBytes: MAX_METADATA_BYTES },
  );
  return {
    ...fields,
    ...(Object.keys(native).length > 0 && { Metadata: native }),
  };
}

/** What travels beside the attributes of an object. */
export function ownFacts({ writeId, checksums }: ObjectInfo): OwnFacts {
  return { writeId, sha256: checksums?.['sha256'] };
}

/** What an answer tells about an object. `size` stands for the whole of it. Units: bytes. */
export function toInfo(key: string, answer: AnswerFields, size: number | undefined): ObjectInfo {
  const { LastModified, VersionId } = answer;
  if (answer.ETag === undefined || LastModified === undefined || size === undefined) {
    throw notS3('it lacks an etag, a date or a length');
  }
  const { extra = {}, metadata, ...rest } = unpackMetadata(answer.Metadata ?? {});
  const all = { ...metadata, ...(extra['metadata'] as Metadata | undefined) };
  const checksums = { ...checksumsOf(answer), ...text('sha256', extra['sha256']) };
  return {
    key,
    size,
    etag: toEtag(answer.ETag),
    modifiedAt: wholeSeconds(LastModified),
    ...headersOf(answer, extra),
    ...(Object.keys(all).length > 0 && { metadata: all }),
    ...rest,
    ...(Object.keys(checksums).length > 0 && { checksums }),
    ...text('writeId', extra['writeId']),
    ...(VersionId !== undefined && { version: VersionId }),
  };
}

function headersOf(answer: AnswerFields, extra: Metadata): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, field] of HEADERS) {
    const answered = answer[field] === UNKNOWN_TYPE ? undefined : answer[field];
    const value = extra[name] ?? answered;
    if (typeof value === 'string' && value !== '') headers[name] = value;
  }
  return headers;
}

/** Headers tell seconds, listings milliseconds; the same object has one date. */
export function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

/** Checksums of the whole object. One of parts, which ends with their number, is none of it. */
export function checksumsOf(
  answer: ChecksumFields & { readonly ChecksumType?: unknown },
): Checksums {
  if (answer.ChecksumType === 'COMPOSITE') return {};
  return Object.fromEntries(
    CHECKSUMS.flatMap(([field, name]) => {
      const value = answer[field];
      return value === undefined || value.includes('-') ? [] : [[name, `${name}-${value}`]];
    }),
  );
}

function text(name: string, value: unknown): Record<string, string> {
  return typeof value === 'string' ? { [name]: value } : {};
}
