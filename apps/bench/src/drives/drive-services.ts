import { type DriveSite, openDriveSite } from './drive-site.ts';
import type { DriveStore } from './drive-store.ts';

/** A vendor of drives that subjects are measured against. */
export interface DriveService {
  readonly id: string;
  /** How tables call it. */
  readonly title: string;
  /** Starts an account of its own, empty. */
  start(folder: string): Promise<DriveSite>;
  /** Opens the account with the bare SDK. */
  openRaw(site: DriveSite): Promise<DriveStore>;
}

/** Polls of a job until Dropbox has deleted a batch: what the service takes is not known. */
const CHECKS_OF_JOBS = 3;
/** Where work accounts have content, which is not where the Graph is. */
const CONTENT_HOST = 'fake-my.sharepoint.com';
/** rclone 1.60 sends on what it sent to the Graph, of which the fake wants nothing there. */
const NOT_FOR_CONTENT = { authorization: undefined, referer: undefined };

/*
 * The fakes are loaded when they are started.
 */

export const gdriveService: DriveService = {
  id: 'gdrive',
  title: 'Google Drive',
  async start(folder) {
    const { startFakeGdrive } = await import('@granary-tools/fake-gdrive');
    const fake = await startFakeGdrive();
    return openDriveSite({
      fake,
      // What rclone and files-sdk ask for; with `drive.file` nobody may see the root.
      token: fake.token({ scopes: ['drive'] }),
      folder,
      hosts: { 'www.googleapis.com': {} },
      rename: (text) => text.replaceAll('http://www.googleapis.com', 'https://www.googleapis.com'),
      // rclone 1.60 posts the parts of an upload in a session, which is documented as PUT.
      methodOf: (method, url) => (url.includes('upload_id=') ? 'PUT' : method),
    });
  },
  openRaw: async (site) => (await import('./raw-gdrive.ts')).openRawGdrive(site),
};

export const onedriveService: DriveService = {
  id: 'onedrive',
  title: 'OneDrive',
  async start(folder) {
    const { startFakeOneDrive } = await import('@granary-tools/fake-onedrive');
    const fake = await startFakeOneDrive();
    return openDriveSite({
      fake,
      token: fake.token(),
      driveId: fake.driveId,
      folder,
      hosts: { 'graph.microsoft.com': {}, [CONTENT_HOST]: NOT_FOR_CONTENT },
      rename: (text) =>
        text
          .replace(/http:\/\/graph\.microsoft\.com\/(dl|up)\//g, `https://${CONTENT_HOST}/$1/`)
          .replaceAll('http://graph.microsoft.com', 'https://graph.microsoft.com'),
      amend: sayReplace,
    });
  },
  openRaw: async (site) => (await import('./raw-onedrive.ts')).openRawOneDrive(site),
};

export const dropboxService: DriveService = {
  id: 'dropbox',
  title: 'Dropbox',
  async start(folder) {
    const { startFakeDropbox } = await import('@granary-tools/fake-dropbox');
    const fake = await startFakeDropbox({ checksOfJobs: CHECKS_OF_JOBS });
    return openDriveSite({
      fake,
      token: fake.accessToken,
      folder,
      hosts: {
        'api.dropboxapi.com': { 'x-fake-host': 'api' },
        'content.dropboxapi.com': { 'x-fake-host': 'content' },
        'notify.dropboxapi.com': { 'x-fake-host': 'notify' },
      },
      // rclone 1.60 has two slashes there when its remote has no folder.
      amend: (_, text) => text.replace('"path":"//', '"path":"/'),
    });
  },
  openRaw: async (site) => (await import('./raw-dropbox.ts')).openRawDropbox(site),
};

/** rclone 1.60 writes over files in sessions without saying so, which the fake takes for `fail`, as it is documented. */
function sayReplace(path: string, text: string): string {
  if (!path.endsWith('/createUploadSession') || text.includes('conflictBehavior')) return text;
  const { item = {}, ...rest } = JSON.parse(text) as { readonly item?: object };
  return JSON.stringify({
    ...rest,
    item: { ...item, '@microsoft.graph.conflictBehavior': 'replace' },
  });
}
