import { describeFaults } from '@granary/storage-conformance/vitest';
import { type FakeSupabase, startFakeSupabase } from '@granary-tools/fake-supabase';
import { afterAll } from 'vitest';
import { createSupabase } from '../src/index.ts';

let starting: Promise<FakeSupabase> | undefined;
let buckets = 0;
const service = () => {
  starting ??= startFakeSupabase();
  return starting;
};

afterAll(async () => {
  await (await starting)?.stop();
});

describeFaults({
  name: 'supabase over its fake',
  target: async () => (await service()).url,
  // The global `fetch` keeps connections for the whole process.
  keptConnections: 16,
  async open({ url, retry }) {
    const { serviceKey: key, addBucket } = await service();
    buckets += 1;
    const bucket = `faults-${buckets}`;
    addBucket(bucket);
    return { provider: createSupabase.provider({ url, key, bucket, retry }) };
  },
});
