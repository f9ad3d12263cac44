import type { DropboxOptions } from '@granary/storage-dropbox';
import type { DriveFields } from './drive-config.ts';
import type { DriveFactory, DrivePlan } from './drive-factory.ts';
import type { BrowserFlow, DesktopFlow, DriveSignInOptions } from './drive-sign-in.ts';

interface DropboxAppOptions {
  /** Key of the app in the App Console. */
  readonly appKey: string;
  /** Default: all that the app is registered with. */
  readonly scopes?: readonly string[];
}

/** Options with which `createDropbox` signs in on a desktop. */
export interface DropboxSignInOptions extends DropboxAppOptions, DriveSignInOptions<DesktopFlow> {}

/** Options with which `createDropbox` signs in in a page. */
export interface BrowserDropboxSignInOptions
  extends DropboxAppOptions,
    DriveSignInOptions<BrowserFlow> {}

/** Makes storages over Dropbox on a desktop. */
export type DropboxFactory = DriveFactory<DropboxOptions, DropboxSignInOptions>;
/** Makes storages over Dropbox in a page. */
export type BrowserDropboxFactory = DriveFactory<DropboxOptions, BrowserDropboxSignInOptions>;

export const DROPBOX_FIELDS: DriveFields = {
  appKey: { type: 'string', required: true, names: ['app_key', 'clientId', 'client_id'] },
  scopes: { type: 'strings', names: ['scope'] },
};

/** Whether the app sees its folder or all files is decided where it is registered. */
export function planDropbox({ scopes }: Partial<DropboxAppOptions>): DrivePlan<DropboxOptions> {
  return { ...(scopes && { scopes }), place: {} };
}
