import { sharedStore } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { afterAll, test } from 'vitest';
import { createDropbox } from '../src/index.ts';

const { GRANARY_LIVE_DROPBOX_TOKEN: auth, GRANARY_LIVE_DROPBOX_ROOT: root = 'granary-live-test' } =
  process.env;

if (auth) {
  const store = sharedStore(() => createDropbox.provider({ auth, root }));
  const harness = {
    name: 'dropbox, a real account',
    create: store.create,
    timeoutMs: 120_000,
  };
  describeConformance(harness);
  describeProperties(harness);
  afterAll(store.close);
} else {
  test('keeps the contract in a real account', ({ skip }) => {
    skip(
      'set GRANARY_LIVE_DROPBOX_TOKEN, and GRANARY_LIVE_DROPBOX_ROOT for another folder, to run the kit against a real account',
    );
  });
}
