import { type Bucket, checkMetadata, type Generation, type Settable } from './gcs-state.ts';
import { invalid } from './refusal.ts';

/** Fields that a writer sets. https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
const TEXT_FIELDS = [
  'contentType',
  'contentEncoding',
  'contentLanguage',
  'contentDisposition',
  'cacheControl',
] as const;
const SETTABLE: ReadonlySet<string> = new Set([
  ...TEXT_FIELDS,
  'metadata',
  'storageClass',
  'customTime',
  'temporaryHold',
  'eventBasedHold',
  'contexts',
  'acl',
  'retention',
]);
/** Fields that the service sets; sent back to it they are taken and ignored, `md5Hash` and `crc32c` are checked. */
const OUTPUT_ONLY: ReadonlySet<string> = new Set([
  ...['bucket', 'componentCount', 'crc32c', 'customerEncryption', 'etag', 'generation', 'id'],
  ...['hardDeleteTime', 'kind', 'kmsKeyName', 'md5Hash', 'mediaLink', 'metageneration', 'name'],
  ...['owner', 'restoreToken', 'retentionExpirationTime', 'selfLink', 'size', 'softDeleteTime'],
  ...['timeCreated', 'timeDeleted', 'timeFinalized', 'timeStorageClassUpdated', 'updated'],
]);
const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  ...['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'],
  ...['MULTI_REGIONAL', 'REGIONAL', 'DURABLE_REDUCED_AVAILABILITY'],
]);

/** An object resource that a client sent. */
export interface SentResource {
  readonly settable: Settable;
  readonly name: string | undefined;
  readonly md5Hash: string | undefined;
  readonly crc32c: string | undefined;
  /** Names that were sent, `null` ones included. */
  readonly sent: ReadonlySet<string>;
}

/** Reads an object resource. Refuses unknown fields and wrong types. */
export function readResource(value: unknown): SentResource {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('Parse Error', 'parseError');
  }
  const fields = value as Record<string, unknown>;
  const settable: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (!SETTABLE.has(name)) {
      if (OUTPUT_ONLY.has(name)) continue;
      throw invalid(`Invalid JSON payload received. Unknown name "${name}": Cannot find field.`);
    }
    checkField(name, field);
    settable[name] = field;
  }
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
  return {
    settable,
    name: text('name'),
    md5Hash: text('md5Hash'),
    crc32c: text('crc32c'),
    sent: new Set(Object.keys(fields)),
  };
}

function checkField(name: string, field: unknown): void {
  const isText = (TEXT_FIELDS as readonly string[]).includes(name);
  if (isText && field !== null && typeof field !== 'string') throw invalid(`Invalid ${name}`);
  if (isText && typeof field === 'string' && /[\r\n\0]/.test(field)) {
    throw invalid(`Invalid value for ${name}`);
  }
  if (name === 'metadata' && field !== null && typeof field !== 'object') {
    throw invalid('Invalid metadata');
  }
  if (name === 'storageClass' && !STORAGE_CLASSES.has(String(field))) {
    throw invalid('Invalid argument: storageClass');
  }
  if (name === 'customTime' && Number.isNaN(Date.parse(String(field)))) {
    throw invalid('Invalid customTime');
  }
  if ((name === 'temporaryHold' || name === 'eventBasedHold') && typeof field !== 'boolean') {
    throw invalid(`Invalid ${name}`);
  }
}

/** What is left of fields after `null` was taken away. */
export function withoutNulls(settable: Settable): Settable {
  const kept = Object.entries(settable).filter(([, value]) => value !== null);
  const { metadata, ...rest } = Object.fromEntries(kept) as Settable;
  if (metadata === undefined || metadata === null) return rest;
  const named = Object.entries(metadata).filter(([, value]) => value !== null);
  checkMetadata(Object.fromEntries(named));
  return { ...rest, ...(named.length > 0 && { metadata: Object.fromEntries(named) }) };
}

/** Fields after a patch: metadata is merged name by name, `null` removes. */
export function patched(current: Settable, patch: Settable): Settable {
  checkCustomTime(current, patch);
  const metadata =
    patch.metadata === null || patch.metadata === undefined
      ? (patch.metadata ?? current.metadata)
      : { ...current.metadata, ...patch.metadata };
  return withoutNulls({
    ...current,
    ...patch,
    ...('metadata' in patch && { metadata: patch.metadata === null ? null : (metadata ?? null) }),
  });
}

/** It can be put forward only. https://cloud.google.com/storage/docs/metadata#custom-time */
export function checkCustomTime(current: Settable, next: Settable): void {
  if (current.customTime === undefined || next.customTime === undefined) return;
  if (Date.parse(next.customTime) < Date.parse(current.customTime)) {
    throw invalid('Custom time cannot be set to an earlier time.');
  }
}

/** The object resource of a generation. */
export function objectResource(
  { name: bucket }: Bucket,
  object: Generation,
  url: string,
): Record<string, unknown> {
  const path = `${encodeURIComponent(bucket)}/o/${encodeURIComponent(object.name)}`;
  const { customTime, ...settable } = object.settable;
  return {
    kind: 'storage#object',
    id: `${bucket}/${object.name}/${object.generation}`,
    selfLink: `${url}/storage/v1/b/${path}`,
    mediaLink: `${url}/download/storage/v1/b/${path}?generation=${object.generation}&alt=media`,
    name: object.name,
    bucket,
    generation: String(object.generation),
    metageneration: String(object.metageneration),
    ...settable,
    ...(customTime !== undefined && { customTime: new Date(customTime).toISOString() }),
    size: String(object.bytes.byteLength),
    ...(object.md5 !== undefined && { md5Hash: object.md5 }),
    crc32c: object.crc32c,
    etag: etagOf(object),
    ...(object.componentCount !== undefined && { componentCount: object.componentCount }),
    ...(object.kmsKeyName !== undefined && { kmsKeyName: object.kmsKeyName }),
    timeCreated: new Date(object.timeCreated).toISOString(),
    updated: new Date(object.updated).toISOString(),
    timeFinalized: new Date(object.timeCreated).toISOString(),
    ...(object.timeDeleted !== undefined && {
      timeDeleted: new Date(object.timeDeleted).toISOString(),
    }),
  };
}

/** The service's own etag, which the backend does not use. */
export function etagOf({ generation, metageneration }: Generation): string {
  return Buffer.from(`${generation}/${metageneration}`).toString('base64');
}
