import { type DriveSite, openDriveSite, type SiteSettings } from './drive-site.ts';
import type { DriveStore, DriveSubject } from './drive-store.ts';
import { dropboxNames, googleNames, microsoftNames, type VendorNames } from './vendor-names.ts';

export type DriveId = 'gdrive' | 'onedrive' | 'dropbox';

/** A vendor of drives that subjects are measured against. */
export interface DriveService {
  readonly id: DriveId;
  /** How tables call it. */
  readonly title: string;
  /** What tables say of the bare SDK. */
  readonly sdk: Pick<DriveSubject, 'title' | 'note' | 'cannot'>;
  /** Starts an account of its own, empty. */
  start(folder: string): Promise<DriveSite>;
  /** Opens the account with the bare SDK. */
  openRaw(site: DriveSite): Promise<DriveStore>;
}

/** What of a service has to be written down. The fakes and the SDKs are loaded when they are used. */
interface ServiceTerms extends Omit<DriveService, 'start'> {
  readonly vendor: VendorNames;
  startFake(): Promise<Pick<SiteSettings, 'fake' | 'token' | 'driveId'>>;
}

/** Polls of a job until Dropbox has deleted a batch: what the service takes is not known. */
const CHECKS_OF_JOBS = 3;

const TERMS: readonly ServiceTerms[] = [
  {
    id: 'gdrive',
    title: 'Google Drive',
    vendor: googleNames,
    sdk: {
      title: 'googleapis 188',
      note: 'searches for the folder and for the name; has no uploads in sessions, which Google wants above 5 MB',
      cannot: ['large'],
    },
    async startFake() {
      const fake = await (await import('@granary-tools/fake-gdrive')).startFakeGdrive();
      // What rclone and files-sdk ask for; with `drive.file` nobody may see the root.
      return { fake, token: fake.token({ scopes: ['drive'] }) };
    },
    openRaw: async (site) => (await import('./raw-gdrive.ts')).openRawGdrive(site),
  },
  {
    id: 'onedrive',
    title: 'OneDrive',
    vendor: microsoftNames,
    sdk: { title: 'microsoft-graph-client 3.0.7' },
    async startFake() {
      const fake = await (await import('@granary-tools/fake-onedrive')).startFakeOneDrive();
      return { fake, token: fake.token(), driveId: fake.driveId };
    },
    openRaw: async (site) => (await import('./raw-onedrive.ts')).openRawOneDrive(site),
  },
  {
    id: 'dropbox',
    title: 'Dropbox',
    vendor: dropboxNames,
    sdk: { title: 'dropbox 10.47' },
    async startFake() {
      const { startFakeDropbox } = await import('@granary-tools/fake-dropbox');
      const fake = await startFakeDropbox({ checksOfJobs: CHECKS_OF_JOBS });
      return { fake, token: fake.accessToken };
    },
    openRaw: async (site) => (await import('./raw-dropbox.ts')).openRawDropbox(site),
  },
];

export const driveServices: readonly DriveService[] = TERMS.map(
  ({ vendor, startFake, ...service }) => ({
    ...service,
    start: async (folder) => openDriveSite({ ...(await startFake()), folder, vendor }),
  }),
);
