import { afterAll, beforeAll } from 'vitest';
import { describeConformance, describeProperties } from '../src/vitest.ts';
import { mapHarness } from './providers/map-harness.ts';
import { presignServer } from './providers/presign-server.ts';

let server: Awaited<ReturnType<typeof presignServer>> | undefined;
const place = { url: '' };

beforeAll(async () => {
  server = await presignServer();
  place.url = server.url;
});
afterAll(() => server?.close());

const harness = mapHarness({
  get serverUrl() {
    return place.url;
  },
});

describeConformance(harness);
describeProperties(harness);
