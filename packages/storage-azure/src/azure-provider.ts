import type { ContainerClient } from '@azure/storage-blob';
import {
  type BackendFactory,
  type Capabilities,
  checkEndpoint,
  defineBackend,
  type ListField,
  type PresignOptions,
  type StorageProvider,
  type VersionOperations,
} from '@granary/storage-core/provider';
import { MAX_METADATA_BYTES } from './azure-attributes.ts';
import { type AzureStore, type AzureTokenCredential, openClient } from './azure-client.ts';
import { azureFromConfig } from './azure-config.ts';
import { copyObject, setObjectMetadata } from './azure-copy.ts';
import { deleteObject, deleteObjects } from './azure-delete.ts';
import { checkHealth } from './azure-health.ts';
import { listObjects } from './azure-list.ts';
import { NATIVE_OPTIONS } from './azure-native.ts';
import { delegationKeys, PRESIGN_OPTIONS, presignRequest, publicUrlOf } from './azure-presign.ts';
import { readObject, statObject } from './azure-read.ts';
import { readTags, writeTags } from './azure-tags.ts';
import { listUploads, MAX_OBJECT_BYTES, uploadSession } from './azure-upload.ts';
import { listVersions, restoreVersion } from './azure-versions.ts';
import { uploadOptionsOf, writeObject } from './azure-write.ts';

/**
 * Larger bodies go up in parts, several at once. One request takes 5,000 MiB, but when it breaks, all
 * of it is sent again; the SDK draws the line here too.
 * https://learn.microsoft.com/rest/api/storageservices/put-blob (read 2026-11-21). Units: bytes.
 */
const MAX_PUT_BYTES = 256 * 1024 * 1024;
const MAX_KEY_BYTES = 1024;
const LIST_FIELDS: readonly ListField[] = ['size', 'etag', 'modifiedAt'];

/** Options of {@link createAzure}. */
export interface AzureOptions {
  /** Name of the container. Required, unless `client` is given. */
  readonly container?: string;
  /** The connection string of an account, with its key or a shared access signature. */
  readonly connectionString?: string;
  /** Name of the account. */
  readonly accountName?: string;
  /** Key of the account, for servers only. Goes with `accountName`. */
  readonly accountKey?: string;
  /** A shared access signature: what follows the `?` of a signed URL. Goes with `accountName` or `endpoint`. */
  readonly sas?: string;
  /** An identity, such as `new DefaultAzureCredential()` of `@azure/identity`. Goes with `accountName` or `endpoint`. */
  readonly credential?: AzureTokenCredential;
  /** Address of the account. Default: `https://<accountName>.blob.core.windows.net`. */
  readonly endpoint?: string;
  /** Allows plain http to other machines than this one. Default: refused. */
  readonly allowInsecure?: boolean;
  /** The client of the container that the app has already. Its retries come on top of Granary's. */
  readonly client?: ContainerClient;
  /** The account keeps versions of blobs. The service does not tell, so it has to be said. Default: no. */
  readonly versions?: boolean;
  /** Deletes the snapshots that others made of a blob along with it. Default: it fails with `conflict`. */
  readonly deleteSnapshots?: boolean;
  /** Base of lasting URLs, such as a CDN in front of the container. Default: none. */
  readonly publicUrl?: string;
  /** The container allows anyone to read, so the URLs of its blobs are public. Default: no. */
  readonly public?: boolean;
}

