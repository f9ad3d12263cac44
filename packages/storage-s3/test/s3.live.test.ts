import { describeConformance } from '@granary/storage-conformance/vitest';
import { test } from 'vitest';
import { createS3 } from '../src/index.ts';

const {
  GRANARY_LIVE_S3_BUCKET: bucket,
  GRANARY_LIVE_S3_REGION: region,
  GRANARY_LIVE_S3_ENDPOINT: endpoint,
  GRANARY_LIVE_S3_ACCESS_KEY_ID: accessKeyId,
  GRANARY_LIVE_S3_SECRET_ACCESS_KEY: secretAccessKey,
  GRANARY_LIVE_S3_SESSION_TOKEN: sessionToken,
} = process.env;

/** The bucket's own, or what the AWS SDK finds where none are named. */
const access = {
  ...(region && { region }),
  ...(endpoint && { endpoint, conditions: 'probe' as const }),
  ...(accessKeyId && { accessKeyId }),
  ...(secretAccessKey && { secretAccessKey }),
  ...(sessionToken && { sessionToken }),
};

if (bucket) {
  describeConformance({
    name: `s3 in the bucket ${bucket}`,
    timeoutMs: 60_000,
    create() {
      const prefix = `granary-live-test/${crypto.randomUUID()}`;
      const open = (name: string) =>
        createS3.provider({ ...access, bucket: name, prefix, retry: false });
      return {
        provider: open(bucket),
        reopen: () => open(bucket),
        outside: {
          ...(secretAccessKey && { secrets: [secretAccessKey] }),
          missing: () => open(`granary-missing-${crypto.randomUUID()}`),
        },
        async close() {
          const left = createS3({ ...access, bucket, prefix });
          await left.clear({ all: true });
          await left.close();
        },
      };
    },
  });
} else {
  test('keeps the contract in a real bucket', ({ skip }) => {
    skip('set GRANARY_LIVE_S3_BUCKET, and the other GRANARY_LIVE_S3_ variables, to run this');
  });
}
