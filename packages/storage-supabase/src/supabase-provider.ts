import {
  type BackendFactory,
  type Capabilities,
  checkEndpoint,
  defineBackend,
  isBrowser,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { MAX_METADATA_BYTES } from './supabase-attributes.ts';
import {
  type SupabaseAccess,
  type SupabaseClientLike,
  type SupabaseStorageLike,
  supabaseBucket,
} from './supabase-client.ts';
import { supabaseFromConfig } from './supabase-config.ts';
import { copyObject } from './supabase-copy.ts';
import { deleteObject, deleteObjects } from './supabase-delete.ts';
import { checkHealth } from './supabase-health.ts';
import { maxNameBytes } from './supabase-keys.ts';
import { listObjects } from './supabase-list.ts';
import { presignRequest, publicUrlOf } from './supabase-presign.ts';
import { readObject, statObject } from './supabase-read.ts';
import { uploadSession } from './supabase-upload.ts';
import { writeObject } from './supabase-write.ts';

/** Largest standard upload. Units: bytes. https://supabase.com/docs/guides/storage/uploads/standard-uploads, read 2026-11-21 */
const MAX_PUT_BYTES = 5 * 1000 ** 3;
/** Above this a browser sends parts, since it would hold the whole in memory. Same page: 6 MB. */
const MAX_BROWSER_PUT_BYTES = 6 * 1024 * 1024;
/** Largest file of a paid plan. Units: bytes. https://supabase.com/docs/guides/storage/uploads/file-limits, read 2026-11-21 */
const MAX_OBJECT_BYTES = 500 * 1000 ** 3;

/** Options of {@link createSupabase}: `url` and `key`, or `client`. */
export interface SupabaseOptions {
  /** The project's address, such as `https://xyz.supabase.co`. Required without `client`. */
  readonly url?: string;
  /** The publishable (anon) key, or on servers a secret (service role) key. Required without `client`. */
  readonly key?: string;
  /** Name of the bucket. */
  readonly bucket: string;
  /** The app's own client: its user's session goes with every request. */
  readonly client?: SupabaseClientLike | SupabaseStorageLike;
  /** Tells the token of the user's session before each request. Default: the key alone. */
  readonly accessToken?: () => string | null | undefined | Promise<string | null | undefined>;
  /** The bucket is public, so objects have lasting URLs. Default: `false`. */
  readonly public?: boolean;
  /** What lasting URLs begin with: a CDN or an own domain in front of the public bucket. */
  readonly publicUrl?: string;
  /** Allows plain http to other machines than this one. Default: `false`. */
  readonly allowInsecure?: boolean;
  /** Allows a secret key in a browser. Default: `false`. */
  readonly allowServiceKeyInBrowser?: boolean;
  /** Sends the requests. Default: the global `fetch`. Not with `client`, which has its own. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Opens a bucket of a Supabase project. Makes no request until the first operation. */
export function supabaseProvider(options: SupabaseOptions): StorageProvider {
  const { public: isPublic = false, publicUrl, ...access } = options;
  const store = supabaseBucket(access satisfies SupabaseAccess);
  if (publicUrl !== undefined) checkEndpoint(publicUrl, access);
  const hasPublicUrls = isPublic || publicUrl !== undefined;

  return {
    specVersion: 1,
    name: 'supabase',
    capabilities: capabilitiesOf(store.bucket, hasPublicUrls),
    native: store.native,

    // https://supabase.github.io/storage/
    get: (key, options) => readObject(store, key, options),
    put: (key, body, options) => writeObject(store, key, body, options),
    stat: (key, options) => statObject(store, key, options),
    delete: (key, options) => deleteObject(store, key, options),
    list: (options) => listObjects(store, options),

    deleteMany: (keys, options) => deleteObjects(store, keys, options),
    copy: (from, to, options) => copyObject(store, from, to, options),
    upload: (key, options) => uploadSession(store, key, options),
    presign: (key, options) => presignRequest(store, key, options),
    ...(hasPublicUrls && { publicUrl: (key: string) => publicUrlOf(store, key, publicUrl) }),
    health: (options) => checkHealth(store, options),
  };
}

/**
 * Not declared: conditional writes, since the service has none and `upsert: false` is no lock;
 * `setMetadata` and `move`, which it cannot do safely; `uploads`, which it cannot list.
 */
function capabilitiesOf(bucket: string, publicUrl: boolean): Capabilities {
  return {
    rangeReads: true,
    readConditions: true,
    attributes: 'native',
    atomicAttributes: true,
    maxMetadataBytes: MAX_METADATA_BYTES,
    writeIds: true,
    etagCovers: 'content',
    listFields: ['size', 'etag', 'modifiedAt', 'createdAt', 'id'],
    listOrder: 'none',
    delimiter: 'slash',
    deleteMany: true,
    copy: true,
    upload: true,
    presign: true,
    presignOptions: ['responseDisposition'],
    ...(publicUrl && { publicUrl }),
    health: true,
    fileAndFolder: true,
    caseSensitive: true,
    durable: true,
    maxPutBytes: isBrowser() ? MAX_BROWSER_PUT_BYTES : MAX_PUT_BYTES,
    maxObjectBytes: MAX_OBJECT_BYTES,
    maxKeyBytes: maxNameBytes(bucket),
  };
}

/**
 * Makes a storage over a bucket of Supabase Storage, in Node, browsers and edge functions.
 * Errors: `invalid-config` for options that are missing, unsafe or contradict each other.
 */
export const createSupabase: BackendFactory<SupabaseOptions> = /* @__PURE__ */ defineBackend({
  name: 'supabase',
  remote: true,
  provider: supabaseProvider,
  fromConfig: supabaseFromConfig,
});
