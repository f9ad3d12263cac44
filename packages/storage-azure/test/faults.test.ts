import { describeFaults } from '@granary/storage-conformance/vitest';
import { inject } from 'vitest';
import { createAzure } from '../src/index.ts';
import { newContainer } from './new-container.ts';

describeFaults({
  name: 'azure over azurite',
  target: () => new URL(inject('azure').endpoint).origin,
  // The SDK keeps the connections of the whole process in one pool, which nobody can close.
  keptConnections: 16,
  async open({ url, retry }) {
    const { options, remove } = await newContainer(url);
    return {
      provider: createAzure.provider({ ...options, retry }),
      close: async () => {
        await remove();
      },
    };
  },
});
