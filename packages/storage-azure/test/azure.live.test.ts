import { sharedStore } from '@granary/storage-conformance';
import { describeConformance } from '@granary/storage-conformance/vitest';
import { test } from 'vitest';
import { azureProvider } from '../src/azure-provider.ts';

const {
  GRANARY_LIVE_AZURE_CONNECTION_STRING: connectionString,
  GRANARY_LIVE_AZURE_CONTAINER: container,
  GRANARY_LIVE_AZURE_VERSIONS: versions,
} = process.env;

if (connectionString && container) {
  const options = { connectionString, container, versions: versions === 'true' };
  const { create } = sharedStore(() => azureProvider(options));
  describeConformance({ name: 'azure, a real account', create, timeoutMs: 60_000 });
} else {
  test('keeps the contract in a real account', ({ skip }) => {
    skip(
      'set GRANARY_LIVE_AZURE_CONNECTION_STRING and GRANARY_LIVE_AZURE_CONTAINER, and GRANARY_LIVE_AZURE_VERSIONS=true where versions are kept',
    );
  });
}
