import type { OneDriveOptions } from '@granary/storage-onedrive';
import type { DriveFields } from './drive-config.ts';
import type { DriveFactory, DrivePlan } from './drive-factory.ts';
import type { BrowserFlow, DesktopFlow, DriveSignInOptions } from './drive-sign-in.ts';

interface MicrosoftSignInOptions {
  /** The application (client) id of the registration. */
  readonly clientId: string;
  /** Who may sign in: `common`, `consumers`, `organizations`, or one tenant. Default: `common`. */
  readonly tenant?: string;
  /**
   * Graph's scopes. Default: the least that reaches the place: `Files.ReadWrite.AppFolder`,
   * `Files.ReadWrite` with a `root` or `appFolder: false`, `Files.ReadWrite.All` with `driveId` or `siteId`.
   */
  readonly scopes?: readonly string[];
}

/** Options with which `createOneDrive` signs in on a desktop. */
export interface OneDriveSignInOptions
  extends MicrosoftSignInOptions,
    DriveSignInOptions<DesktopFlow> {}

/** Options with which `createOneDrive` signs in in a page. */
export interface BrowserOneDriveSignInOptions
  extends MicrosoftSignInOptions,
    DriveSignInOptions<BrowserFlow> {}

/** Makes storages over OneDrive on a desktop. */
export type OneDriveFactory = DriveFactory<OneDriveOptions, OneDriveSignInOptions>;
/** Makes storages over OneDrive in a page. */
export type BrowserOneDriveFactory = DriveFactory<OneDriveOptions, BrowserOneDriveSignInOptions>;

export const ONE_DRIVE_FIELDS: DriveFields = {
  clientId: { type: 'string', required: true, names: ['client_id'] },
  tenant: { type: 'string' },
  scopes: { type: 'strings', names: ['scope'] },
};

const APP_SCOPE = 'Files.ReadWrite.AppFolder';
const GRAPH = /^https:\/\/[^/]+\//;
const OF_FILES = /^(files|sites)\./i;
const OF_APP = /^files\.readwrite\.appfolder$/i;

/**
 * The least that reaches the place: the app's own folder, unless another place is named. With the
 * scope of that folder alone no other can be reached, so it stands for it.
 * https://learn.microsoft.com/graph/permissions-reference#files-permissions, read 2026-11-21.
 */
export function planOneDrive(
  options: Partial<MicrosoftSignInOptions> & OneDriveOptions,
): DrivePlan<OneDriveOptions> {
  const { scopes, appFolder, root, driveId, siteId } = options;
  const isElsewhere = driveId !== undefined || siteId !== undefined;
  if (scopes !== undefined) {
    const ofFiles = scopes
      .map((scope) => scope.replace(GRAPH, ''))
      .filter((scope) => OF_FILES.test(scope));
    const isAppOnly = ofFiles.length > 0 && ofFiles.every((scope) => OF_APP.test(scope));
    const isImplied = isAppOnly && appFolder === undefined && !isElsewhere;
    return { scopes, place: isImplied ? { appFolder: true } : {} };
  }
  if (isElsewhere) return { scopes: ['Files.ReadWrite.All'], place: {} };
  if (appFolder ?? root === undefined) return { scopes: [APP_SCOPE], place: { appFolder: true } };
  return { scopes: ['Files.ReadWrite'], place: {} };
}
