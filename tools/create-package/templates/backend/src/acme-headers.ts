import {
  type Metadata,
  type ObjectInfo,
  type PutOptions,
  packMetadata,
  pickAttributes,
  StorageError,
  unpackMetadata,
} from '@granary/storage-core/provider';

const METADATA_PREFIX = 'acme-meta-';

/** Units: bytes of names and values. https://docs.acme.example/limits#metadata, read 2026-11-21 */
export const MAX_METADATA_BYTES = 8_192;

/** What stands between the quotes of an etag. */
const ETAG = /^[!#-~]+$/;

/**
 * Returns the headers of conditions. Errors: `precondition-failed` for an etag that the service
 * cannot have given, which a header would bend.
 */
export function conditionHeaders(conditions: {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}): Record<string, string> {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifMatch !== undefined && !ETAG.test(ifMatch)) {
    throw new StorageError('precondition-failed', 'the etag is not one of this service.', {
      outcome: 'not-applied',
    });
  }
  return {
    ...(ifMatch && { 'if-match': `"${ifMatch}"` }),
    ...(ifNoneMatch === '*' && { 'if-none-match': '*' }),
    ...(ifNoneMatch !== '*' &&
      ETAG.test(ifNoneMatch ?? '') && { 'if-none-match': `"${ifNoneMatch}"` }),
  };
}

/** Returns the headers of a `PUT`: conditions, content type, and everything else as metadata. */
export function writeHeaders(options: PutOptions): Record<string, string> {
  const { writeId } = options;
  const { contentType, metadata, tags, expiresAt, ...contentHeaders } = pickAttributes(options);
  const native = packMetadata(
    {
      ...(metadata && { metadata }),
      ...(tags && { tags }),
      ...(expiresAt && { expiresAt }),
      extra: { ...contentHeaders, ...(writeId && { writeId }) },
    },
    { maxBytes: MAX_METADATA_BYTES },
  );
  return {
    ...(contentType && { 'content-type': contentType }),
    ...conditionHeaders(options),
    ...Object.fromEntries(
      Object.entries(native).map(([name, value]) => [METADATA_PREFIX + name, value]),
    ),
  };
}

/** Returns what the headers of an answer tell about an object. */
export function toInfo(key: string, headers: Headers): ObjectInfo {
  const native = [...headers].filter(([name]) => name.startsWith(METADATA_PREFIX));
  const { extra, ...attributes } = unpackMetadata(
    Object.fromEntries(native.map(([name, value]) => [name.slice(METADATA_PREFIX.length), value])),
  );
  const contentType = headers.get('content-type');
  return {
    key,
    size: Number(required(headers, 'acme-size')),
    etag: toEtag(required(headers, 'etag')),
    modifiedAt: new Date(required(headers, 'acme-modified')),
    ...(contentType && { contentType }),
    ...attributes,
    ...strings(extra),
  };
}

/** Takes the quotes away, which belong to the header. */
export function toEtag(header: string): string {
  return header.replace(/^"(.*)"$/, '$1');
}

function required(headers: Headers, name: string): string {
  const value = headers.get(name);
  if (value !== null) return value;
  throw new StorageError('unavailable', `the answer lacks the header ${name}.`);
}

/** The content headers and the write id, as `writeHeaders` put them there. */
function strings(extra: Metadata = {}): Record<string, string> {
  const entries = Object.entries(extra);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
