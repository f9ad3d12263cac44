import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import type { GraphClientLike, OneDriveAuth } from './onedrive-auth.ts';
import { readChanges } from './onedrive-changes.ts';
import { openOneDrive } from './onedrive-client.ts';
import { onedriveFromConfig } from './onedrive-config.ts';
import { moveObject } from './onedrive-copy.ts';
import { deleteObject, deleteObjects } from './onedrive-delete.ts';
import { checkHealth, readUsage } from './onedrive-health.ts';
import { listObjects } from './onedrive-list.ts';
import { NATIVE_OPTIONS } from './onedrive-native.ts';
import { withQuickCompanions } from './onedrive-quick.ts';
import { readObject, statObject } from './onedrive-read.ts';
import {
  deletesVersions,
  readVersion,
  statVersion,
  versionOperations,
} from './onedrive-versions.ts';
import {
  MAX_BUFFERED_PUT_BYTES,
  MAX_OBJECT_BYTES,
  MAX_PUT_BYTES,
  writeObject,
} from './onedrive-write.ts';

/** Options of {@link createOneDrive}: `auth` or `client` is needed. */
export interface OneDriveOptions {
  /** A function that answers with an access token, a `TokenSource`, or an `AuthenticationProvider` of the SDK. */
  readonly auth?: OneDriveAuth;
  /** A `Client` of `@microsoft/microsoft-graph-client`: its sign-in is used, and `native` gives it back. */
  readonly client?: GraphClientLike;
  /** A drive by its id. Default: that of the signed-in person. */
  readonly driveId?: string;
  /** The document library of a SharePoint site, by the site's id. */
  readonly siteId?: string;
  /** The app's own folder, for which `Files.ReadWrite.AppFolder` is enough. Default: `false`. */
  readonly appFolder?: boolean;
  /** The folder that the storage is, as OneDrive shows it: `Documents/Granary`. Default: all of the drive. */
  readonly root?: string;
  /**
   * Infos name versions, and old ones are listed, read and restored, as far as the account keeps them.
   * A write then takes a request more, which asks for its version. Default: `false`.
   */
  readonly versions?: boolean;
  /**
   * Where content headers, metadata, tags and expiry live: in files beside the objects, or nowhere. Without
   * them a write is one request instead of two. Default: `companion`.
   */
  readonly attributes?: 'companion' | 'none';
  /** Deletes into the recycle bin; `false` deletes for good. Default: `true`. */
  readonly trash?: boolean;
  /** Address of Microsoft Graph, for the clouds of nations. Default: `https://graph.microsoft.com`. */
  readonly endpoint?: string;
  /** Allows plain http to other machines than this one. Default: `false`. */
  readonly allowInsecure?: boolean;
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Opens a folder of a drive. Makes no request until the first operation. */
export function onedriveProvider(options: OneDriveOptions): StorageProvider {
  refuseSignIn(options);
  const { trash = true, attributes = 'companion', ...access } = options;
  const drive = openOneDrive(access);
  const hasChanges = !access.appFolder;

  const bare: StorageProvider = {
    specVersion: 1,
    name: 'onedrive',
    capabilities: capabilitiesOf(drive.names.maxKeyBytes, {
      trash,
      hasChanges,
      versions: drive.keepsVersions,
    }),
    native: access.client,

    // https://learn.microsoft.com/graph/api/resources/driveitem
    get: (key, options) =>
      options.version === undefined
        ? readObject(drive, key, options)
        : readVersion(drive, key, options.version, options),
    put: (key, body, options) => writeObject(drive, key, body, options),
    stat: (key, options) =>
      options.version === undefined
        ? statObject(drive, key, options)
        : statVersion(drive, key, options.version, options),
    delete: (key, options) => deleteObject(drive, key, options, trash),
    list: (options) => listObjects(drive, options),

    deleteMany: (keys, options) => deleteObjects(drive, keys, options, trash),
    move: (from, to, options) => moveObject(drive, from, to, options),
    upload: async (key, options) =>
      (await import('./onedrive-upload.ts')).uploadSession(drive, key, options),
    ...(drive.keepsVersions && {
      open: (options) => deletesVersions(drive, options),
      versions: versionOperations(drive),
    }),
    ...(hasChanges && { changes: (options) => readChanges(drive, options) }),
    usage: (options) => readUsage(drive, options),
    health: (options) => checkHealth(drive, options),
  };
  return attributes === 'none' ? bare : withQuickCompanions(bare, drive);
}

/**
 * Not declared: `copy`, which the service does behind the caller's back and which would have to be
 * waited for; `uploadConditions`, since a session looks at a condition when it begins.
 */
function capabilitiesOf(
  maxKeyBytes: number,
  {
    trash,
    hasChanges,
    versions,
  }: { readonly trash: boolean; readonly hasChanges: boolean; readonly versions: boolean },
): Capabilities {
  return {
    rangeReads: true,
    readConditions: true,
    createIfAbsent: true,
    replaceIfMatch: true,
    // Deleting for good takes no condition.
    ...(trash && { deleteIfMatch: true }),
    copyIfMatch: true,
    copyIfAbsent: true,
    attributes: 'none',
    etagCovers: 'write',
    listFields: ['size', 'etag', 'modifiedAt', 'createdAt', 'id'],
    listOrder: 'utf8',
    delimiter: 'any',
    deleteMany: true,
    move: true,
    upload: true,
    ...(versions && { versions }),
    nativeOptions: NATIVE_OPTIONS,
    ...(hasChanges && { changes: true }),
    usage: true,
    health: true,
    fileAndFolder: false,
    caseSensitive: false,
    durable: true,
    maxPutBytes: MAX_PUT_BYTES,
    maxBufferedPutBytes: MAX_BUFFERED_PUT_BYTES,
    maxObjectBytes: MAX_OBJECT_BYTES,
    maxKeyBytes,
  };
}

/** The seeds' options need a sign-in, which this package does not bring. */
function refuseSignIn(options: object): void {
  for (const name of ['clientId', 'redirectUri']) {
    if (!(name in options)) continue;
    throw new StorageError('invalid-config', `the option "${name}" needs a sign-in.`, {
      hint: 'Use createOneDrive of @granary/storage, which brings one, or give "auth" what createSignIn of @granary/storage-oauth gives.',
    });
  }
}

/**
 * Makes a storage over OneDrive or a SharePoint document library, in Node and browsers. Content
 * types, metadata, tags and expiry lie in a companion file beside the object that has some, unless
 * `attributes` is `none`.
 * Errors: `invalid-config` for options that are missing, unsafe or contradict each other.
 */
export const createOneDrive: BackendFactory<OneDriveOptions> = /* @__PURE__ */ defineBackend({
  name: 'onedrive',
  remote: true,
  provider: onedriveProvider,
  fromConfig: onedriveFromConfig,
});
