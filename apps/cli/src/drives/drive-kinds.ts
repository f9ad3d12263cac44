import type { DriveSignIn } from '@granary/storage/node';
import type { OpenableBackend } from '@granary/storage-core';
import type { StorageProvider } from '@granary/storage-core/provider';

type Umbrella = typeof import('@granary/storage/node');

/** A factory of the umbrella that signs in. */
export interface DriveFactory extends OpenableBackend {
  readonly provider: (options: never) => StorageProvider;
  readonly backend: OpenableBackend['backend'] & {
    readonly fromConfig: NonNullable<OpenableBackend['backend']['fromConfig']>;
  };
}

/** A service that keeps a person's files. */
export interface DriveKind {
  readonly id: 'gdrive' | 'onedrive' | 'dropbox';
  readonly title: string;
  /** What its URLs and types in `storage.yaml` can be called. */
  readonly names: readonly string[];
  /** How its sign-in calls the id of the client. */
  readonly idName: 'clientId' | 'appKey';
  /** Variables by what they give. */
  readonly variables: {
    readonly clientId: string;
    readonly clientSecret?: string;
    readonly tenant?: string;
  };
  /**
   * What is asked for where nobody says, at the sign-in as when a place is opened, so that both are about
   * the same place. Default: that of the sign-in.
   */
  readonly scopes?: readonly string[];
  /** Whether a person can sign in by a code on another device. */
  readonly hasDeviceCode: boolean;
  readonly factoryOf: (umbrella: Umbrella) => DriveFactory;
}

export type { DriveSignIn };

/** The drives that the program signs in to. */
export const DRIVES: readonly DriveKind[] = [
  {
    id: 'gdrive',
    title: 'Google Drive',
    names: ['gdrive', 'google-drive', 'googledrive'],
    idName: 'clientId',
    variables: {
      clientId: 'GRANARY_GDRIVE_CLIENT_ID',
      clientSecret: 'GRANARY_GDRIVE_CLIENT_SECRET',
    },
    hasDeviceCode: true,
    factoryOf: ({ createGoogleDrive }) => createGoogleDrive,
  },
  {
    id: 'onedrive',
    title: 'OneDrive',
    names: ['onedrive'],
    idName: 'clientId',
    variables: { clientId: 'GRANARY_ONEDRIVE_CLIENT_ID', tenant: 'GRANARY_ONEDRIVE_TENANT' },
    scopes: ['Files.ReadWrite.AppFolder'],
    hasDeviceCode: true,
    factoryOf: ({ createOneDrive }) => createOneDrive,
  },
  {
    id: 'dropbox',
    title: 'Dropbox',
    names: ['dropbox'],
    idName: 'appKey',
    variables: { clientId: 'GRANARY_DROPBOX_CLIENT_ID' },
    hasDeviceCode: false,
    factoryOf: ({ createDropbox }) => createDropbox,
  },
];

/** The package that has them all. */
export const DRIVES_PACKAGE = '@granary/storage';

/** The drive of a name, where it is one. */
export function driveOf(name: string): DriveKind | undefined {
  return DRIVES.find(({ names }) => names.includes(name));
}

/** Loads what opens a drive. */
export async function loadDrive({ factoryOf }: DriveKind): Promise<DriveFactory> {
  return factoryOf(await import('@granary/storage/node'));
}
