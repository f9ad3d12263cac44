import { createVault, memoryDriver } from '../src/index.ts';
import { describeVault } from './vault-conformance.ts';

describeVault('memory', async () => {
  const entries = new Map<string, string>();
  return { open: (options) => createVault({ driver: memoryDriver({ entries }), ...options }) };
});

describeVault('memory with short entries', async () => {
  const entries = new Map<string, string>();
  return {
    open: (options) =>
      createVault({ driver: memoryDriver({ entries, maxEntryChars: 100 }), ...options }),
  };
});
