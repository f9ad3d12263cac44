import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  type StorageProvider,
  type TokenInput,
} from '@granary/storage-core/provider';
import type { DropboxAuthLike, DropboxClientLike } from './dropbox-auth.ts';
import { changesOf, watchStore } from './dropbox-changes.ts';
import { type DropboxEndpoints, dropboxStore } from './dropbox-client.ts';
import { dropboxFromConfig } from './dropbox-config.ts';
import { copyObject, moveObject } from './dropbox-copy.ts';
import { deleteObject, deleteObjects } from './dropbox-delete.ts';
import { contentHash } from './dropbox-hash.ts';
import { checkHealth, readUsage } from './dropbox-health.ts';
import { listObjects } from './dropbox-list.ts';
import { NATIVE_OPTIONS } from './dropbox-native.ts';
import { readObject, statObject } from './dropbox-read.ts';
import { MAX_OBJECT_BYTES, uploadSession } from './dropbox-upload.ts';
import { versionOperations } from './dropbox-versions.ts';
import { MAX_BUFFERED_PUT_BYTES, MAX_PUT_BYTES, writeObject } from './dropbox-write.ts';

/** Options of {@link createDropbox}: `auth` or `client`. */
export interface DropboxOptions {
  /** An access token, a function that answers with one, a source of tokens, or the SDK's `DropboxAuth`. Required without `client`. */
  readonly auth?: TokenInput | DropboxAuthLike;
  /** The SDK's `Dropbox` or `DropboxAuth`: its sign-in is used, and `native` is it. */
  readonly client?: DropboxClientLike | DropboxAuthLike;
  /** Key of the app. It signs nobody in: `createDropbox` of `@granary/storage` does, with this option. */
  readonly appKey?: string;
  /** Folder that keys live below. Default: all that the app may see, which is its own folder for an app of that kind. */
  readonly root?: string;
  /** Namespace that paths begin in, for team spaces: an id, or the header's JSON. Default: the user's home. */
  readonly pathRoot?: string;
  /** Member of a team that a token of the team acts for. Default: nobody. */
  readonly selectUser?: string;
  /**
   * Where content headers, metadata, tags and expiry live: in files beside the objects, or nowhere. Without them a
   * read is one call instead of two. Default: `companion`.
   */
  readonly attributes?: 'companion' | 'none';
  /** Deletes go to the trash. `false` deletes for good, which the service lets teams do alone. Default: `true`. */
  readonly trash?: boolean;
  /** Writes notify nobody on the user's devices. Default: `true`. */
  readonly mute?: boolean;
  /** Most writes under way at once, since the service locks the account for each. Default: 4. */
  readonly concurrentWrites?: number;
  /** One address in the place of all three, for tests. Default: the service's. */
  readonly endpoint?: string;
  /** The service's addresses. Default: `https://api.dropboxapi.com` and its siblings. */
  readonly endpoints?: DropboxEndpoints;
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Allows plain http to other machines than this one. Default: `false`. */
  readonly allowInsecure?: boolean;
}

/** Opens a user's Dropbox, without attributes. Makes no request until the first operation. */
export function dropboxProvider(options: DropboxOptions): StorageProvider {
  const { trash = true, attributes: _above, ...access } = options;
  const store = dropboxStore(access);

  return {
    specVersion: 1,
    name: 'dropbox',
    capabilities: CAPABILITIES,
    native: store.native,

    // https://www.dropbox.com/developers/documentation/http/documentation
    get: (key, options) => readObject(store, key, options),
    put: (key, body, options) => writeObject(store, key, body, options),
    stat: (key, options) => statObject(store, key, options),
    delete: (key, options) => deleteObject(store, key, options, { trash }),
    list: (options) => listObjects(store, options),

    deleteMany: (keys, options) => deleteObjects(store, keys, options, { trash }),
    copy: (from, to, options) => copyObject(store, from, to, options),
    move: (from, to, options) => moveObject(store, from, to, options),
    upload: (key, options) => uploadSession(store, key, options),
    versions: versionOperations(store),
    watch: (options) => watchStore(store, options),
    changes: (options) => changesOf(store, options),
    usage: (options) => readUsage(store, options),
    health: (options) => checkHealth(store, options),
  };
}

/**
 * Not declared: `copyIfMatch`, since a copy takes no rev; `presign`, since links live for four hours and no other
 * time; `uploads`, which nobody can list; `writeIds`, since files keep nothing of ours.
 */
const CAPABILITIES: Capabilities = {
  rangeReads: true,
  readConditions: true,
  createIfAbsent: true,
  replaceIfMatch: true,
  deleteIfMatch: true,
  copyIfAbsent: true,
  uploadConditions: true,
  attributes: 'none',
  etagCovers: 'content',
  listFields: ['size', 'etag', 'modifiedAt', 'id'],
  listOrder: 'none',
  delimiter: 'slash',
  deleteMany: true,
  copy: true,
  move: true,
  upload: true,
  versions: true,
  nativeOptions: NATIVE_OPTIONS,
  watch: true,
  changes: true,
  usage: true,
  health: true,
  durable: true,
  maxPutBytes: MAX_PUT_BYTES,
  maxBufferedPutBytes: MAX_BUFFERED_PUT_BYTES,
  maxObjectBytes: MAX_OBJECT_BYTES,
};

/**
 * Makes a storage over a user's Dropbox, in Node and browsers.
 * Errors: `invalid-config` for options that are missing, unsafe or contradict each other.
 */
export const createDropbox: BackendFactory<DropboxOptions> = /* @__PURE__ */ defineBackend({
  name: 'dropbox',
  remote: true,
  // A companion is written before the content that it belongs to, which is known by its hash.
  companion: ({ attributes }) =>
    attributes !== 'none' && { versions: true, fingerprintOf: contentHash },
  provider: dropboxProvider,
  fromConfig: dropboxFromConfig,
});
