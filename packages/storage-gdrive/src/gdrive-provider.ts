import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { MAX_METADATA_BYTES } from './gdrive-attributes.ts';
import {
  checkNoSignInOptions,
  type GdriveAuth,
  type GoogleAuthLike,
  type GoogleDriveClientLike,
} from './gdrive-auth.ts';
import { listChanges } from './gdrive-changes.ts';
import { gdriveFromConfig } from './gdrive-config.ts';
import { copyObject, moveObject, setAttributes } from './gdrive-copy.ts';
import { deleteObject, deleteObjects, statObjects } from './gdrive-delete.ts';
import { checkHealth, readUsage } from './gdrive-health.ts';
import { rootSegments } from './gdrive-keys.ts';
import { listObjects } from './gdrive-list.ts';
import { NATIVE_OPTIONS } from './gdrive-native.ts';
import { readObject, statObject } from './gdrive-read.ts';
import { gdriveStore } from './gdrive-store.ts';
import { uploadSession } from './gdrive-upload.ts';
import { listVersions, restoreVersion } from './gdrive-versions.ts';
import { MAX_BUFFERED_PUT_BYTES, MAX_PUT_BYTES, writeObject } from './gdrive-write.ts';

/** Largest file. Units: bytes. https://support.google.com/drive/answer/37603 ("5 TB"), read 2026-11-21 */
const MAX_OBJECT_BYTES = 5 * 1000 ** 4;

/** Options of {@link createGoogleDrive}: a sign-in, and where in which Drive the store is. */
export interface GdriveOptions {
  /** Answers with access tokens: a function, a token source, or an `OAuth2Client` or `GoogleAuth` of google-auth-library. */
  readonly auth?: GdriveAuth;
  /** The app's `drive_v3.Drive` of googleapis, or its sign-in: requests are signed in as its are. */
  readonly client?: GoogleDriveClientLike | GoogleAuthLike;
  /** Folder path below which keys live, such as `Apps/Notes`. Default: the top of the Drive. */
  readonly root?: string;
  /** Keeps everything in the hidden folder of the app. Needs the scope `drive.appdata`. Default: `false`. */
  readonly appFolder?: boolean;
  /** Id of a shared drive to use. Default: the user's own Drive. */
  readonly driveId?: string;
  /** Deleted files go to the trash, from which versions come back; `false` deletes for good. Always `false` in the app folder. Default: `true`. */
  readonly trash?: boolean;
  /**
   * Makes documents of Google's editors objects that are read as this type, by the last word of theirs:
   * `{ document: 'text/markdown' }`. They are never written. Default: they are no objects.
   */
  readonly exports?: Readonly<Record<string, string>>;
  /** Compares the SHA-256 of content with what the service tells, on every whole read and put. Default: `true`. */
  readonly verify?: boolean;
  /** Address of the service, for tests. Default: `https://www.googleapis.com`. */
  readonly endpoint?: string;
  /** Allows plain http to other machines than this one. Default: `false`. */
  readonly allowInsecure?: boolean;
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Opens a place in Google Drive. Makes no request until the first operation. */
export function gdriveProvider(options: GdriveOptions): StorageProvider {
  checkOptions(options);
  const store = gdriveStore(options);
  const { keepsVersions } = store;
  const hasUsage = options.driveId === undefined;

  return {
    specVersion: 1,
    name: 'gdrive',
    capabilities: capabilitiesOf(options, keepsVersions),
    ...(options.client !== undefined && { native: options.client }),

    // https://developers.google.com/workspace/drive/api/reference/rest/v3
    get: (key, options) => readObject(store, key, options),
    put: (key, body, options) => writeObject(store, key, body, options),
    stat: (key, options) => statObject(store, key, options),
    delete: (key, options) => deleteObject(store, key, options),
    list: (options) => listObjects(store, options),

    statMany: (keys, options) => statObjects(store, keys, options),
    deleteMany: (keys, options) => deleteObjects(store, keys, options),
    copy: (from, to, options) => copyObject(store, from, to, options),
    move: (from, to, options) => moveObject(store, from, to, options),
    setMetadata: (key, patch, options) => setAttributes(store, key, patch, options),
    upload: (key, options) => uploadSession(store, key, options),
    ...(keepsVersions && {
      versions: {
        list: (key, options) => listVersions(store, key, options),
        restore: (key, version, options) => restoreVersion(store, key, version, options),
      },
    }),
    changes: (options) => listChanges(store, options),
    ...(hasUsage && { usage: (options) => readUsage(store, options) }),
    health: (options) => checkHealth(store, options),
  };
}

/** Refuses options that contradict each other, before any request. */
function checkOptions(options: GdriveOptions): void {
  checkNoSignInOptions(options);
  const { appFolder = false, driveId, root } = options;
  if (appFolder && driveId !== undefined) {
    throw new StorageError(
      'invalid-config',
      'the app folder is in no shared drive: give "appFolder" or "driveId".',
    );
  }
  if (driveId === '') throw new StorageError('invalid-config', 'the option "driveId" is empty.');
  if (rootSegments(root).some((name) => name === '' || name === '.' || name === '..')) {
    throw new StorageError(
      'invalid-config',
      'the option "root" is no folder path, such as "Apps/Notes".',
    );
  }
}

/**
 * Not declared: conditional writes, since this version of the API takes no `If-Match`, and two writers
 * that create one name both do; `uploads`, which nobody can list; `presign`, which there is not.
 */
function capabilitiesOf(options: GdriveOptions, keepsVersions: boolean): Capabilities {
  const hasExports = Object.keys(options.exports ?? {}).length > 0;
  return {
    rangeReads: true,
    readConditions: true,
    attributes: 'native',
    atomicAttributes: true,
    maxMetadataBytes: MAX_METADATA_BYTES,
    checksum: true,
    writeIds: true,
    nativeOptions: NATIVE_OPTIONS,
    etagCovers: 'write',
    listFields: [
      ...(hasExports ? [] : (['size', 'contentType', 'checksums'] as const)),
      ...(['etag', 'modifiedAt', 'createdAt', 'id', 'metadata', 'tags', 'expiresAt'] as const),
    ],
    listAttributes: true,
    listOrder: 'utf8',
    delimiter: 'any',
    statMany: true,
    deleteMany: true,
    copy: true,
    move: true,
    setMetadata: true,
    upload: true,
    ...(keepsVersions && { versions: true, deleteVersion: true }),
    changes: true,
    ...(options.driveId === undefined && { usage: true }),
    health: true,
    fileAndFolder: true,
    caseSensitive: true,
    durable: true,
    maxPutBytes: MAX_PUT_BYTES,
    maxBufferedPutBytes: MAX_BUFFERED_PUT_BYTES,
    maxObjectBytes: MAX_OBJECT_BYTES,
  };
}

/**
 * Makes a storage over Google Drive, in Node and in browsers.
 * Errors: `invalid-config` for options that are missing or contradict each other.
 */
export const createGoogleDrive: BackendFactory<GdriveOptions> = /* @__PURE__ */ defineBackend({
  name: 'gdrive',
  aliases: ['google-drive', 'googledrive'],
  schemes: ['gdrive'],
  remote: true,
  provider: gdriveProvider,
  fromConfig: gdriveFromConfig,
});
