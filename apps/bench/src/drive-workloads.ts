import { driveCalls } from './drives/drive-calls.ts';
import { driveServices } from './drives/drive-services.ts';
import { granaryDrives } from './drives/granary-drives.ts';
import { rawDrive } from './drives/raw-drive.ts';
import type { Workload } from './harness/workload.ts';
import { driveLeftOut, drivePeers } from './peers/drive-peers.ts';

/** Everything that is counted in people's own drives. */
export const driveWorkloads: readonly Workload[] = driveServices.map((service) =>
  driveCalls({ service, leftOut: driveLeftOut }, [
    ...granaryDrives(service.id),
    rawDrive(service),
    ...drivePeers[service.id],
  ]),
);
