import { type DriveSite, openDriveSite } from './drive-site.ts';
import type { DriveStore } from './drive-store.ts';
import { dropboxNames, googleNames, microsoftNames } from './vendor-names.ts';

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
      vendor: googleNames,
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
      vendor: microsoftNames,
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
      vendor: dropboxNames,
    });
  },
  openRaw: async (site) => (await import('./raw-dropbox.ts')).openRawDropbox(site),
};
