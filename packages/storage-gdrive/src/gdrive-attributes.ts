import {
  type Checksums,
  contentTypeOf,
  type JsonValue,
  type Metadata,
  type ObjectAttributes,
  type ObjectInfo,
  PACKED_NAME,
  packMetadata,
  pickAttributes,
  StorageError,
  unpackMetadata,
} from '@granary/storage-core/provider';
import { notDrive } from './gdrive-errors.ts';
import type { DriveFile } from './gdrive-file.ts';
import { toChecksum } from './gdrive-hash.ts';

/**
 * "Maximum of 30 private properties per file from any one application" and "124 bytes size per property
 * (including both key and value)". https://developers.google.com/workspace/drive/api/guides/properties, read 2026-11-21
 */
const MAX_PROPERTIES = 30;
const MAX_PROPERTY_BYTES = 124;
const NAMES: readonly string[] = /* @__PURE__ */ Array.from(
  { length: MAX_PROPERTIES },
  (_, index) => `${PACKED_NAME}${String(index).padStart(2, '0')}`,
);
const CHUNK_BYTES = MAX_PROPERTY_BYTES - `${PACKED_NAME}00`.length;

/** Most bytes of attributes, written as JSON. Units: bytes. */
export const MAX_METADATA_BYTES: number = MAX_PROPERTIES * CHUNK_BYTES;

