import { describeFaults } from '@granary/storage-conformance/vitest';
import { type FakeOneDrive, startFakeOneDrive } from '@granary-tools/fake-onedrive';
import { afterAll } from 'vitest';
import { createOneDrive } from '../src/index.ts';

let starting: Promise<FakeOneDrive> | undefined;
let folders = 0;
const service = () => {
  starting ??= startFakeOneDrive();
  return starting;
};

afterAll(async () => {
  await (await starting)?.stop();
});

describeFaults({
  name: 'onedrive over its fake',
  target: async () => (await service()).url,
  carriesContent: ({ path }, way) =>
    way === 'up' ? /\/content(?:\?|$)|^\/up\//.test(path) : path.startsWith('/dl/'),
  // The global `fetch` keeps connections for the whole process.
  keptConnections: 16,
  async open({ url, retry }) {
    const fake = await service();
    folders += 1;
    const root = `faults-${folders}`;
    return {
      provider: createOneDrive.provider({ auth: () => fake.token(), endpoint: url, root, retry }),
    };
  },
});
