import { sharedStore } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { afterAll, test } from 'vitest';
import { createGoogleDrive } from '../src/index.ts';
import { SERVICE_GAPS } from './gdrive-gaps.ts';

const {
  GRANARY_LIVE_GDRIVE_TOKEN: token,
  GRANARY_LIVE_GDRIVE_ROOT: root = 'granary-live-tests',
  GRANARY_LIVE_GDRIVE_DRIVE_ID: driveId,
} = process.env;

if (token) {
  const store = sharedStore(() =>
    createGoogleDrive.provider({ auth: () => token, root, ...(driveId && { driveId }) }),
  );
  const harness = {
    name: 'gdrive, a real account',
    create: store.create,
    knownGaps: SERVICE_GAPS,
    timeoutMs: 120_000,
  };
  describeConformance(harness);
  describeProperties(harness);
  afterAll(store.close);
} else {
  test('keeps the contract in a real account', ({ skip }) => {
    skip(
      'set GRANARY_LIVE_GDRIVE_TOKEN to an access token with drive.file to run the kit against a real account',
    );
  });
}
