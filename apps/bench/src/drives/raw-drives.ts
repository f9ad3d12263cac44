import { defineSubject } from '../harness/subject.ts';
import { dropboxService, gdriveService, onedriveService } from './drive-services.ts';
import type { DriveSubject } from './drive-store.ts';

/*
 * The official SDKs used plainly.
 */

export const rawGdrive: DriveSubject = defineSubject({
  id: 'raw-gdrive',
  title: 'googleapis 188',
  kind: 'raw',
  note: 'searches for the folder and for the name; has no uploads in sessions, which Google wants above 5 MB',
  cannot: ['large'],
  open: gdriveService.openRaw,
});

export const rawOneDrive: DriveSubject = defineSubject({
  id: 'raw-onedrive',
  title: 'microsoft-graph-client 3.0.7',
  kind: 'raw',
  open: onedriveService.openRaw,
});

export const rawDropbox: DriveSubject = defineSubject({
  id: 'raw-dropbox',
  title: 'dropbox 10.47',
  kind: 'raw',
  open: dropboxService.openRaw,
});
