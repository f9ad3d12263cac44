import { describeFaults } from '@granary/storage-conformance/vitest';
import type { RetryOptions, StorageProvider } from '@granary/storage-core/provider';
import { startFakeDropbox } from '@granary-tools/fake-dropbox';
import { afterAll } from 'vitest';
import { createDropbox } from '../src/index.ts';

const fake = await startFakeDropbox();
afterAll(() => fake.stop());

const common = {
  target: fake.url,
  // The global `fetch` keeps connections for the whole process.
  keptConnections: 16,
};

describeFaults({
  ...common,
  name: 'dropbox with companions',
  knownGaps: {
    'creating put with a lost reply succeeds, or says that its outcome is unknown':
      'the one reply that is lost is that to the question for a companion, so nothing is written',
  },
  open: ({ url, retry }) => ({ provider: open(url, retry, 'companion') }),
});

describeFaults({
  ...common,
  name: 'dropbox without attributes',
  open: ({ url, retry }) => ({ provider: open(url, retry, 'none') }),
});

function open(
  endpoint: string,
  retry: RetryOptions | false,
  attributes: 'companion' | 'none',
): StorageProvider {
  const root = crypto.randomUUID();
  return createDropbox.provider({ auth: fake.accessToken, endpoint, root, retry, attributes });
}