/** Opens a container of Azure Blob Storage. Makes no request until the first operation. */
export function azureProvider(options: AzureOptions): StorageProvider {
  const { versions = false, deleteSnapshots = false, publicUrl, allowInsecure } = options;
  const store = openClient(options);
  if (publicUrl !== undefined) checkEndpoint(publicUrl, { allowInsecure });
  const hasUrls = publicUrl !== undefined || options.public === true;
  const settings = { deleteSnapshots };
  const delegated = delegationKeys(store);

  return {
    specVersion: 1,
    name: 'azure',
    // The client shows its keys and signatures to whoever prints it.
    get native() {
      return store.container;
    },
    capabilities: capabilitiesFor({ versions, hasUrls, canSign: store.signer !== undefined }),

    // https://learn.microsoft.com/rest/api/storageservices/get-blob
    get: (key, options) => readObject(store, key, options),
    // https://learn.microsoft.com/rest/api/storageservices/put-blob
    put: (key, body, options) =>
      writeObject(store, key, body, options, (name, own) =>
        uploadSession(store, name, uploadOptionsOf(own)),
      ),
    // https://learn.microsoft.com/rest/api/storageservices/get-blob-properties
    stat: (key, options) => statObject(store, key, options),
    // https://learn.microsoft.com/rest/api/storageservices/delete-blob
    delete: (key, options) => deleteObject(store, key, options, settings),
    // https://learn.microsoft.com/rest/api/storageservices/list-blobs
    list: (options) => listObjects(store, options),

    // https://learn.microsoft.com/rest/api/storageservices/blob-batch
    deleteMany: (keys, options) => deleteObjects(store, keys, options, settings),

    // https://learn.microsoft.com/rest/api/storageservices/copy-blob
    copy: (from, to, options) => copyObject(store, from, to, options),
    // https://learn.microsoft.com/rest/api/storageservices/set-blob-metadata
    setMetadata: (key, patch, options) => setObjectMetadata(store, key, patch, options),

    // https://learn.microsoft.com/rest/api/storageservices/put-block-list
    upload: (key, options) => uploadSession(store, key, options),
    uploads: (options) => listUploads(store, options),

    // https://learn.microsoft.com/rest/api/storageservices/create-service-sas
    ...(store.signer !== undefined && {
      presign: (key: string, options: PresignOptions) =>
        presignRequest(store, delegated, key, options),
    }),
    ...(hasUrls && { publicUrl: (key: string) => publicUrlOf(store, publicUrl, key) }),

    // https://learn.microsoft.com/azure/storage/blobs/versioning-overview
    ...(versions && { versions: versionOperations(store) }),
    // https://learn.microsoft.com/rest/api/storageservices/set-blob-tags
    objectTags: {
      get: (key, options) => readTags(store, key, options),
      set: (key, tags, options) => writeTags(store, key, tags, options),
    },

    health: (options) => checkHealth(store, options),
  };
}

/**
 * A storage in a container of Azure Blob Storage. Works in Node, and in browsers and workers with a
 * shared access signature or a token.
 * Errors: `invalid-config` for missing or several credentials and for an endpoint without encryption.
 */
export const createAzure: BackendFactory<AzureOptions> = /* @__PURE__ */ defineBackend({
  name: 'azure',
  aliases: ['az', 'azureblob'],
  schemes: ['az', 'azure'],
  remote: true,
  provider: azureProvider,
  fromConfig: azureFromConfig,
});

function versionOperations(store: AzureStore): VersionOperations {
  return {
    list: (key, options) => listVersions(store, key, options),
    restore: (key, version, options) => restoreVersion(store, key, version, options),
  };
}

function capabilitiesFor({
  versions,
  hasUrls,
  canSign,
}: {
  readonly versions: boolean;
  readonly hasUrls: boolean;
  readonly canSign: boolean;
}): Capabilities {
  return {
    rangeReads: true,
    readConditions: true,
    createIfAbsent: true,
    replaceIfMatch: true,
    deleteIfMatch: true,
    copyIfMatch: true,
    copyIfAbsent: true,
    uploadConditions: true,
    setMetadataIfMatch: true,
    attributes: 'native',
    atomicAttributes: true,
    maxMetadataBytes: MAX_METADATA_BYTES,
    checksum: true,
    uploadChecksum: true,
    writeIds: true,
    nativeOptions: NATIVE_OPTIONS,
    etagCovers: 'attributes',
    listFields: LIST_FIELDS,
    listAttributes: true,
    // The service promises alphabetical order and does not say of what.
    listOrder: 'none',
    delimiter: 'slash',
    deleteMany: true,
    copy: true,
    setMetadata: true,
    upload: true,
    uploads: true,
    objectTags: true,
    presign: canSign,
    ...(canSign && { presignOptions: PRESIGN_OPTIONS }),
    publicUrl: hasUrls,
    versions,
    deleteVersion: versions,
    health: true,
    fileAndFolder: true,
    caseSensitive: true,
    durable: true,
    maxPutBytes: MAX_PUT_BYTES,
    maxObjectBytes: MAX_OBJECT_BYTES,
    maxKeyBytes: MAX_KEY_BYTES,
  };
}
