import { describeConformance } from '@granary/storage-conformance/vitest';
import { azureProvider } from '../src/azure-provider.ts';
import { startVersionedServer } from './versioned-server.ts';

describeConformance(
  {
    name: 'azure with versions over a stub',
    async create() {
      const server = await startVersionedServer();
      const options = {
        container: 'container',
        accountName: 'account',
        accountKey: btoa('a key of the stub'),
        endpoint: server.endpoint,
        versions: true,
      };
      return {
        provider: azureProvider(options),
        close: async () => {
          await server[Symbol.asyncDispose]();
        },
      };
    },
  },
  { rules: ['VER-1', 'VER-2', 'VER-3'] },
);
