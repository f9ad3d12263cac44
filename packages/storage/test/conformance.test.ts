import { describeConformance } from '@granary/storage-conformance/vitest';
import { guardProvider, StorageError, type StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { type Candidate, fallbackProvider } from '../src/fallback-provider.ts';

/** A twin of what is below it that never opens. */
const down: Candidate = {
  name: 'down',
  isForeign: false,
  make: () =>
    guardProvider({
      ...createMemory.provider({ versioning: true }),
      async open() {
        throw new StorageError('unavailable', 'nobody answers.');
      },
    }),
};

/** What is chosen after the first one did not open. */
function fallenTo(inner: StorageProvider): StorageProvider {
  return fallbackProvider({
    candidates: [down, { name: 'inner', make: () => inner, isForeign: true }],
    requireDurable: false,
    isFirstAskedFor: true,
    onWarning: () => {},
  }).provider;
}

describeConformance({
  name: 'a chain over memory',
  create: () => ({ provider: createMemory.provider({ versioning: true }) }),
  layer: fallenTo,
});
