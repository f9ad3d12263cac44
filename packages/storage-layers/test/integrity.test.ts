import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { type StorageProvider, withCompanion } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { withIntegrity } from '../src/integrity.ts';
import { withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';
import { over, SECOND, TRIED_AGAIN } from './over-memory.ts';
import { plain } from './plain-memory.ts';

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
describeConformance(inMetadata, SECOND);
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
  // What goes up in parts.
  { rules: ['PUT', 'GET', 'RANGE', 'COPY', 'UP', 'ENG-8'], slow: false },
);

describeConformance(
  over('integrity over companions', (inner) => withIntegrity(withCompanion(plain(inner)))),
  SECOND,
);
describeConformance(
  over('integrity where nothing can be kept', (inner) =>
    withIntegrity(plain(inner), { unchecked: 'allow' }),
  ),
  SECOND,
);
describeConformance(
  {
    ...over('integrity with a second copy', (inner) =>
      withIntegrity(inner, { repair: { from: createMemory.provider() }, unchecked: 'refuse' }),
    ),
  },
  SECOND,
);

const stack = over('integrity over retry over a mock over memory', (inner) =>
  withIntegrity(withRetry(withMock(inner), { baseDelayMs: 1 }), { unchecked: 'allow' }),
);
describeConformance(stack, TRIED_AGAIN);
describeProperties(stack);
