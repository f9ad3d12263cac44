import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { inject } from 'vitest';
import { azureProvider } from '../src/azure-provider.ts';
import { newContainer } from './new-container.ts';

const harness: Harness = {
  name: 'azure over azurite',
  knownGaps: {
    'META-2 keeps names that objects of JavaScript have, and pollutes nothing':
      'azurite puts what a plain object has under "constructor" before the value',
  },
  async create() {
    const { options, remove } = await newContainer();
    const { accountKey } = inject('azure');
    return {
      provider: azureProvider({ ...options, public: true }),
      reopen: () => azureProvider(options),
      outside: {
        secrets: [accountKey],
        missing: () => azureProvider({ ...options, container: 'no-such-container' }),
      },
      close: async () => {
        await remove();
      },
    };
  },
};

describeConformance(harness);
describeProperties(harness);
