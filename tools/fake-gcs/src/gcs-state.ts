import { crc32c, md5 } from './checksums.ts';
import { invalid, noBucket, noObject, Refusal } from './refusal.ts';

/** What a writer may say about an object, in the names of the JSON API. */
export interface Settable {
  readonly contentType?: string | null;
  readonly contentEncoding?: string | null;
  readonly contentLanguage?: string | null;
  readonly contentDisposition?: string | null;
  readonly cacheControl?: string | null;
  readonly metadata?: Readonly<Record<string, string | null>> | null;
  readonly storageClass?: string;
  readonly customTime?: string;
  readonly temporaryHold?: boolean;
  readonly eventBasedHold?: boolean;
  readonly contexts?: unknown;
  readonly acl?: unknown;
  readonly retention?: unknown;
}

/** One generation of an object. */
export interface Generation {
  readonly name: string;
  readonly generation: number;
  metageneration: number;
  readonly bytes: Buffer;
  settable: Settable;
  readonly crc32c: string;
  /** Objects that were made of others have none. */
  readonly md5: string | undefined;
  readonly componentCount: number | undefined;
  readonly kmsKeyName: string | undefined;
  /** Units: ms since 1970. */
  readonly timeCreated: number;
  updated: number;
  /** Set when the generation is no longer the live one. */
  timeDeleted: number | undefined;
}

/** A bucket with all generations of its objects, oldest first. */
export interface Bucket {
  readonly name: string;
  metageneration: number;
  readonly timeCreated: number;
  updated: number;
  isVersioned: boolean;
  cors: readonly CorsRule[];
  storageClass: string;
  readonly objects: Map<string, Generation[]>;
}

/** https://cloud.google.com/storage/docs/cross-origin */
export interface CorsRule {
  readonly origin?: readonly string[];
  readonly method?: readonly string[];
  readonly responseHeader?: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** The whole store. */
export interface GcsState {
  readonly buckets: Map<string, Bucket>;
  now(): number;
  advance(ms: number): void;
  createBucket(name: string, settings?: BucketSettings): Bucket;
  bucket(name: string): Bucket;
  /** The live object, or the generation asked for. */
  find(bucket: Bucket, name: string, generation?: number): Generation | undefined;
  get(bucket: Bucket, name: string, generation?: number): Generation;
  write(bucket: Bucket, object: NewObject): Generation;
  remove(bucket: Bucket, object: Generation, forGood: boolean): void;
}

/** What a bucket is made with. */
export interface BucketSettings {
  readonly versioning?: boolean;
  readonly cors?: readonly CorsRule[];
}

/** What becomes a generation. */
export interface NewObject {
  readonly name: string;
  readonly bytes: Buffer;
  readonly settable: Settable;
  readonly componentCount?: number;
  readonly kmsKeyName?: string;
}

const BUCKET_NAME = /^[a-z0-9][a-z0-9_.-]{1,220}[a-z0-9]$/;
/** https://cloud.google.com/storage/quotas#objects, read 2026-11-21. Units: bytes. */
const MAX_METADATA_BYTES = 8 * 1024;

/** Makes an empty store. */
export function gcsState(): GcsState {
  const buckets = new Map<string, Bucket>();
  let offsetMs = 0;
  let lastGeneration = 0;
  const now = () => Date.now() + offsetMs;

  function find(bucket: Bucket, name: string, generation?: number): Generation | undefined {
    const generations = bucket.objects.get(name) ?? [];
    if (generation === undefined) {
      const last = generations.at(-1);
      return last?.timeDeleted === undefined ? last : undefined;
    }
    return generations.find((object) => object.generation === generation);
  }

  return {
    buckets,
    now,
    advance(ms) {
      offsetMs += ms;
    },
    createBucket(name, { versioning = false, cors = [] } = {}) {
      if (!BUCKET_NAME.test(name)) throw invalid(`Invalid bucket name: '${name}'`);
      if (buckets.has(name)) {
        throw new Refusal(
          409,
          'conflict',
          'Your previous request to create the named bucket succeeded and you already own it.',
        );
      }
      const made: Bucket = {
        name,
        metageneration: 1,
        timeCreated: now(),
        updated: now(),
        isVersioned: versioning,
        cors,
        storageClass: 'STANDARD',
        objects: new Map(),
      };
      buckets.set(name, made);
      return made;
    },
    bucket(name) {
      const bucket = buckets.get(name);
      if (bucket === undefined) throw noBucket();
      return bucket;
    },
    find,
    get(bucket, name, generation) {
      const object = find(bucket, name, generation);
      if (object === undefined) throw noObject(bucket.name, name);
      return object;
    },
    write(bucket, { name, bytes, settable, componentCount, kmsKeyName }) {
      checkName(name);
      checkMetadata(settable.metadata ?? {});
      lastGeneration = Math.max(lastGeneration + 1, now() * 1000);
      const object: Generation = {
        name,
        generation: lastGeneration,
        metageneration: 1,
        bytes,
        settable: { storageClass: bucket.storageClass, ...settable },
        crc32c: crc32c(bytes),
        md5: componentCount === undefined ? md5(bytes) : undefined,
        componentCount,
        kmsKeyName,
        timeCreated: now(),
        updated: now(),
        timeDeleted: undefined,
      };
      const before = bucket.objects.get(name) ?? [];
      const last = before.at(-1);
      if (last !== undefined && last.timeDeleted === undefined) last.timeDeleted = now();
      bucket.objects.set(name, bucket.isVersioned ? [...before, object] : [object]);
      return object;
    },
    remove(bucket, object, forGood) {
      const { temporaryHold, eventBasedHold } = object.settable;
      if (temporaryHold || eventBasedHold) {
        throw new Refusal(
          403,
          'forbidden',
          `Object '${bucket.name}/${object.name}' is under active Temporary hold and cannot be deleted, overwritten or archived until hold is removed.`,
        );
      }
      if (bucket.isVersioned && !forGood) {
        object.timeDeleted = now();
        return;
      }
      const left = (bucket.objects.get(object.name) ?? []).filter((other) => other !== object);
      if (left.length > 0) bucket.objects.set(object.name, left);
      else bucket.objects.delete(object.name);
    },
  };
}

/** https://cloud.google.com/storage/docs/objects#naming, read 2026-11-21 */
function checkName(name: string): void {
  if (name === '') throw invalid('Required', 'required');
  const isRefused =
    Buffer.byteLength(name) > 1024 ||
    /[\r\n]/.test(name) ||
    !name.isWellFormed() ||
    name === '.' ||
    name === '..' ||
    name.startsWith('.well-known/acme-challenge/');
  if (isRefused) throw invalid(`Disallowed unicode characters or length in object name '${name}'`);
}

/** Refuses metadata that is no map of texts, or too much of it. */
export function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw invalid(`Invalid value for metadata '${name}'`);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw invalid('Metadata part is too large.', 'metadataTooLarge');
  }
}
