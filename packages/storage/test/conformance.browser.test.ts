import { createStorage } from '@granary/storage/browser';
import type { Harness } from '@granary/storage-conformance';
import { describeConformance } from '@granary/storage-conformance/vitest';
import { providerOf } from '@granary/storage-core/provider';
import { deleteIndexedDB } from '@granary/storage-idb';

const page: Harness = {
  name: 'createStorage() in a page',
  create() {
    const appName = crypto.randomUUID();
    return {
      provider: providerOf(createStorage({ appName })),
      reopen: () => providerOf(createStorage({ appName })),
      close: () => deleteIndexedDB(appName),
    };
  },
  knownGaps: {
    'ERR-1 labels every error with provider, operation and key':
      'An error names the place that was chosen, which is not known when the chain is named.',
  },
};
// What takes many objects is asked of each backend by itself.
describeConformance(page, { slow: false });
