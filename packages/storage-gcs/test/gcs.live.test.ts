import { describeConformance } from '@granary/storage-conformance/vitest';
import { test } from 'vitest';
import { createGcs } from '../src/index.ts';

const {
  GRANARY_LIVE_GCS_BUCKET: bucket,
  GRANARY_LIVE_GCS_KEY_FILE: keyFilename,
  GRANARY_LIVE_GCS_ENDPOINT: endpoint,
  GRANARY_LIVE_GCS_USER_PROJECT: userProject,
} = process.env;

/** The bucket's own, or what Google's libraries find where none are named. */
const access = {
  ...(keyFilename && { keyFilename }),
  ...(endpoint && { endpoint }),
  ...(userProject && { userProject }),
};

if (bucket) {
  describeConformance({
    name: `gcs in the bucket ${bucket}`,
    timeoutMs: 60_000,
    create() {
      const prefix = `granary-live-test/${crypto.randomUUID()}`;
      const open = (name: string) =>
        createGcs.provider({ ...access, bucket: name, prefix, retry: false });
      return {
        provider: open(bucket),
        reopen: () => open(bucket),
        outside: { missing: () => open(`granary-missing-${crypto.randomUUID()}`) },
        async close() {
          const left = createGcs({ ...access, bucket, prefix });
          await left.clear({ all: true });
          await left.close();
        },
      };
    },
  });
} else {
  test('keeps the contract in a real bucket', ({ skip }) => {
    skip('set GRANARY_LIVE_GCS_BUCKET, and the other GRANARY_LIVE_GCS_ variables, to run this');
  });
}