/** What the service says where nobody said anything. */
const UNKNOWN_TYPE = 'application/octet-stream';
/** What the service can keep as a type, and does not take for an order to convert. */
const PLAIN_TYPE = /^(?!application\/vnd\.google-apps\.)[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;

/** What a write tells the service beside the content. */
export interface NativeAttributes {
  readonly mimeType: string;
  /** `null` takes away a property that may be there. */
  readonly appProperties: Readonly<Record<string, string | null>>;
}

/** What {@link toNative} is told besides attributes. */
export interface NativeContext {
  readonly key: string;
  readonly writeId?: string | undefined;
  /** The file that is written over or copied: its properties go away. */
  readonly over?: DriveFile | undefined;
  /** The type that the file has and keeps, where no content comes with the change. */
  readonly fixedType?: string | undefined;
}

/**
 * Attributes as the service keeps them: the content type in its field where that can hold it, everything
 * else as JSON in pieces over private properties with fixed names. All names are written with every
 * write, so no write leaves a property of another one, whatever was there.
 * Errors: `too-large` for more than fits.
 */
export function toNative(attributes: ObjectAttributes, context: NativeContext): NativeAttributes {
  const { key, writeId, over, fixedType } = context;
  const { contentType, metadata, tags, expiresAt, ...headers } = pickAttributes(attributes);
  const mimeType = fixedType ?? nativeType(contentType ?? contentTypeOf(key));
  const isImplied = contentType === undefined && nativeType(contentTypeOf(key)) === mimeType;
  const isTold = isImplied || contentType === toldType(mimeType);
  const extra: Record<string, JsonValue> = {
    ...headers,
    // Holds as long as nobody gives the file another type.
    ...(!isTold && { type: [mimeType, contentType ?? ''] }),
    ...(writeId !== undefined && { writeId }),
    ...(metadata !== undefined && { metadata }),
  };
  const { [PACKED_NAME]: packed = '' } = packMetadata({
    ...(tags !== undefined && { tags }),
    ...(expiresAt !== undefined && { expiresAt }),
    extra,
  });
  const pieces = split(packed);
  const gone = over === undefined ? [] : [...NAMES, ...Object.keys(over.appProperties ?? {})];
  return {
    mimeType,
    appProperties: {
      ...Object.fromEntries(gone.map((name) => [name, null])),
      ...Object.fromEntries(pieces.map((piece, index) => [NAMES[index], piece])),
    },
  };
}

/** What a file tells about an object. `keepsVersions`: its content can be had again later. */
export function toInfo(key: string, file: DriveFile, keepsVersions: boolean): ObjectInfo {
  const { id, size, createdTime, modifiedTime, headRevisionId, mimeType } = file;
  if (typeof size !== 'string' || typeof modifiedTime !== 'string') {
    throw notDrive('it lacks a size or a time');
  }
  const { contentType, ...attributes } = attributesOf(file);
  const checksums = checksumsOf(file);
  const told = contentType ?? toldType(mimeType);
  return {
    key,
    size: Number(size),
    etag: etagOf(file),
    modifiedAt: new Date(modifiedTime),
    ...(createdTime !== undefined && { createdAt: new Date(createdTime) }),
    id,
    ...(told !== undefined && told !== '' && { contentType: told }),
    ...attributes,
    ...(checksums !== undefined && { checksums }),
    ...(keepsVersions && headRevisionId !== undefined && { version: `${id}.${headRevisionId}` }),
  };
}

/** The identity of a write: the revision that it made. Without one, all that tells contents apart. */
export function etagOf({ headRevisionId, md5Checksum, modifiedTime, version }: DriveFile): string {
  if (headRevisionId !== undefined) return headRevisionId;
  return md5Checksum === undefined ? `v${version}` : `${md5Checksum}-${modifiedTime}`;
}

/** Attributes that are kept in properties. Those of other programs come back as metadata. */
function attributesOf({ appProperties = {}, mimeType }: DriveFile): ObjectAttributes & {
  readonly writeId?: string;
} {
  let packed = '';
  for (const name of NAMES) packed += appProperties[name] ?? '';
  const foreign = Object.entries(appProperties).filter(([name]) => !NAMES.includes(name));
  const native = {
    ...Object.fromEntries(foreign),
    ...(packed !== '' && { [PACKED_NAME]: packed }),
  };
  const { extra = {}, metadata: others, tags, expiresAt } = unpackMetadata(native);
  const { type, metadata: own, ...rest } = extra;
  const metadata = { ...others, ...(own as Metadata | undefined) };
  const [nativeThen, contentType] = Array.isArray(type) ? type : [];
  return {
    ...strings(rest),
    ...(nativeThen === mimeType && typeof contentType === 'string' && { contentType }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(tags !== undefined && { tags }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

function checksumsOf({ md5Checksum, sha256Checksum }: DriveFile): Checksums | undefined {
  const md5 = toChecksum('md5', md5Checksum);
  const sha256 = toChecksum('sha256', sha256Checksum);
  if (md5 === undefined && sha256 === undefined) return undefined;
  return { ...(md5 !== undefined && { md5 }), ...(sha256 !== undefined && { sha256 }) };
}

/** What the service is given as the type of content. */
function nativeType(contentType: string | undefined): string {
  return contentType !== undefined && PLAIN_TYPE.test(contentType) ? contentType : UNKNOWN_TYPE;
}

/** The content type that a native one stands for. */
function toldType(mimeType: string): string | undefined {
  return mimeType === UNKNOWN_TYPE ? undefined : mimeType;
}

/** Pieces of JSON that each fit a property. None ends or begins with a space. Errors: `too-large`. */
function split(text: string): readonly string[] {
  const pieces: string[] = [];
  let rest = text.replace(/ {2,}/g, (spaces) => '\\u0020'.repeat(spaces.length));
  while (rest !== '') {
    let end = Math.min(CHUNK_BYTES, rest.length);
    while (end > 1 && (rest[end - 1] === ' ' || rest[end] === ' ')) end -= 1;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  if (pieces.length <= MAX_PROPERTIES) return pieces;
  throw new StorageError(
    'too-large',
    `the attributes take ${text.length} bytes as JSON, and ${MAX_METADATA_BYTES} fit beside a file here.`,
    { outcome: 'not-applied', hint: 'Keep large values in an object of their own.' },
  );
}

function strings(extra: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(extra).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
