import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import {
  type AttributesPatch,
  type BackendFactory,
  type Capabilities,
  checkEndpoint,
  defineBackend,
  type SetMetadataOptions,
  StorageError,
  type StorageProvider,
  type TagOperations,
  type VersionOperations,
} from '@granary/storage-core/provider';
import { MAX_METADATA_BYTES } from './s3-attributes.ts';
import {
  configuredEndpoint,
  isCustom,
  mayBeElsewhere,
  type S3Limits,
  type S3Store,
  s3Store,
} from './s3-client.ts';
import { conditionsOfHost, keepsTags, S3_CONDITIONS, type S3Condition } from './s3-conditions.ts';
import { s3FromConfig } from './s3-config.ts';
import { copyObject, setObjectMetadata } from './s3-copy.ts';
import { deleteObject, deleteObjects } from './s3-delete.ts';
import { checkHealth } from './s3-health.ts';
import { listObjects } from './s3-list.ts';
import { NATIVE_OPTIONS, type S3NativeOptions } from './s3-native.ts';
import { openStore } from './s3-open.ts';
import { presignOptions, presignRequest, publicUrlOf } from './s3-presign.ts';
import { readObject, statObject } from './s3-read.ts';
import { readTags, writeTags } from './s3-tags.ts';
import { listUploads, uploadSession } from './s3-upload.ts';
import { listVersions, restoreVersion } from './s3-versions.ts';
import { writeObject } from './s3-write.ts';

/** Units: bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, read 2026-11-21 */
const MAX_PUT_BYTES = 5 * 1024 ** 3;
/** As many parts as an upload can have, of the largest size: 48.8 TiB. Units: bytes. */
const MAX_OBJECT_BYTES = 10_000 * MAX_PUT_BYTES;

/** Options of {@link createS3}. */
export interface S3Options {
  /** Name of a general purpose bucket. */
  readonly bucket: string;
  /** Default: what the AWS SDK finds; `us-east-1` with the endpoint of another store. */
  readonly region?: string;
  /** Address of another store than Amazon's, such as `https://account.r2.cloudflarestorage.com`. Default: Amazon's. */
  readonly endpoint?: string;
  /** Whether the bucket stands in the path instead of the host. Default: only where the endpoint is an IP address or this machine. */
  readonly forcePathStyle?: boolean;
  /** Default: the credentials that the AWS SDK finds. Never shown in errors. */
  readonly accessKeyId?: string;
  /** Belongs to `accessKeyId`. Never shown in errors. */
  readonly secretAccessKey?: string;
  /** Of temporary credentials that do not refresh. */
  readonly sessionToken?: string;
  /** Credentials, or a function of the AWS SDK that gets them and refreshes them. Default: see `accessKeyId`. */
  readonly credentials?: S3ClientConfig['credentials'];
  /** Allows plain http to another machine. Default: false. */
  readonly allowInsecure?: boolean;
  /**
   * A client of the application's own, used as it is and not closed. What the environment says of its endpoint
   * is looked at before conditions are believed. Default: one is made with the first use.
   */
  readonly client?: S3Client;
  /** Address under which the keys are public, the bucket's or a CDN's. Default: none. */
  readonly publicUrl?: string;
  /** Whether the bucket keeps versions. Default: it is asked once, with the first operation. */
  readonly versions?: boolean;
  /**
   * Conditions of writes that the store is known to check. `probe` tries them with the first operation, on
   * an object that is deleted again. Default: all at Amazon's, what is documented at Cloudflare's, else none.
   */
  readonly conditions?: readonly S3Condition[] | 'probe';
  /**
   * Whether the store keeps and verifies the checksums of S3. Default: true at Amazon's, else false; false with
   * a `client` that the environment may send elsewhere.
   */
  readonly checksums?: boolean;
  /** Account that must own the bucket, else everything is refused. Default: any. */
  readonly expectedBucketOwner?: string;
  /** Whether the caller pays for requests to a bucket of another account. Default: false. */
  readonly requestPayer?: boolean;
  /** Connections at once of the client that is made here. Default: 50. */
  readonly maxConnections?: number;
  /** Fields of every put and upload that does not say otherwise, such as `{ StorageClass: 'STANDARD_IA' }`. */
  readonly native?: S3NativeOptions;
}

