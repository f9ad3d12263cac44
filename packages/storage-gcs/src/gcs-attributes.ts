import type { IncomingHttpHeaders } from 'node:http';
import {
  type Checksums,
  type JsonValue,
  type Metadata,
  type ObjectAttributes,
  type ObjectInfo,
  packMetadata,
  pickAttributes,
  StorageError,
  unpackMetadata,
} from '@granary/storage-core/provider';
import { notGcs } from './gcs-errors.ts';

/** Units: bytes. https://cloud.google.com/storage/quotas#objects, read 2026-11-21 */
export const MAX_METADATA_BYTES = 8_192;

/** What the service serves where nobody told a type. */
const UNKNOWN_TYPE = 'application/octet-stream';

/**
 * What content is served with where nobody told it otherwise, so that a header says nothing about the
 * object. https://cloud.google.com/storage/docs/xml-api/reference-headers#cachecontrol, read 2026-11-21
 */
const SERVED: ReadonlySet<string> = /* @__PURE__ */ new Set([
  UNKNOWN_TYPE,
  'public, max-age=3600',
  'private, max-age=0',
  'private, max-age=0, must-revalidate, no-transform',
]);

/** What a header gives back as it was: printable ASCII without spaces at its ends. */
const SAFE_HEADER = /^[!-~](?:[ -~]*[!-~])?$/;

/** Our names of content headers, which are the service's, with those of HTTP. */
export const CONTENT_HEADERS = [
  ['contentType', 'content-type'],
  ['contentEncoding', 'content-encoding'],
  ['contentLanguage', 'content-language'],
  ['contentDisposition', 'content-disposition'],
  ['cacheControl', 'cache-control'],
] as const;

const METADATA_PREFIX = 'x-goog-meta-';

type HeaderFields = { readonly [Field in (typeof CONTENT_HEADERS)[number][0]]?: string };

/** Fields of an object that keep attributes. */
export interface AttributeFields extends HeaderFields {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An object as the JSON API tells it, as far as it is looked at. */
export interface GcsObject extends HeaderFields {
  readonly name?: string;
  readonly generation?: string;
  readonly metageneration?: string;
  readonly size?: string;
  readonly updated?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly md5Hash?: string;
  readonly crc32c?: string;
  readonly customTime?: string;
  readonly storageClass?: string;
  readonly timeDeleted?: string;
}

/** Fields of the JSON API that make a whole info. */
export const OBJECT_FIELDS =
  'name,generation,metageneration,size,updated,metadata,md5Hash,crc32c,customTime,storageClass,contentType,contentEncoding,contentLanguage,contentDisposition,cacheControl';

/** What travels beside the attributes: ours, not the application's. */
export interface OwnFacts {
  readonly writeId?: string | undefined;
  readonly sha256?: string | undefined;
}

/**
 * Attributes as fields of an object. A header that cannot hold its value, or that would look like the
 * service's own, goes into the packed metadata.
 */
export function attributeFields(source: ObjectAttributes, own: OwnFacts = {}): AttributeFields {
  const { metadata, tags, expiresAt, ...headers } = pickAttributes(source);
  const fields: Record<string, string> = { contentType: UNKNOWN_TYPE };
  const extra: Record<string, JsonValue> = {};
  for (const [name] of CONTENT_HEADERS) {
    const value = headers[name];
    if (value === undefined) continue;
    const isSafe = SAFE_HEADER.test(value);
    if (isSafe) fields[name] = value;
    if (!isSafe || SERVED.has(value)) extra[name] = value;
  }
  for (const name of ['writeId', 'sha256'] as const) {
    const value = own[name];
    if (value !== undefined) extra[name] = value;
  }
  const native = packMetadata(
    {
      ...(metadata !== undefined && { metadata }),
      ...(tags !== undefined && { tags }),
      ...(expiresAt !== undefined && { expiresAt }),
      extra,
    },
    { maxBytes: MAX_METADATA_BYTES },
  );
  return { contentType: UNKNOWN_TYPE, ...fields, metadata: native };
}

/** The same as headers of the XML API. */
export function attributeHeaders({ metadata, ...fields }: AttributeFields): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, header] of CONTENT_HEADERS) {
    const value = fields[name];
    if (value !== undefined) headers[header] = value;
  }
  for (const [name, value] of Object.entries(metadata)) headers[METADATA_PREFIX + name] = value;
  return headers;
}

