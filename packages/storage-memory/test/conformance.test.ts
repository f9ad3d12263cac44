import type { OpenStore } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { guardProvider, type StorageProvider, withPrefix } from '@granary/storage-core/provider';
import { createMemory, type MemoryOptions, memoryProvider } from '../src/memory-provider.ts';

const whole = (provider: StorageProvider) => provider;
const inside = (provider: StorageProvider) => guardProvider(withPrefix(provider, 'users/42'));

/** A store, which a second guard sees as another process would. */
function openMemory(options: MemoryOptions, view = whole): OpenStore {
  let aheadMs = 0;
  const provider = memoryProvider({ ...options, now: () => Date.now() + aheadMs });
  return {
    provider: view(provider),
    reopen: () => view(guardProvider(provider)),
    outside: {
      advance: (ms) => {
        aheadMs += ms;
      },
      small: (quotaBytes) => view(createMemory.provider({ ...options, quotaBytes })),
    },
  };
}

const all: MemoryOptions = { versioning: true, maxPutBytes: 16 * 1024 * 1024 };

const memory = { name: 'memory', create: () => openMemory({}) };
describeConformance(memory);
describeProperties(memory);
describeConformance(
  { name: 'memory with all its options', create: () => openMemory(all) },
  { slow: false },
);
describeConformance(
  {
    name: 'a prefix view of memory',
    create: () => openMemory({}, inside),
  },
  { slow: false },
);
describeConformance(
  {
    name: 'a prefix view of memory with all its options',
    create: () => openMemory(all, inside),
  },
  { slow: false },
);
