import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import type { Capabilities, StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { withEncrypt } from '../src/encrypt.ts';
import { withMock } from '../src/mock.ts';
import { withQuota } from '../src/quota.ts';
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

const wide = { maxBytes: 2 ** 40, maxObjects: 1e6, limits: { 'a*': { maxBytes: 2 ** 39 } } };

const memory = over('a quota over memory', (inner) => withQuota(inner, wide));
describeConformance(memory);
describeProperties(memory);

describeConformance(
  over('a quota over a place that can do nothing more', (inner) => withQuota(plain(inner), wide)),
  { slow: false },
);
describeConformance(
  over('a quota that believes what the store says', (inner) =>
    withQuota(inner, { maxBytes: 2 ** 40, count: 'usage', recountAfterMs: 1 }),
  ),
  { slow: false },
);

const stack = over('a quota over retry over a mock over memory', (inner: StorageProvider) =>
  withQuota(withRetry(withMock(inner), { baseDelayMs: 1 }), wide),
);
describeConformance(stack, { slow: false });
describeProperties(stack);

// Sessions that another process began tell nothing of what they hold here.
const key = new Uint8Array(32).fill(7);
describeConformance(
  over('a quota over encryption', (inner) => withQuota(withEncrypt(inner, { key }), wide)),
  { rules: ['PUT-1', 'UP'] },
);
