import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { DriveSite } from '../drives/drive-site.ts';
import type { DriveStore, DriveSubject } from '../drives/drive-store.ts';
import { defineSubject } from '../harness/subject.ts';
import type { LeftOut } from '../harness/workload.ts';

/*
 * Peers over people's own drives, loaded when they are opened. rclone is a program of its own, which
 * may not be there.
 */

const RCLONE_NEEDS = ['rclone', 'openssl'] as const;

/** The one of Debian 12, as it was measured; `rclone version` tells another. */
const RCLONE = 'Debian 12 has 1.60; sets the time of what it puts; remembers folders';

/** Finds a program where the system looks for programs. */
function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, program)));
}

const missing = RCLONE_NEEDS.filter((program) => !isInstalled(program));

/** Who is in no table, and why. */
export const driveLeftOut: readonly LeftOut[] = missing.map((program) => ({
  title: 'rclone',
  reason: `${program} is not installed. On Debian: apt-get install ${program}`,
}));

function rclone(
  type: string,
  note: string,
  opens: (site: DriveSite) => Promise<DriveStore>,
): DriveSubject[] {
  if (missing.length > 0) return [];
  return [
    defineSubject<DriveSubject>({
      id: `rclone-${type}`,
      title: 'rclone',
      kind: 'peer',
      note,
      open: opens,
    }),
  ];
}

async function openRclone(site: DriveSite, settings: Readonly<Record<string, string>>) {
  return (await import('./rclone.ts')).openRclone(site, settings);
}

/** Peers by the service that they keep objects in. */
export const drivePeers: Readonly<
  Record<'gdrive' | 'onedrive' | 'dropbox', readonly DriveSubject[]>
> = {
  gdrive: [
    defineSubject<DriveSubject>({
      id: 'files-sdk-gdrive',
      title: 'files-sdk 2.6',
      kind: 'peer',
      note: 'no folders: every object is in one, and has its key as a property; remembers ids; a list is of everything there is, here two pages and with nothing else one; sends 20 MB in one request, which Google does not allow',
      hasOwnLayout: true,
      cannot: ['large'],
      open: async (site) => (await import('./files-sdk-drives.ts')).openFilesSdkGdrive(site),
    }),
    defineSubject<DriveSubject>({
      id: 'files-sdk-gdrive-attributes',
      title: 'files-sdk 2.6, with attributes',
      kind: 'peer',
      keepsAttributes: true,
      hasOwnLayout: true,
      cannot: ['large'],
      open: async (site) => (await import('./files-sdk-drives.ts')).openFilesSdkGdrive(site, true),
    }),
    ...rclone('gdrive', RCLONE, (site) => openRclone(site, { type: 'drive', scope: 'drive' })),
  ],
  onedrive: [
    defineSubject<DriveSubject>({
      id: 'files-sdk-onedrive',
      title: 'files-sdk 2.6',
      kind: 'peer',
      open: async (site) => (await import('./files-sdk-drives.ts')).openFilesSdkOneDrive(site),
    }),
    ...rclone('onedrive', RCLONE, (site) =>
      openRclone(site, {
        type: 'onedrive',
        region: 'global',
        drive_id: site.driveId ?? '',
        drive_type: 'business',
      }),
    ),
  ],
  dropbox: [
    defineSubject<DriveSubject>({
      id: 'files-sdk-dropbox',
      title: 'files-sdk 2.6',
      kind: 'peer',
      open: async (site) => (await import('./files-sdk-drives.ts')).openFilesSdkDropbox(site),
    }),
    ...rclone('dropbox', `${RCLONE}; batch_mode off, which makes fewer calls`, (site) =>
      openRclone(site, { type: 'dropbox', batch_mode: 'off' }),
    ),
  ],
};