/** The provider behind {@link createS3}. Makes no request until the first operation. */
export function s3Provider(options: S3Options, limits?: S3Limits): StorageProvider {
  const { publicUrl, versions, conditions } = options;
  checkOptions(options);
  const store = s3Store(options, limits);
  let known = conditions === 'probe' ? [] : (conditions ?? knownConditions(options));
  const hasTags = options.endpoint === undefined || keepsTags(new URL(options.endpoint).hostname);
  const capabilities: Capabilities = {
    rangeReads: true,
    readConditions: true,
    ...conditionCapabilities(known),
    attributes: 'native',
    atomicAttributes: true,
    maxMetadataBytes: MAX_METADATA_BYTES,
    checksum: true,
    writeIds: true,
    etagCovers: 'content',
    listFields: ['size', 'etag', 'modifiedAt'],
    listOrder: 'utf8',
    delimiter: 'any',
    deleteMany: true,
    copy: true,
    upload: true,
    uploads: true,
    presign: true,
    presignOptions: presignOptions(store.checksums, known),
    publicUrl: publicUrl !== undefined,
    versions: versions === true,
    deleteVersion: versions === true,
    objectTags: hasTags,
    nativeOptions: NATIVE_OPTIONS,
    health: true,
    fileAndFolder: true,
    caseSensitive: true,
    durable: true,
    maxPutBytes: MAX_PUT_BYTES,
    maxObjectBytes: MAX_OBJECT_BYTES,
  };
  const isUnsure = conditions === undefined && mayBeElsewhere(options);
  const asks = versions === undefined || conditions === 'probe' || isUnsure;

  return {
    specVersion: 1,
    name: 's3',
    capabilities,
    ...(asks && {
      async open({ signal }) {
        const found = await openStore(store, { versions, conditions, signal });
        if (conditions === 'probe') known = found.conditions;
        const isAmazon = isUnsure && (await configuredEndpoint(store.client())) === undefined;
        if (isAmazon) known = S3_CONDITIONS;
        return {
          ...conditionCapabilities(known),
          presignOptions: presignOptions(store.checksums, known),
          ...(found.versions && { versions: true, deleteVersion: true }),
        };
      },
    }),

    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    get: (key, options) => readObject(store, key, options),

    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    put: (key, body, options) => writeObject(store, key, body, options),

    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    stat: (key, options) => statObject(store, key, options),

    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
    delete: (key, options) => deleteObject(store, key, options),

    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    list: (options) => listObjects(store, options),

    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    deleteMany: (keys, options) => deleteObjects(store, keys, options),

    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    copy: (from, to, options) => copyObject(store, from, to, options),
    ...((asks || known.includes('copyIfMatch')) && {
      setMetadata: (key: string, patch: AttributesPatch, options: SetMetadataOptions) =>
        setObjectMetadata(store, key, patch, options, known.includes('copyIfAbsent')),
    }),

    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
    upload: (key, options) => uploadSession(store, key, options),
    uploads: (options) => listUploads(store, options),

    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    presign: (key, options) => presignRequest(store, key, options),
    ...(publicUrl !== undefined && { publicUrl: (key: string) => publicUrlOf(publicUrl, key) }),

    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
    ...(versions !== false && { versions: versionOperations(store) }),

    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
    ...(hasTags && { objectTags: tagOperations(store) }),

    health: (options) => checkHealth(store, options),
    async close() {
      store.close();
    },
    get native() {
      return store.client();
    },
  };
}

/** Which capabilities conditions stand for: those declared are true, the others missing. */
function conditionCapabilities(conditions: readonly S3Condition[]): Partial<Capabilities> {
  return {
    ...Object.fromEntries(conditions.map((condition) => [condition, true])),
    // Attributes are changed by a copy onto itself, which is safe under this condition alone.
    ...(conditions.includes('copyIfMatch') && { setMetadata: true, setMetadataIfMatch: true }),
  };
}

function knownConditions(options: S3Options): readonly S3Condition[] {
  if (!isCustom(options)) return S3_CONDITIONS;
  return options.endpoint === undefined ? [] : conditionsOfHost(new URL(options.endpoint).hostname);
}

function tagOperations(store: S3Store): TagOperations {
  return {
    get: (key, options) => readTags(store, key, options),
    set: (key, tags, options) => writeTags(store, key, tags, options),
  };
}

function versionOperations(store: S3Store): VersionOperations {
  return {
    list: (key, options) => listVersions(store, key, options),
    restore: (key, version, options) => restoreVersion(store, key, version, options),
  };
}

/** Refuses options that cannot be right before anything is sent. Errors: `invalid-config`. */
function checkOptions({ bucket, endpoint, publicUrl, allowInsecure }: S3Options): void {
  if (endpoint !== undefined) checkEndpoint(endpoint, { allowInsecure });
  if (typeof bucket !== 'string' || bucket === '' || bucket.includes('/')) {
    throw new StorageError('invalid-config', 'the option "bucket" is no name of a bucket.', {
      hint: 'Give the name alone, and what is below it as prefix.',
    });
  }
  if (bucket.endsWith('--x-s3')) {
    throw new StorageError('invalid-config', 'a directory bucket keeps other rules.', {
      hint: 'Use a general purpose bucket.',
    });
  }
  if (publicUrl !== undefined && !URL.canParse(publicUrl)) {
    throw new StorageError('invalid-config', 'the option "publicUrl" is no URL.', {
      hint: 'Give an address such as https://cdn.example/files.',
    });
  }
}

/**
 * A storage in a bucket of Amazon S3, or of a store that speaks its protocol. It makes no request before
 * the first operation. Errors: those of the table in `s3-errors.ts`.
 */
export const createS3: BackendFactory<S3Options> = /* @__PURE__ */ defineBackend({
  name: 's3',
  remote: true,
  provider: (options: S3Options) => s3Provider(options),
  fromConfig: s3FromConfig,
});
