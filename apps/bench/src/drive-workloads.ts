import { driveCalls } from './drives/drive-calls.ts';
import { dropboxService, gdriveService, onedriveService } from './drives/drive-services.ts';
import {
  granaryDropbox,
  granaryDropboxAttributes,
  granaryDropboxPlain,
  granaryGdrive,
  granaryGdriveAttributes,
  granaryOneDrive,
  granaryOneDriveAttributes,
  granaryOneDrivePlain,
} from './drives/granary-drives.ts';
import { rawDropbox, rawGdrive, rawOneDrive } from './drives/raw-drives.ts';
import type { Workload } from './harness/workload.ts';
import { driveLeftOut, drivePeers } from './peers/drive-peers.ts';

/** Everything that is counted in people's own drives. */
export const driveWorkloads: readonly Workload[] = [
  driveCalls({ service: gdriveService, leftOut: driveLeftOut }, [
    granaryGdrive,
    granaryGdriveAttributes,
    rawGdrive,
    ...drivePeers.gdrive,
  ]),
  driveCalls({ service: onedriveService, leftOut: driveLeftOut }, [
    granaryOneDrive,
    granaryOneDrivePlain,
    granaryOneDriveAttributes,
    rawOneDrive,
    ...drivePeers.onedrive,
  ]),
  driveCalls({ service: dropboxService, leftOut: driveLeftOut }, [
    granaryDropbox,
    granaryDropboxPlain,
    granaryDropboxAttributes,
    rawDropbox,
    ...drivePeers.dropbox,
  ]),
];
