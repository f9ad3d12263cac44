import type { Storage, StorageOptions } from '@google-cloud/storage';
import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { MAX_METADATA_BYTES } from './gcs-attributes.ts';
import { checkOptions, gcsStore } from './gcs-client.ts';
import { gcsFromConfig } from './gcs-config.ts';
import { copyObject, setObjectMetadata } from './gcs-copy.ts';
import { deleteObject, deleteObjects } from './gcs-delete.ts';
import { checkHealth } from './gcs-health.ts';
import { listObjects } from './gcs-list.ts';
import { type GcsNativeOptions, NATIVE_OPTIONS } from './gcs-native.ts';
import { checkPublicUrl, PRESIGN_OPTIONS, presignRequest, publicUrlOf } from './gcs-presign.ts';
import { readObject, statObject } from './gcs-read.ts';
import { listUploads, uploadSession } from './gcs-upload.ts';
import { findVersions, listVersions, restoreVersion } from './gcs-versions.ts';
import { writeObject } from './gcs-write.ts';

/** Units: bytes. https://cloud.google.com/storage/quotas#objects, read 2026-11-21 */
const MAX_OBJECT_BYTES = 5 * 1024 ** 4;
/** The service takes 5 TiB in one request; above this, parts that can be sent again by themselves are better. Units: bytes. */
const MAX_PUT_BYTES = 5 * 1024 ** 3;
const PUBLIC_HOST = 'https://storage.googleapis.com';

/** Options of {@link createGcs}. */
export interface GcsOptions {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Project of the credentials. Nothing here needs it. Default: the one that the SDK finds. */
  readonly projectId?: string;
  /** Address of the service or of another that speaks its APIs. Default: `https://storage.googleapis.com`. */
  readonly endpoint?: string;
  /** Key of a service account, as `{ client_email, private_key }`. Never shown in errors. Default: those that the SDK finds. */
  readonly credentials?: StorageOptions['credentials'];
  /** File with the key of a service account. Default: see `credentials`. */
  readonly keyFilename?: string;
  /** What gets access tokens and refreshes them. Default: see `credentials`. */
  readonly authClient?: StorageOptions['authClient'];
  /** Allows plain http to another machine. Default: false. */
  readonly allowInsecure?: boolean;
  /** A client of the application's own, used for its credentials and its endpoint. Default: one is made with the first use. */
  readonly client?: Storage;
  /** Whether everybody may read the objects, so that they have public URLs. Default: false. */
  readonly public?: boolean;
  /** Address under which the keys are public, such as a CDN's. Default: the service's own where `public` is set, else none. */
  readonly publicUrl?: string;
  /** Whether the bucket keeps old generations. Default: it is asked once, with the first operation. */
  readonly versions?: boolean;
  /**
   * Sets an object's custom time to its expiry, so that a lifecycle rule with `daysSinceCustomTime: 0` deletes
   * it after that. Default: false.
   */
  readonly lifecycleExpiry?: boolean;
  /** Project that pays for requests to a bucket where requesters pay. Default: none. */
  readonly userProject?: string;
  /** Connections at once. Default: 50. */
  readonly maxConnections?: number;
  /** Fields of every put and upload that does not say otherwise, such as `{ storageClass: 'NEARLINE' }`. */
  readonly native?: GcsNativeOptions;
}

/** The provider behind {@link createGcs}. Makes no request until the first operation. */
export function gcsProvider(options: GcsOptions): StorageProvider {
  checkOptions(options);
  checkPublicUrl(options.publicUrl);
  const { bucket, versions } = options;
  const publicUrl = options.publicUrl ?? (options.public ? `${PUBLIC_HOST}/${bucket}` : undefined);
  let keepsVersions = versions === true;
  const store = gcsStore(options, () => keepsVersions);
  const capabilities: Capabilities = {
    rangeReads: true,
    readConditions: true,
    createIfAbsent: true,
    replaceIfMatch: true,
    deleteIfMatch: true,
    copyIfMatch: true,
    copyIfAbsent: true,
    setMetadataIfMatch: true,
    attributes: 'native',
    atomicAttributes: true,
    maxMetadataBytes: MAX_METADATA_BYTES,
    checksum: true,
    writeIds: true,
    nativeOptions: NATIVE_OPTIONS,
    etagCovers: 'attributes',
    listFields: ['size', 'etag', 'modifiedAt'],
    listAttributes: true,
    listOrder: 'utf8',
    delimiter: 'any',
    deleteMany: true,
    copy: true,
    setMetadata: true,
    upload: true,
    uploads: true,
    presign: true,
    presignOptions: PRESIGN_OPTIONS,
    publicUrl: publicUrl !== undefined,
    versions: versions === true,
    deleteVersion: versions === true,
    health: true,
    fileAndFolder: true,
    caseSensitive: true,
    durable: true,
    maxPutBytes: MAX_PUT_BYTES,
    maxObjectBytes: MAX_OBJECT_BYTES,
  };

  return {
    specVersion: 1,
    name: 'gcs',
    capabilities,
    ...(versions === undefined && {
      async open(given) {
        const found = await findVersions(store, given);
        keepsVersions = found.versions === true;
        return found;
      },
    }),

    // https://cloud.google.com/storage/docs/xml-api/get-object-download
    get: (key, given) => readObject(store, key, given),

    // https://cloud.google.com/storage/docs/json_api/v1/objects/insert
    put: (key, body, given) => writeObject(store, key, body, given),

    // https://cloud.google.com/storage/docs/json_api/v1/objects/get
    stat: (key, given) => statObject(store, key, given),

    // https://cloud.google.com/storage/docs/json_api/v1/objects/delete
    delete: (key, given) => deleteObject(store, key, given),

    // https://cloud.google.com/storage/docs/json_api/v1/objects/list
    list: (given) => listObjects(store, given),

    // https://cloud.google.com/storage/docs/batch
    deleteMany: (keys, given) => deleteObjects(store, keys, given),

    // https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite
    copy: (from, to, given) => copyObject(store, from, to, given),

    // https://cloud.google.com/storage/docs/json_api/v1/objects/patch
    setMetadata: (key, patch, given) => setObjectMetadata(store, key, patch, given),

    // https://cloud.google.com/storage/docs/multipart-uploads
    upload: (key, given) => uploadSession(store, key, given),
    uploads: (given) => listUploads(store, given),

    // https://cloud.google.com/storage/docs/access-control/signed-urls
    presign: (key, given) => presignRequest(store, key, given),
    ...(publicUrl !== undefined && { publicUrl: (key: string) => publicUrlOf(publicUrl, key) }),

    // https://cloud.google.com/storage/docs/object-versioning
    ...(versions !== false && {
      versions: {
        list: (key, given) => listVersions(store, key, given),
        restore: (key, version, given) => restoreVersion(store, key, version, given),
      },
    }),

    health: (given) => checkHealth(store, given),
    async close() {
      store.close();
    },
    get native() {
      return store.client();
    },
  };
}

/**
 * A storage in a bucket of Google Cloud Storage. It makes no request before the first operation.
 * Errors: those of the table in `gcs-errors.ts`.
 */
export const createGcs: BackendFactory<GcsOptions> = /* @__PURE__ */ defineBackend({
  name: 'gcs',
  schemes: ['gs', 'gcs'],
  remote: true,
  provider: gcsProvider,
  fromConfig: gcsFromConfig,
});
