import { sharedStore } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { afterAll, test } from 'vitest';
import { createOneDrive } from '../src/index.ts';

const {
  GRANARY_LIVE_ONEDRIVE_TOKEN: token,
  GRANARY_LIVE_ONEDRIVE_ROOT: root = 'granary-live-tests',
  GRANARY_LIVE_ONEDRIVE_APP_FOLDER: appFolder,
} = process.env;

if (token) {
  const store = sharedStore(() =>
    createOneDrive.provider({ auth: token, root, appFolder: appFolder === 'true' }),
  );
  const harness = {
    name: 'onedrive, a real account',
    create: store.create,
    timeoutMs: 120_000,
  };
  describeConformance(harness);
  describeProperties(harness);
  afterAll(store.close);
} else {
  test('keeps the contract in a real account', ({ skip }) => {
    skip('set GRANARY_LIVE_ONEDRIVE_TOKEN to run the kit against a real account');
  });
}
