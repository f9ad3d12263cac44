import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import {
  type Capabilities,
  type StorageProvider,
  withCompanion,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { withIntegrity } from '../src/integrity.ts';
import { withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';

function over(name: string, layer: NonNullable<Harness['layer']>): Harness {
  return {
    name,
    create: () => ({ provider: createMemory.provider({ versioning: true }) }),
    layer,
    timeoutMs: 30_000,
  };
}

/** Capabilities that a plain place for bytes has, and no more. */
const PLAIN: Capabilities = {
  attributes: 'none',
  etagCovers: 'write',
  listOrder: 'utf8',
  fileAndFolder: true,
  caseSensitive: true,
};

function plain(inner: StorageProvider): StorageProvider {
  return {
    specVersion: 1,
    name: inner.name,
    capabilities: PLAIN,
    async open(options) {
      await inner.open?.(options);
      return {};
    },
    get: (key, options) => inner.get(key, options),
    put: (key, body, options) => inner.put(key, body, options),
    stat: (key, options) => inner.stat(key, options),
    delete: (key, options) => inner.delete(key, options),
    list: (options) => inner.list(options),
    close: async () => inner.close?.(),
  };
}

const memory = over('integrity over memory', (inner) =>
  withIntegrity(inner, { unchecked: 'allow' }),
);
describeConformance(memory);
describeProperties(memory);

/** Memory that keeps no checksums by itself. */
function unsummed(inner: StorageProvider): StorageProvider {
  const { checksum: _1, uploadChecksum: _2, ...capabilities } = inner.capabilities;
  return {
    ...inner,
    capabilities,
    async open(options) {
      await inner.open?.(options);
      return {};
    },
  };
}

const inMetadata = over('integrity in metadata', (inner) =>
  withIntegrity(unsummed(inner), { unchecked: 'allow' }),
);
describeConformance(inMetadata, { slow: false });
describeProperties(inMetadata);

/** A store like S3: checksums of what comes in one piece alone. */
function wholeAlone(inner: StorageProvider): StorageProvider {
  const { uploadChecksum: _1, ...capabilities } = inner.capabilities;
  return {
    ...inner,
    capabilities,
    async open(options) {
      await inner.open?.(options);
      return {};
    },
  };
}

describeConformance(
  {
    name: 'integrity over a store with small puts and no checksums of parts',
    create: () => ({
      provider: createMemory.provider({ maxPutBytes: 100_000, partBytes: 60_000 }),
    }),
    layer: (inner) => withIntegrity(wholeAlone(inner), { unchecked: 'allow' }),
  },
  { slow: false },
);

describeConformance(
  {
    ...over('integrity over companions', (inner) => withIntegrity(withCompanion(plain(inner)))),
    knownGaps: {
      'LIST-6 yields no more entries than the limit and carries on with a cursor':
        'a listing that hides companions cannot tell that only companions follow',
      'ERR-1 labels every error with provider, operation and key':
        'the memory below the companions names the stat that they make for setMetadata',
    },
  },
  { slow: false },
);
describeConformance(
  over('integrity where nothing can be kept', (inner) =>
    withIntegrity(plain(inner), { unchecked: 'allow' }),
  ),
  { slow: false },
);
describeConformance(
  {
    ...over('integrity with a second copy', (inner) =>
      withIntegrity(inner, { repair: { from: createMemory.provider() }, unchecked: 'refuse' }),
    ),
  },
  { slow: false },
);

const stack = over('integrity over retry over a mock over memory', (inner) =>
  withIntegrity(withRetry(withMock(inner), { baseDelayMs: 1 }), { unchecked: 'allow' }),
);
describeConformance(stack, { slow: false });
describeProperties(stack);
