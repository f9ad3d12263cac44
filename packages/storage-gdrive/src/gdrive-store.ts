import { type DriveClient, driveClient, type GdriveAccess } from './gdrive-client.ts';
import { rootSegments } from './gdrive-keys.ts';
import { type KnownFolders, knownFolders } from './gdrive-known-folders.ts';

/** Where in which Drive the store is. */
export interface GdrivePlace extends GdriveAccess {
  readonly root?: string | undefined;
  readonly appFolder?: boolean | undefined;
  readonly driveId?: string | undefined;
  readonly trash?: boolean | undefined;
  readonly exports?: Readonly<Record<string, string>> | undefined;
  readonly verify?: boolean | undefined;
}

/** A place in a Drive and the way to it. */
export interface GdriveStore {
  readonly client: DriveClient;
  /** Folders from the top down to where keys begin. */
  readonly root: readonly string[];
  /** Id or alias of the folder that everything is below. */
  readonly top: string;
  readonly isAppFolder: boolean;
  /** A deleted file goes to the trash. */
  readonly usesTrash: boolean;
  /** Old contents stay when an object is deleted, so they are versions. */
  readonly keepsVersions: boolean;
  /** What documents of Google's editors are exported as, by the last word of their type. */
  readonly exports: Readonly<Record<string, string>>;
  readonly verify: boolean;
  /** Folders that were read before. */
  readonly known: KnownFolders;
  /** Parameters that lists of this place need. */
  readonly listQuery: Readonly<Record<string, string>>;
  /** Parameters that requests for one file need. */
  readonly fileQuery: Readonly<Record<string, string>>;
}

/** Makes the way to a place. Sends nothing. */
export function gdriveStore(place: GdrivePlace): GdriveStore {
  const { root, appFolder = false, driveId, trash = true, exports = {}, verify = true } = place;
  // Nothing in the application data folder can be trashed.
  // https://developers.google.com/workspace/drive/api/guides/appdata, read 2026-11-21
  const usesTrash = trash && !appFolder;
  return {
    client: driveClient(place),
    root: rootSegments(root),
    top: driveId ?? (appFolder ? 'appDataFolder' : 'root'),
    isAppFolder: appFolder,
    usesTrash,
    keepsVersions: usesTrash,
    exports,
    verify,
    known: knownFolders(),
    listQuery: {
      ...(appFolder && { spaces: 'appDataFolder' }),
      ...(driveId !== undefined && {
        corpora: 'drive',
        driveId,
        includeItemsFromAllDrives: 'true',
        supportsAllDrives: 'true',
      }),
    },
    fileQuery: driveId === undefined ? {} : { supportsAllDrives: 'true' },
  };
}