/** What an object of the JSON API tells. `version` is told where the bucket keeps versions. */
export function toInfo(key: string, object: GcsObject, keepsVersions: boolean): ObjectInfo {
  const { generation, metageneration, size, updated = '' } = object;
  if (generation === undefined || metageneration === undefined || size === undefined) {
    throw notGcs('it lacks a generation or a size');
  }
  const native = Object.entries(object.metadata ?? {});
  const { extra = {}, ...rest } = unpackMetadata(
    Object.fromEntries(native.map(([name, value]) => [name.toLowerCase(), value])),
  );
  const checksums = checksumsOf(object, extra);
  return {
    key,
    size: Number(size),
    etag: `${generation}.${metageneration}`,
    modifiedAt: timeOf(generation, updated),
    ...headersOf(object, extra),
    ...rest,
    ...(Object.keys(checksums).length > 0 && { checksums }),
    ...text('writeId', extra['writeId']),
    ...(keepsVersions && { version: generation }),
  };
}

/** An object as the headers of the XML API tell it. */
export function fromHeaders(headers: IncomingHttpHeaders): GcsObject {
  const fields: Record<string, string> = {};
  for (const [name, header] of CONTENT_HEADERS) {
    const value = headers[header];
    if (typeof value === 'string') fields[name] = toText(value);
  }
  const encoding = one(headers['x-goog-stored-content-encoding']);
  const metadata = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(METADATA_PREFIX)
      ? [[name.slice(METADATA_PREFIX.length), toText(String(value))]]
      : [],
  );
  const hashes = one(headers['x-goog-hash']) ?? '';
  const hash = (name: string) =>
    new RegExp(`(?:^|[,\\s])${name}=([A-Za-z0-9+/]+=*)`).exec(hashes)?.[1];
  const { contentEncoding: _served, ...described } = fields;
  return {
    ...described,
    ...(encoding !== undefined && encoding !== 'identity' && { contentEncoding: encoding }),
    ...{ metadata: Object.fromEntries(metadata) },
    ...text('generation', one(headers['x-goog-generation'])),
    ...text('metageneration', one(headers['x-goog-metageneration'])),
    ...text('size', one(headers['x-goog-stored-content-length'])),
    ...text('updated', headers['last-modified']),
    ...text('md5Hash', hash('md5')),
    ...text('crc32c', hash('crc32c')),
  };
}

/** What an etag stands for. */
export interface EtagParts {
  readonly generation: string;
  readonly metageneration: string;
}

/**
 * The parts of an etag. Errors: `precondition-failed` for one that this service cannot have given,
 * so that nothing is sent.
 */
export function etagParts(etag: string): EtagParts {
  const [, generation, metageneration] = /^([1-9]\d{0,18})\.([1-9]\d{0,18})$/.exec(etag) ?? [];
  if (generation !== undefined && metageneration !== undefined) {
    return { generation, metageneration };
  }
  throw new StorageError('precondition-failed', 'the etag is not one of this service.', {
    outcome: 'not-applied',
  });
}

/** The conditions of a write, as parameters of the JSON API. 0 is the generation of what is not there. */
export function conditionQuery(conditions: {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: '*' | undefined;
}): Readonly<Record<string, string>> {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifNoneMatch !== undefined) return { ifGenerationMatch: '0' };
  if (ifMatch === undefined) return {};
  const { generation, metageneration } = etagParts(ifMatch);
  return { ifGenerationMatch: generation, ifMetagenerationMatch: metageneration };
}

/** Generations between these are times: 2010 and 2100, in microseconds. */
const FIRST_TIME = 1_262_304_000_000_000;
const LAST_TIME = 4_102_444_800_000_000;

/**
 * When the content was written. The service makes generations of the time in microseconds, which is
 * observed and nowhere promised; both APIs tell them alike, while dates in headers have whole seconds.
 * A generation that is no time is passed over for the date, cut to seconds.
 */
function timeOf(generation: string, updated: string): Date {
  const micros = Number(generation);
  if (micros > FIRST_TIME && micros < LAST_TIME) return new Date(Math.floor(micros / 1000));
  const time = Date.parse(updated);
  if (Number.isNaN(time)) throw notGcs('it lacks a date');
  return new Date(Math.floor(time / 1000) * 1000);
}

function headersOf(object: HeaderFields, extra: Metadata): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name] of CONTENT_HEADERS) {
    const answered = object[name] ?? '';
    const value = extra[name] ?? (SERVED.has(answered) ? '' : answered);
    if (typeof value === 'string' && value !== '') headers[name] = value;
  }
  return headers;
}

function checksumsOf({ md5Hash, crc32c }: GcsObject, { sha256 }: Metadata): Checksums {
  return {
    ...(md5Hash !== undefined && { md5: `md5-${md5Hash}` }),
    ...(crc32c !== undefined && { crc32c: `crc32c-${crc32c}` }),
    ...text('sha256', sha256),
  };
}

function text<Name extends string>(
  name: Name,
  value: unknown,
): { readonly [Key in Name]?: string } {
  return (typeof value === 'string' ? { [name]: value } : {}) as { [Key in Name]?: string };
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header;
}

/** Values come as UTF-8, which Node hands out as Latin-1. */
function toText(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}
