import type { GdriveOptions } from '@granary/storage-gdrive';
import type { GoogleOAuth2Like } from '@granary/storage-oauth/browser';
import type { DriveFields } from './drive-config.ts';
import type { DriveFactory, DrivePlan } from './drive-factory.ts';
import type { BrowserFlow, DesktopFlow, DriveSignInOptions } from './drive-sign-in.ts';

interface GoogleSignInOptions {
  /** Id of the OAuth client in Google Cloud console. */
  readonly clientId: string;
  /** Full scopes, or their last part. Default: `['drive.file']`, and `['drive.appdata']` with `appFolder`. */
  readonly scopes?: readonly string[];
}

/** Options with which `createGoogleDrive` signs in on a desktop. */
export interface GoogleDriveSignInOptions
  extends GoogleSignInOptions,
    DriveSignInOptions<DesktopFlow> {
  /** Google asks for it from desktop clients too, where it is no secret and is shipped with the application. */
  readonly clientSecret?: string;
}

/** Options with which `createGoogleDrive` signs in in a page. */
export interface BrowserGoogleDriveSignInOptions
  extends GoogleSignInOptions,
    DriveSignInOptions<BrowserFlow> {
  /** `google.accounts.oauth2` of Google Identity Services: tokens of an hour, without a server. They are kept in memory alone. */
  readonly oauth2?: GoogleOAuth2Like;
}

/** Makes storages over Google Drive on a desktop. */
export type GoogleDriveFactory = DriveFactory<GdriveOptions, GoogleDriveSignInOptions>;
/** Makes storages over Google Drive in a page. */
export type BrowserGoogleDriveFactory = DriveFactory<
  GdriveOptions,
  BrowserGoogleDriveSignInOptions
>;

export const GOOGLE_DRIVE_FIELDS: DriveFields = {
  clientId: { type: 'string', required: true, names: ['client_id'] },
  clientSecret: { type: 'string', names: ['client_secret'] },
  scopes: { type: 'strings', names: ['scope'] },
};

const SCOPE_PREFIX = 'https://www.googleapis.com/auth/';
const APP_SCOPE = 'drive.appdata';
const FILE_SCOPE = 'drive.file';

/**
 * The least that does what is asked for: files of the app, or its hidden folder. That scope alone
 * reaches nothing but the folder, so it stands for it.
 */
export function planGoogleDrive(
  options: Partial<GoogleSignInOptions> & GdriveOptions,
): DrivePlan<GdriveOptions> {
  const { scopes, appFolder, driveId } = options;
  if (scopes === undefined) return { scopes: [appFolder ? APP_SCOPE : FILE_SCOPE], place: {} };
  const ofDrive = scopes
    .map((scope) => scope.replace(SCOPE_PREFIX, ''))
    .filter((scope) => scope === 'drive' || scope.startsWith('drive.'));
  const isAppOnly = ofDrive.length > 0 && ofDrive.every((scope) => scope === APP_SCOPE);
  const isImplied = isAppOnly && appFolder === undefined && driveId === undefined;
  return { scopes, place: isImplied ? { appFolder: true } : {} };
}
