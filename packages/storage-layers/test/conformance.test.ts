import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import type { StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { type FaultyOperation, fakeClock, type MockOptions, withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';
import { SECOND } from './over-memory.ts';

function over(name: string, layer: NonNullable<Harness['layer']>): Harness {
  return { name, create: () => ({ provider: createMemory.provider({ versioning: true }) }), layer };
}

const slow = (): MockOptions => ({
  latency: 5,
  chunkDelay: 1,
  clock: fakeClock({ startMs: Date.now(), autoAdvance: true }),
});
/** All that retry repeats when nothing was applied. */
const REPEATED: readonly FaultyOperation[] = [
  ...(['open', 'get', 'put', 'stat', 'delete', 'list'] as const),
  ...(['putMany', 'getMany', 'statMany', 'deleteMany'] as const),
  ...(['copy', 'move', 'setMetadata', 'uploads', 'usage', 'watch'] as const),
  ...(['upload', 'upload.write', 'upload.status', 'upload.complete', 'upload.abort'] as const),
  ...(['versions.list', 'versions.restore'] as const),
];

/** A mock of which every third call fails. */
function failing(inner: StorageProvider): StorageProvider {
  const provider = withMock(inner);
  for (const operation of REPEATED) {
    for (let time = 1; time <= 100; time += 1) provider.mock.fail(operation, { after: 2 * time });
  }
  return provider;
}

describeConformance(over('a mock over memory', (inner) => withMock(inner)));
describeConformance(
  over('a slow mock over memory', (inner) => withMock(inner, slow())),
  SECOND,
);
describeConformance(
  over('a mock with a quota over memory', (inner) => withMock(inner, { quotaLimit: 2 ** 40 })),
  SECOND,
);
describeConformance(
  over('retry over memory', (inner) => withRetry(inner)),
  SECOND,
);

const patient = over('retry over a failing mock over memory', (inner) =>
  withRetry(failing(inner), { attempts: 100, backoff: 'none' }),
);
describeConformance(patient, SECOND);
describeProperties(patient);
