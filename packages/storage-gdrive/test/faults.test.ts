import { describeFaults } from '@granary/storage-conformance/vitest';
import { startFakeGdrive } from '@granary-tools/fake-gdrive';
import { afterAll } from 'vitest';
import { createGoogleDrive } from '../src/index.ts';

const fake = await startFakeGdrive();
const token = fake.token({ scopes: ['drive'] });
afterAll(() => fake.stop());

describeFaults({
  name: 'gdrive',
  target: fake.url,
  carriesContent: ({ path }, way) =>
    way === 'up' ? path.startsWith('/upload/') : path.includes('alt=media'),
  // The connections are those of Node's own `fetch`, which keeps some for later.
  keptConnections: 8,
  open: ({ url, retry }) => ({
    provider: createGoogleDrive.provider({
      auth: () => token,
      endpoint: url,
      root: `store-${crypto.randomUUID()}`,
      retry,
    }),
  }),
});
