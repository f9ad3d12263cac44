import { describeFaults, type FaultHarness } from '@granary/storage-conformance/vitest';
import type { RetryOptions, StorageProvider } from '@granary/storage-core/provider';
import { startFakeDropbox } from '@granary-tools/fake-dropbox';
import { afterAll } from 'vitest';
import { createDropbox } from '../src/index.ts';

const fake = await startFakeDropbox();
afterAll(() => fake.stop());

const common: Pick<FaultHarness, 'target' | 'carriesContent' | 'keptConnections'> = {
  target: fake.url,
  carriesContent: ({ path }, way) =>
    path.startsWith(way === 'up' ? '/2/files/upload' : '/2/files/download'),
  // The global `fetch` keeps connections for the whole process.
  keptConnections: 16,
};

describeFaults({
  ...common,
  name: 'dropbox with companions',
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
