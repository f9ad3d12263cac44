import type {
  AnyItems,
  EngineOptions,
  IStorageEngine,
  ItemTypes,
  StorageEngine,
} from '@granary/storage-core';
import type { LayerFactory } from '@granary/storage-core/provider';
import { createDropbox as dropboxBackend } from '@granary/storage-dropbox';
import { createGoogleDrive as googleDriveBackend } from '@granary/storage-gdrive';
import { createMemory } from '@granary/storage-memory';
import { createOneDrive as oneDriveBackend } from '@granary/storage-onedrive';
import {
  AUTOMATIC_OPTIONS,
  type BrowserGlobals,
  browserPlaces,
  indexedDBBackend,
  localStorageBackend,
} from './browser-places.ts';
import { dropboxInPage, googleInPage, microsoftInPage } from './browser-sign-in.ts';
import { type EncryptedOptions, encryptedCreator } from './create-encrypted.ts';
import { storageCreator } from './create-storage.ts';
import { driveFactory } from './drive-factory.ts';
import { type BrowserDropboxFactory, DROPBOX_FIELDS, planDropbox } from './dropbox-drive.ts';
import {
  type BrowserGoogleDriveFactory,
  GOOGLE_DRIVE_FIELDS,
  planGoogleDrive,
} from './google-drive.ts';
import { type BrowserOneDriveFactory, ONE_DRIVE_FIELDS, planOneDrive } from './one-drive.ts';
import type { BrowserConfig, EngineConfig } from './storage-config.ts';

export {
  type IStorageEngine,
  isStorageError,
  type StorageCapabilities,
  type StorageEngine,
  StorageError,
  type StorageInfo,
  type StorageItem,
  type StorageOptions,
  type StorageQuery,
} from '@granary/storage-core';
export { createIndexedDB } from '@granary/storage-idb';
export { createMock } from '@granary/storage-layers/mock';
export { createLocalStorage } from '@granary/storage-localstorage';
export type { EncryptedOptions } from './create-encrypted.ts';
export type { DriveFactory, DriveProvider, DriveStorage } from './drive-factory.ts';
export type { DriveSignIn, DriveSignInOptions } from './drive-sign-in.ts';
export type { BrowserDropboxSignInOptions } from './dropbox-drive.ts';
export type { FailedCandidate, StorageWarning } from './fallback-provider.ts';
export type { BrowserGoogleDriveSignInOptions } from './google-drive.ts';
export type { ItemLeft, MovedUp } from './move-up.ts';
export type { BrowserOneDriveSignInOptions } from './one-drive.ts';
export type { BrowserConfig, EngineConfig, LargeObjectsConfig } from './storage-config.ts';
export { createMemory };

/** Chooses a storage in a browser. */
export interface CreateBrowserStorage {
  <Engine extends IStorageEngine>(config: EngineConfig<Engine>): Engine;
  <Items extends ItemTypes = AnyItems>(
    config?: BrowserConfig,
    engine?: EngineOptions,
  ): StorageEngine<Items>;
}

/**
 * Makes the storage that a config asks for, and without one the best that the browser has:
 * IndexedDB, else localStorage, else memory, of which `onWarning` hears that it does not last. What
 * an earlier visit left in localStorage is moved to IndexedDB when that opens. `{ engine }` is given
 * back as it is. Nothing is opened before the first operation.
 * Errors: `invalid-config` for a config that asks for what there is not, with what to type, and for an
 * option that would be left out.
 */
export const createStorage: CreateBrowserStorage = /* @__PURE__ */ browserCreator(
  globalThis as BrowserGlobals,
);

function browserCreator(globals: BrowserGlobals): CreateBrowserStorage {
  return storageCreator({
    backends: {
      memory: { needsFileSystem: false, provider: (options) => createMemory.provider(options) },
      idb: indexedDBBackend(globals),
      localstorage: localStorageBackend,
    },
    automatic: (platform, config) => browserPlaces(platform, config, globals),
    automaticOptions: AUTOMATIC_OPTIONS,
    globals,
  }) as CreateBrowserStorage;
}

/**
 * A storage that encrypts content and attributes over any other: `createEncrypted` of
 * `@granary/storage-layers/encrypt`, which without a key takes that of the platform's vault
 * (Web Crypto and IndexedDB).
 * Errors: `invalid-config`; those of the vault with the first operation.
 */
export const createEncrypted: LayerFactory<EncryptedOptions> = /* @__PURE__ */ encryptedCreator(
  async () => (await import('@granary/storage-credentials/browser')).createVault(),
);

/**
 * A storage over a person's Google Drive. With `clientId` it signs in by itself: `storage.auth.signIn()`
 * opens Google's window and must be called in a click. Google exchanges codes for pages only through a
 * server (`exchange`); without one give `oauth2` of Google Identity Services. With `auth` or `client` the
 * application signs in. Errors: `invalid-config`; `unauthenticated` at opening while nobody is signed in.
 */
export const createGoogleDrive: BrowserGoogleDriveFactory = /* @__PURE__ */ driveFactory({
  bare: googleDriveBackend,
  fields: GOOGLE_DRIVE_FIELDS,
  plan: planGoogleDrive,
  signIn: googleInPage,
});

/**
 * A storage over a person's OneDrive. With `clientId` it signs in by itself: `storage.auth.signIn()`
 * opens Microsoft's window and must be called in a click. Without `scopes` and a place it is the
 * application's own folder. With `auth` or `client` the application signs in.
 * Errors: `invalid-config`; `unauthenticated` at opening while nobody is signed in.
 */
export const createOneDrive: BrowserOneDriveFactory = /* @__PURE__ */ driveFactory({
  bare: oneDriveBackend,
  fields: ONE_DRIVE_FIELDS,
  plan: planOneDrive,
  signIn: microsoftInPage,
});

/**
 * A storage over a person's Dropbox. With `appKey` it signs in by itself: `storage.auth.signIn()` opens
 * Dropbox's window and must be called in a click. With `auth` or `client` the application signs in.
 * Errors: `invalid-config`; `unauthenticated` at opening while nobody is signed in.
 */
export const createDropbox: BrowserDropboxFactory = /* @__PURE__ */ driveFactory({
  bare: dropboxBackend,
  fields: DROPBOX_FIELDS,
  plan: planDropbox,
  signIn: dropboxInPage,
});
