import type {
  AnyItems,
  EngineOptions,
  IStorageEngine,
  ItemTypes,
  StorageEngine,
} from '@granary/storage-core';
import type { LayerFactory } from '@granary/storage-core/provider';
import { createDropbox as dropboxBackend } from '@granary/storage-dropbox';
import { createFileSystem, locations } from '@granary/storage-fs';
import { createGoogleDrive as googleDriveBackend } from '@granary/storage-gdrive';
import { createMemory } from '@granary/storage-memory';
import { createOneDrive as oneDriveBackend } from '@granary/storage-onedrive';
import { type BrowserGlobals, indexedDBBackend } from './browser-places.ts';
import { type EncryptedOptions, encryptedCreator } from './create-encrypted.ts';
import { storageCreator } from './create-storage.ts';
import { dropboxOnDesktop, googleOnDesktop, microsoftOnDesktop } from './desktop-sign-in.ts';
import { driveFactory } from './drive-factory.ts';
import { DROPBOX_FIELDS, type DropboxFactory, planDropbox } from './dropbox-drive.ts';
import { GOOGLE_DRIVE_FIELDS, type GoogleDriveFactory, planGoogleDrive } from './google-drive.ts';
import { ONE_DRIVE_FIELDS, type OneDriveFactory, planOneDrive } from './one-drive.ts';
import type { DesktopConfig, EngineConfig } from './storage-config.ts';

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
export type { EncryptedOptions } from './create-encrypted.ts';
export type { DriveFactory, DriveProvider, DriveStorage } from './drive-factory.ts';
export type { DriveSignIn, DriveSignInOptions } from './drive-sign-in.ts';
export type { DropboxSignInOptions } from './dropbox-drive.ts';
export type { FailedCandidate, StorageWarning } from './fallback-provider.ts';
export type { GoogleDriveSignInOptions } from './google-drive.ts';
export type { OneDriveSignInOptions } from './one-drive.ts';
export type { DesktopConfig, EngineConfig } from './storage-config.ts';
export { createFileSystem, createMemory };

/** Chooses a storage on a desktop or a server. */
export interface CreateDesktopStorage {
  <Engine extends IStorageEngine>(config: EngineConfig<Engine>): Engine;
  <Items extends ItemTypes = AnyItems>(
    config?: DesktopConfig,
    engine?: EngineOptions,
  ): StorageEngine<Items>;
}

/**
 * Makes the storage that a config asks for, and without one the folder where the operating system
 * keeps data of the application `appName`. `{ engine }` is given back as it is. Nothing is opened
 * before the first operation.
 * Errors: `invalid-config` for a config that asks for what there is not, with what to type, and for an
 * option that would be left out.
 */
export const createStorage: CreateDesktopStorage = /* @__PURE__ */ storageCreator({
  backends: {
    memory: { needsFileSystem: false, provider: (options) => createMemory.provider(options) },
    idb: /* @__PURE__ */ indexedDBBackend(globalThis as BrowserGlobals),
    fs: {
      needsFileSystem: true,
      provider: (options, { appName }) =>
        createFileSystem.provider({ baseDir: locations({ appName }).data, ...options }),
    },
  },
  automatic: ({ runtime, hasFileSystem }) =>
    hasFileSystem
      ? { places: ['fs'], reason: `This is ${runtime}, which has a file system.` }
      : { places: ['memory'], reason: `This is ${runtime}, which has no file system.` },
  automaticOptions: [],
  globals: globalThis,
}) as CreateDesktopStorage;

/**
 * A storage that encrypts content and attributes over any other: `createEncrypted` of
 * `@granary/storage-layers/encrypt`, which without a key takes that of the platform's vault
 * (the keychain of the system, or what else `@granary/storage-credentials` finds).
 * Errors: `invalid-config`; those of the vault with the first operation.
 */
export const createEncrypted: LayerFactory<EncryptedOptions> = /* @__PURE__ */ encryptedCreator(
  async () => (await import('@granary/storage-credentials/node')).createVault(),
);

/**
 * A storage over a person's Google Drive. With `clientId` it signs in by itself: the first operation
 * opens the browser of the system, and tokens stay in the platform's vault; `storage.auth` signs in and
 * out. With `auth` or `client` the application signs in. Google asks desktop clients for their
 * `clientSecret`. Errors: `invalid-config`; those of the sign-in with the first operation.
 */
export const createGoogleDrive: GoogleDriveFactory = /* @__PURE__ */ driveFactory({
  bare: googleDriveBackend,
  fields: GOOGLE_DRIVE_FIELDS,
  plan: planGoogleDrive,
  signIn: googleOnDesktop,
});

/**
 * A storage over a person's OneDrive. With `clientId` it signs in by itself: the first operation opens
 * the browser of the system, and tokens stay in the platform's vault; `storage.auth` signs in and out.
 * Without `scopes` and a place it is the application's own folder. With `auth` or `client` the
 * application signs in. Errors: `invalid-config`; those of the sign-in with the first operation.
 */
export const createOneDrive: OneDriveFactory = /* @__PURE__ */ driveFactory({
  bare: oneDriveBackend,
  fields: ONE_DRIVE_FIELDS,
  plan: planOneDrive,
  signIn: microsoftOnDesktop,
});

/**
 * A storage over a person's Dropbox. With `appKey` it signs in by itself: the first operation opens the
 * browser of the system, and tokens stay in the platform's vault; `storage.auth` signs in and out. With
 * `auth` or `client` the application signs in.
 * Errors: `invalid-config`; those of the sign-in with the first operation.
 */
export const createDropbox: DropboxFactory = /* @__PURE__ */ driveFactory({
  bare: dropboxBackend,
  fields: DROPBOX_FIELDS,
  plan: planDropbox,
  signIn: dropboxOnDesktop,
});
