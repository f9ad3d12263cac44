import type { Harness } from '@granary/storage-conformance';
import { describeConformance } from '@granary/storage-conformance/vitest';
import { defineBackend, providerOf, type StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { openStores, parseConfig } from '../src/index.ts';
import { storageLayers } from '../src/layers.ts';

const FILE = `
storage:
  providers:
    main:
      type: inner
      layers:
        - validate: { maxBytes: 1TB }
        - expire: { ttl: { "cache/*": 3600000 } }
        - quota: { maxBytes: 1PB }
        - shred
        - compress: { always: true }
        - encrypt: { key: "\${KEY}" }
        - integrity: { unchecked: allow }
        - retry
`;

/** The store of the file, over a provider of the kit. */
function opened(inner: StorageProvider): StorageProvider {
  const backend = defineBackend({ name: 'inner', provider: () => inner, fromConfig: () => ({}) });
  const stores = openStores(parseConfig(FILE), {
    backends: [backend],
    layers: storageLayers(),
    env: { KEY: Buffer.alloc(32, 1).toString('base64') },
  });
  return providerOf(stores.default);
}

const stack: Harness = {
  name: 'a store of a file with all layers, over memory',
  create: () => ({ provider: createMemory.provider({ versioning: true }) }),
  layer: opened,
  knownGaps: { 'VER-3': 'A delete that shreds leaves no version that could be brought back.' },
};
describeConformance(stack);
