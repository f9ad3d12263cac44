import { describeFaults } from '@granary/storage-conformance/vitest';
import { startFakeGcs } from '@granary-tools/fake-gcs';
import { afterAll } from 'vitest';
import { createGcs } from '../src/index.ts';
import { fakeClient } from './fake-client.ts';

const fake = await startFakeGcs();
afterAll(() => fake.stop());

describeFaults({
  name: 'gcs',
  target: fake.url,
  open({ url, retry }) {
    const bucket = `store-${crypto.randomUUID()}`;
    fake.createBucket(bucket);
    const client = fakeClient(fake, { endpoint: url });
    return { provider: createGcs.provider({ bucket, client, retry }) };
  },
});
