import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import type { Capabilities, StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { withCompress } from '../src/compress.ts';
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

const always = over('compression of everything over memory', (inner) =>
  withCompress(inner, { always: true }),
);
describeConformance(always);
describeProperties(always);

describeConformance(
  over('compression on request over memory', (inner) => withCompress(inner)),
  { slow: false },
);
describeConformance(
  {
    ...over('compression that marks everything', (inner) =>
      withCompress(inner, { always: true, foreign: 'refuse' }),
    ),
  },
  { slow: false },
);
describeConformance(
  over('compression over a place that can do nothing more', (inner) =>
    withCompress(plain(inner), { always: true }),
  ),
  { slow: false },
);
describeConformance(
  {
    name: 'compression over a store with small puts',
    create: () => ({
      provider: createMemory.provider({ maxPutBytes: 100_000, partBytes: 60_000 }),
    }),
    layer: (inner) => withCompress(inner, { always: true }),
  },
  { slow: false },
);

const stack = over('compression over retry over a mock over memory', (inner) =>
  withCompress(withRetry(withMock(inner), { baseDelayMs: 1 }), { always: true }),
);
describeConformance(stack, { slow: false });
describeProperties(stack);
