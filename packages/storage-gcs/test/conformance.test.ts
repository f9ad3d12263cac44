import { allScenarios, type Fault, type Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { startFakeGcs } from '@granary-tools/fake-gcs';
import { afterAll } from 'vitest';
import { gcsProvider } from '../src/gcs-provider.ts';
import { fakeClient } from './fake-client.ts';

const fake = await startFakeGcs();
const client = fakeClient(fake);
afterAll(() => fake.stop());

const harness = (versioning: boolean): Harness => ({
  name: `gcs over its fake, ${versioning ? 'with' : 'without'} old generations`,
  timeoutMs: 30_000,
  create() {
    const bucket = `store-${crypto.randomUUID()}`;
    fake.createBucket(bucket, { versioning });
    const open = (name = bucket) => gcsProvider({ bucket: name, client });
    let advancedMs = 0;
    return {
      provider: open(),
      reopen: () => open(),
      outside: {
        requests: () => fake.requests({ tokens: true }),
        advance(ms) {
          advancedMs += ms;
          fake.advance(ms);
        },
        secrets: [fake.credentials.private_key],
        missing: () => open(`missing-${crypto.randomUUID()}`),
        fault(name: Fault | undefined) {
          fake.fault(name);
          return true;
        },
      },
      close() {
        fake.fault(undefined);
        fake.advance(-advancedMs);
      },
    };
  },
});

describeConformance(harness(false));
describeConformance(harness(true), {
  // What goes up in parts has nothing to do with old generations.
  scenarios: allScenarios.filter(({ rule }) => !/^(?:UP|ENG|SEARCH|VAL)-/.test(rule)),
  slow: false,
});
describeProperties(harness(false));
